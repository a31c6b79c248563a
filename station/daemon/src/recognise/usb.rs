//! Scales of USB's own class, and keyboards that may be scanners: found by what the kernel says of them.
//!
//! Nothing is opened but a scale's report device, and that only to listen: a keyboard that is tried would type into
//! nothing meanwhile. Names, kinds and layouts are in `/sys`; the stable names are links in `/dev`.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatepost_hardware::units::Micros;
use tokio::time::Instant;

use super::SURE;
use super::candidates::{Candidate, KEYBOARD, USB_HID};
use super::finding::{Shown, ShownExplanation};
use super::score::{Burst, score};
use crate::run::hid::Hid;

/// How a report descriptor of a scale begins: usage page 0x8D.
const SCALE_PAGE: [u8; 2] = [0x05, 0x8D];
/// Vendors of scanners: Zebra/Symbol, Honeywell (three names it has had), Datalogic, Opticon, Newland.
const SCANNER_VENDORS: [&str; 6] = ["05e0", "0c2e", "0536", "05f9", "065a", "1eab"];
/// Words in the name of a scanner that types.
const SCANNER_WORDS: [&str; 7] = ["scan", "barcode", "bar code", "symbol", "honeywell", "datalogic", "zebra"];
/// Keys that every scanner types: 1, Enter, A.
const KEYS: u64 = 1 << 2 | 1 << 28 | 1 << 30;
const REPORTS_MAX: usize = 8;

/// A device by its best name, and what it calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugged {
    pub path: PathBuf,
    pub name: String,
}

/// USB scales. `sys` and `dev` are `/sys` and `/dev`.
pub fn scales(sys: &Path, dev: &Path) -> Vec<Plugged> {
    let found = entries(&sys.join("class/hidraw")).into_iter().filter_map(|entry| {
        let descriptor = std::fs::read(entry.join("device/report_descriptor")).ok()?;
        let events = std::fs::read_to_string(entry.join("device/uevent")).unwrap_or_default();
        let name = events.lines().find_map(|line| line.strip_prefix("HID_NAME=")).unwrap_or("no name").to_owned();
        let path = stable(&dev.join("gatepost/hid"), &dev.join(entry.file_name()?));
        descriptor.starts_with(&SCALE_PAGE).then_some(Plugged { path, name })
    });
    found.collect()
}

/// Keyboards that look like scanners.
pub fn keyboards(sys: &Path, dev: &Path) -> Vec<Plugged> {
    let found = entries(&sys.join("class/input")).into_iter().filter_map(|entry| {
        let text = |name: &str| std::fs::read_to_string(entry.join("device").join(name)).unwrap_or_default();
        let node = entry.file_name()?.to_str()?.to_owned();
        let name = text("name").trim().to_owned();
        let keys = text("capabilities/key");
        let low = keys.split_whitespace().last().and_then(|word| u64::from_str_radix(word, 16).ok()).unwrap_or(0);
        let vendor = SCANNER_VENDORS.contains(&text("id/vendor").trim());
        let named = SCANNER_WORDS.iter().any(|word| name.to_lowercase().contains(word));
        let path = stable(&dev.join("input/by-id"), &dev.join("input").join(&node));
        (node.starts_with("event") && low & KEYS == KEYS && (vendor || named)).then_some(Plugged { path, name })
    });
    found.collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.sort();
    paths
}

/// The link in `folder` that leads to `node`, else the node.
fn stable(folder: &Path, node: &Path) -> PathBuf {
    let file = |path: &Path| path.metadata().ok().map(|meta| (meta.dev(), meta.ino()));
    let Some(real) = file(node) else { return node.to_owned() };
    let leads = |path: &PathBuf| file(path) == Some(real);
    entries(folder).into_iter().find(leads).unwrap_or_else(|| node.to_owned())
}

/// Listens to a USB scale for so long.
pub async fn hear(scale: &Plugged, wait: Duration) -> Shown {
    let shown = |verdict, what: String, next: &str, explanations| Shown {
        port: scale.path.display().to_string(),
        verdict,
        what,
        explanations,
        next: next.to_owned(),
    };
    let hid = match Hid::open(&scale.path) {
        Ok(hid) => hid,
        Err(why) => {
            let next = "run as the station's user, with the rules of hardware/wiring installed, or as root";
            return shown("failed", format!("USB scale \"{}\" cannot be opened ({why})", scale.name), next, Vec::new());
        }
    };
    let (begun, mut bursts, mut buffer) = (Instant::now(), Vec::new(), [0; 64]);
    while bursts.len() < REPORTS_MAX {
        let Ok(Ok(used)) = tokio::time::timeout(wait.saturating_sub(begun.elapsed()), hid.read(&mut buffer)).await
        else {
            break;
        };
        // One report each: as far apart as their own interval, whatever this machine was busy with.
        let at = Micros::from_ms(100 * bursts.len() as u64);
        bursts.push(Burst { at, bytes: buffer[..used].to_vec() });
    }
    let score = score(&USB_HID, &bursts);
    let next = "paste the lines below, and write the device's name for NAME";
    let (verdict, sure) = (score.value() >= SURE, score.frames > 0);
    let what = format!("USB scale \"{}\"", scale.name);
    let explanation = ShownExplanation {
        name: USB_HID.name,
        kind: "scale",
        baud: None,
        line: None,
        protocol: USB_HID.protocol,
        identity: Some(scale.name.clone()),
        examples: score.examples,
        proposal: proposal("scale", "hid", &scale.path, &USB_HID),
    };
    match (verdict, sure) {
        (true, _) => shown("named", what, next, vec![explanation]),
        (false, true) => shown("likely", what, next, vec![explanation]),
        (false, false) => {
            let silent = "wake it, lay something on it and run this again; its reports may be of another layout";
            shown("likely", format!("{what}, silent for {} s", wait.as_secs()), silent, vec![explanation])
        }
    }
}

/// Lines for the lane's part of the configuration.
fn proposal(kind: &str, on: &str, path: &Path, row: &Candidate) -> String {
    let path = path.display().to_string();
    format!("[lane.{kind}.NAME]\n{on} = \"{}\"\nprotocol = {{ {} }}\n", path.escape_default(), row.protocol)
}

/// What is said of a keyboard that looks like a scanner. It is not tried here.
pub fn of_keyboard(keyboard: &Plugged) -> Shown {
    let port = keyboard.path.display().to_string();
    let explanation = ShownExplanation {
        name: KEYBOARD.name,
        kind: "scanner",
        baud: None,
        line: None,
        protocol: KEYBOARD.protocol,
        identity: Some(keyboard.name.clone()),
        examples: Vec::new(),
        proposal: proposal("scanner", "keyboard", &keyboard.path, &KEYBOARD),
    };
    let what = format!("a keyboard called \"{}\", as scanners are that type what they read", keyboard.name);
    let next = format!(
        "scan a code while `gatepost probe scanner --keyboard {port} --protocol '{}'` watches; if it reads it, paste the \
         lines below; better still, set the scanner to a serial port (USB-CDC): keyboards lose control characters",
        KEYBOARD.protocol
    );
    Shown { port, verdict: "likely", what, explanations: vec![explanation], next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ScaleDevice, ScannerDevice, Transport};

    #[test]
    fn what_is_proposed_can_be_connected() {
        let keyboard = of_keyboard(&Plugged { path: "/dev/input/event5".into(), name: "Scanner".to_owned() });
        let lines = |proposal: &str| proposal.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
        let scanner: ScannerDevice = toml::from_str(&lines(&keyboard.explanations[0].proposal)).expect("lines");
        assert_eq!(scanner.transport(), Ok(Transport::Keyboard("/dev/input/event5".into())));
        let scale = proposal("scale", "hid", Path::new("/dev/hidraw0"), &USB_HID);
        let scale: ScaleDevice = toml::from_str(&lines(&scale)).expect("lines");
        assert_eq!(scale.transport(), Ok(Transport::Hid("/dev/hidraw0".into())));
    }

    #[test]
    fn the_kernels_words_tell_a_scale_and_a_scanner_from_other_things() {
        let folder = tempfile::tempdir().expect("a folder");
        let (sys, dev) = (folder.path().join("sys"), folder.path().join("dev"));
        let write = |path: PathBuf, bytes: &[u8]| {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        };
        let hidraw = |node: &str, descriptor: &[u8], name: &str| {
            let device = sys.join("class/hidraw").join(node).join("device");
            write(device.join("report_descriptor"), descriptor);
            write(device.join("uevent"), format!("DRIVER=hid-generic\nHID_NAME={name}\n").as_bytes());
            write(dev.join(node), b"");
        };
        hidraw("hidraw0", &[0x05, 0x8D, 0x09, 0x20], "DYMO S250");
        hidraw("hidraw1", &[0x05, 0x01, 0x09, 0x06], "Some Keyboard");
        let keyboard = |node: &str, name: &str, vendor: &str, keys: &str| {
            let device = sys.join("class/input").join(node).join("device");
            write(device.join("name"), name.as_bytes());
            write(device.join("id/vendor"), vendor.as_bytes());
            write(device.join("capabilities/key"), keys.as_bytes());
            write(dev.join("input").join(node), b"");
        };
        let all = "10000 7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n";
        keyboard("event3", "Symbol Bar Code Scanner\n", "05e0\n", all);
        keyboard("event4", "AT Translated Set 2 keyboard\n", "0001\n", all);
        keyboard("event5", "Zebra power button\n", "05e0\n", "10000000000000 0\n");
        std::fs::create_dir_all(dev.join("input/by-id")).expect("a folder");
        std::os::unix::fs::symlink("../event3", dev.join("input/by-id/usb-Symbol-event-kbd")).expect("a link");
        let scale = Plugged { path: dev.join("hidraw0"), name: "DYMO S250".to_owned() };
        assert_eq!(scales(&sys, &dev), [scale]);
        let path = dev.join("input/by-id/usb-Symbol-event-kbd");
        let scanner = Plugged { path, name: "Symbol Bar Code Scanner".to_owned() };
        assert_eq!(keyboards(&sys, &dev), [scanner]);
        assert!(scales(Path::new("/nowhere"), &dev).is_empty());
    }
}
