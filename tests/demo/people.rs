//! Who sends and receives the virtual parcels: names, addresses, numbers and words that do not exist.
//!
//! They stand where real ones would: in the declaration, sealed to the station, and in a two-dimensional code beside the
//! item's number. Drawn from the parcel's own seed and spelled like nothing else in the product, so that whoever looks
//! for them anywhere finds them only where somebody let them through. Nothing here decides or keeps anything.

use std::path::Path;

use gatepost_virtual::parcel::ParcelTruth;
use gatepost_virtual::xray::random::mix;

use crate::lane::End;

const FIRST: [&str; 8] = ["TAV", "ROM", "KEL", "BRU", "OSTA", "MIRE", "DUV", "SELN"];
const SECOND: [&str; 8] = ["OVIA", "EMBRA", "ANDRU", "ISKELA", "UMORI", "ELVAN", "ORTHE", "ANIL"];
const THIRD: [&str; 8] = ["WITZ", "GAARD", "MOND", "SCHRAT", "BLOEM", "FJELD", "NESKU", "TOFT"];
const WORDS: [&str; 8] = ["TEAPOT", "SCARVES", "CANDLES", "MITTENS", "PUPPETS", "THIMBLES", "CRAYONS", "SLIPPERS"];

/// One parcel's people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    pub consignor: String,
    pub consignee: String,
    pub street: String,
    pub phone: String,
    /// What the sender wrote about the contents.
    pub words: String,
}

impl People {
    pub fn of(parcel: &ParcelTruth) -> Self {
        let draw = |salt: u64| mix(parcel.scene ^ (salt << 7) ^ u64::from(parcel.id));
        let name = |salt| {
            let bits = draw(salt);
            let part = |of: &[&'static str; 8], shift: u32| of[(bits >> shift) as usize % 8];
            format!("{}{}{}{:04}", part(&FIRST, 3), part(&SECOND, 11), part(&THIRD, 19), bits % 10_000)
        };
        let words = format!("{}OF{}", WORDS[draw(4) as usize % 8], name(5));
        Self {
            consignor: name(1),
            consignee: name(2),
            street: format!("{}STRAAT", name(3)),
            phone: format!("+99{:012}", draw(6) % 1_000_000_000_000),
            words,
        }
    }

    /// Everything that must not be found, a word each.
    pub fn secrets(&self) -> [&str; 5] {
        [&self.consignor, &self.consignee, &self.street, &self.phone, &self.words]
    }

    /// As the post declares it.
    pub fn declared(&self) -> String {
        let Self { consignor, consignee, street, phone, words } = self;
        format!(
            "{{\"from\":\"{consignor}\",\"to\":\"{consignee}\",\"at\":\"{street}\",\"phone\":\"{phone}\",\"what\":\"{words}\"}}"
        )
    }

    /// As the label's PDF417 says it, behind the number.
    pub fn label(&self, item: &str) -> String {
        let Self { consignor, consignee, street, phone, words } = self;
        format!("{item};FR {consignor};TO {consignee};{street};{phone};{words}")
    }
}

/// Writes the secrets of every parcel that was laid, a line each and the item's number behind, for who looks for them.
///
/// # Errors
/// When the file cannot be written.
pub fn write_people<'a>(folder: &Path, lanes: impl Iterator<Item = &'a End>) -> Result<(), String> {
    let file = folder.join("people.txt");
    let mut text = std::fs::read_to_string(&file).unwrap_or_default();
    for parcel in lanes.flat_map(|end| end.lane.parcels()) {
        for secret in People::of(parcel).secrets() {
            text += &format!("{secret} {}\n", parcel.item);
        }
    }
    std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
}
