//! A station's day as records: for every parcel its entry, its decision as the real judge makes it, and its exit; one chain.

use gatepost_hardware::units::{Grams, WallMs};
use std::time::{SystemTime, UNIX_EPOCH};

use gatepost_pipeline::drive::{DecisionBody, Versions};
use gatepost_pipeline::judge::{
    Few, Hold, HoldKind, Inputs, IssueCode, Outcome, Purpose, Severity, Token, example, judge,
};
use gatepost_pipeline::pass::PassKey;
use gatepost_pipeline::record::{Audience, Class, Kind};
use gatepost_pipeline::ruleset::Ruleset;
use gatepost_pipeline::weighing;
use gatepost_sync::chain::Digest;
use gatepost_sync::outbox::Outgoing;

/// Each so manieth parcel is on a hold list: its decision is an alert.
const ALERT_EVERY: u32 = 50;
/// What stands in a body where a parcel's own number goes.
const NUMBER: u32 = 987_654_321;

/// And its item's; as the judge's example has it.
const ITEM: &str = "RB123456785GB";

/// The two bodies of a decision, made by the judge once; a parcel's own number is put into them.
pub struct Bodies {
    released: String,
    alerted: String,
}

impl Bodies {
    /// # Errors
    /// When the built-in rules do not load.
    pub fn new() -> Result<Self, String> {
        let rules = Ruleset::built_in().map_err(|error| error.to_string())?;
        let (mut released, mut alerted) = (None, None);
        for (body, held) in [(&mut released, false), (&mut alerted, true)] {
            let pass = PassKey::parse(&format!("north/1/{NUMBER}")).ok_or("no pass")?;
            let mut inputs = example::clean(pass);
            if held {
                inputs.holds = Few::new(vec![hold()]).unwrap_or_default();
            }
            *body = Some(decision(pass, inputs, &rules)?);
        }
        Ok(Self { released: released.unwrap_or_default(), alerted: alerted.unwrap_or_default() })
    }

    fn of(&self, parcel: u32) -> (&str, Class) {
        if parcel.is_multiple_of(ALERT_EVERY) {
            (&self.alerted, Class::Alert)
        } else {
            (&self.released, Class::Decision)
        }
    }
}

fn hold() -> Hold {
    Hold {
        id: Token::clipped("fleet-hold"),
        kind: HoldKind::Presentation,
        issue: IssueCode::Narcotics,
        purpose: Purpose::Narcotics,
        severity: Severity::Alert,
        outcome: Outcome::Exam,
        authority: Token::clipped("CBP"),
        audience: Audience::All,
    }
}

fn decision(pass: PassKey, inputs: Inputs, rules: &Ruleset) -> Result<String, String> {
    let verdict = judge(&inputs, rules);
    let version = Token::clipped("1");
    let rules = Token::clipped(&rules.digest_hex());
    let versions =
        Versions { software: version.clone(), rules, model: version.clone(), engine: version.clone(), lists: version };
    let image = Token::new(&Digest::of(b"picture").to_string());
    let weights = weighing::example("scale", Grams(520), WallMs(NOON_MS));
    let body = DecisionBody {
        pass,
        revision: 1,
        supersedes: None,
        image,
        labels: Vec::new(),
        weights,
        inputs,
        verdict,
        versions,
    };
    serde_json::to_string(&body).map_err(|error| error.to_string())
}

/// 2026-11-22, noon.
pub const NOON_MS: i64 = 1_795_348_800_000;

pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A chain that grows by parcels.
pub struct Chain<'b> {
    station: String,
    bodies: &'b Bodies,
    prev: Digest,
    seq: u64,
    parcels: u32,
}

impl<'b> Chain<'b> {
    pub fn new(station: &str, bodies: &'b Bodies) -> Self {
        Self { station: station.to_owned(), bodies, prev: Digest::ZERO, seq: 0, parcels: 0 }
    }

    /// The three records of the next parcel, recorded at `at_ms`.
    pub fn parcel(&mut self, at_ms: i64) -> [Outgoing; 3] {
        self.parcels += 1;
        let (number, bodies) = (self.parcels, self.bodies);
        let (body, class) = bodies.of(number);
        let own = number.to_string();
        let seen = |what: &str| {
            format!(r#"{{"pass":"north/1/{number}","seen":"{what}","fact":{{"epoch":1,"number":{number}}}}}"#)
        };
        [
            self.record(Kind::Sighting, Class::Decision, at_ms, &seen("entry")),
            self.record(Kind::Decision, class, at_ms, &body.replace(&NUMBER.to_string(), &own)),
            self.record(Kind::Sighting, Class::Decision, at_ms, &seen("release-exit")),
        ]
    }

    /// The decision about a parcel that is on a hold list, alone.
    pub fn alert(&mut self, at_ms: i64) -> Outgoing {
        self.parcels += 1;
        let body = self.bodies.alerted.replace(&NUMBER.to_string(), &self.parcels.to_string());
        self.record(Kind::Decision, Class::Alert, at_ms, &body)
    }

    /// The decision about the next parcel, which bears that number; and its pass.
    pub fn decision(&mut self, at_ms: i64, item: &str, held: bool) -> (String, Outgoing) {
        self.parcels += 1;
        let (body, class) = match held {
            true => (&self.bodies.alerted, Class::Alert),
            false => (&self.bodies.released, Class::Decision),
        };
        let body = body.replace(&NUMBER.to_string(), &self.parcels.to_string()).replace(ITEM, item);
        (format!("north/1/{}", self.parcels), self.record(Kind::Decision, class, at_ms, &body))
    }

    pub fn record(&mut self, kind: Kind, class: Class, at_ms: i64, body: &str) -> Outgoing {
        self.seq += 1;
        let (seq, prev, station) = (self.seq, self.prev, &self.station);
        let (kind_name, class_name) = (kind.name(), class.name());
        let text = format!(
            r#"{{"seq":{seq},"prev":"{prev}","station":"{station}","lane":"north","at":{at_ms},"kind":"{kind_name}","class":"{class_name}","audience":"all","body":{body}}}"#
        );
        let bytes = text.into_bytes();
        self.prev = prev.then(Digest::of(&bytes));
        Outgoing { seq, class, kind, at_ms, bytes }
    }
}
