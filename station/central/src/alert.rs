//! From a record to what the list of alerts says about it, and to nothing its reader may not see.
//!
//! Reads bodies tolerantly: an alert of a kind we do not know is still an alert. A restricted record shows its cover.

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
    if envelope.class != Class::Alert {
        return None;
    }
    Some(match &envelope.audience {
        Audience::Restricted { cover, .. } => Alert { reason: clip(cover), restricted: true },
        Audience::All | Audience::Officer => Alert { reason: reason(envelope), restricted: false },
    })
}

/// The strongest reason that is not itself restricted, in the words of its rule; else whatever the body says of itself.
fn reason(envelope: &Envelope) -> String {
    let body = &envelope.body;
    let reasons = body.get("verdict").and_then(|verdict| verdict.get("reasons")).and_then(Value::as_array);
    let told = reasons.into_iter().flatten().filter_map(Value::as_object).find_map(|reason| {
        match reason.get("audience").and_then(|audience| audience.get("restricted")) {
            Some(restricted) => restricted.get("cover").and_then(Value::as_str).map(clip),
            None => text(reason, "text"),
        }
    });
    told.or_else(|| ["says", "text", "reason", "alarm"].iter().find_map(|key| text(body, key)))
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
        assert_eq!(told("\"all\""), Alert { reason: "Selected at random.".into(), restricted: false });
        let restricted = told(r#"{"restricted":{"group":"narcotics","cover":"Sampled."}}"#);
        assert_eq!(restricted, Alert { reason: "Sampled.".into(), restricted: true });
        assert_eq!(alert(&envelope("decision", "\"all\"", BODY)), None);
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
