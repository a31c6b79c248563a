//! CloudEvents 1.0 in MQTT's binary mode: attributes are user properties with their bare names, the payload is the data.
//!
//! Source: cloudevents/spec, mqtt-protocol-binding. (source, id) is unique for ever, so a consumer that knows nothing of
//! our chain can still count a record once.

use gatepost_pipeline::record::Kind;

use crate::topics::Address;

pub const SPEC_VERSION: &str = "1.0";
pub const JSON: &str = "application/json";
/// Our one extension: the record is older than its sending; list it, raise no fresh alarm.
const HISTORY: &str = "history";
const TYPE_PREFIX: &str = "gatepost.record.";

/// The attributes of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `station/seq`
    pub id: String,
    /// `/gatepost/{facility}/{station}`
    pub source: String,
    /// `gatepost.record.{kind}`
    pub kind: String,
    /// RFC 3339, UTC, milliseconds.
    pub time: Option<String>,
    pub history: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    #[error("the attribute `{0}` is missing or empty")]
    Missing(&'static str),
    #[error("the attribute `{0}` stands twice")]
    Twice(&'static str),
    #[error("only specversion 1.0 is understood")]
    SpecVersion,
    #[error("structured mode is not understood; send the attributes as user properties (binary mode)")]
    Structured,
}

impl Event {
    pub fn of_record(address: &Address, seq: u64, kind: Kind, at_ms: i64, history: bool) -> Self {
        Self {
            id: format!("{}/{seq}", address.station),
            source: format!("/gatepost/{}/{}", address.facility, address.station),
            kind: format!("{TYPE_PREFIX}{}", kind.name()),
            time: time(at_ms),
            history,
        }
    }

    /// In a fixed order, so that captures compare.
    pub fn properties(&self) -> Vec<(String, String)> {
        let mut properties = vec![
            ("specversion".to_owned(), SPEC_VERSION.to_owned()),
            ("id".to_owned(), self.id.clone()),
            ("source".to_owned(), self.source.clone()),
            ("type".to_owned(), self.kind.clone()),
        ];
        properties.extend(self.time.clone().map(|time| ("time".to_owned(), time)));
        if self.history {
            properties.push((HISTORY.to_owned(), "true".to_owned()));
        }
        properties
    }

    /// # Errors
    /// [`NotAnEvent`] when a required attribute is missing, stands twice, or the version is another.
    pub fn read(content_type: Option<&str>, properties: &[(String, String)]) -> Result<Self, NotAnEvent> {
        if content_type.is_some_and(|text| text.to_ascii_lowercase().starts_with("application/cloudevents")) {
            return Err(NotAnEvent::Structured);
        }
        let optional = |name: &'static str| {
            let mut values = properties.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone());
            let first = values.next();
            if values.next().is_some() { Err(NotAnEvent::Twice(name)) } else { Ok(first) }
        };
        let required = |name| optional(name)?.filter(|value| !value.is_empty()).ok_or(NotAnEvent::Missing(name));
        if required("specversion")? != SPEC_VERSION {
            return Err(NotAnEvent::SpecVersion);
        }
        Ok(Self {
            id: required("id")?,
            source: required("source")?,
            kind: required("type")?,
            time: optional("time")?,
            history: optional(HISTORY)?.as_deref() == Some("true"),
        })
    }
}

/// Nothing for a time no calendar holds; the envelope carries the number in any case.
fn time(at_ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(at_ms).ok().map(|timestamp| format!("{timestamp:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// The binary vector of the reference: a constructed example, the bare names of the specification.
    #[test]
    fn the_reference_vector_is_read() {
        let event = Event::read(
            Some("application/json"),
            &properties(&[
                ("specversion", "1.0"),
                ("id", "A1"),
                ("source", "/imf/JFK/st-01"),
                ("type", "org.example.parcel.decided"),
            ]),
        )
        .unwrap();
        assert_eq!((event.id.as_str(), event.source.as_str()), ("A1", "/imf/JFK/st-01"));
        assert!(!event.history && event.time.is_none());
    }

    #[test]
    fn what_the_reference_rejects_is_rejected() {
        let read = |pairs: &[(&str, &str)]| Event::read(Some(JSON), &properties(pairs));
        let (version, source, kind) = (("specversion", "1.0"), ("source", "/x"), ("type", "t"));
        assert_eq!(read(&[version, source, kind]), Err(NotAnEvent::Missing("id")));
        assert_eq!(read(&[version, source, kind, ("id", "")]), Err(NotAnEvent::Missing("id")));
        assert_eq!(read(&[("specversion", "2.0"), source, kind, ("id", "1")]), Err(NotAnEvent::SpecVersion));
        assert_eq!(read(&[version, source, kind, ("id", "1"), ("id", "2")]), Err(NotAnEvent::Twice("id")));
        assert_eq!(Event::read(Some("Application/CloudEvents+json; charset=utf-8"), &[]), Err(NotAnEvent::Structured));
    }

    #[test]
    fn what_we_write_we_read() {
        let address = Address::new("JFK", "st-01").unwrap();
        for history in [false, true] {
            let event = Event::of_record(&address, 17, Kind::Decision, 1_790_856_000_000, history);
            assert_eq!(event.id, "st-01/17");
            assert_eq!(event.kind, "gatepost.record.decision");
            assert_eq!(event.time.as_deref(), Some("2026-10-01T12:00:00.000Z"));
            assert_eq!(Event::read(Some(JSON), &event.properties()), Ok(event));
        }
    }

    #[test]
    fn kinds_are_named_as_in_envelopes() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.name()));
        }
    }
}
