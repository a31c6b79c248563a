//! What central sends down, at the station's end: packages in parts over restarts, and everything that is refused.
//!
//! The signer and the store are central's, the taker, the lists and the journal are the station's; nothing is between them
//! but calls.

mod commands;
mod rules;

use gatepost_central::holds::{HoldLine, Signatory};
use gatepost_central::store::Store;
use gatepost_central::store::holds::{HoldChange, SignedList};
use gatepost_pipeline::event::Event;
use gatepost_pipeline::record::Kind;
use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::AddressedTo;
use gatepost_sync::evidence::Chunk;
use gatepost_sync::limits::CHUNK_BYTES_MAX;
use gatepost_sync::parts::Offer;
use gatepost_sync::session::{Control, Inbound};
use gatepost_sync::topics::{Address, Down};
use gatepost_world::central::{Ground, Memory, Taking};

/// Enough holds for a package in parts.
const HOLDS: usize = 6_000;

struct Rig {
    ground: Ground,
    store: Store,
    signatory: Signatory,
    address: Address,
    control: Control,
    _stop: tokio::sync::watch::Sender<bool>,
}

impl Rig {
    async fn new() -> Self {
        let ground = Ground::file();
        let store = ground.open().await;
        let signatory = Signatory::load_or_create("central", &ground.path().join("key")).expect("a key");
        let (control, stop) = Control::new();
        let address = Address::new("JFK", "st-01").expect("an address");
        Self { ground, store, signatory, address, control, _stop: stop }
    }

    fn station(&self) -> Taking {
        let folder = self.ground.path().join("station");
        std::fs::create_dir_all(&folder).expect("a folder");
        Taking::open(&folder, &self.address, (self.signatory.issuer(), &self.signatory.public_key()), |_, _| {
            self.control.clone()
        })
    }

    async fn place(&self, first: usize, count: usize) -> SignedList {
        let one = |n: usize| {
            let text = format!(
                r#"{{"item":"RB{n:09}US","hold":{{"id":"h{n}","kind":"presentation","issue":"narcotics","purpose":"narcotics","severity":"alert","outcome":"exam","authority":"CBP","audience":"all"}}}}"#
            );
            HoldChange::Place(Box::new(serde_json::from_str::<HoldLine>(&text).expect("a hold")))
        };
        let changes: Vec<HoldChange> = (first..first + count).map(one).collect();
        let now_ms = gatepost_daemon::run::clock::wall_now().0;
        self.store.change_holds(&changes, "officer 7", &self.signatory, now_ms).await.expect("placed")
    }

    /// What central answers to what the station asks now; nothing when it asks for nothing.
    async fn piece(&self) -> Option<Chunk> {
        let want = self.control.wanted()?;
        self.store.piece(&self.address, &want).await.expect("the store answers")
    }
}

fn hear_piece(station: &mut Taking, piece: Chunk) {
    let properties = piece.properties();
    station.taker.take(Inbound { document: Down::Part, bytes: piece.bytes, properties });
}

fn said(memory: &Memory) -> Vec<(bool, String)> {
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    memory.recorded(Kind::List).iter().map(|body| (body["in_force"] == true, text(&body["says"]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_list_comes_in_parts_over_a_restart_and_is_in_force_once() {
    let rig = Rig::new().await;
    let list = rig.place(0, HOLDS).await;
    assert!(list.bytes.len() < 2_000, "an offer, not the list");
    let mut station = rig.station();
    station.hear(Down::Holds, &list.bytes);
    for _ in 0..4 {
        let piece = rig.piece().await.expect("it asks");
        hear_piece(&mut station, piece);
    }
    assert!(!station.memory.holds("RB000000001US"), "nothing of it counts yet");
    let here = station.memory.under_way();
    assert_eq!(
        here.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["holds.offer", "holds.outline", "holds.parts"]
    );
    assert_eq!(here[2].1, 3 * CHUNK_BYTES_MAX as u64);
    drop(station);

    // The power went in the middle of a part, and the disk changed a byte of the one before.
    let parts = rig.ground.path().join("station/down/holds.parts");
    let mut bytes = std::fs::read(&parts).expect("parts");
    bytes[2 * CHUNK_BYTES_MAX + 5] ^= 1;
    bytes.extend([7; 1_000]);
    std::fs::write(&parts, bytes).expect("written");
    let mut station = rig.station();
    assert_eq!(rig.control.wanted().expect("it goes on").from, 2 * CHUNK_BYTES_MAX as u64, "behind what is still true");
    let mut asked = 0;
    while let Some(piece) = rig.piece().await {
        asked += 1;
        hear_piece(&mut station, piece);
    }
    assert!(asked > 5, "{asked} parts");
    assert!(station.memory.holds("RB000000001US") && station.memory.holds(&format!("RB{:09}US", HOLDS - 1)));
    assert!(matches!(station.memory.fed.next(std::time::Duration::ZERO), Ok(Some(Event::ListsChanged))));
    assert_eq!(said(&station.memory), [(true, "in force".to_owned())]);
    assert_eq!(station.memory.under_way().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["taken.json"]);
    // Central says it with each connection; that is no news.
    station.hear(Down::Holds, &list.bytes);
    assert_eq!((rig.control.wanted(), said(&station.memory).len()), (None, 1));
    drop(station);
    // After a restart it is recorded once more: the station may have died between taking it and recording that.
    let mut station = rig.station();
    station.hear(Down::Holds, &list.bytes);
    station.hear(Down::Holds, &list.bytes);
    assert_eq!((rig.control.wanted(), said(&station.memory).len()), (None, 2));
    let records = station.memory.recorded(Kind::List);
    assert_eq!(records[0]["digest"], records[1]["digest"], "central knows it by this");
}

/// Holds that change faster than the list is fetched: each list that was begun comes into force, then the newest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_offer_waits_for_what_is_under_way_and_an_older_one_is_refused() {
    let rig = Rig::new().await;
    let first = rig.place(0, HOLDS).await;
    let mut station = rig.station();
    station.hear(Down::Holds, &first.bytes);
    let mut placed = HOLDS;
    while let Some(piece) = rig.piece().await {
        hear_piece(&mut station, piece);
        if placed < HOLDS + 4 {
            let newer = rig.place(placed, 1).await;
            station.hear(Down::Holds, &newer.bytes);
            placed += 1;
        }
    }
    station.hear(Down::Holds, &first.bytes);
    assert!(station.memory.holds(&format!("RB{:09}US", placed - 1)));
    let older = "version 1 is older than version 5, which is in force".to_owned();
    let good = (true, "in force".to_owned());
    assert_eq!(said(&station.memory), [good.clone(), good, (false, older)], "the first, the newest; refused once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_central_has_let_go_of_is_given_up_for_the_newest() {
    let rig = Rig::new().await;
    let first = rig.place(0, HOLDS).await;
    let mut station = rig.station();
    station.hear(Down::Holds, &first.bytes);
    let piece = rig.piece().await.expect("it asks");
    hear_piece(&mut station, piece);
    for more in 0..9 {
        let newer = rig.place(HOLDS + more, 1).await;
        station.hear(Down::Holds, &newer.bytes);
    }
    assert!(rig.piece().await.is_none(), "central has let go of the first");
    for _ in 0..10 {
        station.taker.try_again();
    }
    while let Some(piece) = rig.piece().await {
        hear_piece(&mut station, piece);
    }
    assert!(station.memory.holds(&format!("RB{:09}US", HOLDS + 8)));
}

/// A fault of this station's disk costs a list a minute, and never the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_could_not_be_stored_is_fetched_again_by_itself() {
    let rig = Rig::new().await;
    let list = rig.place(0, HOLDS).await;
    let mut station = rig.station();
    station.hear(Down::Holds, &list.bytes);
    // Where the lists' folder is wanted stands a file.
    let lists = rig.ground.path().join("station/lists");
    let aside = rig.ground.path().join("station/aside");
    let had = std::fs::rename(&lists, &aside).is_ok();
    std::fs::write(&lists, b"in the way").expect("written");
    while let Some(piece) = rig.piece().await {
        hear_piece(&mut station, piece);
    }
    assert!(!station.memory.holds("RB000000001US"));
    assert!(said(&station.memory).iter().all(|(in_force, _)| !in_force), "{:?}", said(&station.memory));
    std::fs::remove_file(&lists).expect("removed");
    if had {
        std::fs::rename(&aside, &lists).expect("back");
    }
    station.taker.try_again();
    while let Some(piece) = rig.piece().await {
        hear_piece(&mut station, piece);
    }
    assert!(station.memory.holds("RB000000001US"), "{:?}", said(&station.memory));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_is_not_for_this_station_now_or_lies_is_refused_and_recorded() {
    let rig = Rig::new().await;
    let now_ms = gatepost_daemon::run::clock::wall_now().0;
    let package = vec![7_u8; 3 * CHUNK_BYTES_MAX];
    let (offer, outline) = Offer::of(&package);
    let everyone = rig.signatory.draft(Down::Holds, AddressedTo::Everyone, 5, now_ms);
    let other = AddressedTo::Station(Address::new("JFK", "st-02").expect("an address"));
    let foreign = Signatory::load_or_create("central", &rig.ground.path().join("another")).expect("a key");
    let mut forged = rig.signatory.offer(&everyone, &offer);
    let at = forged.windows(8).position(|bytes| bytes == b"\"version").expect("a version") + 10;
    forged[at] = b'9';
    let lying = Offer { parts: 2, ..offer.clone() };
    let far = Offer { bytes: 600 << 20, parts: 4_800, ..offer.clone() };
    let strange = [
        (rig.signatory.offer(&rig.signatory.draft(Down::Holds, other, 5, now_ms), &offer), "other stations"),
        (rig.signatory.offer(&rig.signatory.draft(Down::Holds, AddressedTo::Everyone, 5, 0), &offer), "expired"),
        (
            rig.signatory.offer(&rig.signatory.draft(Down::Holds, AddressedTo::Everyone, 5, 2 * now_ms), &offer),
            "not in force before",
        ),
        (foreign.offer(&everyone, &offer), "forged or damaged"),
        (forged, "forged or damaged"),
        (rig.signatory.offer(&everyone, &lying), "lies about its size"),
        (rig.signatory.offer(&everyone, &far), "central must split it"),
        (rig.signatory.seal(&everyone, &package), "does not take such documents"),
        (
            rig.signatory.offer(&rig.signatory.draft(Down::Declarations, AddressedTo::Everyone, 5, now_ms), &offer),
            "topic",
        ),
        (b"gatepost-envelope-1\nnonsense".to_vec(), "not a signed document"),
        (b"nonsense".to_vec(), "no list header"),
    ];
    let mut station = rig.station();
    for (bytes, why) in &strange {
        station.hear(Down::Holds, bytes);
        assert_eq!(rig.control.wanted(), None, "{why}: nothing is fetched");
        station.hear(Down::Holds, bytes);
        let (in_force, says) = said(&station.memory).pop().expect("recorded");
        assert!(!in_force && says.contains(why), "{why}: {says}");
    }
    assert_eq!(said(&station.memory).len(), strange.len(), "each once");

    // Signed, whole, and no list: it is fetched once, refused, and not fetched again with the next connection.
    let honest = rig.signatory.offer(&everyone, &offer);
    for _ in 0..2 {
        station.hear(Down::Holds, &honest);
        let pieces = [(offer.outline, outline.to_bytes())]
            .into_iter()
            .chain(package.chunks(CHUNK_BYTES_MAX).map(|part| (offer.digest, part.to_vec())));
        let mut offset = 0;
        for (digest, bytes) in pieces {
            let total = if digest == offer.digest { offer.bytes } else { bytes.len() as u64 };
            let at = if digest == offer.digest { offset } else { 0 };
            offset += if digest == offer.digest { bytes.len() as u64 } else { 0 };
            hear_piece(&mut station, Chunk { digest, offset: at, total, bytes });
        }
        assert_eq!(rig.control.wanted(), None);
    }
    let (in_force, says) = said(&station.memory).pop().expect("recorded");
    assert!(!in_force && says.contains("no list header"), "{says}");
    assert_eq!(said(&station.memory).len(), strange.len() + 1);
    assert!(station.memory.under_way().iter().all(|(name, _)| name == "taken.json"), "nothing is left on the disk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_is_given_to_those_it_is_addressed_to_and_to_nobody_else() {
    let rig = Rig::new().await;
    let list = rig.place(0, HOLDS).await;
    let mut station = rig.station();
    station.hear(Down::Holds, &list.bytes);
    let want = rig.control.wanted().expect("it asks");
    let piece = rig.store.piece(&rig.address, &want).await.expect("asked").expect("the outline");
    assert_eq!(Digest::of(&piece.bytes), want.digest);
    let mut connection = rig.ground.connect().await;
    sqlx::query("UPDATE package SET audience = '{\"facility\":\"LAX\"}'")
        .execute(&mut connection)
        .await
        .expect("changed");
    assert!(rig.piece().await.is_none(), "it is for another facility");
}
