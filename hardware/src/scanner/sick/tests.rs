use super::*;
use crate::scanner::testing::{hex, noise, same_after_noise, same_when_split, scans};
use crate::scanner::{ScannerCodec, ScannerConfig, ScannerProtocol, plain};
use crate::symbology::Aim;
use proptest::prelude::*;
use std::vec::Vec;
use std::{format, vec};

fn codec(toml: &str) -> Sick {
    let config: SickConfig = toml::from_str(toml).expect(toml);
    config.validate().expect(toml);
    Sick::new(&config)
}

#[track_caller]
fn check(toml: &str, bytes: &[u8], expected: &[&str]) {
    assert_eq!(scans(&mut codec(toml), &[(100, bytes)]), expected, "{}", bytes.escape_ascii());
}

const LINES: &str = "framing = 'terminated'";

#[test]
fn vector_cola_gate_on_and_off() {
    let codec = codec("");
    assert_eq!(codec.request(Ask::Start), Some(&hex("02 73 4D 4E 20 6D 54 43 67 61 74 65 6F 6E 03")[..]));
    assert_eq!(codec.request(Ask::Stop), Some(&hex("02 73 4D 4E 20 6D 54 43 67 61 74 65 6F 66 66 03")[..]));
    assert_eq!(encode("sMN mTCgateon").as_deref(), codec.request(Ask::Start));
    assert_eq!(encode("sRN DeviceIdent").as_deref(), codec.request(Ask::Identity));
}

#[test]
fn vector_cola_gate_answers() {
    let on = hex("02 73 41 4E 20 6D 54 43 67 61 74 65 6F 6E 20 31 03");
    let off = hex("02 73 41 4E 20 6D 54 43 67 61 74 65 6F 66 66 20 31 03");
    for framing in ["", LINES, "framing = 'idle-gap'"] {
        check(framing, &[&on[..], &off].concat(), &["done: true", "done: true"]);
    }
    check("", b"\x02sAN mTCgateon 0\x03", &["done: false"]);
    check("", b"\x02sFA 8\x03\x02sFA\x03", &["done: false", "done: false"]);
}

#[test]
fn vector_sick_no_read_in_stx_etx() {
    check("", &hex("02 4E 6F 52 65 61 64 03"), &["no read: NoRead"]);
    check("", b"\x02no code!\x03\x02NOREAD\x03", &["no read: no code!", "no read: NoRead"]);
    check(LINES, b"NoRead\r\nno code!\r\n", &["no read: NoRead", "no read: no code!"]);
}

#[test]
fn results_and_telegrams_share_a_line() {
    check("", b"\x02sAN mTCgateon 1\x03\x02]C0RR473124829GB\x03", &["done: true", "]C0 RR473124829GB"]);
    check(
        LINES,
        b"\x02sAN mTCgateon 1\x03]C0RR473124829GB\r\n\x02sAN mTCgateoff 1\x03",
        &["done: true", "]C0 RR473124829GB", "done: true"],
    );
    check(LINES, b"RR4731\x0224829GB\r\n", &["RR4731\\x0224829GB"]);
    check(LINES, b"\x02sAN mTCgateon 1\r\n", &["fault Unterminated"]);
    check(LINES, b"\x02RR473124829GB\x03", &["fault Malformed"]);
    // Between terminators a telegram is what a label says.
    check(LINES, b"sAN mTCgateon 1\r\n", &["sAN mTCgateon 1"]);
}

#[test]
fn a_telegram_is_never_data() {
    for text in ["sAN mTCgateon", "sAN mTCgateon 2", "sRA SCdevicestate 1", "sSN LIDoutputstate 1", "sMN mTCgateon"] {
        check("", &encode(text).expect("fits"), &["fault Malformed"]);
    }
    check("", b"\x02sMA mTCgateon\x03", &[]);
    check("", b"\x02sAN1234\x03\x02shoes\x03", &["sAN1234", "shoes"]);
}

#[test]
fn the_reader_says_who_it_is() {
    check("", b"\x02sRA DeviceIdent 7 CLV620S 5 V5.26\x03", &["is CLV620S V5.26"]);
    check("", b"\x02sRA DeviceIdent CLV620 V5\x03", &["is CLV620 V5"]);
    check("", b"\x02sRA DeviceIdent FF CLV620 V5\x03", &["is FF CLV620 V5"]);
}

#[test]
fn every_status_digit_of_the_clv() {
    for (digit, said) in [
        ('0', "RR473124829GB"),
        ('1', "fault Reader"),
        ('2', "no read: status 2"),
        ('3', "fault Reader"),
        ('4', "fault Malformed"),
        ('5', "fault Reader"),
        ('6', "fault Reader"),
        ('7', "fault Reader"),
        ('8', "fault Reader"),
        ('9', "RR473124829GB"),
        ('A', "fault Reader"),
    ] {
        check("status = 'first'", format!("\x02{digit}RR473124829GB\x03").as_bytes(), &[said]);
        check("status = 'last'", format!("\x02RR473124829GB{digit}\x03").as_bytes(), &[said]);
    }
    check("status = 'last'", b"\x02NoRead\x03\x02RR473124829GB\x03", &["no read: NoRead", "fault Malformed"]);
    check("status = 'first'", b"\x02\x03\x020\x03", &[]);
    check("status = 'first'\nno_read = ['']", b"\x02\x03", &["no read: "]);
}

#[test]
fn raw_is_the_whole_frame_and_gs_is_kept() {
    let mut codec = codec("status = 'first'\ngs_substitutes = ['~']");
    codec.feed(crate::units::Micros(3), b"\x020]C142078745~94\x1d", &mut |scan| panic!("{scan:?}"));
    let found = codec.push(crate::units::Micros(4), ETX).expect("a read");
    assert_eq!((found.raw(), found.at()), (&b"0]C142078745~94\x1d"[..], crate::units::Micros(3)));
    assert_eq!(found.text(), Some("42078745\x1d94\x1d"));
}

#[test]
fn configuration_says_what_is_wrong() {
    let wrong: SickConfig = toml::from_str("framing = 'terminated'\nterminators = ''").expect("toml");
    assert!(wrong.validate().is_err_and(|error| error.contains("terminators")));
    assert!(toml::from_str::<SickConfig>("gate = 1").is_err_and(|error| error.message().contains("gate")));
    let config = toml::from_str::<ScannerConfig>("sick = { status = 'last' }").expect("toml");
    assert!(ScannerCodec::new(&config).is_ok_and(|codec| codec.request(Ask::Start).is_some()));
}

const FRAMES: &[&[u8]] =
    &[b"\x02sAN mTCgateon 1\x03", b"\x02NoRead\x03", b"\x020RR473124829GB\x03", b"\x02sRA DeviceIdent 7 "];

fn codecs() -> impl Strategy<Value = Sick> {
    prop::sample::select(vec!["", LINES, "framing = 'idle-gap'", "status = 'first'", "status = 'last'"]).prop_map(codec)
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
    fn what_is_written_is_read(digits in "[0-9]{1,30}", lines in any::<bool>()) {
        let toml = if lines { LINES } else { "" };
        let config = toml::from_str::<SickConfig>(toml).expect(toml);
        let frame = plain::encode(&config.results(), Aim::new(b'C', b'0'), digits.as_bytes()).expect("fits");
        let bytes: Vec<u8> = [&encode("sAN mTCgateon 1").expect("fits")[..], &frame].concat();
        prop_assert_eq!(scans(&mut codec(toml), &[(1, &bytes)]), ["done: true".into(), format!("]C0 {digits}")]);
    }
}
