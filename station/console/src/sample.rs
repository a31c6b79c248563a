//! A station that does not exist: the starting point of the page's tests, and what the preview shows.
//!
//! Pure: the same moment gives the same station. Not for a station that does exist; nothing of the pages uses it.

use gatepost_pipeline::drive::{
    Alarm, AlarmCode, DeviceKind, DeviceView, EyeRole, Grams, LaneKind, LaneView, Millimetres, Motion, ParcelView,
    Reported,
};
use gatepost_pipeline::judge::{
    Action, Association, BlindCause, ContentTag, Country, Declaration, Detection, DetectionClass, Few, Ground,
    Identification, Image, Inputs, IssueCode, ItemKind, MailClass, NoReadCause, Outcome, Purpose, Reason, Risk,
    RiskLevel, Sentence, Severity, Source, Token, Verdict, Weight, example,
};
use gatepost_pipeline::pass::life::State;
use gatepost_pipeline::pass::{LaneName, PassKey};
use gatepost_pipeline::record::{Audience, WallMs};
use gatepost_pipeline::weighing;

use crate::desk::*;

/// 2026-11-22 14:05:00 UTC, when the sample begins.
pub const BEGIN: WallMs = WallMs(1_795_356_300_000);
/// What every picture of the sample is called.
pub const PICTURE: &str = "5a3f1c0e9d8b7a69584736251403f2e1d0cfbead9c8b7a695847362514036e1f";
pub const PICTURE_PX: (u32, u32) = (720, 460);

const SPEED_MM_S: i64 = 500;
const EVERY_MS: i64 = 2_700;
const WAY_MM: i64 = 8_800;
/// Where the decision becomes durable, and where the gate stands.
const DECIDED_MM: i64 = 5_600;
const GATE_MM: i64 = 8_000;

/// The station `ms` milliseconds after the sample began.
pub fn station(ms: i64) -> StationView {
    let now = WallMs(BEGIN.0 + ms);
    StationView {
        station: "JFK st-01".to_owned(),
        software: "0.1.0".to_owned(),
        now,
        clock_trusted: true,
        utc_offset_min: -300,
        lanes: vec![lane("north", ms, now)],
        exam_queue: queue(ms),
        decisions: decisions(ms),
        devices: devices(now),
        uplink: Uplink {
            connected: true,
            since: Some(WallMs(now.0 - 8_140_000)),
            trouble: None,
            backlog: Backlog { alert: 0, disposition: 0, decision: 3, health: 1 },
            acked: 18_204,
        },
        ledger: Ledger { health: LedgerHealth::Writes, last_seq: Some(18_207), free_bytes: Some(212_400_000_000) },
        lists: vec![
            ListAge { name: "holds".into(), version: "2026-11-22.7".into(), age_s: Some(95), stale: false },
            ListAge { name: "declarations".into(), version: "2026-11-22.41".into(), age_s: Some(40), stale: false },
            ListAge { name: "rules".into(), version: "default 12".into(), age_s: Some(500_000), stale: false },
        ],
        degraded: Vec::new(),
    }
}

/// The same station with a second lane.
pub fn two_lanes(ms: i64) -> StationView {
    let mut view = station(ms);
    let mut south = lane("south", ms + 1_300, view.now);
    for parcel in &mut south.parcels {
        parcel.pass = key("south", parcel.pass.pass);
    }
    view.lanes.push(south);
    view
}

/// The same station with its X-ray and its link gone.
pub fn degraded(ms: i64) -> StationView {
    let mut view = station(ms);
    let since = WallMs(view.now.0 - 260_000);
    view.degraded = vec![Degraded {
        fault: Some(gatepost_pipeline::judge::Fault::XRay),
        what: "The X-ray gives no pictures.".into(),
        still_works: "Parcels are read, weighed and matched; all of them go to exam.".into(),
        since: Some(since),
        to_do: "Check that the tunnel is switched on and its network cable is in.".into(),
    }];
    for lane in &mut view.lanes {
        lane.failed = vec![gatepost_pipeline::judge::Fault::XRay, gatepost_pipeline::judge::Fault::Uplink];
    }
    view.devices[3].works = false;
    view.devices[3].says = "No picture since the last parcel: is the tunnel on?".into();
    view.uplink.connected = false;
    view.uplink.trouble = Some("broker.central does not answer".into());
    view.uplink.backlog = Backlog { alert: 4, disposition: 2, decision: 1_233, health: 17 };
    view
}

/// The same station, with a parcel that must not be touched.
pub fn stopped(ms: i64) -> StationView {
    let mut view = station(ms);
    let lane = &mut view.lanes[0];
    lane.state = Some(Reported::Latched(gatepost_pipeline::drive::StopCause::StopInPlace));
    lane.motion = vec![Motion::Stopped; 3];
    if let Some(parcel) = lane.parcels.iter_mut().rev().find(|parcel| parcel.verdict.is_some()) {
        let bomb = reason(
            "xray.explosive-device",
            IssueCode::Explosives,
            Outcome::StopInPlace,
            Action::Agency,
            "The image shows what may be an explosive device.",
        );
        let mut inputs = clean(parcel.pass);
        let found = Detection { class: DetectionClass::ExplosiveDevice, score: 8_810, bounds: [470, 268, 618, 372] };
        inputs.set_assessed(vec![found], Some(Grams(500)), 8_800);
        let verdict = verdict(vec![bomb], RiskLevel::Critical);
        parcel.state = State::Decided;
        parcel.outcome = Some(Outcome::StopInPlace);
        parcel.verdict = Some(verdict.clone());
        view.decisions.insert(0, decided(parcel.pass, view.now, inputs, verdict));
    }
    view
}

fn key(lane: &str, pass: u32) -> PassKey {
    let name = LaneName::new(lane).or_else(|| LaneName::new("lane"));
    PassKey { lane: name.unwrap_or_else(|| unreachable!("a literal name")), epoch: 3, pass }
}

/// The number of the newest pass on the belt.
fn newest(ms: i64) -> i64 {
    40 + ms.div_euclid(EVERY_MS)
}

fn at_mm(ms: i64, pass: i64) -> i64 {
    (ms - (pass - 40) * EVERY_MS) * SPEED_MM_S / 1_000
}

fn lane(name: &str, ms: i64, now: WallMs) -> LaneView {
    let mm = Millimetres;
    let newest = newest(ms);
    let parcels = (newest - 8..=newest).filter(|&pass| at_mm(ms, pass) < WAY_MM).map(|pass| on_belt(ms, pass));
    let device = |name: &str, kind, segment, from_mm, to_mm| DeviceView {
        name: name.into(),
        kind,
        segment,
        from_mm: mm(from_mm),
        to_mm: mm(to_mm),
    };
    let eyes = [
        ("entry", 0, 100, EyeRole::Entry),
        ("infeed-end", 0, 2_300, EyeRole::Watch),
        ("xray-in", 1, 100, EyeRole::Watch),
        ("xray-out", 1, 1_900, EyeRole::Watch),
        ("sorter-in", 2, 100, EyeRole::Watch),
        ("diverter", 2, 2_600, EyeRole::Diverter),
        ("release", 2, 4_400, EyeRole::ReleaseExit),
        ("exam", 2, 4_400, EyeRole::ExamExit),
    ];
    LaneView {
        lane: name.into(),
        kind: LaneKind::Conveyor,
        epoch: Some(3),
        state: Some(Reported::Running),
        segments: vec![("infeed".into(), mm(2_400)), ("xray".into(), mm(2_000)), ("sorter".into(), mm(4_200))],
        motion: vec![Motion::Running; 3],
        eyes: eyes.iter().map(|&(name, segment, at, _)| (name.to_owned(), segment, mm(at))).collect(),
        roles: eyes.iter().map(|&(.., role)| role).collect(),
        gate: Some((2, mm(3_600))),
        devices: vec![
            device("scanner", DeviceKind::Scanner, 0, 800, 860),
            device("scale", DeviceKind::Scale, 0, 1_100, 1_900),
            device("x-ray", DeviceKind::Xray, 1, 900, 1_000),
        ],
        parcels: parcels.collect(),
        alarms: vec![Alarm {
            code: AlarmCode::WentToExam,
            pass: Some(key(name, 31)),
            at: WallMs(now.0 - 190_000),
            says: "was released and went to exam all the same".into(),
        }],
        failed: Vec::new(),
        exam_all: None,
        images_out_of_step: false,
        clock_error_us: Some(350),
    }
}

fn on_belt(ms: i64, pass: i64) -> ParcelView {
    let at = at_mm(ms, pass);
    let (segment, place) = match at {
        ..2_400 => (0, at),
        2_400..4_400 => (1, at - 2_400),
        _ => (2, at - 4_400),
    };
    let (inputs, verdict) = case(pass);
    let is_decided = at > DECIDED_MM;
    let release = verdict.outcome == Outcome::Release;
    let state = match at {
        ..5_000 => State::OnBelt,
        5_000..=DECIDED_MM => State::Deciding,
        _ if !release => State::Decided,
        _ if at < 6_000 => State::Decided,
        _ if at < GATE_MM => State::Permitted,
        _ => State::Opened,
    };
    ParcelView {
        pass: key("north", pass as u32),
        item: match &inputs.item {
            Identification::Read { id, .. } if at > 900 => Some(id.clone()),
            _ => None,
        },
        state,
        place: Some((segment, Millimetres(place as i32))),
        length_mm: (at > 500).then_some(inputs.parcel.length_mm).flatten(),
        weight_g: None,
        weights: Default::default(),
        outcome: is_decided.then_some(verdict.outcome),
        verdict: is_decided.then_some(verdict),
        record: is_decided.then_some(18_100 + pass as u64 * 2),
        inputs: is_decided.then_some(inputs),
        image: Token::new(PICTURE),
    }
}

fn queue(ms: i64) -> Vec<Queued> {
    let newest = newest(ms);
    let gone =
        (newest - 30..newest).filter(|&pass| at_mm(ms, pass) >= WAY_MM && case(pass).1.outcome != Outcome::Release);
    let left_ms = |pass: i64| (pass - 40) * EVERY_MS + WAY_MM * 1_000 / SPEED_MM_S;
    let mut queue: Vec<Queued> = gone
        .map(|pass| {
            let (inputs, verdict) = case(pass);
            Queued {
                pass: key("north", pass as u32),
                item: crate_item(&inputs),
                verdict: Some(verdict),
                mail_class: inputs.mail_class,
                length_mm: inputs.parcel.length_mm,
                weight_g: match inputs.weight {
                    Weight::Known { grams, .. } => Some(grams),
                    Weight::Unknown { .. } => None,
                },
                image: picture(),
                since: WallMs(BEGIN.0 + left_ms(pass)),
            }
        })
        .collect();
    queue.drain(..queue.len().saturating_sub(5));
    queue
}

fn crate_item(inputs: &Inputs) -> Option<Token> {
    match &inputs.item {
        Identification::Read { id, .. } => Some(id.clone()),
        _ => None,
    }
}

fn decisions(ms: i64) -> Vec<Decided> {
    let newest = newest(ms);
    let at = |pass: i64| WallMs(BEGIN.0 + (pass - 40) * EVERY_MS + DECIDED_MM * 1_000 / SPEED_MM_S);
    let passes = (newest - 24..=newest).rev().filter(|&pass| at_mm(ms, pass) > DECIDED_MM).take(16);
    passes
        .map(|pass| {
            let (inputs, verdict) = case(pass);
            Decided {
                seq: Some(18_100 + pass as u64 * 2),
                ..decided(key("north", pass as u32), at(pass), inputs, verdict)
            }
        })
        .collect()
}

fn decided(pass: PassKey, at: WallMs, inputs: Inputs, verdict: Verdict) -> Decided {
    let weights = match inputs.weight {
        Weight::Known { grams, .. } => weighing::example("scale", grams, WallMs(at.0 - 1_500)),
        Weight::Unknown { .. } => Default::default(),
    };
    Decided { pass, at, seq: Some(18_207), inputs, weights, verdict, image: picture() }
}

fn picture() -> Option<ImageRef> {
    Token::new(PICTURE).map(|digest| ImageRef { digest, width_px: PICTURE_PX.0, height_px: PICTURE_PX.1 })
}

fn clean(pass: PassKey) -> Inputs {
    let mut inputs = example::clean(pass);
    let number = i64::from(pass.pass);
    let digits = 47_120_300 + number * 137;
    inputs.item = Identification::Read {
        id: Token::clipped(&format!("RB{digits:08}{}GB", digits % 10)),
        kind: ItemKind::S10,
        duplicate: false,
    };
    inputs.parcel.length_mm = Some(Millimetres(240 + (number * 67 % 300) as i32));
    inputs.weight = Weight::Known { grams: Grams(310 + number * 173 % 2_400), tolerance_g: Grams(5) };
    inputs
}

/// What became of each pass: most go on, one in three does not.
fn case(pass: i64) -> (Inputs, Verdict) {
    let mut inputs = clean(key("north", pass as u32));
    match pass.rem_euclid(9) {
        2 => gun(inputs),
        5 => {
            inputs.item = Identification::NoRead { cause: NoReadCause::Damaged };
            inputs.association = Association::Owned;
            inputs.image = Image::Blind { cause: BlindCause::Shield };
            inputs.mail_class = MailClass::Unknown;
            (inputs.declared, inputs.id_origin) = (Default::default(), None);
            let doubt = |reason: Reason| Reason { ground: Ground::Doubt, ..reason };
            let unread = reason(
                "built-in.no-read",
                IssueCode::Identification,
                Outcome::Exam,
                Action::External,
                "The label could not be read: it is damaged.",
            );
            let shield = reason(
                "built-in.blind",
                IssueCode::Concealment,
                Outcome::Exam,
                Action::External,
                "Something in the parcel cannot be seen through.",
            );
            (inputs, verdict([shield, unread].map(doubt).into(), RiskLevel::Elevated))
        }
        7 => {
            let held = Reason {
                audience: Audience::Restricted {
                    group: "task-force-9".into(),
                    cover: "Selected for examination.".into(),
                },
                ..reason(
                    "hold.entity",
                    IssueCode::Narcotics,
                    Outcome::Exam,
                    Action::Open,
                    "Shipper is watched by task force 9.",
                )
            };
            (inputs, verdict(vec![held], RiskLevel::High))
        }
        _ => (inputs, verdict(Vec::new(), RiskLevel::None)),
    }
}

/// The story of the preview: toys were declared, the image shows something else.
fn gun(mut inputs: Inputs) -> (Inputs, Verdict) {
    inputs.weight = Weight::Known { grams: Grams(1_240), tolerance_g: Grams(5) };
    inputs.parcel.length_mm = Some(Millimetres(380));
    inputs.declared.aed = Some(Declaration {
        contents: [ContentTag::Toy].into(),
        weight_g: Some(Grams(480)),
        value_cents: Some(2_499),
        pieces: Some(1),
        origin: Country::new("GB"),
        ..Declaration::of(Source::Aed)
    });
    let found = |class, score, bounds| Detection { class, score, bounds };
    let detections = vec![
        found(DetectionClass::Firearm, 9_340, [118, 118, 402, 306]),
        found(DetectionClass::Ammunition, 7_120, [470, 268, 618, 372]),
    ];
    inputs.set_assessed(detections, Some(Grams(1_190)), 8_800);
    let seen = Reason {
        severity: Severity::Alert,
        clearable: true,
        ..reason(
            "xray.firearm",
            IssueCode::Weapons,
            Outcome::Exam,
            Action::Open,
            "The image shows a firearm; toys are declared.",
        )
    };
    let heavy = Reason {
        clearable: true,
        ..reason(
            "weight.differs",
            IssueCode::Concealment,
            Outcome::Exam,
            Action::ImageReview,
            "It weighs 760 g more than declared.",
        )
    };
    (inputs, verdict(vec![seen, heavy], RiskLevel::High))
}

/// One reason to examine a parcel, for anyone at the belt to see.
pub fn reason(rule: &str, issue: IssueCode, outcome: Outcome, action: Action, text: &str) -> Reason {
    Reason {
        rule: Token::clipped(rule),
        issue,
        severity: Severity::Notice,
        purpose: Purpose::Security,
        ground: Ground::Cause,
        outcome,
        action,
        deepest_step: action.max(Action::Open),
        clearable: false,
        points: 400,
        audience: Audience::All,
        evidence: Few::default(),
        text: Sentence::clipped(text),
    }
}

/// A verdict of these reasons, the strongest first.
pub fn verdict(reasons: Vec<Reason>, level: RiskLevel) -> Verdict {
    Verdict {
        outcome: reasons.iter().map(|reason| reason.outcome).max().unwrap_or_default(),
        action: reasons.iter().map(|reason| reason.action).max().unwrap_or(Action::None),
        deepest_step: reasons.iter().map(|reason| reason.deepest_step).max().unwrap_or(Action::None),
        risk: Risk { level, contributions: Default::default() },
        reasons: Few::new(reasons).unwrap_or_default(),
        cleared_by: None,
        projected_threat: false,
    }
}

fn devices(now: WallMs) -> Vec<Device> {
    let device = |name: &str, kind: &str, says: &str| Device {
        name: name.into(),
        kind: kind.into(),
        works: true,
        since: Some(WallMs(now.0 - 8_140_000)),
        says: says.into(),
    };
    vec![
        device("north", "lane controller", "heard 40 times a second"),
        device("scanner", "scanner", "last label read"),
        device("scale", "scale", "stable"),
        device("x-ray", "X-ray", "last picture whole"),
        device("model", "first 1", "ready"),
    ]
}
