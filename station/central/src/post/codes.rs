//! Which code stands for what, as data: a table that a contract with a post fills in. What it does not name is never guessed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Kind, WORD_CHARS_MAX};

const BUILT_IN: &str = include_str!("codes.toml");
/// Held by import customs: without a reason the post's clock is not stopped.
const NEEDS_A_REASON: &str = "EME";
const EVENT_CHARS_MAX: usize = 8;
const REASON_CHARS_MAX: usize = 16;
const WORDS_MAX: usize = 256;

/// One entry of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// As the post calls it, `EDB`; without, it is told by its kind alone.
    pub event: Option<String>,
    pub reason: Option<String>,
    /// The post is told nothing.
    #[serde(default)]
    pub silent: bool,
    /// Whether it is told of a record that not everyone may read; without, as [`Kind::is_told_of_restricted`] says.
    pub restricted: Option<bool>,
}

/// What is to be done with a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'t> {
    Tell(&'t Code),
    Silent,
    /// Kept, and said to be missing.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    table: BTreeMap<String, Code>,
}

impl Codes {
    /// The built-in table with these entries in place of its own, or beside them.
    ///
    /// # Errors
    /// Names the entry and what is wrong with it.
    pub fn new(own: &BTreeMap<String, Code>) -> Result<Self, String> {
        let mut table: BTreeMap<String, Code> =
            toml::from_str(BUILT_IN).map_err(|error| format!("the built-in codes do not load: {error}"))?;
        if own.len() > WORDS_MAX {
            return Err(format!("post.codes names more than {WORDS_MAX} words"));
        }
        for (word, code) in own {
            code.check(word)?;
            table.insert(word.clone(), code.clone());
        }
        Ok(Self { table })
    }

    /// What is told of this word; `restricted`: not everyone may read the record.
    pub fn find(&self, kind: Kind, word: &str, restricted: bool) -> Found<'_> {
        match self.table.get(word) {
            Some(code) if code.silent => Found::Silent,
            Some(code) if restricted && !code.restricted.unwrap_or(kind.is_told_of_restricted()) => Found::Silent,
            Some(code) => Found::Tell(code),
            // That a word is missing stands where everyone reads it.
            None if restricted => Found::Silent,
            None => Found::Unknown,
        }
    }
}

impl Code {
    fn check(&self, word: &str) -> Result<(), String> {
        let wrong = |why: String| Err(format!("post.codes.{word}: {why}"));
        let is_code = |text: &str, chars_max: usize, also: &str| {
            let allowed = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || also.contains(char);
            (1..=chars_max).contains(&text.len()) && text.chars().all(allowed)
        };
        if word.is_empty() || word.chars().count() > WORD_CHARS_MAX || word.chars().any(char::is_control) {
            return Err(format!("post.codes: a word has 1 to {WORD_CHARS_MAX} characters"));
        }
        if self.silent && (self.event.is_some() || self.reason.is_some() || self.restricted == Some(true)) {
            return wrong("it is silent, and yet says something; leave one of them out".to_owned());
        }
        match (&self.event, &self.reason) {
            (Some(event), _) if !is_code(event, EVENT_CHARS_MAX, "") => {
                wrong(format!("event = {event:?} must be 1 to {EVENT_CHARS_MAX} capitals or digits, as EDB"))
            }
            (_, Some(reason)) if !is_code(reason, REASON_CHARS_MAX, ".-") => {
                wrong(format!("reason = {reason:?} must be 1 to {REASON_CHARS_MAX} capitals, digits, `.` or `-`"))
            }
            (Some(event), None) if event == NEEDS_A_REASON => wrong(format!(
                "{NEEDS_A_REASON} needs a reason, otherwise the post's clock is not stopped; add reason = \"…\" from the \
                 contract's code list"
            )),
            (None, None) if !self.silent && !["hold-request", "hold-lifted"].contains(&word) => {
                wrong("give event = \"…\", or silent = true where the post is to be told nothing".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(own: &str) -> Result<Codes, String> {
        Codes::new(&toml::from_str(own).map_err(|error| error.to_string())?)
    }

    fn event(codes: &Codes, word: &str, restricted: bool) -> Option<String> {
        match codes.find(Kind::of(word).unwrap_or_else(|| Kind::of_disposition(word)), word, restricted) {
            Found::Tell(code) => code.event.clone().or(Some(String::new())),
            Found::Silent => None,
            Found::Unknown => Some("?".to_owned()),
        }
    }

    #[test]
    fn the_built_in_table_is_good_and_guesses_nothing() {
        let built_in: BTreeMap<String, Code> = toml::from_str(BUILT_IN).unwrap();
        assert!(Codes::new(&built_in).is_ok());
        let codes = codes("").unwrap();
        let told = ["presented", "release", "seize", "hold", "exclude", "a new word", "controlled-delivery"];
        let told = told.map(|word| event(&codes, word, false).unwrap_or("silent".to_owned()));
        assert_eq!(told, ["EDB", "EDC", "EDX", "?", "?", "?", "silent"]);
    }

    #[test]
    fn what_not_everyone_may_read_is_told_as_a_draw_or_not_at_all() {
        let codes =
            codes("hold = { event = \"EME\", reason = \"99\" }\nabandon = { event = \"EDX\", restricted = true }")
                .unwrap();
        for alike in ["presented", "release", "hold"] {
            assert_eq!(event(&codes, alike, true), event(&codes, alike, false), "{alike}");
        }
        for quiet in ["seize", "exclude", "controlled-delivery"] {
            assert_eq!(event(&codes, quiet, true), None, "{quiet}");
        }
        assert_eq!(event(&codes, "abandon", true).as_deref(), Some("EDX"));
    }

    #[test]
    fn what_no_post_could_read_is_refused_with_its_place() {
        for (own, why) in [
            ("hold = { event = \"EME\" }", "needs a reason"),
            ("hold = { event = \"eme\", reason = \"1\" }", "capitals"),
            ("hold = { event = \"EME\", reason = \"a b\" }", "reason = \"a b\""),
            ("hold = {}", "silent = true"),
            ("hold = { silent = true, event = \"EME\", reason = \"1\" }", "leave one of them out"),
            ("hold = { events = \"EME\" }", "unknown field"),
        ] {
            let said = codes(own).unwrap_err();
            assert!(said.contains(why) && said.contains("hold"), "{own}: {said}");
        }
        assert_eq!(event(&codes("release = { silent = true }").unwrap(), "release", false), None);
    }
}
