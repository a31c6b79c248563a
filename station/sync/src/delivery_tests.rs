//! The pure half against a broker and a central that lose, repeat, reorder and restart.

use std::collections::BTreeSet;

use gatepost_pipeline::record::{Class, Kind};
use proptest::prelude::*;

use super::*;
use crate::acks::EvidenceAck;
use crate::limits::{CHUNK_BYTES_MAX, RUN_RECORDS_MAX};
use crate::outbox::Memory;
use crate::topics::Name;

fn record(seq: u64, class: Class) -> Outgoing {
    Outgoing { seq, class, kind: Kind::Decision, at_ms: 0, bytes: vec![b'x'; 100] }
}

fn outbox(records: u64, alerts: &[u64]) -> Memory {
    let mut memory = Memory::default();
    for seq in 0..records {
        memory.push(record(seq, if alerts.contains(&seq) { Class::Alert } else { Class::Decision }));
    }
    memory
}

fn cursor(memory: Memory) -> Cursor {
    Cursor { memory, given: RangeSet::new() }
}

fn ack(session: u64, ranges: RangeSet, received: RangeSet) -> Ack {
    let station = Name::new("st-01").unwrap();
    Ack { station, session, consumer: 0, ranges, received, high: None, evidence: vec![], runs: true }
}

fn take<O: Outbox>(delivery: &mut Delivery, outbox: &mut O, now: MonoMs) -> Vec<u64> {
    std::iter::from_fn(|| delivery.next(outbox, now).unwrap().map(|record| record.seq)).collect()
}

#[test]
fn alerts_go_first_and_overtake_all_but_what_was_fetched() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(200, &[7, 3]));
    assert_eq!(delivery.next(&mut memory, 0).unwrap().map(|record| record.seq), Some(3));
    memory.push(record(200, Class::Alert));
    delivery.woken();
    let order = take(&mut delivery, &mut memory, 0);
    assert_eq!(order[..3], [7, 0, 1]);
    assert_eq!(order.iter().position(|seq| *seq == 200), Some(BATCH_RECORDS - 1));
    assert_eq!(order.len(), 200, "each of the rest once");
}

#[test]
fn the_window_bounds_what_is_unconfirmed_and_moves_with_central() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(2_000, &[]));
    delivery.acknowledged(&ack(1, RangeSet::new(), RangeSet::new()), &mut memory).unwrap();
    assert_eq!(take(&mut delivery, &mut memory, 0).len(), WINDOW_START);
    let progress = delivery.acknowledged(&ack(1, (0..=99).collect(), RangeSet::new()), &mut memory).unwrap();
    assert_eq!(progress, Progress { confirmed: 100, new_session: false });
    assert_eq!(take(&mut delivery, &mut memory, 0).len(), 200, "a hundred freed, a hundred grown");
    assert_eq!(memory.backlog().unacknowledged, 1_900);
}

#[test]
fn received_frees_the_window_but_not_the_memory() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(10, &[]));
    take(&mut delivery, &mut memory, 0);
    let held = ack(1, RangeSet::new(), (5..=9).collect());
    delivery.acknowledged(&held, &mut memory).unwrap();
    assert_eq!(memory.backlog().unacknowledged, 10);
    // A new session: what is not held is sent again at once.
    assert_eq!(take(&mut delivery, &mut memory, 1), [0, 1, 2, 3, 4]);
}

/// A memory that keeps what was acknowledged, as a journal does.
struct Keeping {
    memory: Memory,
    all: Vec<Outgoing>,
    asked: usize,
}

impl Outbox for Keeping {
    fn next(&mut self, skip: &RangeSet, records_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, OutboxError> {
        self.memory.next(skip, records_max, bytes_max)
    }
    fn acknowledged(&mut self, ranges: &RangeSet) -> Result<(), OutboxError> {
        self.memory.acknowledged(ranges)
    }
    fn has_only(&mut self, verified: &RangeSet) -> Result<(), OutboxError> {
        self.asked += 1;
        self.memory = Memory::default();
        self.all
            .iter()
            .filter(|record| !verified.contains(record.seq))
            .for_each(|record| self.memory.push(record.clone()));
        Ok(())
    }
    fn backlog(&self) -> crate::outbox::Backlog {
        self.memory.backlog()
    }
    fn evidence(&mut self) -> Result<Option<Chunk>, OutboxError> {
        self.memory.evidence()
    }
    fn evidence_acknowledged(&mut self, ack: &EvidenceAck) -> Result<(), OutboxError> {
        self.memory.evidence_acknowledged(ack)
    }
}

#[test]
fn a_central_that_begins_anew_with_less_is_sent_the_rest_again() {
    let all: Vec<Outgoing> = (0..20).map(|seq| record(seq, Class::Decision)).collect();
    let (mut delivery, mut outbox) = (Delivery::default(), Keeping { memory: outbox(20, &[]), all, asked: 0 });
    let say = |session, last| ack(session, (0..=last).collect(), RangeSet::new());
    delivery.acknowledged(&say(1, 0), &mut outbox).unwrap();
    assert_eq!(take(&mut delivery, &mut outbox, 0), Vec::from_iter(1..20));
    delivery.acknowledged(&say(1, 19), &mut outbox).unwrap();
    // One of another consumer that is behind is no new beginning.
    delivery.acknowledged(&Ack { consumer: 5, ..say(9, 7) }, &mut outbox).unwrap();
    assert_eq!((take(&mut delivery, &mut outbox, 1), outbox.asked), (Vec::new(), 1));
    // Restored from a backup in which it had twelve.
    delivery.acknowledged(&say(2, 11), &mut outbox).unwrap();
    assert_eq!((take(&mut delivery, &mut outbox, 2), outbox.asked), (Vec::from_iter(12..20), 2));
    delivery.acknowledged(&say(2, 19), &mut outbox).unwrap();
    assert_eq!(take(&mut delivery, &mut outbox, 3), Vec::<u64>::new());
}

#[test]
fn consumers_that_speak_in_turn_cause_nothing_to_be_sent_twice() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(30, &[]));
    let say = |consumer, session, received| Ack { consumer, ..ack(session, RangeSet::new(), received) };
    delivery.acknowledged(&say(7, 1, RangeSet::new()), &mut memory).unwrap();
    assert_eq!(take(&mut delivery, &mut memory, 0).len(), 30);
    for turn in 0..10 {
        let (consumer, received) = ([7, 8, 9][turn as usize % 3], (turn..=turn).collect());
        let progress = delivery.acknowledged(&say(consumer, u64::from(consumer) - 6, received), &mut memory).unwrap();
        assert_eq!(progress, Progress { confirmed: 1, new_session: false });
    }
    assert!(take(&mut delivery, &mut memory, 1).is_empty());
    // One of them begins anew: what it was sent may be lost, and nobody knows what that was.
    let again = delivery.acknowledged(&say(8, 50, RangeSet::new()), &mut memory).unwrap();
    assert!(again.new_session);
    assert_eq!(take(&mut delivery, &mut memory, 2).len(), 30);
    for consumer in 10..100 {
        delivery.acknowledged(&say(consumer, 60 + u64::from(consumer), RangeSet::new()), &mut memory).unwrap();
    }
    assert_eq!(delivery.central_sessions.len(), CONSUMERS_MAX);
}

#[test]
fn unconfirmed_records_are_sent_again_ever_more_patiently() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(600, &[]));
    let (mut now, mut sent, mut waits) = (0, take(&mut delivery, &mut memory, 0).len(), Vec::new());
    for _ in 0..10 {
        let begin = now;
        while delivery.tick(now) == 0 {
            now += 100;
        }
        waits.push(now - begin);
        sent = take(&mut delivery, &mut memory, now).len();
    }
    assert_eq!(sent, WINDOW_MIN);
    assert_eq!((waits[0], *waits.last().unwrap()), (RESEND_AFTER_MS, RESEND_AFTER_MS_MAX));
    // Central is back: everything is offered again without waiting, and confirmations open the window again.
    delivery.acknowledged(&ack(2, RangeSet::new(), RangeSet::new()), &mut memory).unwrap();
    assert_eq!(take(&mut delivery, &mut memory, now).len(), WINDOW_MIN);
    delivery.acknowledged(&ack(2, (0..=15).collect(), RangeSet::new()), &mut memory).unwrap();
    assert_eq!(delivery.window(), 2 * WINDOW_MIN);
}

#[test]
fn a_refused_record_waits_for_the_next_connection_and_holds_nobody_up() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(3, &[]));
    assert_eq!(take(&mut delivery, &mut memory, 0).len(), 3);
    delivery.refused(1);
    assert_eq!(delivery.in_flight(), 2);
    delivery.tick(RESEND_AFTER_MS);
    assert_eq!(take(&mut delivery, &mut memory, RESEND_AFTER_MS), [0, 2]);
    delivery.connected(RESEND_AFTER_MS);
    assert_eq!(take(&mut delivery, &mut memory, RESEND_AFTER_MS + LISTEN_FIRST_MS), [0, 1, 2]);
}

#[test]
fn a_new_connection_listens_before_it_repeats_itself() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(10, &[]));
    delivery.connected(0);
    assert!(take(&mut delivery, &mut memory, LISTEN_FIRST_MS - 1).is_empty());
    delivery.acknowledged(&ack(1, RangeSet::new(), (5..=9).collect()), &mut memory).unwrap();
    assert_eq!(take(&mut delivery, &mut memory, 0), [0, 1, 2, 3, 4], "central has the others");
    delivery.connected(10);
    delivery.acknowledged(&ack(1, (0..=3).collect(), RangeSet::new()), &mut memory).unwrap();
    assert_eq!(take(&mut delivery, &mut memory, 10), [4], "still held by the same session");
    delivery.connected(20);
    assert_eq!(take(&mut delivery, &mut memory, 20 + LISTEN_FIRST_MS), [4], "and by one that says nothing");
}

#[test]
fn a_memory_that_cannot_be_read_is_asked_again_later() {
    struct Broken(bool);
    impl Outbox for Broken {
        fn next(&mut self, _: &RangeSet, _: usize, _: usize) -> Result<Vec<Outgoing>, OutboxError> {
            if self.0 { Err(OutboxError("disk".into())) } else { Ok(vec![record(4, Class::Health)]) }
        }
        fn acknowledged(&mut self, _: &RangeSet) -> Result<(), OutboxError> {
            Ok(())
        }
        fn backlog(&self) -> crate::outbox::Backlog {
            Default::default()
        }
        fn evidence(&mut self) -> Result<Option<Chunk>, OutboxError> {
            Ok(None)
        }
        fn evidence_acknowledged(&mut self, _: &EvidenceAck) -> Result<(), OutboxError> {
            Ok(())
        }
    }
    let (mut delivery, mut broken) = (Delivery::default(), Broken(true));
    assert!(delivery.next(&mut broken, 0).is_err());
    assert_eq!(delivery.next(&mut broken, 0), Ok(None), "not hammered");
    broken.0 = false;
    delivery.tick(1);
    assert_eq!(delivery.next(&mut broken, 1).unwrap().map(|record| record.seq), Some(4));
}

#[test]
fn evidence_goes_piece_by_piece_after_the_records_and_resumes() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(1, &[]));
    let whole: Vec<u8> = (0..CHUNK_BYTES_MAX * 2 + 5).map(|n| n as u8).collect();
    memory.push_evidence(whole.clone());
    assert_eq!(delivery.next_evidence(&mut memory, 0), Ok(None), "a record waits");
    take(&mut delivery, &mut memory, 0);
    let mut central: Vec<u8> = Vec::new();
    let mut now = 0;
    while let Some(chunk) = delivery.next_evidence(&mut memory, now).unwrap() {
        assert_eq!(delivery.next_evidence(&mut memory, now), Ok(None), "one at a time");
        // Every first copy is lost on the way.
        now += RESEND_AFTER_MS_MAX;
        delivery.tick(now);
        take(&mut delivery, &mut memory, now);
        assert_eq!(delivery.next_evidence(&mut memory, now).unwrap().as_ref(), Some(&chunk));
        central.truncate(chunk.offset as usize);
        central.extend(&chunk.bytes);
        let have = central.len() as u64;
        let mut said = ack(1, RangeSet::new(), RangeSet::new());
        said.evidence = vec![EvidenceAck { digest: chunk.digest, have, complete: have == chunk.total }];
        delivery.acknowledged(&said, &mut memory).unwrap();
        take(&mut delivery, &mut memory, now);
    }
    assert_eq!(central, whole);
}

#[test]
fn only_what_is_old_when_sent_is_history() {
    assert!(!is_history(1_000, 1_000 + HISTORY_AFTER_MS));
    assert!(is_history(1_000, 1_001 + HISTORY_AFTER_MS));
    assert!(!is_history(5_000, 1_000), "a clock that went back makes no history");
    assert!(is_history(i64::MIN, i64::MAX));
}

/// In these tests alerts are fresh and everything else has waited.
fn waited(record: &Outgoing) -> bool {
    record.class != Class::Alert
}

fn numbers(run: &[Outgoing]) -> Vec<u64> {
    run.iter().map(|record| record.seq).collect()
}

#[test]
fn history_goes_in_runs_where_central_takes_them_and_what_is_fresh_goes_alone() {
    let (mut delivery, mut memory) = (Delivery::default(), outbox(300, &[7]));
    assert_eq!(delivery.next_run(&mut memory, 0, waited).unwrap().len(), 1, "central has not said that it takes runs");
    delivery.connected(0);
    delivery.acknowledged(&ack(1, RangeSet::new(), RangeSet::new()), &mut memory).unwrap();
    assert_eq!(numbers(&delivery.next_run(&mut memory, 0, waited).unwrap()), [7]);
    let run = delivery.next_run(&mut memory, 0, waited).unwrap();
    assert_eq!(numbers(&run)[..8], [0, 1, 2, 3, 4, 5, 6, 8]);
    let mut sent = 1 + run.len();
    loop {
        let run = delivery.next_run(&mut memory, 0, waited).unwrap();
        assert!(run.len() <= RUN_RECORDS_MAX);
        sent += run.len();
        if run.is_empty() {
            break;
        }
    }
    assert_eq!((sent, delivery.in_flight()), (WINDOW_START, WINDOW_START), "a run does not go beyond the window");
}

#[test]
fn a_refused_run_goes_again_one_by_one_until_the_next_connection() {
    let (mut delivery, mut memory) = (Delivery::default(), cursor(outbox(30, &[])));
    let nothing = || ack(1, RangeSet::new(), RangeSet::new());
    delivery.acknowledged(&nothing(), &mut memory).unwrap();
    let run = numbers(&delivery.next_run(&mut memory, 0, waited).unwrap());
    assert_eq!(run, Vec::from_iter(0..30));
    delivery.run_refused(&run);
    delivery.acknowledged(&nothing(), &mut memory).unwrap();
    for seq in 0..30 {
        assert_eq!(numbers(&delivery.next_run(&mut memory, 0, waited).unwrap()), [seq]);
    }
    delivery.connected(0);
    delivery.acknowledged(&nothing(), &mut memory).unwrap();
    assert_eq!(delivery.next_run(&mut memory, 0, waited).unwrap().len(), 30);
}

/// A memory that reads on from where it stood, as a journal does.
struct Cursor {
    memory: Memory,
    given: RangeSet,
}

impl Outbox for Cursor {
    fn next(&mut self, skip: &RangeSet, records_max: usize, bytes_max: usize) -> Result<Vec<Outgoing>, OutboxError> {
        let mut passed = self.given.clone();
        passed.insert_all(skip);
        let records = self.memory.next(&passed, records_max, bytes_max)?;
        records.iter().for_each(|record| self.given.insert_one(record.seq));
        Ok(records)
    }
    fn again(&mut self) {
        self.given = RangeSet::new();
    }
    fn acknowledged(&mut self, ranges: &RangeSet) -> Result<(), OutboxError> {
        self.memory.acknowledged(ranges)
    }
    fn backlog(&self) -> crate::outbox::Backlog {
        self.memory.backlog()
    }
    fn evidence(&mut self) -> Result<Option<Chunk>, OutboxError> {
        self.memory.evidence()
    }
    fn evidence_acknowledged(&mut self, ack: &EvidenceAck) -> Result<(), OutboxError> {
        self.memory.evidence_acknowledged(ack)
    }
}

/// What may happen between a station and central.
#[derive(Clone, Debug)]
enum Happening {
    /// Of the next sent records, these arrive at central (bit by bit), the others are lost.
    Carry {
        arrive: u64,
    },
    /// Central's acknowledgement arrives, or is lost.
    Tell {
        arrives: bool,
    },
    /// The broker does not take what would go next.
    Refuse,
    Reconnect,
    CentralRestarts,
    Record {
        alert: bool,
    },
    Wait,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => any::<u64>().prop_map(|arrive| Happening::Carry { arrive }),
        3 => any::<bool>().prop_map(|arrives| Happening::Tell { arrives }),
        1 => Just(Happening::Refuse),
        1 => Just(Happening::Reconnect),
        1 => Just(Happening::CentralRestarts),
        2 => any::<bool>().prop_map(|alert| Happening::Record { alert }),
        2 => Just(Happening::Wait),
    ]
}

#[derive(Default)]
struct Central {
    session: u64,
    stored: BTreeSet<u64>,
    fresh: RangeSet,
}

impl Central {
    fn ack(&mut self) -> Ack {
        let verified = (0..).find(|seq| !self.stored.contains(seq)).unwrap();
        let ranges = if verified == 0 { RangeSet::new() } else { (0..=verified - 1).collect() };
        ack(self.session, ranges, std::mem::take(&mut self.fresh))
    }
    fn store(&mut self, seq: u64) {
        self.stored.insert(seq);
        self.fresh.insert_one(seq);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn whatever_happens_central_gets_everything_and_nothing_is_forgotten_early(
        happenings in proptest::collection::vec(happening(), 0..120)
    ) {
        let (mut delivery, mut memory, mut central) = (Delivery::default(), cursor(outbox(30, &[3, 29])), Central::default());
        let (mut recorded, mut now) = (30, 0);
        for happening in happenings {
            match happening {
                Happening::Carry { arrive } => {
                    for bit in 0..64 {
                        let run = delivery.next_run(&mut memory, now, waited).unwrap();
                        if run.is_empty() {
                            break;
                        }
                        // Nothing is sent beyond the window; it may shrink under what is under way already.
                        prop_assert!(delivery.in_flight() <= delivery.window());
                        if arrive >> bit & 1 == 1 {
                            run.iter().for_each(|record| central.store(record.seq));
                        }
                    }
                }
                Happening::Refuse => {
                    let run = delivery.next_run(&mut memory, now, waited).unwrap();
                    delivery.run_refused(&numbers(&run));
                }
                Happening::Tell { arrives } => {
                    let said = central.ack();
                    if arrives {
                        delivery.acknowledged(&said, &mut memory).unwrap();
                    }
                }
                Happening::Reconnect => delivery.connected(now),
                Happening::CentralRestarts => {
                    central.session += 1;
                    central.fresh = RangeSet::new();
                }
                Happening::Record { alert } => {
                    memory.memory.push(record(recorded, if alert { Class::Alert } else { Class::Decision }));
                    recorded += 1;
                    delivery.woken();
                }
                Happening::Wait => {
                    now += 2_000;
                    delivery.tick(now);
                }
            }
            for seq in memory.memory.everything_acknowledged().iter().flatten() {
                prop_assert!(central.stored.contains(&seq), "forgot {} that central lacks", seq);
            }
        }
        // The weather clears: everything arrives within a few rounds.
        for _ in 0..200 {
            now += RESEND_AFTER_MS_MAX;
            delivery.tick(now);
            loop {
                let run = delivery.next_run(&mut memory, now, waited).unwrap();
                if run.is_empty() {
                    break;
                }
                run.iter().for_each(|record| central.store(record.seq));
            }
            let said = central.ack();
            delivery.acknowledged(&said, &mut memory).unwrap();
        }
        prop_assert_eq!(central.stored.len() as u64, recorded);
        prop_assert_eq!(memory.backlog().unacknowledged, 0);
        prop_assert_eq!(delivery.in_flight(), 0);
    }
}
