//! What comes down to a station, and what it asks for: no bytes panic, an offer never promises more than may be fetched, a
//! package is stored only as it was offered, and nothing unsigned is opened.
#![no_main]

use gatepost_sync::chain::Digest;
use gatepost_sync::command::Command;
use gatepost_sync::envelope::{self, Versions};
use gatepost_sync::evidence::Chunk;
use gatepost_sync::limits::{COMMAND_BYTES_MAX, COMMAND_WHY_CHARS_MAX, PACKAGE_BYTES_MAX, RULES_ORDER_BYTES_MAX};
use gatepost_sync::parts::{Fetch, Offer, Taken, Want};
use gatepost_sync::rules::RulesOrder;
use gatepost_sync::topics::{Address, Down, Name};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [which, bytes @ ..] = data else { return };
    let (Some(station), Some(us)) = (Name::new("st-01"), Address::new("JFK", "st-01")) else { return };
    match which % 6 {
        0 => assert!(envelope::open(bytes, Down::Holds, &us, &[], &Versions::default(), 0).is_err(), "nobody is trusted"),
        1 => {
            if let Ok(offer) = Offer::read(bytes) {
                assert!(offer.bytes <= PACKAGE_BYTES_MAX && offer.parts >= 1);
                let want = Fetch::new(offer).want(&station).expect("nothing is here yet");
                assert_eq!(Want::read(&want.to_bytes(), &station), Some(want));
            }
        }
        2 => {
            if let Some(want) = Want::read(bytes, &station) {
                assert!(want.from < want.until && want.until <= PACKAGE_BYTES_MAX);
            }
        }
        3 => {
            if RulesOrder::read(bytes).is_ok() {
                assert!(bytes.len() as u64 <= RULES_ORDER_BYTES_MAX);
            }
        }
        4 => pieces(bytes, &station),
        _ => {
            if let Ok(command) = Command::read(bytes) {
                assert!(bytes.len() <= COMMAND_BYTES_MAX && command.why().chars().count() <= COMMAND_WHY_CHARS_MAX);
                assert_eq!(Command::read(&command.to_bytes()), Ok(command));
            }
        }
    }
});

/// A package of these bytes, and these bytes again as pieces of it, wherever they say they belong.
fn pieces(bytes: &[u8], station: &Name) {
    if bytes.is_empty() {
        return;
    }
    let (offer, outline) = Offer::of(bytes);
    let (digest, total) = (offer.digest, offer.bytes);
    let mut fetch = Fetch::new(offer);
    let listed = outline.to_bytes();
    let strange = |name: Digest, place: u8, cut: &[u8]| Chunk { digest: name, offset: place.into(), total, bytes: cut.to_vec() };
    for (place, cut) in bytes.chunks(7).enumerate().take(64) {
        let place = place as u8;
        let named = if cut[0] & 1 == 0 { digest } else { Digest::of(&listed) };
        if fetch.take(&strange(named, cut[0] & place, cut)) == Ok(Taken::Part) {
            assert!(cut == bytes, "only the whole of a small package is its part");
        }
    }
    let _outline = fetch.take(&strange(Digest::of(&listed), 0, &listed));
    let _part = fetch.take(&strange(digest, 0, bytes));
    assert!(bytes.len() > 128 << 10 || (fetch.is_here() && fetch.want(station).is_none()));
}
