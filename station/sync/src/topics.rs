//! Every topic of Gatepost, and nothing else: `gatepost/1/{facility}/{station}/up/{class}` and `…/down/{document}`.
//!
//! No other file writes or takes apart a topic. `asyncapi.yaml` beside this crate says the same to outsiders; a test
//! below holds the two together.

use std::fmt;

use gatepost_pipeline::record::Class;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The protocol's version, second level of every topic. A consumer of another version sees nothing of this one.
pub const VERSION: &str = "1";
const ROOT: &str = "gatepost";

/// The name of a facility or station: 1 to 32 of `A-Z a-z 0-9 - _`, so that it can hold no wildcard and no level.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    pub const BYTES_MAX: usize = 32;

    /// Nothing when the text is empty, longer than 32 bytes or holds anything else.
    pub fn new(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        ((1..=Self::BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("{text:?} is no name: 1 to 32 letters, digits, `-` or `_`, as st-01"))
        })
    }
}

/// Which station a topic belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Address {
    pub facility: Name,
    pub station: Name,
}

impl Address {
    /// Nothing when either name is not one.
    pub fn new(facility: &str, station: &str) -> Option<Self> {
        Some(Self { facility: Name::new(facility)?, station: Name::new(station)? })
    }
    pub fn up(&self, up: Up) -> String {
        format!("{ROOT}/{VERSION}/{}/{}/up/{}", self.facility, self.station, up.as_str())
    }
    pub fn down(&self, down: Down) -> String {
        format!("{ROOT}/{VERSION}/{}/{}/down/{}", self.facility, self.station, down.as_str())
    }
    /// What this station listens to: everything for it, nothing for others.
    pub fn everything_down(&self) -> String {
        format!("{ROOT}/{VERSION}/{}/{}/down/+", self.facility, self.station)
    }
}

/// What central listens to, from every station of every facility; of a `group` of consumers each message reaches one.
pub fn from_everywhere(up: Up, group: Option<&Name>) -> String {
    let filter = format!("{ROOT}/{VERSION}/+/+/up/{}", up.as_str());
    group.map_or_else(|| filter.clone(), |group| format!("$share/{group}/{filter}"))
}

/// From a station to central.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Up {
    Record(Class),
    /// Records that waited, of any class, in runs.
    History,
    Evidence,
    Status,
    /// Which parts of a package the station lacks.
    Want,
}

impl Up {
    pub const ALL: [Up; 8] = [
        Up::Record(Class::Alert),
        Up::Record(Class::Disposition),
        Up::Record(Class::Decision),
        Up::Record(Class::Health),
        Up::History,
        Up::Evidence,
        Up::Status,
        Up::Want,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Up::Record(class) => class.name(),
            Up::History => "history",
            Up::Evidence => "evidence",
            Up::Status => "status",
            Up::Want => "want",
        }
    }
}

/// From central to a station.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    Ack,
    Holds,
    Declarations,
    Rules,
    Model,
    Command,
    /// A piece of a package that was offered on the topic of its kind, for whoever asked.
    Part,
}

impl Down {
    pub const ALL: [Down; 7] =
        [Down::Ack, Down::Holds, Down::Declarations, Down::Rules, Down::Model, Down::Command, Down::Part];

    pub const fn as_str(self) -> &'static str {
        match self {
            Down::Ack => "ack",
            Down::Holds => "holds",
            Down::Declarations => "declarations",
            Down::Rules => "rules",
            Down::Model => "model",
            Down::Command => "command",
            Down::Part => "part",
        }
    }

    /// State documents are retained, so that a station that was away finds the newest; a command that nobody heard must
    /// not wait in a broker and act next week, and a part is only for the station that asked for it now.
    pub const fn retained(self) -> bool {
        !matches!(self, Down::Command | Down::Part)
    }
}

/// Where a message was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Topic {
    Up(Address, Up),
    Down(Address, Down),
}

impl Topic {
    /// Nothing for anything that is not exactly one of ours.
    pub fn parse(topic: &str) -> Option<Self> {
        let mut levels = topic.split('/');
        if levels.next()? != ROOT || levels.next()? != VERSION {
            return None;
        }
        let address = Address::new(levels.next()?, levels.next()?)?;
        let (direction, what) = (levels.next()?, levels.next()?);
        if levels.next().is_some() {
            return None;
        }
        match direction {
            "up" => Up::ALL.into_iter().find(|up| up.as_str() == what).map(|up| Self::Up(address, up)),
            "down" => Down::ALL.into_iter().find(|down| down.as_str() == what).map(|down| Self::Down(address, down)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ASYNCAPI: &str = include_str!("../asyncapi.yaml");

    fn address() -> Address {
        Address::new("JFK", "st-01").unwrap()
    }

    #[test]
    fn every_topic_is_read_back() {
        for up in Up::ALL {
            assert_eq!(Topic::parse(&address().up(up)), Some(Topic::Up(address(), up)));
        }
        for down in Down::ALL {
            assert_eq!(Topic::parse(&address().down(down)), Some(Topic::Down(address(), down)));
        }
        assert_eq!(address().up(Up::Record(Class::Alert)), "gatepost/1/JFK/st-01/up/alert");
        assert_eq!(address().down(Down::Ack), "gatepost/1/JFK/st-01/down/ack");
    }

    #[test]
    fn foreign_topics_and_names_are_refused() {
        for topic in [
            "gatepost/2/JFK/st-01/up/alert",
            "gatepost/1/JFK/st-01/up/alert/x",
            "gatepost/1/JFK/st-01/up",
            "gatepost/1/JFK/+/up/alert",
            "gatepost/1//st-01/up/alert",
            "gatepost/1/JFK/st-01/up/ack",
            "gatepost/1/JFK/st-01/sideways/alert",
            "",
        ] {
            assert_eq!(Topic::parse(topic), None, "{topic}");
        }
        for name in ["", "a/b", "#", "+", "$SYS", "a b", "ä", &"x".repeat(33)] {
            assert_eq!(Name::new(name), None, "{name}");
        }
    }

    /// The document and the code name the same channels: none is missing in either, and each has its message.
    #[test]
    fn asyncapi_names_the_topics_of_the_code() {
        let written: Vec<&str> = ASYNCAPI.lines().filter_map(|line| line.trim().strip_prefix("address: ")).collect();
        let ups = Up::ALL.map(|up| format!("gatepost/1/{{facility}}/{{station}}/up/{}", up.as_str()));
        let downs = Down::ALL.map(|down| format!("gatepost/1/{{facility}}/{{station}}/down/{}", down.as_str()));
        let coded: Vec<&str> = ups.iter().chain(&downs).map(String::as_str).collect();
        assert_eq!(written, coded);
        for name in Up::ALL.map(Up::as_str).iter().chain(&Down::ALL.map(Down::as_str)) {
            assert!(ASYNCAPI.contains(&format!("#/components/messages/{name}'")), "a channel refers to {name}");
            assert!(ASYNCAPI.contains(&format!("\n    {name}:\n")), "the message {name} is described");
        }
        assert!(ASYNCAPI.contains("verb: { enum: [exam-all, exam-all-end, verify] }"), "the verbs of `Command`");
        assert!(ASYNCAPI.starts_with("asyncapi: 3."));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn parsing_never_panics_and_never_invents(text in "(gatepost/1/)?[a-z0-9/+#$-]{0,40}") {
            if let Some(topic) = Topic::parse(&text) {
                let written = match topic {
                    Topic::Up(address, up) => address.up(up),
                    Topic::Down(address, down) => address.down(down),
                };
                prop_assert_eq!(written, text);
            }
        }
    }
}
