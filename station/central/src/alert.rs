//! From a record to what the list of alerts says about it, and to nothing its reader may not see.
//!
//! Reads bodies tolerantly: an alert of a kind we do not know is still an alert. Of a restricted record everybody is shown its
//! cover; and since the cover is a draw, and draws are no alerts, that there is an alert at all is for its group.

use std::collections::BTreeSet;

use gatepost_pipeline::record::{Audience, Class};
use gatepost_sync::chain::Envelope;
use serde_json::{Map, Value};

/// The longest text taken from a body.
const TEXT_CHARS_MAX: usize = 500;
/// And of a lane's name.
pub const LANE_CHARS_MAX: usize = 64;

/// What the body of a record names, where it names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub pass: Option<String>,
    pub item: Option<String>,
    pub outcome: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub reason: String,
    /// Only its group may know that there is one.
    pub restricted: bool,
}

pub fn named(body: &Map<String, Value>) -> Named {
    let verdict = body.get("verdict").and_then(Value::as_object);
    Named {
        pass: text(body, "pass"),
        item: text(body, "item").or_else(|| {
            // A decision names its item among its inputs.
            let item = body.get("inputs")?.get("item")?.as_object()?;
            text(item, "id")
        }),
        // A sighting says where a pass ended, a disposition what became of an item.
        outcome: verdict
            .and_then(|verdict| text(verdict, "outcome"))
            .or_else(|| text(body, "end"))
            .or_else(|| text(body, "disposition")),
    }
}

/// Nothing for a record that is no alert.
pub fn alert(envelope: &Envelope) -> Option<Alert> {
    let urgent = envelope.class == Class::Alert;
    if let Audience::Restricted { cover, .. } = &envelope.audience {
        let (hidden, open): (Vec<_>, Vec<_>) = reasons(envelope).partition(|reason| group_of(reason).is_some());
        if !open.into_iter().any(is_alert) {
            // A station sends it as it sends what is drawn at random; an older one sent it as an alert.
            let alert = urgent || hidden.into_iter().any(is_alert);
            return alert.then(|| Alert { reason: clip(cover), restricted: true });
        }
    }
    if !urgent {
        return None;
    }
    Some(Alert { reason: reason(envelope), restricted: false })
}

/// What the first of these groups that may know of it may know: its name, and its strongest reason's words.
pub fn told_to(groups: &BTreeSet<String>, envelope: &Envelope) -> Option<(String, String)> {
    let theirs = |group: Option<&str>| group.filter(|group| groups.contains(*group)).map(str::to_owned);
    let told = reasons(envelope).find_map(|reason| Some((theirs(group_of(reason))?, text(reason, "text")?)));
    told.or_else(|| match &envelope.audience {
        Audience::Restricted { group, .. } => Some((theirs(Some(group))?, reason(envelope))),
        Audience::All | Audience::Officer => None,
    })
}

fn reasons(envelope: &Envelope) -> impl Iterator<Item = &Map<String, Value>> {
    let verdict = envelope.body.get("verdict");
    let reasons = verdict.and_then(|verdict| verdict.get("reasons")).and_then(Value::as_array);
    reasons.into_iter().flatten().filter_map(Value::as_object)
}

/// The group that alone may know of a reason.
fn group_of(reason: &Map<String, Value>) -> Option<&str> {
    Some(reason.get("audience")?.get("restricted")?.get("group").and_then(Value::as_str).unwrap_or(""))
}

fn is_alert(reason: &Map<String, Value>) -> bool {
    reason.get("severity").and_then(Value::as_str) == Some("alert")
}

/// The strongest reason that is not itself restricted, in the words of its rule; else a cover; else whatever the body says
/// of itself. A cover comes last: what is drawn at random besides is not called an alert for that either.
fn reason(envelope: &Envelope) -> String {
    let body = &envelope.body;
    let told = reasons(envelope).filter(|reason| group_of(reason).is_none()).find_map(|reason| text(reason, "text"));
    let cover = |reason: &Map<String, Value>| {
        let cover = reason.get("audience")?.get("restricted")?.get("cover")?;
        cover.as_str().map(clip)
    };
    told.or_else(|| reasons(envelope).find_map(cover))
        .or_else(|| ["says", "text", "reason", "alarm"].iter().find_map(|key| text(body, key)))
        .unwrap_or_else(|| format!("an alert of kind {}; open the record", envelope.kind.name()))
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(clip)
}

fn clip(text: &str) -> String {
    plain(text, TEXT_CHARS_MAX)
}

/// A column's text: no longer than that, and without control characters. Not every database takes a zero byte, and one
/// record must not keep a whole batch out.
pub fn plain(text: &str, chars_max: usize) -> String {
    text.chars()
        .take(chars_max)
        .map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_sync::chain::{Digest, Received};

    fn envelope(class: &str, audience: &str, body: &str) -> Envelope {
        let zero = Digest::ZERO;
        let bytes = format!(
            r#"{{"seq":1,"prev":"{zero}","station":"s","lane":"A","at":1,"kind":"decision","class":"{class}","audience":{audience},"body":{body}}}"#
        );
        Received::read(bytes.as_bytes()).unwrap().envelope
    }

    const BODY: &str = r#"{"pass":"A/1/2","inputs":{"item":{"state":"read","id":"RB123456785US"}},"verdict":{"outcome":"exam","reasons":[
        {"rule":"r1","audience":{"restricted":{"group":"narcotics","cover":"Selected at random."}},"text":"SECRET"},
        {"rule":"r2","audience":"all","text":"A knife is visible."}]}}"#;

    #[test]
    fn an_alert_says_what_everyone_may_read() {
        let told = |audience| alert(&envelope("alert", audience, BODY)).unwrap();
        assert_eq!(told("\"all\""), Alert { reason: "A knife is visible.".into(), restricted: false });
        let restricted = told(r#"{"restricted":{"group":"narcotics","cover":"Sampled."}}"#);
        assert_eq!(restricted, Alert { reason: "Sampled.".into(), restricted: true });
        assert_eq!(alert(&envelope("decision", "\"all\"", BODY)), None);
        // As a station sends it now: as a draw, and still an alert for its group; a knife besides is everybody's.
        let audience = r#"{"restricted":{"group":"narcotics","cover":"Sampled."}}"#;
        let loud = BODY.replace("\"rule\":\"r1\"", "\"severity\":\"alert\"");
        let secret = envelope("decision", audience, &loud);
        assert_eq!(alert(&secret), Some(Alert { reason: "Sampled.".into(), restricted: true }));
        assert_eq!(alert(&envelope("decision", audience, BODY)), None);
        let knife = loud.replace("\"rule\":\"r2\"", "\"severity\":\"alert\"");
        let seen = alert(&envelope("alert", audience, &knife));
        assert_eq!(seen, Some(Alert { reason: "A knife is visible.".into(), restricted: false }));
        let told = |group: &str| told_to(&BTreeSet::from([group.to_owned()]), &secret);
        assert_eq!(told("narcotics"), Some(("narcotics".to_owned(), "SECRET".to_owned())));
        assert_eq!((told("fentanyl"), told_to(&BTreeSet::new(), &secret)), (None, None));
        let open = BODY.replace(r#"{"restricted":{"group":"narcotics","cover":"Selected at random."}}"#, "\"all\"");
        assert_eq!(alert(&envelope("alert", "\"all\"", &open)).unwrap().reason, "SECRET");
    }

    #[test]
    fn a_body_of_another_shape_is_still_an_alert() {
        let said = |body| alert(&envelope("alert", "\"officer\"", body)).unwrap().reason;
        assert_eq!(said(r#"{"code":"unaccounted","says":"The exam chute is full."}"#), "The exam chute is full.");
        assert_eq!(said(r#"{"verdict":{"reasons":7}}"#), "an alert of kind decision; open the record");
        assert_eq!(said(&format!(r#"{{"text":"{}"}}"#, "é".repeat(900))).chars().count(), TEXT_CHARS_MAX);
    }

    #[test]
    fn the_body_names_pass_item_and_outcome() {
        let named = named(&envelope("alert", "\"all\"", BODY).body);
        assert_eq!(named.pass.as_deref(), Some("A/1/2"));
        assert_eq!(named.item.as_deref(), Some("RB123456785US"));
        assert_eq!(named.outcome.as_deref(), Some("exam"));
    }
}
