//! Symbologies and the three characters that name them: the AIM symbology identifier.
//!
//! Apart from the scanner codecs, because label decoders and identifier parsing speak of symbologies too. It knows what
//! an identifier says and nothing about what the data behind it means; an identifier it does not list keeps its
//! letters and is never taken for GS1.
//!
//! Source: the AIM table in ISO/IEC 15424 as used by zxing-cpp and the GS1 syntax engine.

pub mod code128;

use serde::{Deserialize, Serialize};

/// The kind of bar code a label carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symbology {
    Code128,
    Code39,
    Code93,
    Codabar,
    Itf,
    /// EAN-13, EAN-8, UPC-A and UPC-E.
    Ean,
    DataBar,
    Pdf417,
    DataMatrix,
    Qr,
    Aztec,
    MaxiCode,
    DotCode,
    /// The reader named a symbology this table does not hold, or none.
    Other,
}

impl Symbology {
    /// The name a person reads; also the `symbology` of `gatepost label`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code128 => "Code 128",
            Self::Code39 => "Code 39",
            Self::Code93 => "Code 93",
            Self::Codabar => "Codabar",
            Self::Itf => "ITF",
            Self::Ean => "EAN/UPC",
            Self::DataBar => "GS1 DataBar",
            Self::Pdf417 => "PDF417",
            Self::DataMatrix => "Data Matrix",
            Self::Qr => "QR",
            Self::Aztec => "Aztec",
            Self::MaxiCode => "MaxiCode",
            Self::DotCode => "DotCode",
            Self::Other => "other",
        }
    }
}

/// An AIM symbology identifier as received: `]`, a letter that names the symbology, a digit that says how it was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Aim {
    letter: u8,
    modifier: u8,
}

/// One identifier of the table.
struct Row {
    id: &'static [u8; 3],
    symbology: Symbology,
    /// The data are GS1 element strings, GS between variable ones.
    gs1: bool,
}

const fn row(id: &'static [u8; 3], symbology: Symbology) -> Row {
    Row { id, symbology, gs1: false }
}
const fn gs1(id: &'static [u8; 3], symbology: Symbology) -> Row {
    Row { id, symbology, gs1: true }
}

/// Data Matrix adds 3 and QR adds 1 to the modifier when an ECI is in use; those are written out.
const TABLE: &[Row] = &[
    row(b"]C0", Symbology::Code128),
    gs1(b"]C1", Symbology::Code128),
    row(b"]C2", Symbology::Code128),
    row(b"]d1", Symbology::DataMatrix),
    gs1(b"]d2", Symbology::DataMatrix),
    row(b"]d3", Symbology::DataMatrix),
    row(b"]d4", Symbology::DataMatrix),
    gs1(b"]d5", Symbology::DataMatrix),
    row(b"]d6", Symbology::DataMatrix),
    row(b"]Q1", Symbology::Qr),
    row(b"]Q2", Symbology::Qr),
    gs1(b"]Q3", Symbology::Qr),
    gs1(b"]Q4", Symbology::Qr),
    row(b"]Q5", Symbology::Qr),
    row(b"]Q6", Symbology::Qr),
    gs1(b"]e0", Symbology::DataBar),
    row(b"]E0", Symbology::Ean),
    row(b"]E3", Symbology::Ean),
    row(b"]E4", Symbology::Ean),
    row(b"]A0", Symbology::Code39),
    row(b"]F0", Symbology::Codabar),
    row(b"]G0", Symbology::Code93),
    row(b"]I0", Symbology::Itf),
    row(b"]I1", Symbology::Itf),
    row(b"]L2", Symbology::Pdf417),
    row(b"]z0", Symbology::Aztec),
    gs1(b"]z1", Symbology::Aztec),
    row(b"]U0", Symbology::MaxiCode),
    row(b"]U1", Symbology::MaxiCode),
    row(b"]J0", Symbology::DotCode),
    gs1(b"]J1", Symbology::DotCode),
];

impl Aim {
    /// The identifier `]<letter><modifier>`; `None` unless `letter` is an ASCII letter and `modifier` an ASCII digit.
    pub const fn new(letter: u8, modifier: u8) -> Option<Self> {
        if letter.is_ascii_alphabetic() && modifier.is_ascii_digit() { Some(Self { letter, modifier }) } else { None }
    }

    /// Splits an identifier off the front of `data`. Only at index 0: a `]C1` further in is data.
    pub fn split(data: &[u8]) -> (Option<Self>, &[u8]) {
        if let [b']', letter, modifier, rest @ ..] = data
            && let Some(aim) = Self::new(*letter, *modifier)
        {
            return (Some(aim), rest);
        }
        (None, data)
    }

    /// The three characters as the reader sends them.
    pub const fn bytes(self) -> [u8; 3] {
        [b']', self.letter, self.modifier]
    }

    /// The symbology its letter names, whatever the modifier; `Other` if the letter is not in the table.
    pub fn symbology(self) -> Symbology {
        TABLE.iter().find(|row| row.id[1] == self.letter).map_or(Symbology::Other, |row| row.symbology)
    }

    /// True only for the listed identifiers that promise GS1 element strings. An unknown modifier promises nothing.
    pub fn is_gs1(self) -> bool {
        self.row().is_some_and(|row| row.gs1)
    }

    /// True if this very identifier is in the table, letter and modifier.
    pub fn is_listed(self) -> bool {
        self.row().is_some()
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| *row.id == self.bytes())
    }
}

impl core::fmt::Display for Aim {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "]{}{}", char::from(self.letter), char::from(self.modifier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &[u8], symbology: Symbology, gs1: bool) {
        let (aim, rest) = Aim::split(id);
        let aim = aim.expect("an identifier");
        assert_eq!((aim.symbology(), aim.is_gs1(), aim.is_listed(), rest), (symbology, gs1, true, &b""[..]), "{aim}");
        assert_eq!(aim.bytes(), id);
    }

    #[test]
    fn every_identifier_of_the_table() {
        check(b"]C0", Symbology::Code128, false);
        check(b"]C1", Symbology::Code128, true);
        check(b"]C2", Symbology::Code128, false);
        check(b"]d1", Symbology::DataMatrix, false);
        check(b"]d2", Symbology::DataMatrix, true);
        check(b"]d4", Symbology::DataMatrix, false);
        check(b"]d5", Symbology::DataMatrix, true);
        check(b"]d6", Symbology::DataMatrix, false);
        check(b"]Q1", Symbology::Qr, false);
        check(b"]Q2", Symbology::Qr, false);
        check(b"]Q3", Symbology::Qr, true);
        check(b"]Q4", Symbology::Qr, true);
        check(b"]Q5", Symbology::Qr, false);
        check(b"]e0", Symbology::DataBar, true);
        check(b"]E0", Symbology::Ean, false);
        check(b"]E3", Symbology::Ean, false);
        check(b"]E4", Symbology::Ean, false);
        check(b"]A0", Symbology::Code39, false);
        check(b"]I0", Symbology::Itf, false);
        check(b"]I1", Symbology::Itf, false);
        check(b"]F0", Symbology::Codabar, false);
        check(b"]G0", Symbology::Code93, false);
        check(b"]L2", Symbology::Pdf417, false);
        check(b"]z0", Symbology::Aztec, false);
        check(b"]z1", Symbology::Aztec, true);
        check(b"]U0", Symbology::MaxiCode, false);
        check(b"]U1", Symbology::MaxiCode, false);
        check(b"]J0", Symbology::DotCode, false);
        check(b"]J1", Symbology::DotCode, true);
    }

    #[test]
    fn only_at_index_0_and_only_a_letter_and_a_digit() {
        for data in [&b"X]C1"[..], b" ]C1", b"]", b"]C", b"]1C", b"]CC0", b"C1", b"", b"\x1d]C1"] {
            assert_eq!(Aim::split(data), (None, data));
        }
        assert_eq!(Aim::split(b"]C0]C1"), (Aim::new(b'C', b'0'), &b"]C1"[..]));
    }

    #[test]
    fn an_unlisted_identifier_keeps_its_letters_and_promises_nothing() {
        let (aim, rest) = Aim::split(b"]C9RR473124829GB");
        let aim = aim.expect("an identifier");
        assert_eq!((aim.symbology(), aim.is_gs1(), aim.is_listed()), (Symbology::Code128, false, false));
        assert_eq!(rest, b"RR473124829GB");
        let strange = Aim::new(b'p', b'7').expect("a letter and a digit");
        assert_eq!((strange.symbology(), strange.is_gs1()), (Symbology::Other, false));
    }

    #[test]
    fn no_identifier_is_listed_twice() {
        for (index, row) in TABLE.iter().enumerate() {
            assert!(TABLE[..index].iter().all(|other| other.id != row.id));
            assert!(TABLE.iter().all(|other| other.id[1] != row.id[1] || other.symbology == row.symbology));
        }
    }
}
