//! The closed words of the pipeline, as an officer reads them. Says nothing about any parcel; decides nothing.

use gatepost_pipeline::drive::{Motion, Reported, StopCause};
use gatepost_pipeline::judge::{
    Action, Aed, BlindCause, ContentTag, DetectionClass, Fault, IssueCode, MailClass, NoWeightCause, Source,
};
use gatepost_pipeline::record::WallMs;

use crate::limits::TEXT_CHARS_MAX;

/// Where a lane stands and what to do about it; nothing to do is an empty text.
pub const fn lane_state(state: Option<Reported>) -> (&'static str, &'static str) {
    match state {
        None => ("No controller", "The lane controller has not been heard. Check its cable and power."),
        Some(Reported::Setup) => ("Setting up", "The controller is being told its lane map."),
        Some(Reported::Ready) => ("Ready", "Press Reset at the lane to start the belt."),
        Some(Reported::Starting) => ("Starting", "The belt starts in a moment. Keep your hands away."),
        Some(Reported::Running) => ("Running", ""),
        Some(Reported::ChuteFull) => ("Exam chute full", "Empty the exam chute, then press Reset at the lane."),
        Some(Reported::Stopped(cause)) => ("Stopped", stop_cause(cause)),
        Some(Reported::Latched(cause)) => ("STOPPED IN PLACE", latch_cause(cause)),
    }
}

const fn stop_cause(cause: StopCause) -> &'static str {
    match cause {
        StopCause::EStop => "Emergency stop. Find out why, release it, then press Reset at the lane.",
        StopCause::Guard => "A guard is open. Close it, then press Reset at the lane.",
        StopCause::Heartbeat => "The station was silent too long. When it is back, press Reset at the lane.",
        StopCause::Requested => "Stopped on request. Press Reset at the lane to go on.",
        StopCause::GateFault => "The diverter did not move as told. Call a technician.",
        StopCause::BeltStop => "The stop button at the belt is pressed. Release it, then press Reset at the lane.",
        StopCause::Jam => {
            "Parcels are jammed, or something covers a photo-eye. Clear it, then press Reset at the lane."
        }
        StopCause::Encoder => {
            "The belt did not move as its motor should move it. Look for what holds it, then press Reset at the lane. \
             If it comes again, call a technician: slip, or the encoder."
        }
        StopCause::Escaped => {
            "Something left by the release chute that was not let through. Fetch it, then press Reset at the lane."
        }
        StopCause::Eye => {
            "A photo-eye flickers. Wipe it and look at its bracket, then press Reset at the lane. If it comes again, call \
             a technician."
        }
        StopCause::Radiation => "Radiation alarm. Keep away and call the supervisor.",
        StopCause::Smoke => "Smoke alarm. Keep away and call the supervisor.",
        StopCause::StopInPlace => "A parcel must stay where it is. Keep away and call the supervisor.",
    }
}

const fn latch_cause(cause: StopCause) -> &'static str {
    match cause {
        StopCause::Radiation => "Radiation alarm. Do not touch anything. Keep away and call the supervisor.",
        StopCause::Smoke => "Smoke alarm. Do not touch anything. Keep away and call the supervisor.",
        _ => "Do not touch the parcel. Keep away and call the supervisor, who alone resets the lane.",
    }
}

/// What a belt does, as a sign and a word.
pub const fn motion(motion: Motion) -> (&'static str, &'static str) {
    match motion {
        Motion::Running => ("▶", "runs"),
        Motion::Stopped => ("■", "stands"),
        Motion::Coasting => ("▷", "coasts"),
        Motion::Reversed => ("◀", "runs backwards"),
        Motion::OffSpeed => ("▲", "does not follow its motor"),
    }
}

/// What does not work, what still does, what to do.
pub const fn fault(fault: Fault) -> (&'static str, &'static str, &'static str) {
    const EXAM: &str = "Parcels are still followed and recorded. Those that need it go to exam.";
    const ALL_EXAM: &str = "Every parcel goes to exam until it works again.";
    match fault {
        Fault::Scanner => ("The label scanner does not answer.", EXAM, "Check its cable and power; clean its window."),
        Fault::Camera => (
            "The label camera gives no pictures.",
            EXAM,
            "Check its power and network, and that its share is reachable.",
        ),
        Fault::Scale => ("The scale does not answer.", EXAM, "Check its cable and power; take everything off it."),
        Fault::XRay => {
            ("The X-ray gives no pictures.", EXAM, "Check that the tunnel is on and its share is reachable.")
        }
        Fault::Drift => (
            "The X-ray no longer sees as it did when it was set up.",
            "Pictures are assessed as before. More parcels are drawn at random for exam.",
            "Tell a technician: calibrate the scanner. The devices page says what has changed.",
        ),
        Fault::Controller => {
            ("The lane controller is not ready.", ALL_EXAM, "Check its power; then press Reset at the lane.")
        }
        Fault::Cable => (
            "The cable to the lane controller is cut or silent.",
            "The lane has stopped by itself.",
            "Plug the cable in at both ends; then press Reset at the lane.",
        ),
        Fault::Diverter => (
            "The diverter does not move as told.",
            "The lane has stopped by itself.",
            "Call a technician. Do not reach in.",
        ),
        Fault::Eye => ("A photo-eye is blocked or dirty.", ALL_EXAM, "Wipe the eyes and take away what blocks them."),
        Fault::Encoder => ("A belt encoder gives no pulses.", ALL_EXAM, "Call a technician."),
        Fault::Disk => (
            "Nothing can be stored: the disk is full or failing.",
            ALL_EXAM,
            "Call a technician. Do not switch the station off.",
        ),
        Fault::Model => (
            "Pictures are not assessed.",
            "Pictures are taken and kept; unassessed parcels go to exam.",
            "Call a technician; `gatepost doctor` says what is missing.",
        ),
        Fault::Beacon => (
            "The lamp and horn do not answer.",
            "Everything else works. Watch this page for alerts.",
            "Check the beacon's cable.",
        ),
        Fault::Uplink => (
            "Central operations cannot be reached.",
            "Everything at the station works; records are kept and sent later.",
            "Nothing at the belt. If it lasts, tell central by telephone.",
        ),
    }
}

pub const fn action(action: Action) -> &'static str {
    match action {
        Action::None => "Nothing to do",
        Action::DataReview => "Compare the data",
        Action::ImageReview => "Look at the image",
        Action::Canine => "Canine",
        Action::External => "Examine outside only",
        Action::Open => "Open and examine",
        Action::Test => "Open and test",
        Action::Laboratory => "Send to the laboratory",
        Action::Agency => "Call the partner agency",
    }
}

/// The deepest exam step that is permitted, within a sentence.
pub const fn deepest(step: Action) -> &'static str {
    match step {
        Action::None | Action::DataReview => "look at its data",
        Action::ImageReview => "look at its image",
        Action::Canine => "let a dog smell it",
        Action::External => "examine its outside",
        Action::Open => "open it",
        Action::Test | Action::Laboratory | Action::Agency => "open and test it",
    }
}

pub const fn mail_class(class: MailClass) -> &'static str {
    match class {
        MailClass::Unknown => "Class unknown: treat as sealed letter",
        MailClass::Letter => "Sealed letter class",
        MailClass::Parcel => "Parcel",
        MailClass::SmallPacket => "Small packet",
        MailClass::Ems => "Express (EMS)",
        MailClass::MBag => "M bag",
        MailClass::PrintedMatter => "Printed matter",
    }
}

pub const fn blind(cause: BlindCause) -> &'static str {
    match cause {
        BlindCause::Shield => "Something in it cannot be seen through.",
        BlindCause::Engine => "The picture could not be assessed.",
        BlindCause::Late => "The picture came too late.",
        BlindCause::Quality => "The picture is not good enough to tell.",
        BlindCause::Interrupted => "The belt stopped during the scan.",
        BlindCause::Model => "No model is loaded.",
        BlindCause::NoImage => "There is no picture.",
    }
}

pub const fn no_weight(cause: NoWeightCause) -> &'static str {
    match cause {
        NoWeightCause::NotYet => "not weighed yet",
        NoWeightCause::Unstable => "not weighed: unstable",
        NoWeightCause::OutOfRange => "not weighed: out of range",
        NoWeightCause::TwoObjects => "not weighed: two objects",
        NoWeightCause::Late => "not weighed: too late",
        NoWeightCause::ScaleOff => "not weighed: scale off",
        NoWeightCause::NoScale => "no scale here",
        NoWeightCause::Tared => "not weighed: a tare stands on the scale; clear it",
    }
}

pub const fn source(source: Source) -> &'static str {
    match source {
        Source::Aed => "advance data",
        Source::Entry => "entry",
        Source::Post => "customs form",
    }
}

/// Why there is nothing declared to compare with; nothing when there is.
pub fn aed(aed: &Aed, utc_offset_min: i32) -> Option<String> {
    Some(match aed {
        Aed::Unknown { offline_since: Some(since) } => {
            format!("unknown: no fresh data since {}", clock(*since, utc_offset_min))
        }
        Aed::Unknown { offline_since: None } => "unknown: could not look".to_owned(),
        Aed::Missing => "no advance data was sent".to_owned(),
        Aed::Incomplete { lacks } => {
            let lacks: Vec<&str> = lacks.iter().map(|field| field.as_str()).collect();
            format!("incomplete: lacks {}", lacks.join(", "))
        }
        Aed::Late => "sent after it was due".to_owned(),
        Aed::NotRequired => "none required".to_owned(),
        Aed::Complete => return None,
    })
}

pub fn class(class: DetectionClass) -> String {
    spaced(class.as_str())
}
pub fn tag(tag: ContentTag) -> String {
    spaced(tag.as_str())
}
pub fn issue(issue: IssueCode) -> String {
    capital(&spaced(issue.as_str()))
}

fn spaced(name: &str) -> String {
    name.replace(['_', '-'], " ")
}
pub(crate) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Time of day at the facility, `14:05:09`.
pub fn clock(at: WallMs, utc_offset_min: i32) -> String {
    let seconds = (at.0.div_euclid(1_000) + i64::from(utc_offset_min) * 60).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// How long ago: `12 s`, `3 min`, `2 h 5 min`, `4 days`. A time in the future is `now`.
pub fn ago(at: WallMs, now: WallMs) -> String {
    let seconds = now.0.saturating_sub(at.0) / 1_000;
    if seconds < 1 { "now".to_owned() } else { lasting(seconds.unsigned_abs()) }
}

pub fn lasting(seconds: u64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 if (seconds / 60).is_multiple_of(60) => format!("{} h", seconds / 3_600),
        3_600..172_800 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `12 345 678`, with narrow spaces.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `520 g`, `12.30 kg`.
pub fn grams(grams: i64) -> String {
    match grams.unsigned_abs() {
        ..10_000 => format!("{grams} g"),
        size => format!("{}{}.{:02} kg", if grams < 0 { "-" } else { "" }, size / 1_000, size % 1_000 / 10),
    }
}

/// `310 MB`, `21 GB`.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        ..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        1_000_000_000..10_000_000_000 => {
            format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10)
        }
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

/// An item id as it is read aloud. Thirteen characters of an S10 fall into `RB 123 456 785 GB`; any other stays.
pub fn item(id: &str) -> String {
    let letters = |from: usize, to: usize| id.get(from..to).is_some_and(|t| t.bytes().all(|b| b.is_ascii_uppercase()));
    let digits = id.get(2..11).is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()));
    if id.len() == 13 && letters(0, 2) && letters(11, 13) && digits {
        return format!("{} {} {} {} {}", &id[..2], &id[2..5], &id[5..8], &id[8..11], &id[11..]);
    }
    id.to_owned()
}

/// The few characters of an item id by which a parcel is told from its neighbours: the last four digits.
pub fn short_item(id: &str) -> String {
    let mut digits: Vec<char> = id.chars().rev().filter(char::is_ascii_digit).take(4).collect();
    digits.reverse();
    digits.into_iter().collect()
}

/// Text from outside, cut to what a page shows, without control and direction-changing characters.
pub fn clipped(text: &str) -> String {
    let plain = |c: char| if c.is_control() || is_direction_mark(c) { ' ' } else { c };
    text.chars().take(TEXT_CHARS_MAX).map(plain).collect()
}

/// Characters that make the text after them run the other way: `RB…` could be shown as another id.
const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_amounts_read_as_an_officer_says_them() {
        let at = WallMs(1_795_000_000_000);
        assert_eq!((clock(at, 0), clock(at, -300)), ("11:06:40".to_owned(), "06:06:40".to_owned()));
        assert_eq!(clock(WallMs(-1), 0), "23:59:59");
        assert_eq!(ago(WallMs(5), WallMs(0)), "now");
        let lasts: Vec<String> = [59, 60, 3_599, 3_600, 3_661, 200_000].map(lasting).into();
        assert_eq!(lasts, ["59 s", "1 min", "59 min", "1 h", "1 h 1 min", "2 days"]);
        assert_eq!(
            (grams(9_999), grams(12_345), grams(-12_345)),
            ("9999 g".into(), "12.34 kg".into(), "-12.34 kg".into())
        );
        assert_eq!((grouped(0), grouped(1_234_567)), ("0".into(), "1\u{202f}234\u{202f}567".into()));
        assert_eq!((bytes(2_500_000_000), bytes(999)), ("2.5 GB".into(), "0 kB".into()));
    }

    #[test]
    fn only_an_s10_is_split_and_no_text_can_turn_its_direction() {
        assert_eq!(item("RB123456785GB"), "RB 123 456 785 GB");
        for other in ["", "RB12345678GB", "1Z999AA10123456784", "éééééé1", "RB1234567é5GB"] {
            assert_eq!(item(other), other);
        }
        assert_eq!((short_item("RB123456785GB"), short_item("A")), ("6785".to_owned(), String::new()));
        assert_eq!(clipped("a\u{202e}b\nc"), "a b c");
        assert_eq!(clipped(&"x".repeat(1_000)).len(), TEXT_CHARS_MAX);
    }
}
