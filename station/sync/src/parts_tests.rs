//! A package in parts, between a central and a station that are only calls: what is lost, altered, torn or lied about.

use proptest::prelude::*;

use super::*;

fn station() -> Name {
    Name::new("st-01").unwrap()
}

fn package(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n % 251) as u8 ^ (n >> 17) as u8).collect()
}

/// What central would send for a want.
fn pieces(want: &Want, package: &[u8], outline: &Outline) -> Vec<Chunk> {
    let listed = outline.to_bytes();
    let whole: &[u8] = if Digest::of(&listed) == want.digest { &listed } else { package };
    let asked = &whole[want.from as usize..want.until as usize];
    let piece = |(place, bytes): (usize, &[u8])| Chunk {
        digest: want.digest,
        offset: want.from + (place * CHUNK_BYTES_MAX) as u64,
        total: whole.len() as u64,
        bytes: bytes.to_vec(),
    };
    asked.chunks(CHUNK_BYTES_MAX).enumerate().map(piece).collect()
}

/// Fetches everything and gives what was stored; `disturb` may change, drop or repeat what is on its way.
fn fetched(package: &[u8], mut disturb: impl FnMut(usize, Chunk) -> Vec<Chunk>) -> (Vec<u8>, usize) {
    let (offer, outline) = Offer::of(package);
    let (mut fetch, mut stored, mut said) = (Fetch::new(offer), Vec::new(), 0);
    while let Some(want) = fetch.want(&station()) {
        assert_eq!(Want::read(&want.to_bytes(), &station()).as_ref(), Some(&want));
        said += 1;
        assert!(said < 1_000, "it stands at {} bytes", fetch.have());
        for piece in pieces(&want, package, &outline).into_iter().flat_map(|piece| disturb(said, piece)) {
            if fetch.take(&piece) == Ok(Taken::Part) {
                stored.extend(piece.bytes);
            }
        }
    }
    assert!(fetch.is_here());
    (stored, said)
}

#[test]
fn what_is_small_goes_in_one_message_and_what_no_station_takes_does_not_go() {
    assert_eq!(Way::of(&[0; 10]), Ok(Way::InOneMessage));
    assert_eq!(Way::of(&vec![0; IN_ONE_MESSAGE_BYTES_MAX]), Ok(Way::InOneMessage));
    assert_eq!(Way::of(&vec![0; IN_ONE_MESSAGE_BYTES_MAX + 1]), Ok(Way::InParts));
}

#[test]
fn a_package_arrives_whole_a_window_at_a_time() {
    for bytes in [1, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX + 1, 40 * CHUNK_BYTES_MAX + 7] {
        let package = package(bytes);
        let (stored, said) = fetched(&package, |_, piece| vec![piece]);
        assert!(stored == package, "{bytes} bytes");
        assert_eq!(said, 1 + bytes.div_ceil(PARTS_ASKED * CHUNK_BYTES_MAX));
    }
}

#[test]
fn lost_repeated_and_altered_pieces_cost_time_only() {
    let package = package(20 * CHUNK_BYTES_MAX + 1);
    let mut sent = 0;
    let (stored, said) = fetched(&package, |_, piece| {
        sent += 1;
        match sent % 5 {
            0 => Vec::new(),
            1 => vec![piece.clone(), piece],
            2 => vec![Chunk { bytes: piece.bytes.iter().map(|byte| byte ^ 1).collect(), ..piece.clone() }, piece],
            _ => vec![piece],
        }
    });
    assert!(stored == package);
    assert!(said > 3, "what was lost was asked for again");
}

#[test]
fn a_restart_goes_on_behind_what_is_stored_and_not_behind_what_was_damaged_there() {
    let package = package(6 * CHUNK_BYTES_MAX);
    let (offer, outline) = Offer::of(&package);
    let mut again = Fetch::new(offer.clone());
    assert_eq!(
        again.take_part(&package[..CHUNK_BYTES_MAX]),
        Err(Wrong::Part(0)),
        "no outline, nothing to compare with"
    );
    assert_eq!(again.take_outline(b"something else"), Err(Wrong::Outline));
    again.take_outline(&outline.to_bytes()).unwrap();
    again.take_part(&package[..CHUNK_BYTES_MAX]).unwrap();
    let mut damaged = package[CHUNK_BYTES_MAX..2 * CHUNK_BYTES_MAX].to_vec();
    damaged[7] ^= 0x40;
    assert_eq!(again.take_part(&damaged), Err(Wrong::Part(1)));
    assert_eq!(again.take_part(&package[CHUNK_BYTES_MAX..CHUNK_BYTES_MAX + 5]), Err(Wrong::Part(1)), "torn");
    let want = again.want(&station()).unwrap();
    assert_eq!((want.digest, want.from, want.until), (offer.digest, CHUNK_BYTES_MAX as u64, offer.bytes));
}

#[test]
fn an_offer_that_lies_is_refused() {
    let (good, _) = Offer::of(&package(3 * CHUNK_BYTES_MAX));
    let read = |offer: Offer| Offer::read(&offer.to_bytes());
    assert_eq!(read(good.clone()), Ok(good.clone()));
    assert_eq!(read(Offer { bytes: 0, ..good.clone() }), Err(NotAnOffer::Size(0)));
    let beyond = PACKAGE_BYTES_MAX + 1;
    assert_eq!(read(Offer { bytes: beyond, ..good.clone() }), Err(NotAnOffer::Size(beyond)));
    assert!(matches!(read(Offer { parts: 2, ..good.clone() }), Err(NotAnOffer::Parts { are: 3, .. })));
    assert!(matches!(Offer::read(b"{}"), Err(NotAnOffer::Unreadable(_))));
    // Its parts are as its outline says, and the whole is another: found before the last part counts.
    let package = package(2 * CHUNK_BYTES_MAX);
    let (offer, outline) = Offer::of(&package);
    let mut fetch = Fetch::new(Offer { digest: Digest::of(b"another"), ..offer });
    fetch.take_outline(&outline.to_bytes()).unwrap();
    fetch.take_part(&package[..CHUNK_BYTES_MAX]).unwrap();
    assert_eq!(fetch.take_part(&package[CHUNK_BYTES_MAX..]), Err(Wrong::Whole));
    assert!(!fetch.is_here());
}

#[test]
fn a_want_is_bounded_and_speaks_for_its_own_station() {
    let want = Want { station: station(), digest: Digest::ZERO, from: 0, until: PART_BYTES };
    let read = |want: &Want| Want::read(&want.to_bytes(), &station()).is_some();
    assert!(read(&want));
    assert!(!read(&Want { until: 0, ..want.clone() }), "nothing");
    assert!(!read(&Want { from: PART_BYTES, until: 5, ..want.clone() }), "backwards");
    assert!(!read(&Want { until: WINDOW_BYTES + 1, ..want.clone() }), "more than may be under way");
    assert!(!read(&Want { from: 5, until: 9, ..want.clone() }), "not where a part begins");
    let far = PACKAGE_BYTES_MAX;
    assert!(!read(&Want { from: far, until: far + 9, ..want.clone() }), "behind every package");
    assert!(!read(&Want { station: Name::new("st-02").unwrap(), ..want.clone() }), "another's");
}

#[test]
fn a_connection_asks_once_and_again_only_when_nothing_comes() {
    let want = |from: u64, until: u64| Want { station: station(), digest: Digest::ZERO, from, until };
    let mut asking = Asking::default();
    let mut due = |want: Option<&Want>, now| asking.due(want, now).is_some();
    assert!(due(Some(&want(0, 4)), 0) && !due(Some(&want(0, 4)), 10));
    assert!(!due(Some(&want(1, 4)), RESEND_AFTER_MS - 1), "parts come");
    assert!(!due(Some(&want(1, 4)), RESEND_AFTER_MS + 10), "one came just before");
    assert!(due(Some(&want(1, 4)), 2 * RESEND_AFTER_MS), "no more came");
    assert!(due(Some(&want(4, 8)), 2 * RESEND_AFTER_MS), "the next window");
    assert!(!due(None, 2 * RESEND_AFTER_MS) && due(Some(&want(4, 8)), 2 * RESEND_AFTER_MS), "asked for anew");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_comes_only_what_was_offered_is_stored(
        parts in 1_usize..5,
        noise in proptest::collection::vec((0_u64..5, any::<bool>(), 0_usize..300), 0..20),
    ) {
        let package = package(parts * CHUNK_BYTES_MAX - 11);
        let mut noise = noise.into_iter();
        let (stored, _) = fetched(&package, |said, piece| {
            let Some((place, same_name, length)) = noise.next().filter(|_| said < 500) else { return vec![piece] };
            let digest = if same_name { piece.digest } else { Digest::of(b"?") };
            let strange = Chunk { digest, offset: place * PART_BYTES, total: piece.total, bytes: vec![9; length] };
            vec![strange, piece]
        });
        prop_assert!(stored == package);
    }

    #[test]
    fn unreadable_offers_and_wants_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Offer::read(&bytes).is_err());
        prop_assert!(Want::read(&bytes, &station()).is_none());
    }
}
