//! Rule packs that central orders: taken whole between parcels, kept over a restart, refused with a sentence.

use std::time::Duration;

use gatepost_pipeline::event::Event;
use gatepost_pipeline::record::Kind;
use gatepost_pipeline::ruleset::{BUILT_IN, BUILT_IN_CASES, Ruleset};
use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::AddressedTo;
use gatepost_sync::parts::Offer;
use gatepost_sync::rules::{RulesOrder, RulesPack};
use gatepost_sync::topics::{Address, Down};
use gatepost_world::central::Taking;
use serde_json::Value;

use super::{Rig, hear_piece};

fn pack(text: String) -> RulesOrder {
    RulesOrder::Pack(RulesPack { pack: text, cases: Some(BUILT_IN_CASES.to_owned()) })
}

/// The built-in pack under another version: another digest, the same judgement.
fn versioned(version: u64) -> String {
    let old = BUILT_IN.lines().find(|line| line.starts_with("version = ")).expect("a version");
    BUILT_IN.replacen(old, &format!("version = {version}"), 1)
}

fn digest(text: &str) -> String {
    Ruleset::load("pack", text).expect("a pack").digest_hex()
}

impl Rig {
    fn order(&self, version: u64, order: &RulesOrder) -> Vec<u8> {
        let now_ms = gatepost_daemon::run::clock::wall_now().0;
        let audience = AddressedTo::Station(self.address.clone());
        self.signatory.seal(&self.signatory.draft(Down::Rules, audience, version, now_ms), &order.to_bytes())
    }
}

fn said(station: &Taking) -> Vec<Value> {
    station.memory.recorded(Kind::Config).into_iter().filter(|body| body["event"] == "rules").collect()
}

/// The pack that the lane was told of last.
fn heard(station: &Taking) -> Option<String> {
    let mut last = None;
    while let Ok(Some(event)) = station.memory.fed.next(Duration::ZERO) {
        if let Event::Rules(rules) = event {
            last = Some(rules.digest_hex());
        }
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordered_pack_is_in_force_is_recorded_outlives_a_restart_and_is_gone_back_from() {
    let rig = Rig::new().await;
    let (own, first, second) = (digest(BUILT_IN), versioned(7), versioned(8));
    let mut station = rig.station();
    assert_eq!(
        (said(&station)[0]["order"].clone(), said(&station)[0]["digest"].clone()),
        (0.into(), own.clone().into())
    );
    station.hear(Down::Rules, &rig.order(1, &pack(first.clone())));
    assert_eq!(heard(&station), Some(digest(&first)));
    let told = said(&station).pop().expect("recorded");
    assert_eq!((&told["in_force"], &told["order"], &told["says"]), (&true.into(), &1.into(), &"in force".into()));
    assert_eq!((&told["digest"], &told["before"]), (&digest(&first).into(), &own.clone().into()));
    let since = told["since"].clone();

    drop(station);
    let mut station = rig.station();
    let told = said(&station).pop().expect("recorded at the start");
    assert_eq!((&told["digest"], &told["since"], &told["order"]), (&digest(&first).into(), &since, &1.into()));
    // Said again with each connection: no news.
    station.hear(Down::Rules, &rig.order(1, &pack(first.clone())));
    assert_eq!((heard(&station), said(&station).len()), (None, 3));

    // A second pack, then back to the first, then to the station's own: each a newer order.
    for (order, what, now) in [
        (2, pack(second.clone()), digest(&second)),
        (3, pack(first.clone()), digest(&first)),
        (4, RulesOrder::Own, own.clone()),
    ] {
        station.hear(Down::Rules, &rig.order(order, &what));
        assert_eq!(
            (heard(&station), said(&station).pop().expect("recorded")["order"].clone()),
            (Some(now), order.into())
        );
    }
    station.hear(Down::Rules, &rig.order(2, &pack(second)));
    let refused = said(&station).pop().expect("recorded");
    assert!(
        refused["in_force"] == false && refused["says"].as_str().is_some_and(|says| says.contains("older")),
        "{refused}"
    );
    assert_eq!(heard(&station), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_that_is_not_for_here_and_now_or_does_not_hold_is_refused_and_changes_nothing() {
    let rig = Rig::new().await;
    let good = versioned(7);
    let with = |from: &str, to: &str| {
        let line = good.lines().find(|line| line.starts_with(from)).expect("a line").to_owned();
        pack(good.replacen(&line, to, 1))
    };
    let head = |text: &str| text.lines().take_while(|line| !line.starts_with('[')).collect::<Vec<_>>().join("\n");
    let wrong_case = "case an empty parcel\n    expect stop-in-place\n".to_owned();
    let costly: String = (0..120)
        .map(|n| format!("\n[[rule]]\nid = \"costly.{n}\"\nissue = \"data\"\nseverity = \"notice\"\npurpose = \"security\"\noutcome = \"exam\"\naction = \"data-review\"\nwhen = \"image.detections.exists(d, d.score > {n}) || image.detections.exists(d, d.score > 1)\"\ntext = \"x\"\n"))
        .collect();
    let cases: [(RulesOrder, &str); 8] = [
        (with("audience", "audience = \"LAX\""), "is for LAX"),
        (with("expires", "expires = 2020-01-01"), "and today is"),
        (with("not_before", "not_before = 2090-01-01"), "and today is"),
        (pack(good.replacen("when = \"", "when = \"nonsense && ", 1)), "order"),
        (pack(format!("{good}{costly}")), "costs"),
        (RulesOrder::Pack(RulesPack { pack: head(&good), cases: None }), "holds no rule"),
        (RulesOrder::Pack(RulesPack { pack: good.clone(), cases: Some(wrong_case) }), "case an empty parcel"),
        (pack("not a pack".to_owned()), "order"),
    ];
    let mut station = rig.station();
    let before = said(&station).pop().expect("recorded")["digest"].clone();
    for (order, (what, why)) in (1..).zip(&cases) {
        let message = rig.order(order, what);
        station.hear(Down::Rules, &message);
        station.hear(Down::Rules, &message);
        let told = said(&station).pop().expect("recorded");
        let says = told["says"].as_str().expect("a sentence");
        assert!(told["in_force"] == false && told["order"] == order && says.contains(why), "{why}: {told}");
        assert_eq!(heard(&station), None, "{why}");
    }
    assert_eq!(said(&station).len(), cases.len() + 1, "each once");
    let now_ms = gatepost_daemon::run::clock::wall_now().0;
    let bytes = pack(good.clone()).to_bytes();
    let other = AddressedTo::Station(Address::new("JFK", "st-02").expect("an address"));
    for (message, why) in [
        (rig.signatory.seal(&rig.signatory.draft(Down::Rules, other, 99, now_ms), &bytes), "other stations"),
        (rig.signatory.seal(&rig.signatory.draft(Down::Rules, AddressedTo::Everyone, 99, 0), &bytes), "expired"),
        (rig.order(3, &pack(good.clone())), "older"),
        (bytes.clone(), "not a signed document"),
    ] {
        station.hear(Down::Rules, &message);
        let told = said(&station).pop().expect("recorded");
        assert!(
            told["in_force"] == false && told["says"].as_str().is_some_and(|says| says.contains(why)),
            "{why}: {told}"
        );
    }
    // A board that does not know yet what time it is has refused nothing: central must not take the pack back everywhere.
    let refused = said(&station).len();
    let early = rig.signatory.draft(Down::Rules, AddressedTo::Everyone, 99, 2 * now_ms);
    for _ in 0..2 {
        station.hear(Down::Rules, &rig.signatory.seal(&early, &bytes));
        station.taker.try_again();
    }
    let waiting = station.memory.recorded(Kind::Config).into_iter().filter(|body| body["event"] == "rules-wait");
    assert_eq!((said(&station).len(), waiting.count()), (refused, 1), "once, and as no refusal");
    drop(station);
    assert_eq!(said(&rig.station()).pop().expect("recorded")["digest"], before, "nothing has changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_order_comes_in_parts_and_a_pack_that_was_changed_on_the_disk_is_not_believed() {
    let rig = Rig::new().await;
    let good = versioned(7);
    let cases = format!("{BUILT_IN_CASES}\n{}", "# a long explanation of a case\n".repeat(50_000));
    let order = RulesOrder::Pack(RulesPack { pack: good.clone(), cases: Some(cases) }).to_bytes();
    let (offer, outline) = Offer::of(&order);
    let now_ms = gatepost_daemon::run::clock::wall_now().0;
    let draft = rig.signatory.draft(Down::Rules, AddressedTo::Station(rig.address.clone()), 1, now_ms);
    let mut station = rig.station();
    let listed = outline.to_bytes();
    let fetch = |station: &mut Taking| {
        station.hear(Down::Rules, &rig.signatory.offer(&draft, &offer));
        while let Some(want) = rig.control.wanted() {
            let whole = if want.digest == Digest::of(&listed) { &listed } else { &order };
            let end = whole.len().min(want.from as usize + (128 << 10));
            let bytes = whole[want.from as usize..end].to_vec();
            let total = whole.len() as u64;
            hear_piece(
                station,
                gatepost_sync::evidence::Chunk { digest: want.digest, offset: want.from, total, bytes },
            );
        }
    };
    fetch(&mut station);
    assert_eq!(heard(&station), Some(digest(&good)));
    drop(station);
    let kept = rig.ground.path().join("station/rules").join(format!("{}.toml", digest(&good)));
    std::fs::write(&kept, good.replacen("outcome = \"exam\"", "outcome = \"stop-in-place\"", 1)).expect("changed");
    let mut station = rig.station();
    let told = said(&station).pop().expect("recorded");
    assert_eq!(told["digest"], digest(BUILT_IN), "the station's own");
    assert!(told["says"].as_str().is_some_and(|says| says.contains("was changed, or damaged")), "{told}");
    // Central says its order with each connection: what was lost here is taken again.
    fetch(&mut station);
    assert_eq!(heard(&station), Some(digest(&good)));
}
