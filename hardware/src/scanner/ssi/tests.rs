use super::packet::{MORE, RESENT, decode_data, encode, resent};
use super::*;
use crate::scanner::testing::hex;
use crate::scanner::{ScannerCodec, ScannerConfig};
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

fn config(toml: &str) -> SsiConfig {
    let config: SsiConfig = toml::from_str(toml).expect(toml);
    config.validate().expect(toml);
    config
}

fn show(scan: &Scan<'_>) -> String {
    match scan {
        Scan::Read { payload, aim: None, .. } => format!("{}", payload.escape_ascii()),
        Scan::Read { payload, aim: Some(aim), .. } => format!("{aim} {}", payload.escape_ascii()),
        Scan::NoRead { which, .. } => format!("no read: {which}"),
        Scan::Identity { text, .. } => format!("is {}", text.escape_ascii()),
        Scan::Answer { done, .. } => format!("done: {done}"),
        Scan::Fault { kind, .. } => format!("fault {kind:?}"),
    }
}

/// One decoder's line at the station's end: what was said and what was owed, in order, with the time of each scan.
struct Line {
    codec: Ssi,
    now: u64,
    heard: Vec<(u64, String)>,
}

impl Line {
    fn new(config: &SsiConfig) -> Self {
        Self { codec: Ssi::new(config), now: 0, heard: Vec::new() }
    }

    fn keep(&mut self, scan: Option<(u64, String)>) {
        self.heard.extend(scan);
        let name = match self.codec.owed() {
            None => return,
            Some(packet::HOST_ACK) => "ack",
            Some(packet::HOST_NAK_RESEND) => "nak",
            Some(packet::HOST_NAK_CONTEXT) => "nak context",
            Some(other) => panic!("{other:02x?} is owed nobody"),
        };
        self.heard.push((self.now, name.into()));
        assert_eq!(self.codec.owed(), None, "given once");
    }

    fn bytes(&mut self, ms: u64, bytes: &[u8]) {
        self.now = ms;
        for &byte in bytes {
            let scan = self.codec.push(Micros::from_ms(ms), byte).map(|scan| (scan.at().as_ms(), show(&scan)));
            self.keep(scan);
        }
    }

    fn quiet(&mut self, ms: u64) {
        self.now = ms;
        for _ in 0..600 {
            let scan = self.codec.idle(Micros::from_ms(ms)).map(|scan| (scan.at().as_ms(), show(&scan)));
            let over = scan.is_none();
            self.keep(scan);
            if over {
                return;
            }
        }
        panic!("never quiet");
    }

    fn words(&self) -> Vec<&str> {
        self.heard.iter().map(|(_, word)| word.as_str()).collect()
    }
}

/// Pieces of bytes at milliseconds, each followed by silence, then ten seconds of it.
fn heard(config: &SsiConfig, pieces: &[(u64, &[u8])]) -> Vec<(u64, String)> {
    let mut line = Line::new(config);
    for (ms, bytes) in pieces {
        line.quiet(*ms);
        line.bytes(*ms, bytes);
    }
    let end = pieces.last().map_or(0, |(ms, _)| ms + 10_000);
    line.quiet(end);
    line.heard
}

#[track_caller]
fn check(toml: &str, pieces: &[(u64, &[u8])], expected: &[(u64, &str)]) {
    let expected: Vec<(u64, String)> = expected.iter().map(|(at, word)| (*at, (*word).into())).collect();
    assert_eq!(heard(&config(toml), pieces), expected);
}

fn label(text: &str) -> Vec<u8> {
    let mut packets = decode_data(0x03, text.as_bytes());
    let packet = packets.next().expect("a packet").to_vec();
    assert!(packets.next().is_none(), "one packet");
    packet
}

fn again(packet: &[u8]) -> Vec<u8> {
    resent(packet, true).expect("a packet").to_vec()
}

fn flipped(packet: &[u8], index: usize) -> Vec<u8> {
    let mut packet = packet.to_vec();
    packet[index] ^= 0x04;
    packet
}

const ITEM: &str = "RR473124829GB";
const READ: &str = "]C0 RR473124829GB";

#[test]
fn vector_host_ack_and_nak_resend() {
    assert_eq!(hex("04 D0 04 00 FF 28"), packet::HOST_ACK);
    assert_eq!(hex("05 D1 04 00 01 FF 25"), packet::HOST_NAK_RESEND);
    for sent in [packet::HOST_ACK, packet::HOST_NAK_RESEND, packet::HOST_NAK_CONTEXT, packet::HOST_REVISION] {
        let [_, operation, source, status, data @ .., _, _] = sent else { panic!("{sent:?}") };
        assert_eq!(encode(*operation, *source, *status, data).as_deref(), Some(sent));
    }
}

#[test]
fn vector_start_and_stop_session() {
    let codec = ScannerCodec::new(&ScannerConfig::Ssi(config(""))).expect("valid");
    assert_eq!(codec.request(Ask::Start), Some(&hex("04 E4 04 00 FF 14")[..]));
    assert_eq!(codec.request(Ask::Stop), Some(&hex("04 E5 04 00 FF 13")[..]));
    assert_eq!(codec.request(Ask::Identity), Some(packet::HOST_REVISION));
}

#[test]
fn vector_scan_enable_and_disable() {
    let host = |operation, status| encode(operation, packet::HOST, status, &[]).map(|packet| packet.to_vec());
    assert_eq!(host(packet::SCAN_ENABLE, 0), Some(hex("04 E9 04 00 FF 0F")));
    assert_eq!(host(packet::SCAN_ENABLE, 8), Some(hex("04 E9 04 08 FF 07")));
    assert_eq!(host(packet::SCAN_DISABLE, 0), Some(hex("04 EA 04 00 FF 0E")));
}

#[test]
fn vector_decoder_ack_with_status_80_is_an_answer() {
    check("", &[(1, &hex("04 D0 00 80 FE AC"))], &[(1, "done: true")]);
    let nak = encode(packet::NAK, packet::DECODER, 0, &[6]).expect("fits");
    check("", &[(1, &nak)], &[(1, "done: false")]);
}

#[test]
fn vector_event_20_is_acknowledged_and_is_no_scan() {
    check("", &[(1, &hex("05 F6 00 00 20 FE E5"))], &[(1, "ack")]);
}

#[test]
fn vector_decode_code_128() {
    let bytes = hex("12 F3 00 00 03 52 52 34 37 33 31 32 34 38 32 39 47 42 FB F3");
    assert_eq!(label(ITEM), bytes);
    check("", &[(7, &bytes)], &[(7, READ), (7, "ack")]);
    let mut codec = Ssi::new(&config(""));
    codec.feed(Micros(5), &bytes[..19], &mut |scan| panic!("not whole: {scan:?}"));
    let found = codec.push(Micros(9), bytes[19]).expect("a read");
    assert_eq!((found.at(), found.raw(), found.text()), (Micros(5), &bytes[..], Some(ITEM)));
}

#[test]
fn vector_decode_gs1_128_keeps_the_separator() {
    let bytes = hex(
        "24 F3 00 00 0F 34 32 30 37 38 37 34 35 1D 39 34 30 30 31 31 31 32 30 36 32 30 36 34 30 36 32 36 30 37 38 37 F8 B0",
    );
    check("", &[(1, &bytes)], &[(1, "]C1 42078745\\x1d9400111206206406260787"), (1, "ack")]);
}

#[test]
fn vector_decode_no_read() {
    check("", &[(1, &hex("07 F3 00 00 01 4E 52 FE 65"))], &[(1, "no read: NR"), (1, "ack")]);
    let with_aim = decode_data(0x01, b"]A0NR").next().expect("fits");
    check("aim = 'required'", &[(1, &with_aim)], &[(1, "no read: NR"), (1, "ack")]);
}

#[test]
fn vector_bad_checksum_is_owed_a_nak_and_not_delivered() {
    let bytes = hex("12 F3 00 00 03 52 52 34 37 33 31 32 34 38 32 39 47 42 FB F4");
    check("", &[(1, &bytes)], &[(1, "fault Checksum"), (1, "nak")]);
}

#[test]
fn every_decode_type_of_the_table() {
    for (kind, id) in [
        (0x01, "]A0"),
        (0x03, "]C0"),
        (0x06, "]I0"),
        (0x0F, "]C1"),
        (0x11, "]L2"),
        (0x1B, "]d1"),
        (0x1C, "]Q1"),
        (0x25, "]U0"),
        (0x2D, "]z0"),
        (0x30, "]e0"),
        (0x31, "]e0"),
        (0x32, "]e0"),
    ] {
        let sent = decode_data(kind, b"12345").next().expect("fits");
        check("", &[(1, &sent)], &[(1, &format!("{id} 12345")), (1, "ack")]);
    }
    let unknown = decode_data(0x7E, b"12345").next().expect("fits");
    check("", &[(1, &unknown)], &[(1, "12345"), (1, "ack")]);
}

#[test]
fn an_aim_identifier_in_the_data_says_more_than_the_type_unless_it_is_of_another_symbology() {
    let gs1 = decode_data(0x1B, b"]d2011").next().expect("fits");
    check("", &[(1, &gs1)], &[(1, "]d2 011"), (1, "ack")]);
    let printed = decode_data(0x03, b"]d2011").next().expect("fits");
    check("", &[(1, &printed)], &[(1, "]C0 ]d2011"), (1, "ack")]);
    check("aim = 'required'", &[(1, &label(ITEM))], &[(1, "fault AimMissing"), (1, "ack")]);
    check("aim = 'absent'", &[(1, &label("]C0X"))], &[(1, "]C0 ]C0X"), (1, "ack")]);
}

#[test]
fn prefix_suffix_and_substitutes_are_taken_off() {
    let sent = decode_data(0x0F, b"P1]C142078745{GS}94\r").next().expect("fits");
    check(
        "prefix = 'P1'\nsuffix = \"\\r\"\ngs_substitutes = ['{GS}']",
        &[(1, &sent)],
        &[(1, "]C1 42078745\\x1d94"), (1, "ack")],
    );
    check("suffix = \"\\r\"", &[(1, &label(ITEM))], &[(1, "fault SuffixMissing"), (1, "ack")]);
    check("", &[(1, &label(""))], &[(1, "fault Empty"), (1, "ack")]);
}

#[test]
fn an_ack_that_was_lost_is_given_again_and_the_scan_is_not() {
    let sent = label(ITEM);
    let (second, third) = (again(&sent), again(&sent));
    check(
        "",
        &[(0, &sent), (2_000, &second), (4_000, &third)],
        &[(0, READ), (0, "ack"), (2_000, "ack"), (4_000, "ack")],
    );
}

#[test]
fn a_packet_sent_again_long_after_is_another_scan_whose_first_sending_was_not_heard() {
    let sent = label(ITEM);
    check(
        "",
        &[(0, &sent), (20_000, &again(&sent))],
        &[(0, READ), (0, "ack"), (20_000, "fault Late"), (20_000, "ack")],
    );
}

#[test]
fn the_same_label_read_again_is_another_scan() {
    let sent = label(ITEM);
    check("", &[(0, &sent), (700, &sent)], &[(0, READ), (0, "ack"), (700, READ), (700, "ack")]);
}

#[test]
fn a_scan_whose_first_sending_was_damaged_is_delivered_with_the_time_of_that_one() {
    let sent = label(ITEM);
    let repeated = again(&sent);
    for index in 1..sent.len() {
        // A wrong length or source makes another window of it; a wrong checksum may be the other status'.
        let sure = index == 1 || (3..18).contains(&index);
        let found = heard(&config(""), &[(300, &flipped(&sent, index)), (2_300, &repeated)]);
        let dated = found.contains(&(300, READ.into()));
        assert!(dated || !sure && found.contains(&(2_300, "fault Late".into())), "{index}: {found:?}");
    }
    let mut status = sent.clone();
    status[3] = RESENT;
    let found = heard(&config(""), &[(300, &status), (2_300, &repeated)]);
    assert!(found.contains(&(2_300, "fault Late".into())), "nothing says which sending that was: {found:?}");
}

#[test]
fn two_damaged_sendings_are_not_two_scans() {
    let sent = label(ITEM);
    let (first, second) = (flipped(&sent, 9), flipped(&again(&sent), 12));
    check(
        "",
        &[(100, &first), (400, &second), (700, &again(&sent))],
        &[(100, "fault Checksum"), (100, "nak"), (400, "fault Checksum"), (400, "nak"), (100, READ), (700, "ack")],
    );
}

#[test]
fn what_is_sent_again_before_the_line_was_quiet_is_found_when_it_is() {
    let sent = label(ITEM);
    check(
        "",
        &[(100, &flipped(&sent, 9)), (150, &again(&sent))],
        &[(100, "fault Checksum"), (100, "nak"), (100, READ), (10_150, "ack")],
    );
}

#[test]
fn bytes_lost_on_the_way_do_not_lose_the_scan() {
    let sent = label(ITEM);
    let cut = [&sent[..8], &sent[9..]].concat();
    check(
        "",
        &[(100, &cut), (2_100, &again(&sent))],
        &[(100, "fault Unterminated"), (2_100, "nak"), (100, READ), (2_100, "ack")],
    );
}

#[test]
fn a_scan_whose_first_sending_was_not_heard_is_late_and_no_data() {
    check("", &[(2_000, &again(&label(ITEM)))], &[(2_000, "fault Late"), (2_000, "ack")]);
    let other = flipped(&label("LX123456785CN"), 7);
    check(
        "",
        &[(100, &other), (2_000, &again(&label(ITEM)))],
        &[(100, "fault Checksum"), (100, "nak"), (2_000, "fault Late"), (2_000, "ack")],
    );
    let long_ago = flipped(&label(ITEM), 7);
    check(
        "resend_ms_max = 1000",
        &[(100, &long_ago), (2_000, &again(&label(ITEM)))],
        &[(100, "fault Checksum"), (100, "nak"), (2_000, "fault Late"), (2_000, "ack")],
    );
}

#[test]
fn the_next_number_of_a_shipper_is_not_taken_for_the_damaged_one() {
    let (damaged, next) = (flipped(&label("LX000000014CN"), 16), again(&label("LX000000028CN")));
    let found = heard(&config(""), &[(100, &damaged), (2_000, &next)]);
    assert!(found.contains(&(2_000, "fault Late".into())), "{found:?}");
}

#[test]
fn a_second_scan_of_the_delivered_label_whose_sending_was_damaged_is_delivered() {
    let sent = label(ITEM);
    check(
        "",
        &[(0, &sent), (700, &flipped(&sent, 12)), (1_000, &again(&sent))],
        &[(0, READ), (0, "ack"), (700, "fault Checksum"), (700, "nak"), (700, READ), (1_000, "ack")],
    );
    // The ACK was lost, and the packet sent again for it was damaged: not a second scan.
    check(
        "",
        &[(0, &sent), (2_000, &flipped(&again(&sent), 12)), (2_100, &again(&sent))],
        &[(0, READ), (0, "ack"), (2_000, "fault Checksum"), (2_000, "nak"), (2_100, "ack")],
    );
}

#[test]
fn a_damaged_length_costs_the_packet_and_not_the_next() {
    let sent = label(ITEM);
    for length in [0x04, 0x05, 0x11, 0x13, 0x30, 0xFF, 0x00] {
        let mut damaged = sent.clone();
        damaged[0] = length;
        let found = heard(&config(""), &[(0, &damaged), (1_000, &sent)]);
        let reads: Vec<_> = found.iter().filter(|(_, word)| word == READ).collect();
        assert_eq!(reads, [&(1_000, READ.into())], "{length}: {found:?}");
        assert!(found[0].1.starts_with("fault"), "{length}: {found:?}");
    }
}

#[test]
fn a_packet_amid_noise_is_found_when_the_line_is_quiet() {
    let sent = label(ITEM);
    let noise = [&[0x40, 0xF3, 0x00, 0x00][..], &sent, &[0x09]].concat();
    check("", &[(5, &noise)], &[(5, READ), (10_005, "ack"), (5, "fault OutsideFrame")]);
    check("", &[(5, &[&[0xFF, 0xFF][..], &sent].concat())], &[(5, READ), (5, "ack"), (5, "fault OutsideFrame")]);
}

#[test]
fn raw_ascii_data_are_no_packets() {
    check("", &[(5, b"RR473124829GB\r\n")], &[(5, "fault OutsideFrame")]);
    let stream = vec![b'7'; 2_000];
    check("", &[(5, &stream)], &[(5, "fault OutsideFrame")]);
}

#[test]
fn an_echo_of_the_station_is_no_packet() {
    check("", &[(5, packet::HOST_ACK)], &[(5, "fault OutsideFrame")]);
}

#[test]
fn revision_and_parameters_are_identity_and_not_acknowledged() {
    let reply = encode(packet::REVISION_REPLY, packet::DECODER, 0, b"NBRXXAAD 0 DS9908 1A2B").expect("fits");
    check("", &[(1, &reply)], &[(1, "is NBRXXAAD 0 DS9908 1A2B")]);
    let parameters = encode(packet::PARAMETER_SEND, packet::DECODER, 0, &[0xFF, 0x9F, 0x01]).expect("fits");
    check("", &[(1, &parameters)], &[(1, "is \\xff\\x9f\\x01")]);
}

#[test]
fn an_operation_that_is_not_known_is_refused_once() {
    let strange = encode(0x99, packet::DECODER, 0, b"x").expect("fits");
    check("", &[(1, &strange)], &[(1, "fault Malformed"), (1, "nak context")]);
    let untyped = encode(packet::DECODE_DATA, packet::DECODER, 0, &[]).expect("fits");
    check("", &[(1, &untyped)], &[(1, "fault Malformed"), (1, "ack")]);
}

#[test]
fn without_handshake_nothing_is_owed() {
    check("handshake = false", &[(1, &label(ITEM))], &[(1, READ)]);
    check("handshake = false", &[(1, &flipped(&label(ITEM), 8))], &[(1, "fault Checksum")]);
}

mod message;

#[test]
fn configuration_says_what_is_wrong() {
    let check = |toml: &str, word: &str| {
        let config = toml::from_str::<SsiConfig>(toml).expect(toml);
        assert!(config.validate().is_err_and(|error| error.contains(word)), "{toml}");
    };
    check("idle_gap_ms = 0", "idle_gap_ms");
    check("resend_ms_max = 100", "resend_ms_max");
    check("frame_bytes_max = 9000", "frame_bytes_max");
    check("gs_substitutes = ['']", "gs_substitutes");
    assert!(toml::from_str::<SsiConfig>("baud = 9600").is_err_and(|error| error.message().contains("baud")));
    let toml = "ssi = { handshake = false }";
    assert!(matches!(toml::from_str::<ScannerConfig>(toml), Ok(ScannerConfig::Ssi(config)) if !config.handshake));
}

mod properties;
