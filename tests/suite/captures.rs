//! Every conversation in `tests/captures` is heard again: whole, byte by byte, through noise, and with parity in bit 7.
//!
//! Apart from the codecs' own tests, because a capture is a story with timing: questions, motion, silence, an unplugged
//! cable. What was understood is compared with the capture's `=` lines, to the last fault.

use gatepost_world::capture::{Capture, Device, Line, Manner, Way, all, folder};

fn captures() -> Vec<Capture> {
    let captures = all(&folder()).unwrap_or_else(|why| panic!("{why}"));
    assert!(captures.len() >= 8, "the captures are gone from {}", folder().display());
    captures
}

fn understood(capture: &Capture, manner: Manner) -> Vec<String> {
    let replayed = capture.replay(manner).unwrap_or_else(|why| panic!("{}: {why}", capture.name));
    replayed.understood
}

#[test]
fn every_capture_is_understood_as_it_says() {
    let mut wrong = Vec::new();
    for capture in captures() {
        for manner in [Manner::Whole, Manner::ByteByByte] {
            let found = understood(&capture, manner);
            if found != capture.understood {
                let found: String = found.iter().map(|line| format!("= {line}\n")).collect();
                wrong.push(format!("{} {manner:?}:\n{found}", capture.name));
            }
        }
    }
    assert!(wrong.is_empty(), "understood otherwise:\n{}", wrong.join("\n"));
}

/// Silence stretches, so weights end by age where they did not; that and faults are the only differences.
#[test]
fn noise_between_bursts_loses_nothing_and_invents_nothing() {
    let told = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|line| !line.starts_with("fault ") && *line != "no weight stale").cloned().collect()
    };
    for capture in captures() {
        for seed in 1..=8 {
            let found = understood(&capture, Manner::Noise { seed });
            assert_eq!(told(&found), told(&capture.understood), "{} with noise of seed {seed}", capture.name);
        }
    }
}

#[test]
fn seven_bits_with_parity_read_as_eight_say_the_same() {
    for capture in captures() {
        let seven_bits = matches!(&capture.line, Line::Serial { bits, .. } if bits == "7E1");
        if seven_bits {
            assert_eq!(understood(&capture, Manner::EvenParity), capture.understood, "{}", capture.name);
        }
    }
}

/// What a reader is owed stands in its capture, in order, among what the station said.
#[test]
fn what_a_reader_is_owed_was_written() {
    for capture in captures() {
        let Device::Scanner(_) = capture.device else { continue };
        let replayed = capture.replay(Manner::Whole).unwrap_or_else(|why| panic!("{}: {why}", capture.name));
        let mut said = capture.bursts().iter().filter(|burst| burst.way == Way::ToDevice);
        for owed in &replayed.owed {
            assert!(said.any(|burst| burst.bytes == *owed), "{}: nobody wrote {owed:02X?}", capture.name);
        }
    }
}

#[test]
fn a_broken_capture_says_where() {
    let whole =
        "kind scale\nprotocol mt-sics = {}\nline 9600 8N1\n0 > 53 0D 0A\n5 < 53 20 49 0D 0A\n= no weight not-ready\n";
    assert_eq!(Capture::read("x", whole).map(|capture| capture.bursts().len()), Ok(2));
    for (from, to, says) in [
        ("kind scale\n", "", "kind"),
        ("kind scale", "kind radio", "radio"),
        ("mt-sics = {}", "mt-sics = { baud = 1 }", "baud"),
        ("9600 8N1", "9600 9X9", "x:3"),
        ("5 < 53", "5 < 5", "x:5"),
        ("5 < 53", "5 ? 53", "x:5"),
        ("0 > 53", "9 > 53", "time goes back"),
        ("= no weight not-ready\n", "", "understood"),
        ("= no weight not-ready\n", "= no weight not-ready\n9 < 53\n", "come last"),
    ] {
        let broken = whole.replace(from, to);
        let error = Capture::read("x", &broken).err().unwrap_or_else(|| panic!("{broken} was read"));
        assert!(error.contains(says), "{error} does not name {says}");
    }
}
