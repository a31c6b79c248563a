//! What the post is told of an item, in our own words: it is asked to hold it, told that it need not any more, and what customs
//! did with it (presented, held, released, terminated).
//!
//! Pure. A message says which item, where, when, and its number; never whose hold it was, why, or what a parcel was suspected
//! of. What a restricted operation is must look to the post like a draw: a restricted hold makes no message, and what is told
//! of its parcel comes from the same records as of every other. [`codes`] turns words into the codes of a contract, [`sink`]
//! carries messages over, [`crate::store::post`] remembers them.

pub mod settings;
pub mod codes;
pub mod sink;
pub mod task;

use serde::{Deserialize, Serialize};

use crate::alert::plain;
use codes::Code;

/// The longest item number that is told; a longer one is none, and cut it would be another's.
pub const ITEM_CHARS_MAX: usize = 64;
/// The longest word of a disposition that is looked up.
pub const WORD_CHARS_MAX: usize = 64;
/// Kept of what the other side says.
pub const SAYS_CHARS_MAX: usize = 500;
/// The longest answer that is read.
pub const ANSWER_BYTES_MAX: usize = 16 << 10;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The post is asked to bring it to customs.
    HoldRequest,
    /// It is not asked any more.
    HoldLifted,
    /// Customs has it.
    Presented,
    /// And keeps it, for a reason.
    Held,
    /// It goes back to the post.
    Released,
    /// It does not.
    Terminated,
    /// A disposition that this version does not know: told only where the table of codes names it.
    Disposed,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::HoldRequest,
        Kind::HoldLifted,
        Kind::Presented,
        Kind::Held,
        Kind::Released,
        Kind::Terminated,
        Kind::Disposed,
    ];

    /// As it stands in tables and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::HoldRequest => "hold-request",
            Kind::HoldLifted => "hold-lifted",
            Kind::Presented => "presented",
            Kind::Held => "held",
            Kind::Released => "released",
            Kind::Terminated => "terminated",
            Kind::Disposed => "disposed",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a disposition is to the post.
    pub fn of_disposition(word: &str) -> Self {
        match word {
            "hold" | "detain" | "refer" => Kind::Held,
            "release" | "release-duty" => Kind::Released,
            "seize" | "abandon" | "destroy" | "exclude" | "export" | "return" => Kind::Terminated,
            _ => Kind::Disposed,
        }
    }

    /// Whether it is told of a record that not everyone may read, unless the table says otherwise: what every parcel in exam
    /// goes through is; how an operation ended is not.
    pub const fn is_told_of_restricted(self) -> bool {
        matches!(self, Kind::Presented | Kind::Held | Kind::Released)
    }
}

/// A message before it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Names what it was made from, once for ever.
    pub source: String,
    pub kind: Kind,
    /// What the table of codes is asked for.
    pub word: String,
    pub item: String,
    /// Empty: every facility.
    pub facility: String,
    pub at_ms: i64,
    /// Of a hold: its id, which the post is not told.
    pub hold: Option<String>,
    pub until_ms: Option<i64>,
    pub of_number: Option<i64>,
    pub still_held: bool,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    pub number: i64,
    pub kind: Kind,
    pub word: String,
    pub item: String,
    pub facility: String,
    pub at_ms: i64,
    pub hold: Option<String>,
    pub until_ms: Option<i64>,
    pub of_number: Option<i64>,
    pub still_held: bool,
    pub state: State,
    pub attempts: i64,
    pub sent_ms: Option<i64>,
    pub answered_ms: Option<i64>,
    /// What stands in its way, or what the other side said.
    pub says: String,
    /// As it was first tried.
    #[serde(skip)]
    pub wire: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Waiting,
    /// Not sent: the table does not say by which code.
    NoCode,
    Sent,
    Acknowledged,
    Refused,
}

impl State {
    pub const ALL: [State; 5] = [State::Waiting, State::NoCode, State::Sent, State::Acknowledged, State::Refused];

    /// As it stands in tables and answers.
    pub const fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::NoCode => "no-code",
            State::Sent => "sent",
            State::Acknowledged => "acknowledged",
            State::Refused => "refused",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A message as it goes out, in this order.
#[derive(Serialize)]
struct Wire<'a> {
    gatepost: &'static str,
    number: i64,
    kind: Kind,
    item: &'a str,
    /// Nothing: wherever it comes.
    facility: Option<&'a str>,
    /// UTC.
    at: String,
    event: Option<&'a str>,
    reason: Option<&'a str>,
    until: Option<String>,
    /// The number of the request that this ends.
    ends: Option<i64>,
    /// Whether others still ask for the item.
    still_held: Option<bool>,
}

impl Message {
    /// As it is sent: one line of JSON, and nothing of why.
    pub fn to_wire(&self, code: &Code) -> String {
        let wire = Wire {
            gatepost: "post 1",
            number: self.number,
            kind: self.kind,
            item: &self.item,
            facility: Some(self.facility.as_str()).filter(|facility| !facility.is_empty()),
            at: utc(self.at_ms),
            event: code.event.as_deref(),
            reason: code.reason.as_deref(),
            until: self.until_ms.map(utc),
            ends: self.of_number,
            still_held: (self.kind == Kind::HoldLifted).then_some(self.still_held),
        };
        // A struct of text and integers always serialises.
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// For a list or an alert: what it is, without who wanted it.
    pub fn in_words(&self) -> String {
        match self.kind {
            Kind::Held | Kind::Terminated | Kind::Disposed => format!("{} ({})", self.kind.name(), self.word),
            kind => kind.name().to_owned(),
        }
    }
}

fn utc(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| format!("{at_ms} ms"), |at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// What the other side makes of a message, by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub number: i64,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Acknowledged,
    /// In its own words.
    Refused(String),
}

#[derive(Deserialize)]
struct Answered {
    number: i64,
    state: String,
    #[serde(default)]
    says: String,
}

impl Answer {
    /// Reads `{"number":17,"state":"acknowledged"}`, or `"refused"` with `"says"`; what else stands there is passed over.
    ///
    /// # Errors
    /// A sentence, when it is no answer.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(format!("an answer has at most {ANSWER_BYTES_MAX} bytes"));
        }
        let answered: Answered = serde_json::from_slice(bytes)
            .map_err(|error| format!("it is not {{\"number\":1,\"state\":\"acknowledged\"}}: {error}"))?;
        let verdict = match answered.state.as_str() {
            "acknowledged" => Verdict::Acknowledged,
            "refused" => Verdict::Refused(plain(&answered.says, SAYS_CHARS_MAX)),
            other => return Err(format!("its state is {:?}, not acknowledged or refused", plain(other, 32))),
        };
        Ok(Self { number: answered.number, verdict })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: Kind, word: &str) -> Message {
        Message {
            number: 17,
            kind,
            word: word.to_owned(),
            item: "RB\"1\u{fffd}US".to_owned(),
            facility: "JFK".to_owned(),
            at_ms: 1_700_000_000_123,
            hold: Some("secret-hold".to_owned()),
            until_ms: None,
            of_number: None,
            still_held: false,
            state: State::Waiting,
            attempts: 0,
            sent_ms: None,
            answered_ms: None,
            says: String::new(),
            wire: None,
        }
    }

    #[test]
    fn a_message_says_what_and_never_why() {
        let code = Code { event: Some("EDX".to_owned()), ..Code::default() };
        let wire = message(Kind::Terminated, "seize").to_wire(&code);
        let expected = r#"{"gatepost":"post 1","number":17,"kind":"terminated","item":"RB\"1�US","facility":"JFK","at":"2023-11-14T22:13:20.123Z","event":"EDX","reason":null,"until":null,"ends":null,"still_held":null}"#;
        assert_eq!(wire, expected);
    }

    #[test]
    fn an_answer_is_bounded_and_anything_else_is_none() {
        let acknowledged = Answer::read(br#"{"number":17,"state":"acknowledged","by":"gateway"}"#).unwrap();
        assert_eq!(acknowledged, Answer { number: 17, verdict: Verdict::Acknowledged });
        let long = format!(r#"{{"number":1,"state":"refused","says":"no\u001b[2J{}"}}"#, "x".repeat(9_000));
        let Verdict::Refused(says) = Answer::read(long.as_bytes()).unwrap().verdict else { panic!("not refused") };
        assert!(says.chars().count() == SAYS_CHARS_MAX && says.starts_with("no\u{fffd}[2J"), "{says}");
        let garbage =
            ["", "7", "{}", r#"{"number":"1","state":"acknowledged"}"#, r#"{"number":1,"state":"lost"}"#, "\u{0}"];
        for garbage in garbage {
            assert!(Answer::read(garbage.as_bytes()).is_err(), "{garbage}");
        }
        assert!(Answer::read(&vec![b' '; ANSWER_BYTES_MAX + 1]).unwrap_err().contains("at most"));
    }

    #[test]
    fn names_are_read_back() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::of(kind.name()) == Some(kind)));
        assert!(State::ALL.into_iter().all(|state| State::of(state.name()) == Some(state)));
    }
}
