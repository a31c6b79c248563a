//! A scanner that types and a scale of USB's own class, as the kernel shows them, through umockdev: the built `gatepost`
//! opens what it believes are devices.
//!
//! `cargo test -p gatepost-daemon --test interop_usb`, with the package umockdev; no root. What it cannot show: that a
//! real kernel keeps a grabbed keyboard's keys from everybody else (here the grab is answered, not carried out), and a
//! real scale's own report descriptor.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What udev would say of a scanner and a scale, plugged in side by side.
const DEVICES: &str = "P: /devices/pci0000:00/0000:00:14.0/usb1
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
A: idVendor=1d6b

P: /devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/input/input7
E: SUBSYSTEM=input
A: name=Symbol Bar Code Scanner
A: id/vendor=05e0
A: capabilities/key=10000 7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe

P: /devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/input/input7/event5
N: input/event5
E: DEVNAME=/dev/input/event5
E: SUBSYSTEM=input
E: MAJOR=13
E: MINOR=69
A: dev=13:69
L: device=../../input7

P: /devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/0003:0922:8003.0001
E: SUBSYSTEM=hid
A: uevent=DRIVER=hid-generic\\nHID_NAME=DYMO S250\\n
H: report_descriptor=058D0920A101

P: /devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/0003:0922:8003.0001/hidraw/hidraw0
N: hidraw0
E: DEVNAME=/dev/hidraw0
E: SUBSYSTEM=hidraw
E: MAJOR=240
E: MINOR=0
A: dev=240:0
L: device=../../../0003:0922:8003.0001
";

/// What the kernel answers when asked what kind of input device this is: a keyboard with every key.
const KEYBOARD: &str = "@DEV /dev/input/event5
EVIOCGBIT(0) 4 03000000
EVIOCGBIT(1) 96 FEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\
0000000000000000000000000000000000000000000000000000000000000000\
0000000000000000000000000000000000000000000000000000000000000000\
00000000000000000000000000000000
EVIOCGID 0 0300E00500120001
EVIOCGVERSION 0 01000100
EVIOCGPROP 4 00000000
";

/// Key codes of Linux' input-event-codes.h.
fn key(letter: char) -> (bool, u16) {
    let digits = "1234567890";
    if let Some(place) = digits.find(letter) {
        return (false, 2 + u16::try_from(place).unwrap());
    }
    let code = match letter {
        'R' => 19,
        'G' => 34,
        'B' => 48,
        '\n' => 28,
        other => panic!("{other}: no key of this test"),
    };
    (letter != '\n', code)
}

/// A label typed, as evemu writes events.
fn typed(text: &str) -> String {
    let mut ms = 300;
    let mut events = "# EVEMU 1.3\n".to_owned();
    let mut event = |code: u16, down: u8| {
        let (seconds, rest) = (ms / 1_000, ms % 1_000);
        for (kind, code, value) in [(1, code, down), (0, 0, 0)] {
            events += &format!("E: {seconds}.{rest:03}000 {kind:04x} {code:04x} {value:04}\n");
        }
        ms += 2;
    };
    for letter in text.chars() {
        let (shift, code) = key(letter);
        let strokes = [(42, 1, shift), (code, 1, true), (code, 0, true), (42, 0, shift)];
        strokes.iter().filter(|(_, _, used)| *used).for_each(|(code, down, _)| event(*code, *down));
    }
    events
}

/// Runs `gatepost` in a world where the devices exist.
#[track_caller]
fn gatepost(words: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("devices", DEVICES.as_bytes());
    write("keyboard", KEYBOARD.as_bytes());
    write("keys", typed("RR473124829GB\n").as_bytes());
    // 1.250 kg, stable, three times; control characters with a caret, as umockdev writes them.
    let report = b"^C^D^C\xFD\xE2^D";
    let reports = (0..3).flat_map(|_| [&b"r 200 "[..], report, b"\n"].concat()).collect::<Vec<u8>>();
    write("reports", &reports);
    let mock = ["-d", "devices", "-i", "/dev/input/event5=keyboard", "-e", "/dev/input/event5=keys"];
    let mut run = Command::new("umockdev-run");
    run.args(mock).args(["-s", "/dev/hidraw0=reports", "--", env!("CARGO_BIN_EXE_gatepost")]);
    let done =
        run.args(words).current_dir(folder.path()).output().expect("needs umockdev-run, of the package umockdev");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error} ({}): {text}{}", done.status, String::from_utf8_lossy(&done.stderr)))
}

fn means(heard: &Value) -> Vec<&str> {
    heard.as_array().unwrap().iter().filter_map(|one| one["means"].as_str()).collect()
}

#[test]
fn a_scanner_that_types_is_grabbed_and_read() {
    let on = ["--keyboard", "/dev/input/event5", "--protocol", "keyboard = {}", "--seconds", "3", "--json"];
    let heard = gatepost(&[&["probe", "scanner"], &on[..]].concat());
    assert!(means(&heard).iter().any(|one| one.contains("RR473124829GB") && one.ends_with("s10 valid")), "{heard}");
}

#[test]
fn a_usb_scale_is_read_report_by_report() {
    let on = ["--hid", "/dev/hidraw0", "--protocol", "usb-hid = {}", "--poll-ms", "0", "--seconds", "3", "--json"];
    let heard = gatepost(&[&["probe", "scale"], &on[..]].concat());
    let weights = means(&heard).iter().filter(|one| one.contains("1250 g")).count();
    assert_eq!(weights, 3, "{heard}");
}

#[test]
fn both_are_found_and_their_lines_proposed() {
    assert!(
        Path::new("/usr/bin/umockdev-run").exists() || cfg!(not(target_os = "linux")),
        "needs the package umockdev"
    );
    let found = gatepost(&["setup", "devices", "--seconds", "0", "--json"]);
    let of = |port: &str| found.as_array().unwrap().iter().find(|one| one["port"] == port).cloned().unwrap_or_default();
    let scale = of("/dev/hidraw0");
    assert_eq!(scale["verdict"], "named", "{found}");
    let lines = scale["explanations"][0]["proposal"].as_str().unwrap();
    assert_eq!(lines, "[lane.scale.NAME]\nhid = \"/dev/hidraw0\"\nprotocol = { usb-hid = {} }\n");
    let scanner = of("/dev/input/event5");
    assert!(scanner["what"].as_str().is_some_and(|what| what.contains("Symbol Bar Code Scanner")), "{found}");
    let lines = scanner["explanations"][0]["proposal"].as_str().unwrap();
    assert_eq!(lines, "[lane.scanner.NAME]\nkeyboard = \"/dev/input/event5\"\nprotocol = { keyboard = {} }\n");
}
