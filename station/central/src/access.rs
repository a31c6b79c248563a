//! Who may ask central over HTTP: tokens, each for a while and for what it is made for. Pure; the database keeps them
//! ([`crate::store`]), the pages ask for them.
//!
//! A token is 256 random bits, so its digest needs no salt, nobody can guess it, and looking it up by its digest tells
//! nothing by how long it takes. It is shown once, when it is made, and stands nowhere.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use gatepost_sync::chain::Digest;

/// So that a token that lies about can be told from any other text.
const PREFIX: &str = "gatepost_";
/// Longer than any token, and looked at no further.
pub const SECRET_CHARS_MAX: usize = 128;
/// How a restricted group stands among scopes.
const GROUP: &str = "group:";
const GROUP_CHARS_MAX: usize = 64;

/// What a token lets its bearer ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Stations, alerts, what was put aside, who was refused.
    Read,
    /// Where holds and items are.
    Holds,
    /// The sums, for whoever watches.
    Metrics,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Holds, Self::Metrics];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Holds => "holds",
            Self::Metrics => "metrics",
        }
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|scope| scope.name() == text);
        known.ok_or_else(|| format!("{text:?} is no scope; there are {}", Scopes::from_iter(Self::ALL)))
    }
}

/// Several, in their own order: `read,holds`. Behind them the restricted groups whose alerts the bearer may see:
/// `read,group:task-force-9`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    of_pages: BTreeSet<Scope>,
    groups: BTreeSet<String>,
}

impl Scopes {
    /// Of a column; what a newer program wrote there is left out.
    pub fn read(text: &str) -> Self {
        let groups = text.split(',').filter_map(|word| word.strip_prefix(GROUP).map(str::to_owned));
        Self { groups: groups.collect(), ..text.split(',').filter_map(|word| word.parse().ok()).collect() }
    }
    pub fn has(&self, scope: Scope) -> bool {
        self.of_pages.contains(&scope)
    }
    pub fn is_empty(&self) -> bool {
        self.of_pages.is_empty() && self.groups.is_empty()
    }

    pub fn groups(&self) -> &BTreeSet<String> {
        &self.groups
    }

    /// Belonging to these groups besides, named as holds name them.
    ///
    /// # Errors
    /// A sentence, for a name that a column cannot hold.
    pub fn with_groups(mut self, groups: impl IntoIterator<Item = String>) -> Result<Self, String> {
        for group in groups {
            let is_name = (1..=GROUP_CHARS_MAX).contains(&group.chars().count());
            if !is_name || group.contains(',') || group.contains(char::is_control) {
                return Err(format!("{group:?} is no group: 1 to {GROUP_CHARS_MAX} letters without a comma"));
            }
            self.groups.insert(group);
        }
        Ok(self)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self { of_pages: scopes.into_iter().collect(), groups: BTreeSet::new() }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes = self.of_pages.iter().map(|scope| scope.name().to_owned());
        let words: Vec<String> = scopes.chain(self.groups.iter().map(|group| format!("{GROUP}{group}"))).collect();
        f.write_str(&words.join(","))
    }
}

/// A token or a session's cookie, as it is shown: once.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn make() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))))
    }

    /// What somebody showed; nothing where it cannot be one.
    pub fn shown(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.len() <= SECRET_CHARS_MAX && text.starts_with(PREFIX)).then(|| Self(text.to_owned()))
    }

    /// To be shown to its bearer and to nobody else.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// All that is kept of it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A token as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub name: String,
    pub scopes: Scopes,
    pub made_ms: i64,
    pub made_by: String,
    pub ends_ms: i64,
    pub revoked_ms: Option<i64>,
    pub used_ms: i64,
}

impl Token {
    /// # Errors
    /// [`Refused`]: it is over, taken back, or made for something else.
    pub fn admits(&self, scope: Scope, now_ms: i64) -> Result<(), Refused> {
        self.is_good(now_ms)?;
        match self.scopes.has(scope) {
            true => Ok(()),
            false => Err(Refused::Narrow { name: self.name.clone(), scope }),
        }
    }

    /// # Errors
    /// [`Refused`]: it is over, or taken back.
    pub fn is_good(&self, now_ms: i64) -> Result<(), Refused> {
        let name = || self.name.clone();
        match self.revoked_ms {
            Some(_) => Err(Refused::Revoked { name: name() }),
            None if self.ends_ms <= now_ms => Err(Refused::Expired { name: name() }),
            None => Ok(()),
        }
    }
}

/// Why somebody is told no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "this needs a token: send it as `Authorization: Bearer`, or sign in at /sign-in; `gatepost-central token make` makes one"
    )]
    Missing,
    #[error(
        "this token is not known here: it was cut or mistyped, or is another central's; `gatepost-central token list` says which there are"
    )]
    Unknown,
    #[error("this session is over; sign in again at /sign-in")]
    SessionOver,
    #[error("the token {name} is over; have a new one made with `gatepost-central token make`")]
    Expired { name: String },
    #[error("the token {name} was taken back; ask whoever runs central why, before a new one is made")]
    Revoked { name: String },
    #[error("the token {name} was not made for this: it needs the scope {}; have one made with it", scope.name())]
    Narrow { name: String, scope: Scope },
    #[error("a form must come from a page of this central; open /sign-in there and try again")]
    OtherPage,
}

impl Refused {
    /// A short name, for tables and counts.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "no-token",
            Self::Unknown => "unknown-token",
            Self::SessionOver => "session-over",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::Narrow { .. } => "too-narrow",
            Self::OtherPage => "other-page",
        }
    }

    /// Whose token it was, where that is known.
    pub fn who(&self) -> &str {
        match self {
            Self::Expired { name } | Self::Revoked { name } | Self::Narrow { name, .. } => name,
            _ => "",
        }
    }

    /// Whether another token would help, or only a wider one.
    pub const fn is_forbidden(&self) -> bool {
        matches!(self, Self::Narrow { .. } | Self::OtherPage)
    }
}

/// Where somebody asks from, as far as it tells people apart: who has one IPv6 address has 2^64 of them.
pub fn place_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(scopes: &str) -> Token {
        let (name, made_by) = ("grafana".to_owned(), "ann".to_owned());
        Token { name, scopes: Scopes::read(scopes), made_ms: 0, made_by, ends_ms: 1_000, revoked_ms: None, used_ms: 0 }
    }

    #[test]
    fn a_token_is_good_for_what_it_was_made_for_and_until_it_ends() {
        let good = token("read,metrics");
        assert_eq!(good.admits(Scope::Read, 999), Ok(()));
        assert_eq!(good.admits(Scope::Holds, 999).unwrap_err().reason(), "too-narrow");
        assert_eq!(good.admits(Scope::Read, 1_000).unwrap_err().reason(), "expired");
        let revoked = Token { revoked_ms: Some(5), ..good };
        assert_eq!(revoked.admits(Scope::Holds, 2_000).unwrap_err().reason(), "revoked");
        assert_eq!(token("").admits(Scope::Read, 0).unwrap_err().who(), "grafana");
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for text in ["", "read", "read,holds,metrics", "read,group:green,group:task force 9"] {
            assert_eq!(Scopes::read(text).to_string(), text);
        }
        assert!(Scopes::read("read,group:green").groups().contains("green"));
        assert!(
            ["", "a,group:b", "a\n"].into_iter().all(|bad| Scopes::default().with_groups([bad.to_owned()]).is_err())
        );
        assert_eq!(Scopes::read("metrics,everything,read").to_string(), "read,metrics");
        assert!("write".parse::<Scope>().unwrap_err().contains("read,holds,metrics"));
    }

    #[test]
    fn a_secret_is_long_told_once_and_printed_nowhere() {
        let (one, other) = (Secret::make().unwrap(), Secret::make().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.text().len(), PREFIX.len() + 43);
        assert_eq!(Secret::shown(&format!(" {}\n", one.text())), Some(one.clone()));
        assert!(!format!("{one:?}").contains(one.text()));
        let long = format!("{PREFIX}{}", "x".repeat(SECRET_CHARS_MAX));
        assert!(["", "hunter2", &long].into_iter().all(|text| Secret::shown(text).is_none()));
    }

    #[test]
    fn a_neighbour_in_the_same_network_is_the_same_asker() {
        let at = |text: &str| place_of(text.parse().unwrap());
        assert_eq!(at("::ffff:10.0.0.1"), at("10.0.0.1"));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
    }
}
