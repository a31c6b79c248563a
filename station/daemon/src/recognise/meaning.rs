//! What a device's report means, in words for a technician: the value, what the device says about it, what it is good for.
//!
//! Apart from the commands, because `probe`, `doctor` and `setup devices` say it alike. Faults begin with `fault`.

use gatepost_hardware::scale::{Reading, ScaleReport};
use gatepost_hardware::scanner::{Scan, ScanFault};
use gatepost_pipeline::identify::identify;

/// Bytes as technicians compare them with a manual.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// A scanner's report.
pub fn of_scan(scan: &Scan<'_>) -> String {
    match scan {
        Scan::Read { payload, aim, .. } => {
            let text = String::from_utf8_lossy(payload);
            let found = identify(&text, *aim);
            let symbology =
                aim.map_or_else(|| "symbology not sent".to_owned(), |aim| aim.symbology().name().to_owned());
            let valid = if found.valid { "valid" } else { "not valid" };
            format!("read {:?} ({symbology}): {} {valid}", text, found.kind.name())
        }
        Scan::NoRead { which, .. } => format!("no read (\"{which}\")"),
        Scan::Identity { text, .. } => format!("it says that it is {:?}", String::from_utf8_lossy(text)),
        Scan::Answer { done, .. } => format!("the command was {}", if *done { "carried out" } else { "refused" }),
        Scan::Fault { kind, .. } => format!("fault: {}", of_fault(*kind)),
    }
}

/// What is wrong, and what to look at.
const fn of_fault(kind: ScanFault) -> &'static str {
    match kind {
        ScanFault::TooLong => "more bytes than a code may have; check the terminator and the line settings",
        ScanFault::Unterminated => "the end of a message is missing; check the terminator and the cable",
        ScanFault::OutsideFrame => "bytes outside STX and ETX; check the framing and the line settings",
        ScanFault::PrefixMissing => "the prefix is missing; check it here and at the reader",
        ScanFault::SuffixMissing => "the suffix is missing; check it here and at the reader",
        ScanFault::AimMissing => "the AIM identifier is missing; have the reader send it, or do not require it",
        ScanFault::Empty => "a message without data; check prefix and suffix",
        ScanFault::Checksum => "a wrong checksum: the line is disturbed; check the cable and its shield",
        ScanFault::Malformed => "a message of another shape than the protocol's; check the reader's output format",
        ScanFault::Late => "a code that was sent again and not heard the first time; check the cable",
        ScanFault::PartMissing => "a part of a long message is missing; check the cable",
        ScanFault::Reader => "the reader says that this reading is not to be used; look at its own display or log",
        ScanFault::Keys => "keys that are no text; check the reader's keyboard layout",
    }
}

/// A scale's report.
pub fn of_report(report: &ScaleReport) -> String {
    match report {
        ScaleReport::Reading(reading) => of_reading(reading),
        ScaleReport::Zero { done, .. } => {
            format!("zero {}", done.map_or_else(|why| format!("refused: {why:?}"), |()| "set".to_owned()))
        }
        ScaleReport::Tare { done: Ok(tare), .. } => format!("the tare is {tare}"),
        ScaleReport::Tare { done: Err(why), .. } => format!("tare refused: {why:?}"),
        ScaleReport::TareCleared { done, .. } => {
            format!("tare {}", if done.is_ok() { "cleared" } else { "not cleared" })
        }
        ScaleReport::Identity { serial, .. } => format!("it says that its serial number is {serial}"),
        ScaleReport::Fault { kind, .. } => format!("fault {kind:?}: check speed, line and protocol"),
    }
}

fn of_reading(reading: &Reading) -> String {
    let state = &reading.state;
    let said = [
        (state.stable, "stable"),
        (state.motion, "in motion"),
        (state.zero, "at zero"),
        (state.under, "under range"),
        (state.over, "over range"),
        (state.out_of_range, "out of range"),
        (state.net, "net"),
        (state.unzeroed, "zero not captured"),
        (state.fault, "scale fault"),
    ];
    let flags: Vec<&str> = said.into_iter().filter_map(|(set, word)| set.then_some(word)).collect();
    let flags = if flags.is_empty() { "nothing said of its state".to_owned() } else { flags.join(", ") };
    let tare = reading.tare.map(|tare| format!(", tare {tare}")).unwrap_or_default();
    match (reading.shown, reading.stable_weight()) {
        (Ok(shown), Ok(grams)) => format!("stable weight {grams} ({shown}: {flags}{tare})"),
        (Ok(shown), Err(why)) => format!("weight {shown} ({flags}{tare}), not to decide on: {why:?}"),
        (Err(_), Err(why)) | (Err(why), Ok(_)) => format!("no weight: {why:?} ({flags})"),
    }
}
