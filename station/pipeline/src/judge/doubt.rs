//! Every doubt, in code: what is unknown, late, contested, blind, overflowed or half-failed is exam (promise 3).
//!
//! Apart from the rules so that no rule pack can leave a doubt out. In the order a parcel meets them. A fault of the
//! scanner, the scale, the X-ray machine or the model adds nothing here: what it did to *this* parcel shows in this
//! parcel's own readings, and parcels it did not touch go on.

use super::Outcome;
use super::bounded::{Sentence, Token};
use super::inputs::*;
use super::reason::{DRAWN, Evidence, Reason};
use super::words::*;

/// The reasons that hold without any rule.
pub(super) fn doubts(inputs: &Inputs) -> Vec<Reason> {
    let mut reasons = Vec::new();
    of_lane(inputs, &mut reasons);
    of_parcel(inputs, &mut reasons);
    of_sensors(inputs, &mut reasons);
    of_readings(inputs, &mut reasons);
    of_advance_data(inputs, &mut reasons);
    of_lists(inputs, &mut reasons);
    of_holds(inputs, &mut reasons);
    of_sampling(inputs, &mut reasons);
    reasons
}

fn field(name: &str) -> [Evidence; 1] {
    [Evidence::Field(Token::clipped(name))]
}

fn of_lane(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    let lane = &inputs.lane;
    if inputs.version != INPUTS_VERSION {
        reasons.push(Reason::doubt(
            "inputs-version",
            IssueCode::Data,
            "The inputs have a form this software cannot read.",
        ));
    }
    if inputs.today.is_none() {
        reasons.push(Reason::doubt("clock", IssueCode::Data, "The date is not certain: the clock is not trusted."));
    }
    if !matches!(lane.state, LaneState::Running | LaneState::Stopped) {
        let text = format!("The lane is not running normally: {}.", lane.state);
        reasons.push(Reason::doubt("lane-state", IssueCode::Equipment, &text));
    }
    if lane.restart {
        let text = "The station restarted while this parcel was on the belt.";
        reasons.push(Reason::doubt("restart", IssueCode::Restart, text));
    }
    for fault in &lane.faults {
        use Fault::*;
        if matches!(fault, Controller | Cable | Diverter | Eye | Encoder | Disk) {
            let text = format!("A part of the lane does not work: {fault}.");
            reasons.push(Reason::doubt(&format!("fault.{fault}"), IssueCode::Equipment, &text));
        }
    }
    if let Some(plan) = &lane.contingency {
        of_contingency(plan, inputs.mail_class, reasons);
    }
    if let Some(ordered) = &lane.exam_all {
        let text = format!("Central operations send everything here to exam: {}", ordered.why);
        reasons.push(Reason::doubt("exam-all", IssueCode::Targeting, &text));
    }
    for overflow in &inputs.overflow {
        let text = format!("The station ran out of room: {overflow}.");
        reasons.push(Reason::doubt(&format!("overflow.{overflow}"), IssueCode::Capacity, &text));
    }
}

fn of_contingency(plan: &ContingencyPlan, class: MailClass, reasons: &mut Vec<Reason>) {
    // An unknown class is a sealed letter here as everywhere.
    let class = if class == MailClass::Unknown { MailClass::Letter } else { class };
    let exam = match plan.plan {
        Contingency::SlowFeed => false,
        Contingency::ExamByClass => plan.classes.contains(&class),
        Contingency::Stop | Contingency::ExamAll => true,
    };
    if exam {
        let text = format!("The facility's contingency plan is in force: {}.", plan.plan);
        reasons.push(Reason::doubt("contingency", IssueCode::Equipment, &text));
    }
}

fn of_parcel(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    if inputs.parcel.length_mm.is_none_or(|length| length.0 <= 0) {
        reasons.push(Reason::doubt("length", IssueCode::Association, "The parcel's length was not measured."));
    }
    match &inputs.association {
        Association::Owned => {}
        Association::Unknown => {
            let text = "It is not known which readings belong to this parcel.";
            reasons.push(Reason::doubt("association", IssueCode::Association, text));
        }
        Association::Contested { causes } => {
            let causes: Vec<&str> = causes.iter().map(|cause| cause.as_str()).collect();
            let text = format!("Readings may belong to another parcel: {}.", causes.join(", "));
            reasons.push(Reason::doubt("contested", IssueCode::Association, &text));
        }
    }
}

fn of_sensors(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    for (name, sensor) in [("radiation", inputs.radiation), ("smoke", inputs.smoke)] {
        match sensor {
            Sensor::NotFitted | Sensor::Quiet => {}
            Sensor::Unknown => {
                let text = format!("The {name} sensor does not answer.");
                reasons.push(Reason::doubt(&format!("{name}-unknown"), IssueCode::Equipment, &text));
            }
            Sensor::Alarm => {
                let text = format!("The {name} alarm sounds: keep away, do not move the parcel, call the supervisor.");
                reasons.push(Reason {
                    severity: Severity::Alert,
                    purpose: Purpose::Safety,
                    ground: Ground::Cause,
                    outcome: Outcome::StopInPlace,
                    deepest_step: Action::External,
                    points: 10_000,
                    ..Reason::doubt(&format!("{name}-alarm"), IssueCode::DangerousGoods, &text)
                });
            }
        }
    }
}

fn of_readings(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    let issue = IssueCode::Identification;
    match &inputs.item {
        Identification::NotYet => reasons.push(Reason::doubt("no-read", issue, "No item id was read.")),
        Identification::NoRead { cause } => {
            reasons.push(Reason::doubt("no-read", issue, &format!("No item id was read: {cause}.")));
        }
        Identification::Read { kind: ItemKind::Unknown, .. } => {
            reasons.push(Reason::doubt("id-kind", issue, "The item id is of no known kind."));
        }
        Identification::Read { duplicate: true, .. } => {
            let text = "The same item id was read before without leaving: two parcels may carry it.";
            reasons.push(Reason::doubt("duplicate-id", issue, text));
        }
        Identification::Read { .. } => {}
    }
    if let Weight::Unknown { cause } = &inputs.weight {
        let why = if *cause == NoWeightCause::Tared { "a tare stands on the scale; clear it" } else { cause.as_str() };
        let text = format!("There is no certain weight: {why}.");
        reasons.push(Reason::doubt("no-weight", IssueCode::Equipment, &text).with_evidence(field("weight.grams")));
    }
    match &inputs.image {
        Image::NotYet => {
            reasons.push(Reason::doubt(
                "blind",
                IssueCode::Concealment,
                "The image was not assessed: it has not come.",
            ));
        }
        Image::Blind { cause } => {
            let issue = if *cause == BlindCause::Shield { IssueCode::Concealment } else { IssueCode::Equipment };
            let why = if *cause == BlindCause::NoImage { "no image" } else { cause.as_str() };
            reasons.push(Reason::doubt("blind", issue, &format!("The image was not assessed: {why}.")));
        }
        Image::Assessed { .. } => {}
    }
}

fn of_advance_data(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    let mut push = |name: &str, text: &str| {
        let doubt = Reason::doubt(name, IssueCode::Data, text).with_evidence(field("aed.state"));
        reasons.push(Reason { action: Action::DataReview, ..doubt });
    };
    match &inputs.aed {
        Aed::Unknown { offline_since: None } => push("aed-unknown", "The advance data could not be looked up."),
        Aed::Unknown { offline_since: Some(_) } => {
            push("aed-unknown", "The advance data could not be looked up: the station is offline.");
        }
        Aed::Missing => push("aed-missing", "No advance data were sent for this item."),
        Aed::Incomplete { lacks } => {
            let lacks: Vec<&str> = lacks.iter().map(|field| field.as_str()).collect();
            push("aed-incomplete", &format!("The advance data lack: {}.", lacks.join(", ")));
        }
        Aed::Late | Aed::Complete if inputs.declared.aed.is_none() => {
            push("aed-unknown", "The advance data are said to be there, but are not.");
        }
        Aed::Late | Aed::Complete | Aed::NotRequired => {}
    }
}

fn of_lists(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    for (name, list) in [("holds", &inputs.lists.holds), ("declarations", &inputs.lists.declarations)] {
        let state = match list {
            ListState::Fresh { .. } => continue,
            ListState::Missing => "is missing".to_owned(),
            ListState::NoAnswer => "did not answer in time".to_owned(),
            ListState::Rebuilding => "is being rebuilt".to_owned(),
            ListState::Stale { version, age_s } => format!("{version} is too old ({} hours)", age_s / 3_600),
        };
        let text = format!("The list of {name} {state}.");
        reasons.push(Reason::doubt(&format!("list.{name}"), IssueCode::Data, &text));
    }
    match &inputs.previous {
        Previous::Unknown => {
            let text = "Earlier decisions about this item could not be looked up.";
            reasons.push(Reason::doubt("previous-unknown", IssueCode::Data, text));
        }
        Previous::Decided { worst } if *worst > Outcome::Release => {
            let text = "An earlier decision about this item was not a release and is not settled.";
            let doubt = Reason::doubt("previous", IssueCode::Targeting, text);
            reasons.push(Reason { severity: Severity::Alert, points: 500, ..doubt });
        }
        Previous::None | Previous::Decided { .. } => {}
    }
}

fn of_holds(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    for hold in inputs.holds.iter() {
        let text = match hold.kind {
            HoldKind::Presentation => format!("{} asks to be presented with this item.", hold.authority),
            HoldKind::Local => format!("Held at this station by {}.", hold.authority),
            HoldKind::Entity | HoldKind::PartnerAgency => format!("Matches a hold of {}.", hold.authority),
            HoldKind::Cached => format!("An earlier hold of {} is not settled.", hold.authority),
        };
        let agency = matches!(hold.kind, HoldKind::PartnerAgency);
        reasons.push(
            Reason {
                rule: Token::clipped(&format!("built-in.hold.{}", hold.kind)),
                issue: hold.issue,
                severity: hold.severity.max(Severity::Notice),
                purpose: hold.purpose,
                ground: Ground::Cause,
                outcome: hold.outcome.max(Outcome::Exam),
                action: if agency { Action::Agency } else { Action::Open },
                deepest_step: Action::Agency,
                clearable: false,
                points: if hold.severity == Severity::Alert { 2_000 } else { 1_000 },
                audience: hold.audience.clone(),
                evidence: Default::default(),
                text: Sentence::clipped(&text),
            }
            .with_evidence([Evidence::Hold(hold.id.clone())]),
        );
    }
}

/// The draw. A trusted shipper lowers the rate and nothing else (promise 6).
fn of_sampling(inputs: &Inputs, reasons: &mut Vec<Reason>) {
    match &inputs.sampling {
        None => reasons.push(Reason::doubt("no-draw", IssueCode::Sampling, "The random draw could not be made.")),
        Some(sampling) if sampling.draw >= 10_000 => {
            reasons.push(Reason::doubt("no-draw", IssueCode::Sampling, "The random draw is not one."));
        }
        Some(sampling) => {
            let trusted = inputs.trusted_shipper;
            let rate = if trusted { sampling.rate.min(sampling.rate_trusted) } else { sampling.rate };
            if sampling.draw < rate {
                reasons.push(Reason::drawn(DRAWN));
            }
        }
    }
}
