//! What is promised of each sick device, as data: whom it may keep, and by what the station must say so.
//!
//! The names of cells are the virtual lane's; a reason's name is that of the rule in the record, an alarm's that of its
//! code. It judges nothing.

/// What is to become of the parcels that a sick device touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Within what the lane tolerates: nothing need be said; whom it keeps all the same, it keeps for one of the reasons.
    Tolerated,
    /// None of them may leave by release.
    Exam,
    /// Exam, for one of the reasons or with one of the alarms; or let go where all that decides was certain all the same.
    ExamOrLetGo,
}

/// One cell's promise.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub device: &'static str,
    pub ailment: &'static str,
    pub fate: Fate,
    /// Rules, one of which is to be among the reasons of a touched parcel in exam.
    pub reasons: &'static [&'static str],
    /// Or alarms, one of which is to name it; and one of either is to be recorded in every window.
    pub alarms: &'static [&'static str],
}

impl Row {
    pub fn cell(&self) -> String {
        format!("{}:{}", self.device, self.ailment)
    }
}

/// The promise of a cell; nothing for a name that is none.
pub fn of(cell: &str) -> Option<Row> {
    let (device, ailment) = cell.split_once(':')?;
    let (device, reasons, alarms) = DEVICES.iter().find(|row| row.0 == device)?;
    let ailment = AILMENTS.iter().find(|name| **name == ailment)?;
    let fate = FATES.iter().find(|row| row.0 == *device && row.1 == *ailment).map_or(Fate::ExamOrLetGo, |row| row.2);
    Some(Row { device, ailment, fate, reasons, alarms })
}

const AILMENTS: [&str; 7] = ["off", "stuck", "garbage", "wrong", "slow", "delayed", "intermittent"];

/// A parcel whose place or length is not certain; then what looked at the belt there saw nobody, or somebody else.
const PLACE: &[&str] =
    &["built-in.contested", "built-in.length", "built-in.association", "built-in.blind", "built-in.no-weight"];
/// Nobody could say where the belt was: what was read then is nobody's.
const UNWATCHED: &[&str] = &[
    "built-in.fault.cable",
    "built-in.fault.controller",
    "built-in.restart",
    "built-in.contested",
    "built-in.blind",
    "built-in.no-weight",
    "built-in.no-read",
];

/// By device: the reasons and the alarms that speak of it.
const DEVICES: [(&str, &[&str], &[&str]); 14] = [
    (
        "eye-entry",
        PLACE,
        &["eye-sick", "inserted", "unaccounted", "lane-stopped Stopped(Jam)", "lane-stopped Stopped(Eye)"],
    ),
    (
        "eye-watch",
        PLACE,
        &["eye-sick", "inserted", "unaccounted", "lane-stopped Stopped(Jam)", "lane-stopped Stopped(Eye)"],
    ),
    (
        "eye-diverter",
        PLACE,
        &[
            "eye-sick",
            "inserted",
            "unaccounted",
            "permit-lost",
            "went-to-exam",
            "lane-stopped Stopped(Jam)",
            "lane-stopped Stopped(Eye)",
        ],
    ),
    (
        "eye-release",
        PLACE,
        &[
            "eye-sick",
            "unaccounted",
            "lane-stopped Stopped(Jam)",
            "lane-stopped Stopped(Eye)",
            "lane-stopped Stopped(Escaped)",
        ],
    ),
    ("eye-exam", PLACE, &["eye-sick", "unaccounted", "lane-stopped Stopped(Jam)", "lane-stopped Stopped(Eye)"]),
    ("encoder", PLACE, &["unaccounted", "inserted", "permit-lost", "went-to-exam", "lane-stopped Stopped(Encoder)"]),
    ("scanner", &["built-in.no-read", "built-in.contested", "built-in.duplicate-id"], &["orphan"]),
    ("scale", &["built-in.no-weight", "concealment.weight", "concealment.mass", "built-in.contested"], &[]),
    ("xray", &["built-in.blind", "built-in.contested"], &["images-out-of-step"]),
    ("diverter", &["built-in.fault.diverter"], &["diverter-stuck", "went-to-exam", "lane-stopped Stopped(GateFault)"]),
    ("feedback", &["built-in.fault.diverter"], &["diverter-stuck", "lane-stopped Stopped(GateFault)"]),
    ("cable", UNWATCHED, &["part", "permit-lost", "track-lost", "lane-maps-differ", "controller-reset"]),
    ("clock", UNWATCHED, &["part", "clock-jumped", "controller-reset", "permit-lost"]),
    ("reset", &["built-in.lane-state"], &["lane-stopped Stopped(EStop)"]),
];

/// Where not [`Fate::ExamOrLetGo`].
const FATES: [(&str, &str, Fate); 18] = [
    // 40 to 60 mm: less than the window in which an eye expects a parcel, and about what two lengths may differ.
    ("eye-entry", "slow", Fate::Tolerated),
    ("eye-entry", "delayed", Fate::Tolerated),
    ("eye-watch", "slow", Fate::Tolerated),
    ("eye-watch", "delayed", Fate::Tolerated),
    ("eye-diverter", "slow", Fate::Tolerated),
    ("eye-diverter", "delayed", Fate::Tolerated),
    ("eye-release", "slow", Fate::Tolerated),
    ("eye-release", "delayed", Fate::Tolerated),
    ("eye-exam", "slow", Fate::Tolerated),
    ("eye-exam", "delayed", Fate::Tolerated),
    // 75 mm of belt.
    ("encoder", "delayed", Fate::Tolerated),
    // The label is still in view.
    ("scanner", "slow", Fate::Tolerated),
    ("scale", "slow", Fate::Tolerated),
    // Less than the longest swing that is no fault.
    ("feedback", "slow", Fate::Tolerated),
    // Less than the silence at which the belts stop.
    ("cable", "delayed", Fate::Tolerated),
    ("cable", "intermittent", Fate::Tolerated),
    ("scanner", "wrong", Fate::Exam),
    ("xray", "off", Fate::Exam),
];
