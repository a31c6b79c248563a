//! The real udev with the rules of hardware/wiring, on mocked USB devices: which links does it make?
//!
//! `cargo test -p gatepost-daemon --test interop_udev`, as root, with the packages udev and umockdev. Nothing of it is seen
//! outside: rules, links and udev's memory are in a mount namespace of their own.

use std::path::Path;
use std::process::Command;

const WIRING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../hardware/wiring");
const USB: &str = "/devices/pci0000:00/0000:00:14.0/usb1/1-2";

/// A device with one serial port: its driver, `idVendor` and `idProduct`, serial number, interface.
struct Mock {
    driver: &'static str,
    id: [&'static str; 2],
    serial: &'static str,
    interface: &'static str,
}

impl Mock {
    fn port(&self) -> &'static str {
        if self.driver == "cdc_acm" { "ttyACM0" } else { "ttyUSB0" }
    }

    fn tty(&self) -> String {
        let through = if self.driver == "cdc_acm" { String::new() } else { format!("{}/", self.port()) };
        format!("{USB}/1-2:1.{}/{through}tty/{}", self.interface, self.port())
    }

    /// As umockdev reads it.
    fn description(&self) -> String {
        let Self { driver, id: [vendor, product], serial, interface } = self;
        let serial = if serial.is_empty() { String::new() } else { format!("A: serial={serial}\n") };
        let mut text = format!(
            "P: /devices/pci0000:00/0000:00:14.0\nE: DRIVER=xhci_hcd\nE: SUBSYSTEM=pci\n\n\
             P: /devices/pci0000:00/0000:00:14.0/usb1\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nA: idVendor=1d6b\n\n\
             P: {USB}\nN: bus/usb/001/002\nE: DEVTYPE=usb_device\nE: DRIVER=usb\nE: SUBSYSTEM=usb\nA: idVendor={vendor}\n\
             A: idProduct={product}\n{serial}A: manufacturer=Maker\nA: product=Device\nA: bcdDevice=0100\n\n\
             P: {USB}/1-2:1.{interface}\nE: DEVTYPE=usb_interface\nE: DRIVER={driver}\nE: SUBSYSTEM=usb\n\
             A: bInterfaceNumber=0{interface}\nA: bInterfaceClass=ff\nA: bInterfaceSubClass=ff\nA: bInterfaceProtocol=ff\n\n"
        );
        if self.port() == "ttyUSB0" {
            text += &format!(
                "P: {USB}/1-2:1.{interface}/ttyUSB0\nE: DRIVER={driver}\nE: SUBSYSTEM=usb-serial\n\
                 L: driver=../../../../../../bus/usb-serial/drivers/{driver}\nA: port_number=0\nA: latency_timer=16\n\n"
            );
        }
        text + &format!(
            "P: {}\nN: {port}\nE: DEVNAME=/dev/{port}\nE: SUBSYSTEM=tty\nE: MAJOR=188\nE: MINOR=0\nA: dev=188:0\n",
            self.tty(),
            port = self.port()
        )
    }
}

/// What udev says when a device of the mock appears.
fn udev(mock: &Mock, device: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.d");
    std::fs::create_dir(&rules).unwrap();
    let copy = |from: &str, to: &str| std::fs::copy(Path::new(WIRING).join(from), rules.join(to)).unwrap();
    copy("99-gatepost.rules", "99-gatepost.rules");
    copy("98-gatepost-site.rules.example", "98-gatepost-site.rules");
    std::fs::write(folder.path().join("mock"), mock.description()).unwrap();
    let script = "set -e; mkdir -p /run/udev; mount -t tmpfs none /run/udev; mkdir /run/udev/rules.d; cp rules.d/* /run/udev/rules.d/
        mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9; mknod -m 666 /dev/zero c 1 5
        mkdir /dev/pts; mount -t devpts -o newinstance,ptmxmode=0666 none /dev/pts; ln -s pts/ptmx /dev/ptmx
        exec umockdev-run --device mock -- udevadm test --action=add \"/sys$1\"";
    let words = ["--mount", "sh", "-c", script, "sh", device];
    let done = Command::new("unshare").args(words).current_dir(folder.path()).output();
    let done = done.expect("needs unshare, of the package util-linux");
    let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(done.status.success(), "needs root, and the packages udev and umockdev: {said}");
    said
}

#[track_caller]
fn links(mock: &Mock, expected: &[&str]) {
    let said = udev(mock, &mock.tty());
    let line = said.lines().find_map(|line| line.strip_prefix("DEVLINKS=")).unwrap_or_else(|| panic!("{said}"));
    let mut ours: Vec<&str> = line.split(' ').filter_map(|link| link.strip_prefix("/dev/gatepost/")).collect();
    ours.sort_unstable();
    assert_eq!(ours, expected, "{said}");
    assert!(said.contains("ID_MM_PORT_IGNORE=1") && !said.contains("99-gatepost.rules:0"), "{said}");
    let complaint = said.lines().find(|line| line.contains("gatepost") && line.contains("nvalid"));
    assert_eq!(complaint, None);
}

#[test]
fn udev_makes_the_links_that_the_table_promises() {
    let socket = "socket/pci-0000_00_14_0-usb-0_2_1_0";
    let mock = |driver, id, serial| Mock { driver, id, serial, interface: "0" };
    links(&mock("ftdi_sio", ["0403", "6001"], "AL03XYZ1"), &["adapter/AL03XYZ1", socket]);
    links(&mock("ftdi_sio", ["0403", "6001"], "A50285BI"), &["adapter/A50285BI", "north-scale", socket]);
    links(&mock("pl2303", ["067b", "2303"], ""), &[socket]);
    links(&mock("cdc_acm", ["05e0", "1701"], "S21"), &["scanner/S21", socket]);
    links(&mock("cdc_acm", ["0eb8", "2200"], "B734"), &["scale/B734", socket]);
    links(&mock("cdc_acm", ["2e8a", "000a"], "E6614"), &["controller/E6614", socket]);
    let second = Mock { driver: "ftdi_sio", id: ["0403", "bcd9"], serial: "0B01", interface: "1" };
    links(&second, &["controller/0B01-if01", "socket/pci-0000_00_14_0-usb-0_2_1_1"]);
}

#[test]
fn an_ftdi_adapter_is_told_not_to_wait() {
    let mock = Mock { driver: "ftdi_sio", id: ["0403", "6001"], serial: "AL03XYZ1", interface: "0" };
    let said = udev(&mock, &format!("{USB}/1-2:1.0/ttyUSB0"));
    assert!(said.lines().any(|line| line.contains("latency_timer' writing '1'")), "{said}");
}
