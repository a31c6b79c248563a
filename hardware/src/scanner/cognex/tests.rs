use super::*;
use crate::scanner::testing::{hex, noise, same_after_noise, same_when_split, scans};
use crate::scanner::{ScannerCodec, ScannerConfig, ScannerProtocol, plain};
use crate::symbology::Aim;
use proptest::prelude::*;
use std::vec::Vec;
use std::{format, vec};

fn codec(toml: &str) -> Cognex {
    let config: CognexConfig = toml::from_str(toml).expect(toml);
    config.validate().expect(toml);
    Cognex::new(&config)
}

#[track_caller]
fn check(toml: &str, bytes: &[u8], expected: &[&str]) {
    assert_eq!(scans(&mut codec(toml), &[(100, bytes)]), expected, "{}", bytes.escape_ascii());
}

const FRAMED: &str = "framing = 'stx-etx'";

#[test]
fn vector_cognex_trigger() {
    let codec = codec("");
    assert_eq!(codec.request(Ask::Start), Some(&hex("7C 7C 3E 54 52 49 47 47 45 52 20 4F 4E 0D 0A")[..]));
    assert_eq!(codec.request(Ask::Stop), Some(&b"||>TRIGGER OFF\r\n"[..]));
    assert_eq!(codec.request(Ask::Identity), None, "silent");
}

#[test]
fn vector_cognex_extended_ok() {
    for framing in ["", FRAMED, "framing = 'idle-gap'"] {
        check(framing, &hex("7C 7C 5B 30 5D 0D 0A"), &["done: true"]);
    }
}

#[test]
fn commands_may_carry_a_checksum_and_a_number() {
    let codec = codec("response = 'extended'\nchecksum = true");
    let start = codec.request(Ask::Start).expect("a command");
    assert!(start.starts_with(b"||1:1>TRIGGER ON") && start.ends_with(b"\r\n"));
    assert_eq!(checksum(&start[..start.len() - 2]), 0, "a byte XOR itself");
    let identity = codec.request(Ask::Identity).expect("a command");
    assert!(identity.starts_with(b"||1:3>GET DEVICE.TYPE"));
}

#[test]
fn every_status_of_the_manual() {
    for (status, said) in [
        (0, "done: true"),
        (1, "fault Malformed"),
        (100, "done: false"),
        (101, "done: false"),
        (102, "done: false"),
        (103, "done: false"),
        (104, "done: false"),
        (105, "done: false"),
        (106, "fault Malformed"),
    ] {
        check("", format!("||[{status}]\r\n").as_bytes(), &[said]);
        check("", format!("||0:123[{status}]\r\n").as_bytes(), &[said]);
    }
}

#[test]
fn header_forms_and_broken_ones() {
    check("", b"||0[0]\r\n||:7[0]\r\n", &["done: true", "done: true"]);
    for broken in ["||", "||[", "||]0[", "||[]", "||[0", "||2[0]", "||0:1:2[0]", "||0:x[0]", "||[+0]", "||[70000]"] {
        check("", format!("{broken}\r\n").as_bytes(), &["fault Malformed"]);
        check(FRAMED, format!("{broken}\r\n").as_bytes(), &["fault Malformed"]);
    }
    check(FRAMED, b"|[0]\r\n", &["fault Malformed"]);
}

#[test]
fn an_answer_with_a_wrong_checksum_is_none() {
    let answer = Answer { checksum: true, command: Some(1), status: 0, text: b"" };
    let line = answer.encode().expect("fits");
    check("", &line, &["done: true"]);
    for index in 5..line.len() - 2 {
        let mut damaged = line.clone();
        damaged[index] ^= 0x10;
        let found = scans(&mut codec(""), &[(1, &damaged)]);
        assert!(found.len() == 1 && found[0].starts_with("fault"), "{index}: {found:?}");
    }
}

#[test]
fn a_checksum_may_look_like_the_end_of_a_line() {
    // Command numbers whose answers have CR, LF, STX or ETX for a checksum.
    for wanted in [b'\r', b'\n', 0x02, 0x03] {
        let answers = (0..2_000).map(|command| Answer { checksum: true, command: Some(command), status: 0, text: b"" });
        let mut lines = answers.filter_map(|answer| answer.encode()).filter(|line| line[line.len() - 3] == wanted);
        let line = lines.next().unwrap_or_else(|| panic!("no answer has {wanted:#x} for a checksum"));
        for framing in ["", FRAMED] {
            check(framing, &line, &["done: true"]);
        }
        // Nor does the end after it look like an empty result; one after that is.
        let twice = [&line[..], b"\r\n", &line, b"AB\r\n"].concat();
        check("no_read = ['']", &twice, &["done: true", "no read: ", "done: true", "AB"]);
        let mut damaged = line.clone();
        damaged[4] ^= 0x01;
        check("no_read = ['']", &damaged, &["fault Checksum"]);
    }
}

#[test]
fn the_reader_says_who_it_is_and_escapes_are_taken_off() {
    check("", b"||[0]DM262X\r\n", &["is DM262X"]);
    check("", br#"||0:3[0]a\"b\\c\|d\te\rf\ng\x"#, &["fault Unterminated"]);
    check("", b"||0:3[0]a\\\"b\\\\c\\|d\\te\\rf\\ng\\x\r\n", &["is a\\\"b\\\\c|d\\te\\rf\\ng\\\\x"]);
}

#[test]
fn results_and_answers_share_a_line() {
    check("", b"||[0]\r\n]C0RR473124829GB\r\nNOREAD\r\n", &["done: true", "]C0 RR473124829GB", "no read: NOREAD"]);
    check(FRAMED, b"||[0]\r\n\x02]C0RR473124829GB\x03||[0]\r\n", &["done: true", "]C0 RR473124829GB", "done: true"]);
    check(FRAMED, b"\x02||[0]\x03", &["||[0]"]);
    check(FRAMED, b"||[0]\x02AB\x03", &["fault Unterminated"]);
}

#[test]
fn a_no_read_may_be_empty() {
    check("no_read = ['']", b"\r\n||[0]\r\n\r\nAB\r\n", &["no read: ", "done: true", "no read: ", "AB"]);
    check("framing = 'stx-etx'\nno_read = ['']", b"\x02\x03", &["no read: "]);
    check("", b"\r\n\r\n", &[]);
}

#[test]
fn configuration_says_what_is_wrong() {
    let wrong: CognexConfig = toml::from_str("frame_bytes_max = 1").expect("toml");
    assert!(wrong.validate().is_err_and(|error| error.contains("frame_bytes_max")));
    assert!(toml::from_str::<CognexConfig>("dmcc = 1").is_err_and(|error| error.message().contains("dmcc")));
    let config = toml::from_str::<ScannerConfig>("cognex = { response = 'extended' }").expect("toml");
    assert!(ScannerCodec::new(&config).is_ok_and(|codec| codec.request(Ask::Identity).is_some()));
}

const FRAMES: &[&[u8]] =
    &[b"||[0]\r\n", b"||1:1[0]", b"]C0RR473124829GB\r\n", b"\x02RR473124829GB\x03", b"||0:3[0]DM262X\r\n"];

fn codecs() -> impl Strategy<Value = Cognex> {
    prop::sample::select(vec!["", FRAMED, "framing = 'idle-gap'", "no_read = ['']"]).prop_map(codec)
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
    fn what_is_written_is_read(digits in "[0-9]{1,30}", framed in any::<bool>(), number in any::<u16>(), sum in any::<bool>()) {
        let toml = if framed { FRAMED } else { "" };
        let config = toml::from_str::<CognexConfig>(toml).expect(toml);
        let frame = plain::encode(&config.results(), Aim::new(b'C', b'0'), digits.as_bytes()).expect("fits");
        let answer = Answer { checksum: sum, command: Some(number), status: 0, text: b"" }.encode().expect("fits");
        let bytes: Vec<u8> = [&answer[..], &frame].concat();
        prop_assert_eq!(scans(&mut codec(toml), &[(1, &bytes)]), ["done: true".into(), format!("]C0 {digits}")]);
    }

    #[test]
    fn text_is_escaped_and_back(text in "[ -~\t\r\n]{0,60}") {
        let escaped = escape(text.as_bytes()).expect("fits");
        let mut back = Buffer::new();
        unescape(&escaped, &mut back);
        prop_assert_eq!(&back[..], text.as_bytes());
        prop_assert!(!escaped.contains(&b'\r') && !escaped.contains(&b'\n'));
    }

    #[test]
    fn a_line_parses_into_what_says_itself_again(line in "\\|\\|[01]?(:[0-9]{1,4})?\\[[0-9]{1,3}\\][a-z]{0,5}") {
        if let Ok(answer) = Answer::parse(line.as_bytes(), None) {
            let again = answer.encode().expect("fits");
            prop_assert_eq!(Answer::parse(&again[..again.len() - 2], None), Ok(answer));
        }
    }
}
