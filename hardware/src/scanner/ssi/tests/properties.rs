//! Properties: against the definition of a packet, and against a decoder behind a line that damages and loses.

use super::*;

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(0x00),
        Just(0x04),
        Just(0x05),
        Just(packet::DECODE_DATA),
        Just(packet::ACK),
        4u8..12,
        any::<u8>()
    ];
    let whole = (prop_oneof![Just(packet::DECODE_DATA), any::<u8>()], 0u8..4, "[A-Z0-9]{0,14}");
    let piece = prop_oneof![
        proptest::collection::vec(byte, 0..12),
        whole.prop_map(|(operation, status, data)| {
            encode(operation, packet::DECODER, status, data.as_bytes()).expect("fits").to_vec()
        }),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// The packets in bytes that came together: the definition, looked at from the left.
fn definition(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let [length, after @ ..] = rest {
        let whole = usize::from(*length) + 2;
        let packet = rest.get(..whole).filter(|packet| {
            let (sum, _) = packet.split_at(whole - 2);
            *length >= 4 && packet[2] == 0 && packet::checksum(sum) == packet[whole - 2..]
        });
        rest = packet.map_or(after, |_| &rest[whole..]);
        found.extend(packet.map(<[u8]>::to_vec));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn exactly_the_packets_between_pauses_are_found(bytes in noise()) {
        let mut window = Window::new();
        let mut found = Vec::new();
        let mut keep = |window: &Window, piece: Piece| {
            if piece == Piece::Packet {
                found.push(window.taken().0.to_vec());
            }
        };
        for &byte in &bytes {
            window.push(Micros(1), byte);
            while let Some(piece) = window.next() {
                keep(&window, piece);
            }
        }
        while let Some(piece) = window.quiet() {
            keep(&window, piece);
        }
        prop_assert_eq!(found, definition(&bytes));
    }

    #[test]
    fn every_byte_is_in_a_packet_or_said(bytes in noise()) {
        let mut window = Window::new();
        let mut said = 0;
        for &byte in &bytes {
            window.push(Micros(1), byte);
            while window.next().is_some() {
                said += window.taken().0.len();
            }
        }
        while window.quiet().is_some() {
            said += window.taken().0.len();
        }
        prop_assert!(said >= bytes.len() || bytes.len() > 257);
    }

    #[test]
    fn any_split_gives_the_same(
        pieces in proptest::collection::vec((0u64..900, noise()), 0..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let config = config("");
        let (mut whole, mut split) = (Line::new(&config), Line::new(&config));
        let mut now = 0;
        for (wait, bytes) in pieces {
            now += wait;
            let cut = cut.index(bytes.len() + 1);
            whole.bytes(now, &bytes);
            split.bytes(now, &bytes[..cut]);
            split.bytes(now, &bytes[cut..]);
        }
        whole.quiet(now + 9_000);
        split.quiet(now + 9_000);
        prop_assert_eq!(whole.heard, split.heard);
    }

    /// Noise, then a quiet gap, then a packet: it is delivered, whole and last.
    #[test]
    fn noise_loses_nothing_after_a_clean_boundary(noise in noise(), digits in "[0-9]{1,20}") {
        let mut line = Line::new(&config(""));
        line.bytes(100, &noise);
        line.quiet(10_000);
        let before = line.heard.len();
        line.bytes(10_001, &label(&digits));
        prop_assert_eq!(&line.words()[before..], [&format!("]C0 {digits}"), "ack"]);
    }

    #[test]
    fn a_packet_with_one_byte_changed_is_never_delivered(
        text in "[A-Z0-9]{1,30}", index in any::<proptest::sample::Index>(), change in 1u8..,
    ) {
        let mut sent = label(&text);
        let index = index.index(sent.len());
        sent[index] ^= change;
        let found = heard(&config(""), &[(1, &sent)]);
        prop_assert!(found.iter().all(|(_, word)| word.starts_with("fault") || word == "nak"), "{:?}", found);
    }

    #[test]
    fn what_is_written_is_read(text in "[0-9A-Z\u{1d}]{1,700}") {
        let mut line = Line::new(&config(""));
        let packets: Vec<Packet> = decode_data(0x0F, text.as_bytes()).collect();
        for (packet, index) in packets.iter().zip(0..) {
            line.bytes(index, packet);
        }
        let reads: Vec<&str> = line.words().into_iter().filter(|word| *word != "ack").collect();
        prop_assert_eq!(reads, [format!("]C1 {}", text.as_bytes().escape_ascii())]);
        prop_assert_eq!(line.words().len(), packets.len() + 1);
    }

    #[test]
    fn no_bytes_panic(pieces in proptest::collection::vec((any::<u32>(), noise()), 0..8)) {
        let mut codec = Ssi::new(&config(""));
        for (time, piece) in pieces {
            codec.feed(Micros(u64::from(time)), &piece, &mut |scan| assert!(scan.raw().len() <= FRAME_BYTES_MAX));
            let _ = codec.idle(Micros(u64::from(time) * 2));
        }
    }
}

/// What a line does to a sending: nothing, a flipped byte, a lost byte, all of it lost; and whether the answer arrives.
#[derive(Clone, Copy, Debug)]
struct Fate {
    flip: Option<usize>,
    lose: Option<usize>,
    unheard: bool,
    deaf: bool,
}

fn fate() -> impl Strategy<Value = Fate> {
    let index = || proptest::option::weighted(0.25, 0usize..20);
    (index(), index(), proptest::bool::weighted(0.15), proptest::bool::weighted(0.25))
        .prop_map(|(flip, lose, unheard, deaf)| Fate { flip, lose, unheard, deaf })
}

/// A decoder sends a label up to three times, as the manuals say: at once after a NAK, after 2 s without an answer.
/// Returns when it is ready for the next.
fn send(line: &mut Line, from: u64, packet: &[u8], fates: &[Fate; 3]) -> u64 {
    let mut now = from;
    for (fate, attempt) in fates.iter().zip(0..) {
        let mut bytes = if attempt == 0 { packet.to_vec() } else { again(packet) };
        if let Some(index) = fate.flip.filter(|index| *index < bytes.len()) {
            bytes[index] ^= 0x08;
        }
        if let Some(index) = fate.lose.filter(|index| *index < bytes.len()) {
            bytes.remove(index);
        }
        let before = line.heard.len();
        if !fate.unheard {
            line.bytes(now, &bytes);
            line.quiet(now + 250);
        }
        let answer =
            line.words()[before..].iter().rfind(|word| matches!(**word, "ack" | "nak")).map(|word| *word == "ack");
        match answer.filter(|_| !fate.deaf) {
            Some(true) => return now + 300,
            Some(false) => now += 300,
            None => now += 2_000,
        }
    }
    now
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the line does: no scan twice, none invented, each with the time of its first sending; and one whose
    /// first sending and acknowledgement came through is never missing.
    #[test]
    fn a_lossy_line_neither_doubles_nor_invents_nor_misdates(
        labels in proptest::collection::vec((0usize..3, [fate(), fate(), fate()], 300u64..4_000), 1..8),
    ) {
        let texts = ["RR473124829GB", "LX000000014CN", "LX000000028CN"];
        let mut line = Line::new(&config(""));
        let mut sent: Vec<(u64, String)> = Vec::new();
        let mut sure: Vec<(u64, String)> = Vec::new();
        let mut now = 1_000;
        for (which, fates, pause) in labels {
            let scan = (now, format!("]C0 {}", texts[which]));
            sent.push(scan.clone());
            if !fates[0].unheard && fates[0].flip.is_none() && fates[0].lose.is_none() {
                sure.push(scan);
            }
            now = send(&mut line, now, &label(texts[which]), &fates) + pause;
        }
        line.quiet(now + 9_000);
        let read: Vec<(u64, String)> = line.heard.into_iter().filter(|(_, word)| word.starts_with(']')).collect();
        for (index, scan) in read.iter().enumerate() {
            prop_assert!(sent.contains(scan), "{scan:?} was not sent then: {sent:?}");
            prop_assert!(!read[..index].contains(scan), "{scan:?} twice");
        }
        for scan in &sure {
            prop_assert!(read.contains(scan), "{scan:?} is missing: {read:?}");
        }
    }
}

#[test]
fn a_resent_bit_is_all_that_differs() {
    let sent = label(ITEM);
    let repeated = again(&sent);
    assert_eq!(repeated[3], RESENT);
    assert_eq!(resent(&repeated, false).as_deref(), Some(&sent[..]));
}
