use super::*;
use crate::scanner::testing::{hex, noise, same_after_noise, same_when_split, scans};
use crate::scanner::{ScannerCodec, ScannerConfig, ScannerProtocol, plain};
use crate::symbology::Aim;
use proptest::prelude::*;
use std::vec::Vec;
use std::{format, vec};

fn codec(toml: &str) -> Keyence {
    let config: KeyenceConfig = toml::from_str(toml).expect(toml);
    config.validate().expect(toml);
    Keyence::new(&config)
}

#[track_caller]
fn check(toml: &str, bytes: &[u8], expected: &[&str]) {
    assert_eq!(scans(&mut codec(toml), &[(100, bytes)]), expected, "{}", bytes.escape_ascii());
}

const FRAMED: &str = "framing = 'stx-etx'";

#[test]
fn vector_keyence_lon_and_loff() {
    let usual = codec("");
    assert_eq!(usual.request(Ask::Start), Some(&hex("4C 4F 4E 0D")[..]));
    assert_eq!(usual.request(Ask::Stop), Some(&hex("4C 4F 46 46 0D")[..]));
    assert_eq!(usual.request(Ask::Identity), Some(&b"KEYENCE\r"[..]));
    assert_eq!(codec(FRAMED).request(Ask::Start), Some(&b"\x02LON\x03"[..]));
    assert_eq!(codec("start = 'READ1'").request(Ask::Start), Some(&b"READ1\r"[..]));
}

#[test]
fn vector_keyence_ok_reply() {
    check("", &hex("4F 4B 2C 4C 4F 4E 0D"), &["done: true"]);
    check(FRAMED, b"\x02OK,LON\x03", &["done: true"]);
    check("", b"OK,LOFF\rER,LOFF,01\rER,LON,00\r\n", &["done: true", "done: false", "done: false"]);
}

#[test]
fn vector_keyence_no_read() {
    check("", &hex("45 52 52 4F 52 0D"), &["no read: ERROR"]);
    check(FRAMED, b"\x02ERROR\x03", &["no read: ERROR"]);
    check("", b"OVER\rERR07\r", &["no read: OVER", "no read: ERR##"]);
}

#[test]
fn the_answer_comes_before_the_result() {
    check("", b"OK,LON\r]C0RR473124829GB\rER,LOFF,11\r", &["done: true", "]C0 RR473124829GB", "done: false"]);
}

#[test]
fn what_only_looks_like_an_answer() {
    check("", b"ER,LON\rER,LON,1\rER,LON,1x\r", &["fault Malformed", "fault Malformed", "fault Malformed"]);
    check(
        "",
        b"OK\rER\rOK,\rOK,lon\rok,LON\rOK,TOOLONGAWORD\r",
        &["OK", "ER", "OK,", "OK,lon", "ok,LON", "OK,TOOLONGAWORD"],
    );
}

#[test]
fn the_reader_says_who_it_is() {
    check("", b"OK,KEYENCE,SR-751,1.00\r", &["is SR-751,1.00"]);
}

#[test]
fn configuration_says_what_is_wrong() {
    for wrong in ["start = ''", "stop = 'lowcase'", "start = 'NINECHARS'", "start = \"L\\r\""] {
        let config: KeyenceConfig = toml::from_str(wrong).expect(wrong);
        assert!(config.validate().is_err_and(|error| error.contains("start and stop")), "{wrong}");
    }
    assert!(toml::from_str::<KeyenceConfig>("port = 9004").is_err_and(|error| error.message().contains("port")));
    let config = toml::from_str::<ScannerConfig>("keyence = {}").expect("toml");
    assert!(ScannerCodec::new(&config).is_ok_and(|codec| codec.request(Ask::Start).is_some()));
}

const FRAMES: &[&[u8]] = &[b"OK,LON\r", b"ER,LOFF,11\r", b"ERROR\r", b"]C0RR473124829GB\r", b"\x02OK,LON\x03"];

fn codecs() -> impl Strategy<Value = Keyence> {
    prop::sample::select(vec!["", FRAMED, "framing = 'idle-gap'"]).prop_map(codec)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_split_gives_the_same(
        codec in codecs(),
        pieces in proptest::collection::vec((0u64..700, noise(FRAMES)), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        same_when_split(&codec, &pieces, cut);
    }

    #[test]
    fn noise_loses_nothing_after_silence(codec in codecs(), noise in noise(FRAMES), frame in prop::sample::select(FRAMES)) {
        same_after_noise(&codec, &noise, frame);
    }

    #[test]
    fn what_is_written_is_read(digits in "[0-9]{1,30}", framed in any::<bool>()) {
        let toml = if framed { FRAMED } else { "" };
        let config = toml::from_str::<KeyenceConfig>(toml).expect(toml);
        let frame = plain::encode(&config.results(), Aim::new(b'C', b'0'), digits.as_bytes()).expect("fits");
        let bytes: Vec<u8> = [&encode(config.framing, "OK,LON")[..], &frame].concat();
        prop_assert_eq!(scans(&mut codec(toml), &[(1, &bytes)]), ["done: true".into(), format!("]C0 {digits}")]);
    }
}
