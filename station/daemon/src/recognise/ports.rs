//! Which serial ports there are, by their stable names, and who holds one.
//!
//! It looks at names and links only and opens nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders of stable names below `/dev`, best first.
const NAMED: [&str; 5] = ["gatepost/scanner", "gatepost/scale", "gatepost/adapter", "gatepost", "serial/by-id"];
/// Ports that are somebody else's: the lane controllers'.
const CONTROLLERS: &str = "gatepost/controller";
/// What the kernel calls serial ports.
const KERNEL: [&str; 6] = ["ttyUSB", "ttyACM", "ttyAMA", "ttySC", "ttyXRUSB", "ttyMXUSB"];

/// Every serial port below `dev` (`/dev`), once, under its best name. Lane controllers are left out: bytes that are no
/// frames mean nothing to them, but they are known already.
pub fn serial(dev: &Path) -> Vec<PathBuf> {
    let mut known: BTreeSet<PathBuf> =
        names(&dev.join(CONTROLLERS)).filter_map(|path| path.canonicalize().ok()).collect();
    let mut found = Vec::new();
    let named = NAMED.iter().flat_map(|folder| names(&dev.join(folder)));
    let kernel = names(dev).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        KERNEL.iter().any(|prefix| name.starts_with(prefix))
    });
    for path in named.chain(kernel) {
        let Ok(real) = path.canonicalize() else { continue };
        if !real.is_dir() && known.insert(real) {
            found.push(path);
        }
    }
    found
}

fn names(folder: &Path) -> std::vec::IntoIter<PathBuf> {
    let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.sort();
    paths.into_iter()
}

/// The program that has a port open, as `name (process 123)`, as far as this user may see.
pub fn holder(port: &Path) -> Option<String> {
    let real = port.canonicalize().ok()?;
    let me = std::process::id().to_string();
    names(Path::new("/proc")).find_map(|process| {
        let number = process.file_name()?.to_str()?.to_owned();
        if number == me || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let holds = names(&process.join("fd")).any(|fd| std::fs::read_link(fd).is_ok_and(|to| to == real));
        let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
        holds.then(|| format!("{} (process {number})", name.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn each_port_is_named_once_by_its_best_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let dev = folder.path();
        for below in ["gatepost/scanner", "gatepost/controller", "gatepost/socket", "serial/by-id"] {
            std::fs::create_dir_all(dev.join(below)).expect("a folder");
        }
        for port in ["ttyUSB0", "ttyUSB1", "ttyACM0", "ttyAMA0", "tty0", "ttyS0"] {
            std::fs::write(dev.join(port), "").expect("a file");
        }
        let link = |to: &str, name: &str| symlink(dev.join(to), dev.join(name)).expect("a link");
        link("ttyUSB0", "gatepost/scanner/S21");
        link("ttyUSB0", "serial/by-id/usb-Zebra-if00");
        link("ttyACM0", "gatepost/controller/E6614");
        link("ttyACM0", "serial/by-id/usb-Pico-if00");
        link("ttyUSB1", "serial/by-id/usb-FTDI-if00-port0");
        link("ttyUSB9", "serial/by-id/usb-Gone-if00");
        let found: Vec<PathBuf> =
            serial(dev).iter().map(|path| path.strip_prefix(dev).expect("below").to_owned()).collect();
        let expected = ["gatepost/scanner/S21", "serial/by-id/usb-FTDI-if00-port0", "ttyAMA0"];
        assert_eq!(found, expected.map(PathBuf::from));
    }
}
