//! What a code says: the bytes of a label or of a keyboard become one typed identifier, or honestly none.
//!
//! A parcel carries several codes of several schemes, and the schemes overlap: the pattern of a DHL eCommerce number
//! swallows S10 numbers, a USPS number may be read as two different ones, and a bare number of twelve digits passes
//! some carrier's check by chance one time in ten. The order in which the schemes are tried is therefore part of the
//! meaning and stands in one place, [`identify`].
//!
//! It stands alone because it is used twice: on the belt by [`arbitrate`], and by the `id` command on anything a person
//! types. It refuses to repair. Spaces are removed and letters are raised, as people print and key them; a wrong check
//! digit, a missing character or a second possible reading is a [`Problem`], never a guess. It does not say whether the
//! item exists, is declared or is held: that is matching.
//!
//! `text` of an identifier is whatever the code held: a two-dimensional code may hold a name and an address. Only an
//! [`ItemId`] may enter a record.

mod arbitrate;
mod carriers;
mod digits;
mod dispatch;
mod gs1;
mod impb;
mod impersonal;
mod issuers;
mod problem;
mod s10;
mod visit;

/// An item's number as the belt will read it: a hold on another spelling would never match. With `as_written` also one that
/// is no valid identifier.
///
/// # Errors
/// What is wrong with the number, in words for whoever typed it, who may then say `--as-written`.
pub fn item_to_hold(text: &str, as_written: bool) -> Result<String, String> {
    let found = identify(text, None);
    if let Some(item) = found.item_id() {
        return Ok(item.id);
    }
    let plain: String = text.chars().filter(|char| !char.is_whitespace()).collect::<String>().to_ascii_uppercase();
    if as_written && !plain.is_empty() {
        return Ok(plain);
    }
    let why = found.problems.first().map_or("this number names no item", |problem| problem.says());
    Err(format!("{text}: {why}; or say --as-written"))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;

pub use arbitrate::{CODES_MAX, Cause, CodeRead, IDS_MAX, ItemIdentity, arbitrate, lookup_keys};
pub use problem::Problem;
pub use s10::{Agreement, Service, service};
pub use visit::{ItemVisit, VisitWindow, same_visit};

use core::fmt;
use gatepost_hardware::symbology::{Aim, Symbology};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text looked at, in bytes. The largest code of a postal label, a PDF417 with a whole declaration, is
/// longer; but no identifier is, and a longer text is reported as such rather than read in part.
pub const TEXT_BYTES_MAX: usize = 512;

/// The longest [`ItemId`]: a DHL eCommerce number. All are ASCII letters and digits.
pub const ITEM_ID_BYTES_MAX: usize = 41;

/// Named pieces of an identifier. The key `id` is the identifier in its one canonical spelling.
pub type Parts = BTreeMap<String, String>;

/// Which scheme a text belongs to. The names are those of the `id` command's JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// UPU S10: one postal item.
    S10,
    /// UPU S9: one receptacle (bag, tray) of a dispatch.
    S9,
    /// UPU S8: one dispatch.
    S8,
    /// USPS Intelligent Mail package barcode, with or without its routing code.
    Impb,
    Ups,
    Fedex,
    Dhl,
    /// Any other GS1 element string, and retail codes (EAN, UPC).
    Gs1,
    Unknown,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Kind::S10 => "s10",
            Kind::S9 => "s9",
            Kind::S8 => "s8",
            Kind::Impb => "impb",
            Kind::Ups => "ups",
            Kind::Fedex => "fedex",
            Kind::Dhl => "dhl",
            Kind::Gs1 => "gs1",
            Kind::Unknown => "unknown",
        }
    }
}

/// What one text was found to be. Serialises to the object of the `id` command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// The text as it came, without the AIM identifier in front; cut at [`TEXT_BYTES_MAX`].
    pub text: String,
    pub kind: Kind,
    /// Form and check digits are right and nothing forbids the number. Remarks may remain in `problems`.
    pub valid: bool,
    /// Ascending, each at most once.
    pub problems: Vec<Problem>,
    pub parts: Parts,
}

/// The identifier of a mail item (or of a package of an express carrier), canonical: the same item always gives the
/// same `ItemId`, however its label was printed. Holds no personal data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemId {
    pub kind: Kind,
    pub id: String,
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// How much an identifier weighs when a parcel's codes are compared. Ascending: the last is the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Not valid, not an item (receptacle, dispatch, product), or not recognised.
    Never,
    /// Could be an item's number; shape and a one-in-ten check prove nothing. Good for a look-up, never for an
    /// identity.
    Candidate,
    /// A logistic unit's number (SSCC): names the parcel when nothing better does.
    Unit,
    /// A USPS package number: names the item, or, beside an S10, its last mile.
    Routing,
    /// An express carrier's own number for the package.
    Carrier,
    /// An S10: the number under which post and customs know the item.
    Post,
}

impl Identifier {
    /// The canonical spelling, where there is exactly one.
    pub fn id(&self) -> Option<&str> {
        self.parts.get("id").map(String::as_str)
    }

    /// The identifier as a key, when it is valid and is not only a dispatch, a receptacle or a product.
    pub fn item_id(&self) -> Option<ItemId> {
        if self.standing() == Standing::Never {
            return None;
        }
        Some(ItemId { kind: self.kind, id: self.id()?.to_owned() })
    }

    pub fn standing(&self) -> Standing {
        if !self.valid {
            return Standing::Never;
        }
        if self.problems.contains(&Problem::CandidateOnly) {
            return Standing::Candidate;
        }
        match self.kind {
            Kind::S10 => Standing::Post,
            Kind::Ups | Kind::Fedex | Kind::Dhl => Standing::Carrier,
            Kind::Impb => Standing::Routing,
            Kind::Gs1 if self.parts.contains_key("sscc") => Standing::Unit,
            Kind::Gs1 | Kind::S9 | Kind::S8 | Kind::Unknown => Standing::Never,
        }
    }

    /// The two numbers an ambiguous USPS code could be ([`Problem::AmbiguousSplit`]); nothing otherwise.
    pub fn alternatives(&self) -> Option<[ItemId; 2]> {
        let of = |key| Some(ItemId { kind: self.kind, id: self.parts.get(key)?.clone() });
        if !self.problems.contains(&Problem::AmbiguousSplit) {
            return None;
        }
        Some([of("id_zip5")?, of("id_zip9")?])
    }
}

/// A text prepared once for all recognisers.
struct Text {
    /// Without white space, ASCII letters raised.
    upper: String,
    /// Without white space, letters as they came, as GS1 element strings: see [`gs1::unfold`].
    data: String,
    /// The separator came as the four characters `<GS>`.
    separator_as_text: bool,
    aim: Option<Aim>,
}

/// What a recogniser found; [`identify`] adds the text and the verdict.
struct Found {
    kind: Kind,
    problems: Vec<Problem>,
    parts: Parts,
}

impl Found {
    fn new(kind: Kind) -> Self {
        Self { kind, problems: Vec::new(), parts: Parts::new() }
    }
    fn part(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parts.insert(name.to_owned(), value.into());
        self
    }
    fn problem(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }
    fn problem_if(self, there: bool, problem: Problem) -> Self {
        if there { self.problem(problem) } else { self }
    }
    /// Notes the check digit, and the expected one where it differs.
    fn check(self, found: u8, expected: u8) -> Self {
        let this = self.part("check", found.to_string());
        if found == expected {
            return this;
        }
        this.part("check_expected", expected.to_string()).problem(Problem::CheckDigit)
    }
}

/// Says what `text` is: of a scanner (then with the symbology identifier it sent, if it did) or of a keyboard.
///
/// Any text gives an answer and none panics. An AIM identifier in front of the text (`]C1…`) is taken off and used
/// unless `aim` is given. The order is that of the collisions known: S10 before everything, because a DHL eCommerce
/// pattern matches it; numbers with a prefix and a check digit before bare ones; bare ones last and only as candidates.
pub fn identify(text: &str, aim: Option<Aim>) -> Identifier {
    let (text, aim) = strip(text, aim);
    let kept = cut(text, TEXT_BYTES_MAX);
    let found = if kept.len() < text.len() {
        Found::new(Kind::Unknown).problem(Problem::TooLong)
    } else {
        recognise(&Text::new(text, aim))
    };
    let mut problems = found.problems;
    problems.sort_unstable();
    problems.dedup();
    let valid = found.kind != Kind::Unknown && !problems.iter().any(|problem| problem.is_fault());
    Identifier { text: kept.to_owned(), kind: found.kind, valid, problems, parts: found.parts }
}

fn recognise(text: &Text) -> Found {
    if text.upper.is_empty() {
        return Found::new(Kind::Unknown).problem(Problem::Empty);
    }
    if text.aim.is_some_and(|aim| aim.symbology() == Symbology::Ean) {
        return gs1::retail(text);
    }
    s10::recognise(text)
        .or_else(|| dispatch::recognise(text))
        .or_else(|| carriers::ups(text))
        .or_else(|| impb::recognise(text))
        .or_else(|| carriers::fedex_long(text))
        .or_else(|| gs1::recognise(text))
        .or_else(|| s10::fragment(text))
        .or_else(|| carriers::bare(text))
        .or_else(|| carriers::dhl(text))
        .or_else(|| dispatch::nearly(text))
        .unwrap_or_else(|| Found::new(Kind::Unknown).problem(Problem::NotRecognised))
}

impl Text {
    fn new(text: &str, aim: Option<Aim>) -> Self {
        let compact: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect();
        let separator_as_text = compact.contains("<GS>");
        Self { upper: compact.to_ascii_uppercase(), data: gs1::unfold(&compact), separator_as_text, aim }
    }
    fn is_gs1(&self) -> bool {
        self.aim.is_some_and(Aim::is_gs1)
    }
}

/// Takes the symbology identifier off the front of `text`. One given beside the text wins, and the one in front still
/// goes.
fn strip(text: &str, given: Option<Aim>) -> (&str, Option<Aim>) {
    match Aim::split(text.as_bytes()) {
        // Three ASCII characters were taken, so a character begins after them.
        (Some(aim), _) => (text.get(3..).unwrap_or_default(), Some(given.unwrap_or(aim))),
        (None, _) => (text, given),
    }
}

/// The longest beginning of `text` of at most `bytes` bytes that ends between characters.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
