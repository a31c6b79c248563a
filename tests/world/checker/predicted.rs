//! The fault table: what each fault does to the parcels it touches, as data.
//!
//! Apart from the code that counts, so that an officer can read it in one sitting. A fault's name is the virtual lane's;
//! a reason's name is that of the rule in the record. It judges nothing.

/// What is to become of a parcel that a fault touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It may go: the fault hurts nothing that decides about this parcel.
    Unharmed,
    /// Exam, for one of the reasons.
    Exam,
    /// Exam for one of the reasons, or let go where the fault came too late for it, or too lightly, to matter.
    ExamOrLetGo,
    /// Recorded as removed or unaccounted, with an alarm that names it.
    Missed,
    /// It has no pass: exam, and an alarm or a sighting that says so.
    Stranger,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub fault: &'static str,
    pub fate: Fate,
    /// Rules, any one of which must be among the decision's reasons.
    pub reasons: &'static [&'static str],
}

const fn row(fault: &'static str, fate: Fate, reasons: &'static [&'static str]) -> Row {
    Row { fault, fate, reasons }
}

const NO_ID: &[&str] = &["built-in.no-read", "built-in.contested"];
const NOT_ONE: &[&str] = &["built-in.contested", "built-in.association", "built-in.length", "built-in.no-weight"];
const NOT_SEEN: &[&str] = &["built-in.blind", "built-in.contested"];
const NOT_WEIGHED: &[&str] = &["built-in.no-weight", "built-in.contested"];
const BROKEN_LANE: &[&str] = &[
    "built-in.fault.cable",
    "built-in.fault.controller",
    "built-in.lane-state",
    "built-in.restart",
    "built-in.contested",
    "built-in.association",
];

/// One line for every fault there is.
pub const TABLE: [Row; 23] = [
    row("no-read", Fate::Exam, NO_ID),
    // The same id twice is still one id.
    row("double-read", Fate::Unharmed, &[]),
    // An item id whose check digit is right is that id in whatever bars it is printed.
    row("wrong-symbology", Fate::Unharmed, &[]),
    row("touching", Fate::Exam, NOT_ONE),
    row("abreast", Fate::Exam, NOT_ONE),
    // An eye may miss it; whom all eyes saw is a letter like any other.
    row("flat-letter", Fate::ExamOrLetGo, &["built-in.contested", "built-in.length", "built-in.blind"]),
    row("lost", Fate::Missed, &[]),
    row("inserted", Fate::Stranger, &[]),
    row("reversed", Fate::ExamOrLetGo, &["built-in.blind", "built-in.contested", "built-in.lane-state"]),
    row("image-late", Fate::Exam, NOT_SEEN),
    row("image-missing", Fate::Exam, NOT_SEEN),
    row("image-merged", Fate::Exam, NOT_SEEN),
    row("image-split", Fate::Exam, NOT_SEEN),
    // One parcel alone shows no drift that is within what a declaration may be off.
    row("scale-drift", Fate::ExamOrLetGo, &["concealment.weight", "concealment.mass"]),
    row("scale-unstable", Fate::Exam, NOT_WEIGHED),
    row("scanner-off", Fate::Exam, NO_ID),
    row("cable-cut", Fate::ExamOrLetGo, BROKEN_LANE),
    row("controller-reset", Fate::ExamOrLetGo, BROKEN_LANE),
    row("disk-full", Fate::ExamOrLetGo, &["built-in.fault.disk"]),
    row("broker-down", Fate::Unharmed, &[]),
    row("central-down", Fate::Unharmed, &[]),
    row("clock-jump", Fate::ExamOrLetGo, &["built-in.clock"]),
    row("model-failed", Fate::ExamOrLetGo, &["built-in.blind"]),
];

/// What is predicted of a fault; nothing for a name that is none.
pub fn of(fault: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.fault == fault)
}
