//! What a rule can read: every field's name, type and permitted purposes, and where in the inputs it stands.
//!
//! Apart from [`Inputs`] because rules see a vocabulary, not a struct. What is *not* here is deliberate: trusted
//! shippers, projected threats, draws, clearances, lane doubts and list ages are weighed in code and hidden from rules, so
//! that no rule can excuse a parcel by them.

use crate::judge::{
    Aed, Category, ContentTag, Country, DETECTIONS_MAX, Detection, DetectionClass, Identification, Image, Inputs,
    ItemKind, LINES_MAX, LaneKind, Line, MailClass, Purpose, Source, TradeFlag, Weight,
};

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Scalar(Scalar),
    Record(Record),
    /// A list and the most it can hold: what a comprehension over it costs.
    List(Element, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Int,
    Text,
    /// A closed vocabulary: comparing it with a word it does not have is refused at load.
    Word(&'static [&'static str]),
    Country,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Scalar(Scalar),
    Record(Record),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Detection,
    Line,
}

pub(super) const INT: Type = Type::Scalar(Scalar::Int);
pub(super) const TEXT: Type = Type::Scalar(Scalar::Text);

const fn word(names: &'static [&'static str]) -> Type {
    Type::Scalar(Scalar::Word(names))
}

impl Type {
    /// As an error names it.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Type::Bool => "true or false",
            Type::Scalar(Scalar::Int) => "a whole number",
            Type::Scalar(Scalar::Text) => "a text",
            Type::Scalar(Scalar::Word(_)) => "a word",
            Type::Scalar(Scalar::Country) => "a country",
            Type::Record(_) => "a record",
            Type::List(..) => "a list",
        }
    }
}

/// A value while a rule is judged; borrows from the inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Detection(&'a Detection),
    Line(&'a Line),
    List(Vec<Value<'a>>),
}

/// A field that rules can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Today,
    LaneKind,
    MailClass,
    ItemKind,
    ItemOrigin,
    ParcelLength,
    ParcelGap,
    WeightGrams,
    WeightTolerance,
    ImageMass,
    ImageQuality,
    ImageDetections,
    /// The highest score of a class; 0 where the image was assessed and shows none.
    Seen(DetectionClass),
    HoldsCount,
    AedState,
    Declared(Source, DeclaredField),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DeclaredField {
    Category,
    ValueCents,
    WeightGrams,
    Pieces,
    Origin,
    Contents,
    Flags,
    DutyRate,
    DutyPaid,
    /// The first two digits of each line's HS code.
    Chapters,
    Lines,
}

const AED_STATES: &[&str] = &["unknown", "missing", "incomplete", "late", "complete", "not-required"];

const PLAIN: [(&str, Field, Type); 14] = [
    ("today", Field::Today, INT),
    ("lane.kind", Field::LaneKind, word(LaneKind::NAMES)),
    ("mail.class", Field::MailClass, word(MailClass::NAMES)),
    ("item.kind", Field::ItemKind, word(ItemKind::NAMES)),
    ("item.origin", Field::ItemOrigin, Type::Scalar(Scalar::Country)),
    ("parcel.length_mm", Field::ParcelLength, INT),
    ("parcel.gap_mm", Field::ParcelGap, INT),
    ("weight.grams", Field::WeightGrams, INT),
    ("weight.tolerance_g", Field::WeightTolerance, INT),
    ("image.mass_g", Field::ImageMass, INT),
    ("image.quality", Field::ImageQuality, INT),
    ("image.detections", Field::ImageDetections, Type::List(Element::Record(Record::Detection), DETECTIONS_MAX)),
    ("holds.count", Field::HoldsCount, INT),
    ("aed.state", Field::AedState, word(AED_STATES)),
];

const DECLARED: [(&str, DeclaredField, Type); 11] = [
    ("category", DeclaredField::Category, word(Category::NAMES)),
    ("value_cents", DeclaredField::ValueCents, INT),
    ("weight_g", DeclaredField::WeightGrams, INT),
    ("pieces", DeclaredField::Pieces, INT),
    ("origin", DeclaredField::Origin, Type::Scalar(Scalar::Country)),
    ("contents", DeclaredField::Contents, words_of(ContentTag::NAMES)),
    ("flags", DeclaredField::Flags, words_of(TradeFlag::NAMES)),
    ("duty_rate_bp", DeclaredField::DutyRate, INT),
    ("duty_paid_cents", DeclaredField::DutyPaid, INT),
    ("chapters", DeclaredField::Chapters, Type::List(Element::Scalar(Scalar::Int), LINES_MAX)),
    ("lines", DeclaredField::Lines, Type::List(Element::Record(Record::Line), LINES_MAX)),
];

const fn words_of(names: &'static [&'static str]) -> Type {
    Type::List(Element::Scalar(Scalar::Word(names)), names.len())
}

impl Field {
    /// Every field, in the order `explain` lists them.
    pub(super) fn all() -> Vec<Field> {
        let plain = PLAIN.iter().map(|&(_, field, _)| field);
        let seen = DetectionClass::ALL.iter().map(|&class| Field::Seen(class));
        let declared = Source::ALL
            .iter()
            .flat_map(|&source| DECLARED.iter().map(move |&(_, field, _)| Field::Declared(source, field)));
        plain.chain(seen).chain(declared).collect()
    }

    pub(super) fn find(name: &str) -> Option<Field> {
        if let Some(&(_, field, _)) = PLAIN.iter().find(|(known, ..)| *known == name) {
            return Some(field);
        }
        let (root, member) = name.split_once('.')?;
        if root == "seen" {
            return DetectionClass::parse(member).map(Field::Seen);
        }
        let source = Source::parse(root)?;
        DECLARED.iter().find(|(known, ..)| *known == member).map(|&(_, field, _)| Field::Declared(source, field))
    }

    pub(super) fn name(self) -> String {
        match self {
            Field::Seen(class) => format!("seen.{class}"),
            Field::Declared(source, field) => {
                let member = DECLARED.iter().find(|(_, known, _)| *known == field).map_or("", |&(name, ..)| name);
                format!("{source}.{member}")
            }
            plain => PLAIN.iter().find(|(_, known, _)| *known == plain).map_or("", |&(name, ..)| name).to_owned(),
        }
    }

    pub(super) fn kind(self) -> Type {
        match self {
            Field::Seen(_) => INT,
            Field::Declared(_, field) => {
                DECLARED.iter().find(|(_, known, _)| *known == field).map_or(Type::Bool, |&(.., kind)| kind)
            }
            plain => PLAIN.iter().find(|(_, known, _)| *known == plain).map_or(Type::Bool, |&(.., kind)| kind),
        }
    }

    /// Whether a rule of this purpose may read the field at all.
    pub(super) fn permits(self, purpose: Purpose) -> bool {
        match self {
            Field::Declared(source, _) => source.permits(purpose),
            // That data are missing is the post's duty, not a statement about the goods.
            _ => true,
        }
    }

    /// The field's value, or nothing where it is not known or this very declaration does not permit the purpose.
    pub(super) fn read(self, inputs: &Inputs, purpose: Purpose) -> Option<Value<'_>> {
        match self {
            Field::Today => inputs.today.map(|date| Value::Int(i64::from(date.yyyymmdd()))),
            Field::LaneKind => Some(Value::Text(inputs.lane.kind.as_str())),
            Field::MailClass => Some(Value::Text(inputs.mail_class.as_str())),
            Field::ItemKind => match &inputs.item {
                Identification::Read { kind, .. } => Some(Value::Text(kind.as_str())),
                _ => None,
            },
            Field::ItemOrigin => country(inputs.id_origin.as_ref()),
            Field::ParcelLength => inputs.parcel.length_mm.map(|length| Value::Int(i64::from(length.0))),
            Field::ParcelGap => inputs.parcel.gap_mm.map(|gap| Value::Int(i64::from(gap.0))),
            Field::WeightGrams | Field::WeightTolerance => match inputs.weight {
                Weight::Known { grams, tolerance_g } => {
                    Some(Value::Int(if self == Field::WeightGrams { grams.0 } else { tolerance_g.0 }))
                }
                Weight::Unknown { .. } => None,
            },
            Field::ImageMass | Field::ImageQuality | Field::ImageDetections | Field::Seen(_) => self.read_image(inputs),
            Field::HoldsCount => Some(Value::Int(inputs.holds.as_slice().len() as i64)),
            Field::AedState => Some(Value::Text(aed_state(&inputs.aed))),
            Field::Declared(source, field) => read_declared(inputs, source, field, purpose),
        }
    }

    fn read_image(self, inputs: &Inputs) -> Option<Value<'_>> {
        let Image::Assessed { detections, mass_g, quality } = &inputs.image else { return None };
        match self {
            Field::ImageMass => mass_g.map(|mass| Value::Int(mass.0)),
            Field::ImageQuality => Some(Value::Int(i64::from(*quality))),
            Field::ImageDetections => Some(Value::List(detections.iter().map(Value::Detection).collect())),
            Field::Seen(class) => {
                let best = detections.iter().filter(|detection| detection.class == class).map(|seen| seen.score).max();
                Some(Value::Int(i64::from(best.unwrap_or(0))))
            }
            _ => None,
        }
    }
}

fn country(country: Option<&Country>) -> Option<Value<'_>> {
    country.map(|country| Value::Text(country.as_str()))
}

fn aed_state(aed: &Aed) -> &'static str {
    match aed {
        Aed::Unknown { .. } => "unknown",
        Aed::Missing => "missing",
        Aed::Incomplete { .. } => "incomplete",
        Aed::Late => "late",
        Aed::Complete => "complete",
        Aed::NotRequired => "not-required",
    }
}

fn read_declared(inputs: &Inputs, source: Source, field: DeclaredField, purpose: Purpose) -> Option<Value<'_>> {
    let declaration = inputs.declared.by(source).filter(|declaration| declaration.purposes.contains(&purpose))?;
    match field {
        DeclaredField::Category => declaration.category.map(|category| Value::Text(category.as_str())),
        DeclaredField::ValueCents => declaration.value_cents.map(Value::Int),
        DeclaredField::WeightGrams => declaration.weight_g.map(|weight| Value::Int(weight.0)),
        DeclaredField::Pieces => declaration.pieces.map(|pieces| Value::Int(i64::from(pieces))),
        DeclaredField::Origin => country(declaration.origin.as_ref()),
        DeclaredField::Contents => {
            Some(Value::List(declaration.contents.iter().map(|tag| Value::Text(tag.as_str())).collect()))
        }
        DeclaredField::Flags => {
            Some(Value::List(declaration.flags.iter().map(|flag| Value::Text(flag.as_str())).collect()))
        }
        DeclaredField::DutyRate => declaration.duty_rate_bp.map(Value::Int),
        DeclaredField::DutyPaid => declaration.duty_paid_cents.map(Value::Int),
        DeclaredField::Chapters => {
            // One code that is none makes the whole list unknown: left out, it would be silence.
            let chapter = |line: &Line| line.hs.as_str().get(..2)?.parse().ok().map(Value::Int);
            declaration.lines.iter().map(chapter).collect::<Option<Vec<_>>>().map(Value::List)
        }
        DeclaredField::Lines => Some(Value::List(declaration.lines.iter().map(Value::Line).collect())),
    }
}

/// A member of a record, inside a comprehension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Class,
    Score,
    Hs,
    LineOrigin,
    Quantity,
    LineValue,
    LineWeight,
}

const MEMBERS: [(Record, &str, Member, Type); 7] = [
    (Record::Detection, "class", Member::Class, word(DetectionClass::NAMES)),
    (Record::Detection, "score", Member::Score, INT),
    (Record::Line, "hs", Member::Hs, TEXT),
    (Record::Line, "origin", Member::LineOrigin, Type::Scalar(Scalar::Country)),
    (Record::Line, "quantity", Member::Quantity, INT),
    (Record::Line, "value_cents", Member::LineValue, INT),
    (Record::Line, "weight_g", Member::LineWeight, INT),
];

impl Member {
    pub(super) fn find(record: Record, name: &str) -> Option<(Member, Type)> {
        let found = MEMBERS.iter().find(|(of, known, ..)| *of == record && *known == name);
        found.map(|&(_, _, member, kind)| (member, kind))
    }
    pub(super) fn names(record: Record) -> Vec<&'static str> {
        MEMBERS.iter().filter(|(of, ..)| *of == record).map(|&(_, name, ..)| name).collect()
    }
    pub(super) fn name(self) -> &'static str {
        MEMBERS.iter().find(|(.., known, _)| *known == self).map_or("", |&(_, name, ..)| name)
    }
    pub(super) fn read<'a>(self, record: &Value<'a>) -> Option<Value<'a>> {
        match (self, record) {
            (Member::Class, Value::Detection(detection)) => Some(Value::Text(detection.class.as_str())),
            (Member::Score, Value::Detection(detection)) => Some(Value::Int(i64::from(detection.score))),
            (Member::Hs, Value::Line(line)) => Some(Value::Text(line.hs.as_str())),
            (Member::LineOrigin, Value::Line(line)) => country(line.origin.as_ref()),
            (Member::Quantity, Value::Line(line)) => line.quantity.map(Value::Int),
            (Member::LineValue, Value::Line(line)) => line.value_cents.map(Value::Int),
            (Member::LineWeight, Value::Line(line)) => line.weight_g.map(|weight| Value::Int(weight.0)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name_and_knows_its_type() {
        let all = Field::all();
        assert_eq!(all.len(), 14 + 15 + 33);
        for field in all {
            assert_eq!(Field::find(&field.name()), Some(field), "{}", field.name());
            assert!(field == Field::LaneKind || field.kind() != Type::Bool, "{}", field.name());
        }
    }

    /// A key added to the inputs must be given to rules, or withheld for a reason, on purpose.
    #[test]
    fn every_part_of_the_inputs_is_exposed_or_withheld_on_purpose() {
        let exposed = [
            "today",
            "mail_class",
            "id_origin",
            "item",
            "parcel",
            "weight",
            "image",
            "aed",
            "declared",
            "holds",
            "lane",
        ];
        let withheld = [
            ("version", "judged in code"),
            ("pass", "a rule must not name parcels"),
            ("association", "doubt is judged in code"),
            ("radiation", "stops in place whatever the pack says"),
            ("smoke", "stops in place whatever the pack says"),
            ("previous", "doubt is judged in code"),
            ("lists", "doubt is judged in code"),
            ("sampling", "a rule that reads the draw could excuse by it"),
            ("trusted_shipper", "lowers the random rate and nothing else"),
            ("projected_threat", "never influences a verdict"),
            ("overflow", "doubt is judged in code"),
            ("clearance", "a person's, not a rule's"),
        ];
        let inputs = Inputs::blank(crate::pass::PassKey::parse("A/1/1").unwrap());
        let serde_json::Value::Object(keys) = serde_json::to_value(inputs).unwrap() else { panic!("an object") };
        for key in keys.keys() {
            let known =
                exposed.contains(&key.as_str()) as usize + withheld.iter().filter(|(name, _)| name == key).count();
            assert_eq!(known, 1, "{key} must be in exactly one of the two lists");
        }
        assert_eq!(keys.len(), exposed.len() + withheld.len());
    }
}
