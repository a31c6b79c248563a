//! The udev rules of hardware/wiring, read line by line as udev reads them and tried on devices as they are seen.
//!
//! It knows the small part of udev's language that those rules use, and refuses the rest: a key or an operator that is new
//! here is one to think about first.

use std::collections::{BTreeMap, BTreeSet};

const RULES: &str = include_str!("../../../../../hardware/wiring/99-gatepost.rules");
const SITE: &str = include_str!("../../../../../hardware/wiring/98-gatepost-site.rules.example");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Set,
    Add,
}

#[derive(Debug)]
struct Token {
    /// `ENV{ID_BUS}`, `SYMLINK`.
    key: String,
    operator: Operator,
    value: String,
}

/// One rule a line, or what is wrong with it.
fn parse(text: &str) -> Result<Vec<Vec<Token>>, String> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| rule(line).map_err(|says| format!("line {number}: {says}: {line}"))).collect()
}

fn rule(line: &str) -> Result<Vec<Token>, String> {
    let (mut rest, mut tokens) = (line, Vec::new());
    loop {
        let end = rest.find(['=', '!', '+']).ok_or("no operator")?;
        let (key, after) = rest.split_at(end);
        let operators = [("==", Operator::Is), ("!=", Operator::IsNot), ("+=", Operator::Add), ("=", Operator::Set)];
        let found = operators.into_iter().find(|(sign, _)| after.starts_with(sign)).ok_or("no such operator")?;
        let after = after[found.0.len()..].strip_prefix('"').ok_or("a value stands in quotes")?;
        let (value, after) = after.split_once('"').ok_or("a quote is not closed")?;
        tokens.push(token(key, found.1, value)?);
        match after.strip_prefix(", ") {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(tokens),
            None => return Err(format!("{after:?} after a value")),
        }
    }
}

/// Which keys may be compared and which may be set, as udev(7) has it.
fn token(key: &str, operator: Operator, value: &str) -> Result<Token, String> {
    let (name, attribute) = key.split_once('{').map_or((key, None), |(name, rest)| (name, rest.strip_suffix('}')));
    if key.contains('{') != attribute.is_some_and(|attribute| !attribute.is_empty()) {
        return Err(format!("{key} has no whole {{…}}"));
    }
    let comparing = matches!(operator, Operator::Is | Operator::IsNot);
    let allowed = match name {
        "ACTION" | "SUBSYSTEM" | "KERNEL" | "DRIVER" | "TEST" => comparing && attribute.is_none(),
        "ENV" => operator != Operator::Add && attribute.is_some(),
        "ATTR" => operator != Operator::Add && attribute.is_some(),
        // Of one parent, for the keys of one rule: only equal, never unequal.
        "ATTRS" => operator == Operator::Is && attribute.is_some(),
        "GROUP" | "MODE" => operator == Operator::Set && attribute.is_none(),
        "SYMLINK" => operator == Operator::Add && attribute.is_none(),
        "GOTO" | "LABEL" => operator == Operator::Set && attribute.is_none(),
        // SUBSYSTEMS and the other keys of parents with != are true of the device itself: nearly always a mistake.
        _ => return Err(format!("{key} is not used here")),
    };
    if !allowed {
        return Err(format!("{key} cannot be used with {operator:?}"));
    }
    Ok(Token { key: key.to_owned(), operator, value: value.to_owned() })
}

/// A device as udev sees it: `SUBSYSTEM`, `KERNEL`, `ENV{…}`, `ATTR{…}`.
type Device = BTreeMap<String, String>;

/// The names a device gets, after both files.
fn names(device: &[(&str, &str)]) -> BTreeSet<String> {
    let mut device: Device = device.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    device.entry("ACTION".to_owned()).or_insert_with(|| "add".to_owned());
    let mut names = BTreeSet::new();
    [SITE, RULES].iter().for_each(|text| run(&parse(text).unwrap(), &mut device, &mut names));
    names
}

fn run(rules: &[Vec<Token>], device: &mut Device, names: &mut BTreeSet<String>) {
    let mut skip_to: Option<String> = None;
    for tokens in rules {
        if let Some(label) = &skip_to {
            if !tokens.iter().any(|token| token.key == "LABEL" && token.value == *label) {
                continue;
            }
            skip_to = None;
        }
        let of = |key: &str| device.get(key).map_or("", String::as_str);
        let matched = tokens.iter().all(|token| match token.operator {
            Operator::Is if token.key == "TEST" => true,
            Operator::Is => alternatives(&token.value, of(&token.key)),
            Operator::IsNot => !alternatives(&token.value, of(&token.key)),
            Operator::Set | Operator::Add => true,
        });
        for Token { key, operator, value } in tokens.iter().filter(|_| matched) {
            match (key.as_str(), operator) {
                ("GOTO", _) => skip_to = Some(value.clone()),
                ("SYMLINK", Operator::Add) => drop(names.insert(expanded(value, device))),
                (_, Operator::Set) => drop(device.insert(key.clone(), expanded(value, device))),
                _ => {}
            }
        }
    }
    assert_eq!(skip_to, None, "a GOTO without its LABEL");
}

fn expanded(value: &str, device: &Device) -> String {
    let mut text = value.to_owned();
    while let Some((before, rest)) = text.split_once("$env{") {
        let (name, after) = rest.split_once('}').unwrap();
        text = format!("{before}{}{after}", device.get(&format!("ENV{{{name}}}")).map_or("", String::as_str));
    }
    while let Some((before, rest)) = text.split_once("$attr{") {
        let (name, after) = rest.split_once('}').unwrap();
        text = format!("{before}{}{after}", device.get(&format!("ATTRS{{{name}}}")).map_or("", String::as_str));
    }
    assert!(!text.contains(['$', '%']), "{text}: only $env{{…}} and $attr{{…}} are known here");
    text
}

fn alternatives(patterns: &str, text: &str) -> bool {
    patterns.split('|').any(|pattern| glob(pattern.as_bytes(), text.as_bytes()))
}

/// Shell patterns with `*`, `?` and `[…]`.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], rest) => rest.is_empty(),
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|skipped| glob(rest, &text[skipped..])),
        ([b'?', rest @ ..], [_, after @ ..]) => glob(rest, after),
        ([b'[', low, b'-', high, b']', rest @ ..], [letter, after @ ..]) => {
            (low..=high).contains(&letter) && glob(rest, after)
        }
        ([one, rest @ ..], [letter, after @ ..]) => one == letter && glob(rest, after),
        _ => false,
    }
}

/// A USB serial port as 60-serial.rules leaves it.
fn port(
    kernel: &'static str,
    vendor_model: [&'static str; 2],
    serial: &'static str,
) -> Vec<(&'static str, &'static str)> {
    vec![
        ("SUBSYSTEM", "tty"),
        ("KERNEL", kernel),
        ("ENV{ID_BUS}", "usb"),
        ("ENV{ID_VENDOR_ID}", vendor_model[0]),
        ("ENV{ID_MODEL_ID}", vendor_model[1]),
        ("ENV{ID_SERIAL_SHORT}", serial),
        ("ENV{ID_USB_INTERFACE_NUM}", "00"),
        ("ENV{ID_PATH_TAG}", "pci-0000_00_14_0-usb-0_2_1_1_0"),
    ]
}

#[track_caller]
fn named(device: Vec<(&str, &str)>, expected: &[&str]) {
    let names: Vec<String> =
        names(&device).into_iter().map(|name| name.strip_prefix("gatepost/").unwrap().to_owned()).collect();
    assert_eq!(names, expected, "{device:?}");
}

const SOCKET: &str = "socket/pci-0000_00_14_0-usb-0_2_1_1_0";

#[test]
fn every_line_is_a_rule() {
    for text in [RULES, SITE] {
        let rules = parse(text).unwrap();
        let values =
            |key: &'static str| rules.iter().flatten().filter(move |token| token.key == key).map(|token| &token.value);
        values("SYMLINK").for_each(|name| assert!(name.starts_with("gatepost/"), "{name}"));
        values("GOTO").for_each(|label| assert!(values("LABEL").any(|one| one == label), "{label}"));
    }
    for (wrong, says) in [
        ("SUBSYSTEM==\"tty", "not closed"),
        ("SYMLINK=\"gatepost/x\"", "SYMLINK cannot be used with Set"),
        ("KERNEL=\"ttyS0\"", "KERNEL cannot be used with Set"),
        ("SUBSYSTEMS!=\"usb\", GOTO=\"end\"", "SUBSYSTEMS is not used here"),
        ("ENV{ID_BUS==\"usb\"", "no whole {…}"),
        ("SUBSYSTEM==\"tty\" KERNEL==\"x\"", "after a value"),
        ("hello", "no operator"),
    ] {
        let error = parse(wrong).unwrap_err();
        assert!(error.contains(says) && error.starts_with("line 1:"), "{error}");
    }
}

#[test]
fn each_class_has_a_name_by_serial_number_and_one_by_socket() {
    named(port("ttyACM0", ["05e0", "1701"], "S21"), &["scanner/S21", SOCKET]);
    named(port("ttyACM1", ["0c2e", "0720"], "19078"), &["scanner/19078", SOCKET]);
    named(port("ttyACM2", ["0eb8", "2200"], "B734"), &["scale/B734", SOCKET]);
    named(port("ttyACM3", ["2e8a", "000a"], "E661"), &["controller/E661", SOCKET]);
    named(port("ttyACM4", ["0483", "5740"], "2049"), &["controller/2049", SOCKET]);
    named(port("ttyUSB0", ["0403", "6001"], "AL03"), &["adapter/AL03", SOCKET]);
    named(port("ttyUSB1", ["067b", "2303"], ""), &[SOCKET]);
}

#[test]
fn one_device_with_several_ports_has_a_name_for_each() {
    let mut second = port("ttyUSB1", ["0403", "bcd9"], "0B01");
    second.retain(|(key, _)| *key != "ENV{ID_USB_INTERFACE_NUM}");
    second.push(("ENV{ID_USB_INTERFACE_NUM}", "01"));
    named(second, &["controller/0B01-if01", SOCKET]);
    let mut fourth = port("ttyUSB5", ["110a", "1450"], "TBA1");
    fourth.push(("ENV{.ID_PORT}", "3"));
    let socket = format!("{SOCKET}-port3");
    named(fourth, &["adapter/TBA1-port3", &socket]);
    let mut first = port("ttyUSB2", ["110a", "1450"], "TBA1");
    first.push(("ENV{.ID_PORT}", "0"));
    named(first, &["adapter/TBA1", SOCKET]);
}

#[test]
fn the_site_names_what_it_wants() {
    named(port("ttyUSB0", ["0403", "6001"], "A50285BI"), &["adapter/A50285BI", "north-scale", SOCKET]);
    named(vec![("SUBSYSTEM", "tty"), ("KERNEL", "ttyAMA0")], &["north-controller"]);
}

#[test]
fn what_is_no_port_of_ours_gets_no_name() {
    named(vec![("SUBSYSTEM", "tty"), ("KERNEL", "tty1")], &[]);
    named(vec![("SUBSYSTEM", "usb"), ("ENV{DEVTYPE}", "usb_device"), ("ATTR{idVendor}", "0403")], &[]);
    let mut gone = port("ttyUSB0", ["0403", "6001"], "AL03");
    gone.push(("ACTION", "remove"));
    let names = names(&gone);
    assert!(names.iter().all(|name| !name.contains("adapter")), "{names:?}");
}

/// Where udev is new enough to check rules (254), it does; the parser above stands in for it elsewhere.
#[test]
fn udev_itself_has_nothing_against_them() {
    let udevadm = |words: &[&str]| std::process::Command::new("udevadm").args(words).output();
    let version = udevadm(&["--version"]).map(|done| String::from_utf8_lossy(&done.stdout).into_owned());
    let number =
        version.ok().and_then(|text| text.split(|sign: char| !sign.is_ascii_digit()).next()?.parse::<u32>().ok());
    if number.is_none_or(|number| number < 254) {
        println!("NOT RUN: `udevadm verify` came with version 254; here is {number:?}");
        return;
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../hardware/wiring");
    let done = udevadm(&["verify", &format!("{folder}/99-gatepost.rules")]).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_scale_without_a_port_is_named_by_its_reports_and_a_keyboard_is_not() {
    let report = |vendor, more: &[(&'static str, &'static str)]| {
        let of = [("SUBSYSTEM", "hidraw"), ("ATTRS{idVendor}", vendor), ("ATTRS{idProduct}", "8003")];
        [&of[..], more].concat()
    };
    named(report("0922", &[]), &["hid/0922-8003"]);
    named(report("0922", &[("ATTRS{serial}", "0071")]), &["hid/0071", "hid/0922-8003"]);
    named(report("046d", &[("ATTRS{serial}", "K1")]), &[]);
}
