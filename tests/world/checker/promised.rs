//! What is promised of each sick device, as data: whom it may keep, and by what the station must say so.
//!
//! The names of cells are the virtual lane's; a reason's name is that of the rule in the record, an alarm's that of its
//! code. It judges nothing.

/// What is to become of the parcels that a sick device touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It hurts nothing that decides about a parcel; nothing need be said.
    Unharmed,
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

const PLACE: &[&str] = &["built-in.contested", "built-in.length", "built-in.association"];

/// By device: the reasons and the alarms that speak of it.
const DEVICES: [(&str, &[&str], &[&str]); 14] = [
    ("eye-entry", PLACE, &["inserted", "unaccounted", "lane-stopped Stopped(Jam)"]),
    ("eye-watch", PLACE, &["inserted", "unaccounted", "lane-stopped Stopped(Jam)"]),
    ("eye-diverter", PLACE, &["inserted", "unaccounted", "permit-lost", "lane-stopped Stopped(Jam)"]),
    ("eye-release", PLACE, &["unaccounted", "lane-stopped Stopped(Jam)"]),
    ("eye-exam", PLACE, &["unaccounted", "lane-stopped Stopped(Jam)"]),
    ("encoder", PLACE, &["unaccounted", "permit-lost", "lane-stopped Stopped(Encoder)"]),
    ("scanner", &["built-in.no-read", "built-in.contested", "built-in.duplicate-id"], &["orphan"]),
    ("scale", &["built-in.no-weight", "concealment.weight", "concealment.mass", "built-in.contested"], &[]),
    ("xray", &["built-in.blind", "built-in.contested"], &["images-out-of-step"]),
    ("diverter", &["built-in.fault.diverter"], &["diverter-stuck", "went-to-exam", "lane-stopped Stopped(GateFault)"]),
    ("feedback", &["built-in.fault.diverter"], &["diverter-stuck", "lane-stopped Stopped(GateFault)"]),
    ("cable", &["built-in.fault.cable", "built-in.restart"], &["part", "permit-lost"]),
    (
        "clock",
        &["built-in.fault.cable", "built-in.fault.controller", "built-in.restart"],
        &["part", "clock-jumped", "controller-reset"],
    ),
    ("reset", &["built-in.lane-state"], &["lane-stopped Stopped(EStop)"]),
];

/// Where not [`Fate::ExamOrLetGo`].
const FATES: [(&str, &str, Fate); 0] = [];
