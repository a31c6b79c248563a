use super::*;
use crate::scanner::testing::hex;
use crate::scanner::{Scan, ScannerCodec, ScannerConfig, ScannerProtocol};
use crate::symbology::Symbology;
use crate::units::Micros;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

fn config(toml: &str) -> PlainConfig {
    let config: PlainConfig = toml::from_str(toml).expect(toml);
    config.validate().expect(toml);
    config
}

fn show(scan: &Scan<'_>) -> String {
    match scan {
        Scan::Read { payload, aim: None, .. } => format!("{}", payload.escape_ascii()),
        Scan::Read { payload, aim: Some(aim), .. } => format!("{aim} {}", payload.escape_ascii()),
        Scan::NoRead { which, .. } => format!("no read: {which}"),
        Scan::Identity { .. } | Scan::Answer { .. } => panic!("a plain reader answers nothing: {scan:?}"),
        Scan::Fault { kind, .. } => format!("fault {kind:?}"),
    }
}

/// Pieces of bytes at milliseconds, then two seconds of silence.
fn scans(config: &PlainConfig, pieces: &[(u64, &[u8])]) -> Vec<String> {
    let mut codec = Plain::new(config.clone());
    let mut found = Vec::new();
    let mut now = 0;
    for (ms, bytes) in pieces {
        now = *ms;
        codec.feed(Micros::from_ms(now), bytes, &mut |scan| found.push(show(&scan)));
    }
    found.extend(codec.idle(Micros::from_ms(now + 2_000)).map(|scan| show(&scan)));
    assert!(codec.idle(Micros::from_ms(now + 4_000)).is_none());
    found
}

fn check(toml: &str, bytes: &[u8], expected: &[&str]) {
    assert_eq!(scans(&config(toml), &[(100, bytes)]), expected, "{toml} {}", bytes.escape_ascii());
}

const STX_ETX: &str = "framing = 'stx-etx'";

#[test]
fn line_defaults_of_the_reader_families() {
    let item = ["RR473124829GB"];
    check("framing = 'idle-gap'\nterminators = ''", b"RR473124829GB", &item); // Zebra standard: data as is
    check("", b"RR473124829GB\r", &item); // Zebra ICL, Wincor-Nixdorf, Omron, older hand-helds
    check("", b"RR473124829GB\r\n", &item); // Honeywell
    check(STX_ETX, b"\x02RR473124829GB\x03", &item); // Zebra Olivetti
    check("framing = 'stx-etx'\nsuffix = \"\\r\"", b"\x02RR473124829GB\r\x03", &item); // Zebra CUTE
}

#[test]
fn any_run_of_terminators_is_one_and_empty_frames_are_none() {
    check("", b"\r\n\r\rAB\r\rCD\n\nEF\r\n\r\n", &["AB", "CD", "EF"]);
    check("terminators = \"\\t\"", b"AB\tCD\r\t", &["AB", "CD\\r"]);
}

#[test]
fn without_a_terminator_the_quiet_line_ends_the_frame() {
    let as_is = config("framing = 'idle-gap'\nterminators = ''\nidle_gap_ms = 40");
    assert_eq!(scans(&as_is, &[(100, b"RR4731"), (139, b"24829GB"), (179, b"NR")]), ["RR473124829GB", "no read: NR"]);
    let either = config("framing = 'idle-gap'");
    assert_eq!(scans(&either, &[(100, b"AB\rCD"), (200, b"EF\r\n")]), ["AB", "CD", "EF"]);
}

#[test]
fn a_frame_without_its_end_is_never_data() {
    assert_eq!(scans(&config(""), &[(100, b"RR4731"), (599, b"24829GB\r")]), ["RR473124829GB"]);
    assert_eq!(
        scans(&config(""), &[(100, b"RR4731"), (600, b"RR473124829GB\r")]),
        ["fault Unterminated", "RR473124829GB"]
    );
    check("", b"RR473124829GB", &["fault Unterminated"]);
    check(STX_ETX, b"\x02RR4731", &["fault Unterminated"]);
    check(STX_ETX, b"\x02RR4731\x02RR473124829GB\x03", &["fault Unterminated", "RR473124829GB"]);
}

#[test]
fn gs_rs_and_eot_inside_stx_etx_are_data() {
    let impb = b"\x0242078745\x1d9400111206206406260787\x03";
    check(STX_ETX, impb, &["42078745\\x1d9400111206206406260787"]);
    check(STX_ETX, b"\x02[)>\x1e06\x1dP123\x1e\x04\x03", &["[)>\\x1e06\\x1dP123\\x1e\\x04"]);
    check(STX_ETX, b"\x02AB\r\nCD\x03\r\n", &["AB\\r\\nCD"]);
}

#[test]
fn bytes_outside_stx_etx_are_said() {
    check(STX_ETX, b"\r\nhello\x02AB\x03\r\n", &["fault OutsideFrame", "AB"]);
    check(STX_ETX, b"RR473124829GB\r", &["fault OutsideFrame"]);
}

#[test]
fn vector_cola_gate_answers_are_framed() {
    let on = hex("02 73 41 4E 20 6D 54 43 67 61 74 65 6F 6E 20 31 03");
    let off = hex("02 73 41 4E 20 6D 54 43 67 61 74 65 6F 66 66 20 31 03");
    check(STX_ETX, &[on, off].concat(), &["sAN mTCgateon 1", "sAN mTCgateoff 1"]);
    let commands = [
        (&b"sMN mTCgateon"[..], "02 73 4D 4E 20 6D 54 43 67 61 74 65 6F 6E 03"),
        (b"sMN mTCgateoff", "02 73 4D 4E 20 6D 54 43 67 61 74 65 6F 66 66 03"),
    ];
    for (text, bytes) in commands {
        assert_eq!(encode(&config(STX_ETX), None, text).as_deref(), Some(&hex(bytes)[..]));
    }
}

#[test]
fn vector_sick_no_read_in_stx_etx() {
    check(STX_ETX, &hex("02 4E 6F 52 65 61 64 03"), &["no read: NOREAD"]);
}

#[test]
fn vector_keyence_no_read_and_ok_reply() {
    check("", &hex("45 52 52 4F 52 0D"), &["no read: ERROR"]);
    check("", &hex("4F 4B 2C 4C 4F 4E 0D"), &["OK,LON"]);
    let commands = [(&b"LON"[..], "4C 4F 4E 0D"), (b"LOFF", "4C 4F 46 46 0D")];
    for (text, bytes) in commands {
        assert_eq!(encode(&config("terminators = \"\\r\""), None, text).as_deref(), Some(&hex(bytes)[..]));
    }
}

#[test]
fn vector_cognex_extended_ok() {
    check("", &hex("7C 7C 5B 30 5D 0D 0A"), &["||[0]"]);
    let trigger = hex("7C 7C 3E 54 52 49 47 47 45 52 20 4F 4E 0D 0A");
    assert_eq!(encode(&config(""), None, b"||>TRIGGER ON").as_deref(), Some(&trigger[..]));
}

#[test]
fn vector_honeywell_on_and_off() {
    let honeywell = config("prefix = \"\\u0016\"\nterminators = \"\\r\"");
    assert_eq!(encode(&honeywell, None, b"T").as_deref(), Some(&hex("16 54 0D")[..]));
    assert_eq!(encode(&honeywell, None, b"U").as_deref(), Some(&hex("16 55 0D")[..]));
}

#[test]
fn vector_honeywell_on_and_off_is_the_usual_trigger() {
    let silent = Plain::new(config(""));
    assert_eq!([Ask::Start, Ask::Stop, Ask::Identity].map(|ask| silent.request(ask)), [None; 3]);
    let honeywell = Plain::new(config("trigger = {}"));
    assert_eq!(honeywell.request(Ask::Start), Some(&hex("16 54 0D")[..]));
    assert_eq!(honeywell.request(Ask::Stop), Some(&hex("16 55 0D")[..]));
    assert_eq!(honeywell.request(Ask::Identity), None);
    let own = Plain::new(config("trigger = { start = '<GO>', stop = '<NO>' }"));
    assert_eq!(own.request(Ask::Start), Some(&b"<GO>"[..]));
}

#[test]
fn an_empty_frame_may_be_the_answer_of_a_reader_that_read_nothing() {
    let empty = "no_read = ['']";
    check(empty, b"\r\nAB\r\n\r\n", &["no read: ", "AB", "no read: "]);
    check(empty, b"AB\n\nCD\r\r", &["AB", "no read: ", "CD", "no read: "]);
    assert_eq!(scans(&config(empty), &[(1, b"AB\r"), (2_000, b"\n")]), ["AB", "no read: "]);
}

#[test]
fn every_no_read_text_of_the_makes_in_any_case() {
    let texts = "NR NOREAD NO-READ NoRead ERROR OVER ERR07 err99 ? ?? ??? ** nr Error noread";
    for text in texts.split(' ').chain(["no code!", "No Read"]) {
        for front in ["", "]A0", "]C0"] {
            let found = scans(&config(""), &[(1, format!("{front}{text}\r").as_bytes())]);
            assert!(found.len() == 1 && found[0].starts_with("no read: "), "{front}{text}: {found:?}");
        }
    }
    check("", b"]A0NR\r", &["no read: NR"]);
    check("aim = 'absent'", b"]A0NR\r", &["no read: NR"]);
    check("aim = 'required'", b"NR\r", &["no read: NR"]);
    check("prefix = '<'\nsuffix = '>'", b"NR\r<]A0NR>\r", &["no read: NR", "no read: NR"]);
}

#[test]
fn a_no_read_is_the_whole_payload_and_the_list_is_configuration() {
    check("", b"NRX\rXNR\rERR1\rERROR1\r", &["NRX", "XNR", "ERR1", "ERROR1"]);
    check("no_read = ['Kein Code']", b"KEIN CODE\rNR\r", &["no read: Kein Code", "NR"]);
    check("framing = 'stx-etx'\nno_read = ['']", b"\x02\x03\x02]C0\x03", &["no read: ", "no read: "]);
    check(STX_ETX, b"\x02\x03", &[]);
}

#[test]
fn the_aim_identifier_is_taken_off_at_index_0_only() {
    check("", b"]C0RR473124829GB\r", &["]C0 RR473124829GB"]);
    check("", b"]C142078745\x1d9400111206206406260787\r", &["]C1 42078745\\x1d9400111206206406260787"]);
    check("", b"X]C0Y\r]CXY\r", &["X]C0Y", "]CXY"]);
    check("aim = 'absent'", b"]C0Y\r", &["]C0Y"]);
    check("aim = 'required'", b"RR473124829GB\r]C0Y\r", &["fault AimMissing", "]C0 Y"]);
    check("", b"]C0\r", &["fault Empty"]);
    check("prefix = 'P'", b"P]d2011\r", &["]d2 011"]);
    let mut codec = Plain::new(config(""));
    codec.feed(Micros(0), b"]d2011", &mut |_| panic!("no end yet"));
    let Some(Scan::Read { aim: Some(aim), .. }) = codec.push(Micros(0), b'\r') else { panic!("a read") };
    assert_eq!((aim.symbology(), aim.is_gs1()), (Symbology::DataMatrix, true));
}

#[test]
fn a_missing_prefix_or_suffix_is_said() {
    check("prefix = 'A1'", b"A1X\rX\rA1\r", &["X", "fault PrefixMissing", "fault Empty"]);
    check("suffix = 'Z'", b"XZ\rX\r", &["X", "fault SuffixMissing"]);
}

#[test]
fn substitutes_for_gs_are_mapped_back_longest_first() {
    check(
        "gs_substitutes = ['~', '{GS}', '{GS}{GS}']",
        b"]C110AB~99{GS}91X{GS}{GS}\r",
        &["]C1 10AB\\x1d99\\x1d91X\\x1d"],
    );
    check("", b"10AB~99\r", &["10AB~99"]);
}

#[test]
fn raw_bytes_and_the_time_of_the_first_byte_are_kept() {
    let mut codec = Plain::new(config("framing = 'stx-etx'\nprefix = 'P'\ngs_substitutes = ['~']"));
    for (time, byte) in [(10, 0x02), (11, b'P'), (12, b'~'), (13, 0xFF)] {
        assert_eq!(codec.push(Micros(time), byte), None);
    }
    let expected = Scan::Read { payload: b"\x1d\xff", aim: None, at: Micros(10), raw: b"P~\xff" };
    let found = codec.push(Micros(14), 0x03).expect("a read");
    assert_eq!((found, found.at(), found.text()), (expected, Micros(10), None));
}

#[test]
fn a_frame_without_end_is_bounded_and_said_once() {
    let long = vec![b'7'; 20_000];
    check("", &[&long[..], b"\rRR473124829GB\r"].concat(), &["fault TooLong", "RR473124829GB"]);
    check(STX_ETX, &[b"\x02", &long[..], b"\x03\x02AB\x03"].concat(), &["fault TooLong", "AB"]);
    check(STX_ETX, &[b"\x02", &long[..], b"\x02AB\x03"].concat(), &["fault TooLong", "AB"]);
    let as_is = config("framing = 'idle-gap'\nterminators = ''");
    assert_eq!(scans(&as_is, &[(100, &long), (200, b"AB")]), ["fault TooLong", "AB"]);
    let qr = vec![b'7'; 7_089];
    check("", &[&qr[..], b"\r"].concat(), &[&String::from_utf8(qr).expect("digits")]);
}

#[test]
fn configuration_says_what_is_wrong() {
    let check = |toml: &str, word: &str| {
        let config = toml::from_str::<PlainConfig>(toml).expect(toml);
        assert!(config.validate().is_err_and(|error| error.contains(word)), "{toml}");
    };
    check("idle_gap_ms = 0", "idle_gap_ms");
    check("terminators = ''", "terminators");
    check("frame_bytes_max = 9000", "frame_bytes_max");
    check("framing = 'idle-gap'\nno_read = ['']", "no_read");
    check("trigger = { start = '' }", "trigger");
    check("gs_substitutes = ['']", "gs_substitutes");
    check("framing = 'stx-etx'\nprefix = \"\\u0002\"", "prefix");
    check("suffix = \"\\r\"", "terminator");
    assert_eq!(PlainConfig::default().validate(), Ok(()));
    assert!(toml::from_str::<PlainConfig>("baud = 9600").is_err_and(|error| error.message().contains("baud")));
    assert!(ScannerCodec::new(&ScannerConfig::Plain(config(""))).is_ok());
}

fn configs() -> impl Strategy<Value = PlainConfig> {
    prop::sample::select(vec![
        "",
        "terminators = \"\\r\"\naim = 'required'\nno_read = ['kein Code']",
        "framing = 'stx-etx'",
        "framing = 'stx-etx'\nprefix = 'P1'\nsuffix = \"\\r\"\ngs_substitutes = ['~']",
        "framing = 'idle-gap'",
        "framing = 'idle-gap'\nterminators = ''\nframe_bytes_max = 64",
    ])
    .prop_map(config)
}

/// Bytes that matter to framing, and others.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(STX), Just(ETX), Just(b'\r'), Just(b']'), Just(b'N'), Just(b'R'), any::<u8>()];
    proptest::collection::vec(byte, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_split_gives_the_same_scans(
        config in configs(),
        pieces in proptest::collection::vec((0u64..700, noise()), 0..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut now = 0;
        let pieces: Vec<(u64, Vec<u8>)> = pieces.into_iter().map(|(wait, bytes)| { now += wait; (now, bytes) }).collect();
        let whole: Vec<(u64, &[u8])> = pieces.iter().map(|(time, bytes)| (*time, &bytes[..])).collect();
        let split: Vec<(u64, &[u8])> = whole
            .iter()
            .flat_map(|(time, bytes)| {
                let cut = cut.index(bytes.len() + 1);
                [(*time, &bytes[..cut]), (*time, &bytes[cut..])]
            })
            .collect();
        prop_assert_eq!(scans(&config, &whole), scans(&config, &split));
    }

    /// Noise, then a clean boundary, then a frame: the frame is delivered, whole and last.
    #[test]
    fn noise_loses_nothing_after_a_clean_boundary(
        config in configs(), noise in noise(), digits in "[0-9]{1,20}", quiet in any::<bool>(),
    ) {
        let frame = encode(&config, Aim::new(b'C', b'0'), digits.as_bytes()).expect("fits");
        let mut noise = noise;
        let mut wait = 0;
        if quiet || config.terminators.is_empty() {
            wait = config.idle_gap().as_ms();
        } else if config.framing != Framing::StxEtx {
            noise.push(b'\r');
        }
        let found = scans(&config, &[(100, &noise), (100 + wait, &frame)]);
        prop_assert_eq!(found.last(), Some(&format!("]C0 {digits}")));
    }

    #[test]
    fn what_is_written_is_read(config in configs(), digits in "[0-9\u{1d}]{1,40}", aim in any::<bool>()) {
        let aim = Aim::new(b'C', b'1').filter(|_| aim || config.aim == AimPolicy::Required);
        let frame = encode(&config, aim, digits.as_bytes()).expect("fits");
        let aim = aim.map_or(String::new(), |aim| format!("{aim} "));
        prop_assert_eq!(scans(&config, &[(1, &frame)]), [format!("{aim}{}", digits.as_bytes().escape_ascii())]);
    }

    #[test]
    fn no_bytes_panic(config in configs(), pieces in proptest::collection::vec((any::<u32>(), noise()), 0..8)) {
        let mut codec = Plain::new(config);
        for (time, piece) in pieces {
            codec.feed(Micros(u64::from(time)), &piece, &mut |scan| assert!(scan.raw().len() <= FRAME_BYTES_MAX));
            let _ = codec.idle(Micros(u64::from(time) * 2));
        }
    }
}
