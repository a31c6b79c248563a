use gatepost_hardware::lane::file;

use super::*;
use crate::identify::{Cause, Kind};

const ITEM: &str = "RR473124829GB";
const OTHER: &str = "EE876543216CA";

fn west() -> LaneMap {
    file::parse("west.toml", include_str!("../../../../hardware/lanes/west.toml")).unwrap()
}

fn index(map: &LaneMap, kind: DeviceKind) -> u8 {
    map.device(kind).unwrap().0
}

/// A parcel of which a scanner and a camera said this, the devices that have closed, and who it is then.
fn identified(scanner: &[CodeRead], camera: &[CodeRead], closed: &[DeviceKind]) -> Option<ItemIdentity> {
    let map = west();
    let mut gathered = Gathered::default();
    scanner.iter().chain(camera).for_each(|read| gathered.add_code(read.clone()));
    gathered.closed.extend(closed.iter().map(|&kind| index(&map, kind)));
    gathered.identify(&map);
    gathered.identity
}

#[test]
fn who_it_is_waits_for_the_scanner_and_the_camera() {
    let read = [CodeRead::text(ITEM)];
    assert_eq!(identified(&read, &[], &[DeviceKind::Scanner]), None, "the camera may still contradict it");
    assert_eq!(identified(&[], &read, &[DeviceKind::Camera]), None);
    let both = [DeviceKind::Scanner, DeviceKind::Camera];
    let is = |scanner: &[CodeRead], camera: &[CodeRead]| identified(scanner, camera, &both).expect("both have closed");
    let item = ItemIdentity::Item(crate::identify::ItemId { kind: Kind::S10, id: ITEM.to_owned() });
    assert_eq!(is(&read, &read), item, "the same from both");
    assert_eq!(is(&[CodeRead::Nothing], &read), item, "the camera reads what the scanner does not");
    assert_eq!(is(&read, &[CodeRead::NoPicture]), item);
    assert!(matches!(is(&read, &[CodeRead::text(OTHER)]), ItemIdentity::Conflicting(ids) if ids.len() == 2));
    let misread = [CodeRead::text("RR473124828GB")];
    assert_eq!(is(&[], &misread), ItemIdentity::NoRead(Cause::BadCheckDigit), "refused, and never put right");
    assert_eq!(is(&[CodeRead::Nothing], &[CodeRead::TooBlurred]), ItemIdentity::NoRead(Cause::TooBlurred));
}

#[test]
fn a_code_that_comes_too_late_counts_only_against_the_one_before() {
    let mut gathered = Gathered::default();
    gathered.add_code(CodeRead::text(ITEM));
    let map = west();
    gathered.closed.extend([index(&map, DeviceKind::Scanner), index(&map, DeviceKind::Camera)]);
    gathered.identify(&map);
    gathered.add_code(CodeRead::text(ITEM));
    assert!(!gathered.is_contradicted());
    gathered.add_code(CodeRead::text(OTHER));
    assert!(gathered.is_contradicted());

    let mut unread = Gathered::default();
    unread.closed.extend([index(&map, DeviceKind::Scanner), index(&map, DeviceKind::Camera)]);
    unread.identify(&map);
    unread.add_code(CodeRead::text(ITEM));
    assert!(!unread.is_contradicted());
    assert_eq!(unread.identity, Some(ItemIdentity::NoRead(Cause::NoLabel)), "it stays without an id");
}

#[test]
fn a_picture_of_nothing_is_nobodys_and_a_code_in_one_is_somebodys() {
    let picture =
        |reads: &[CodeRead]| Reading::Picture(LabelPicture { digest: None, reads: reads.to_vec() }).shows_code();
    assert!(!picture(&[CodeRead::Nothing]) && !picture(&[CodeRead::NoPicture]));
    assert!(picture(&[CodeRead::TooDark]) && picture(&[CodeRead::text(ITEM)]) && picture(&[CodeRead::Damaged]));
}
