//! `down/command`: what central may ask of a station. The payload of a signed document; its version is the command's number.
//!
//! There are so many and no more, and each only sends more to exam, takes back what a command did before, or asks. Whatever
//! this list grows by: nothing in it may start a motor, release a parcel or lower a doubt.

use serde::{Deserialize, Serialize};

use crate::limits::{COMMAND_BYTES_MAX, COMMAND_WHY_CHARS_MAX};
use crate::topics::Name;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Everything goes to exam until then.
    ExamAll {
        /// One lane; nothing: all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lane: Option<Name>,
        /// Milliseconds since 1970.
        until_ms: i64,
        why: String,
    },
    /// Takes back what `exam-all` did, and nothing else.
    ExamAllEnd {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lane: Option<Name>,
        why: String,
    },
    /// The station walks its journal's chain on its disk and says whether it is whole.
    Verify { why: String },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACommand {
    #[error("a command of {0} bytes is more than {COMMAND_BYTES_MAX}; central must say it in fewer words")]
    TooLarge(usize),
    #[error("not a command that this station knows: {0}; it may need a newer version")]
    Unreadable(String),
    #[error("the reason must be one sentence of 1 to {COMMAND_WHY_CHARS_MAX} characters; central must say why")]
    NoWhy,
}

impl Command {
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::ExamAll { .. } => "exam-all",
            Self::ExamAllEnd { .. } => "exam-all-end",
            Self::Verify { .. } => "verify",
        }
    }

    pub const fn lane(&self) -> Option<&Name> {
        match self {
            Self::ExamAll { lane, .. } | Self::ExamAllEnd { lane, .. } => lane.as_ref(),
            Self::Verify { .. } => None,
        }
    }

    pub const fn until_ms(&self) -> Option<i64> {
        match self {
            Self::ExamAll { until_ms, .. } => Some(*until_ms),
            Self::ExamAllEnd { .. } | Self::Verify { .. } => None,
        }
    }

    pub fn why(&self) -> &str {
        match self {
            Self::ExamAll { why, .. } | Self::ExamAllEnd { why, .. } | Self::Verify { why } => why,
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising text into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// # Errors
    /// [`NotACommand`].
    pub fn read(bytes: &[u8]) -> Result<Self, NotACommand> {
        if bytes.len() > COMMAND_BYTES_MAX {
            return Err(NotACommand::TooLarge(bytes.len()));
        }
        let read: Self = serde_json::from_slice(bytes).map_err(|error| NotACommand::Unreadable(error.to_string()))?;
        read.checked()
    }

    /// Whether its reason is one that every station takes.
    ///
    /// # Errors
    /// [`NotACommand::NoWhy`].
    pub fn checked(self) -> Result<Self, NotACommand> {
        let why = self.why();
        let chars = why.chars().count();
        let is_sentence = chars <= COMMAND_WHY_CHARS_MAX && !why.trim().is_empty() && !why.contains(char::is_control);
        if is_sentence { Ok(self) } else { Err(NotACommand::NoWhy) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_command_is_read_as_it_was_written_and_nothing_else_is() {
        let (lane, why) = (Name::new("A"), "a threat elsewhere".to_owned());
        for command in [
            Command::ExamAll { lane: lane.clone(), until_ms: 5, why: why.clone() },
            Command::ExamAllEnd { lane: None, why: why.clone() },
            Command::Verify { why: why.clone() },
        ] {
            assert_eq!(Command::read(&command.to_bytes()), Ok(command));
        }
        let frozen = br#"{"verb":"exam-all","until_ms":5,"why":"a threat elsewhere"}"#;
        assert_eq!(Command::ExamAll { lane: None, until_ms: 5, why }.to_bytes(), frozen, "do not change this");
        for strange in [
            "{}",
            r#"{"verb":"release","why":"x"}"#,
            r#"{"verb":"start-belt","lane":"A","why":"x"}"#,
            r#"{"verb":"exam-all","why":"x"}"#,
            r#"{"verb":"verify","why":"x","more":1}"#,
            "",
        ] {
            assert!(matches!(Command::read(strange.as_bytes()), Err(NotACommand::Unreadable(_))), "{strange}");
        }
        for why in [String::new(), "  ".to_owned(), "x".repeat(COMMAND_WHY_CHARS_MAX + 1), "two\nlines".to_owned()] {
            assert_eq!(Command::read(&Command::Verify { why }.to_bytes()), Err(NotACommand::NoWhy));
        }
        assert!(matches!(Command::read(&[b' '; COMMAND_BYTES_MAX + 1]), Err(NotACommand::TooLarge(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Command::read(&bytes).is_err());
        }
    }
}
