//! Lists that come down: small ones in one message, signed in themselves; large ones in parts.

use gatepost_ledger::lists::{Claims, ListKind};
use gatepost_pipeline::event::Event;
use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::Header;
use gatepost_sync::topics::Down;
use serde::Deserialize;

use super::Taker;
use super::not_taken::NotTaken;
use crate::run::audit;

impl Taker {
    /// Central says its documents again whenever somebody comes back; what is in force already is no news.
    fn is_in_force(&self, bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct First {
            list: Claims,
        }
        let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let Ok(first) = serde_json::from_slice::<First>(first) else { return false };
        self.lists.in_force().contains(&first.list)
    }

    /// The station may have died between taking a list and remembering that.
    pub(super) fn is_list_in_force(&self, header: &Header) -> bool {
        let is_it = |claims: &Claims| {
            let kind = match claims.kind {
                ListKind::Holds => Down::Holds,
                ListKind::Declarations => Down::Declarations,
            };
            kind == header.document && claims.issuer == header.issuer.as_str() && claims.version == header.version
        };
        self.lists.in_force().iter().any(is_it)
    }

    pub(super) fn take_list(&mut self, document: Down, bytes: &[u8]) -> Result<(), NotTaken> {
        if !self.is_in_force(bytes) {
            self.lists.install_bytes(bytes, self.rules.now())?;
            self.turned.taken(document);
            self.lists_changed();
        }
        self.in_force(document, Digest::of(bytes));
        Ok(())
    }

    /// Records that a list is in force: when it is taken, and once in each run of the station when central says it again. The
    /// one before may have died between taking it and recording that, and central would wait for ever.
    pub(super) fn in_force(&mut self, document: Down, list: Digest) {
        if self.turned.is_news(list) {
            audit::list(&self.ledger, document.as_str(), list.to_string(), Ok(()));
        }
    }

    /// A list package in a file below the data folder, which is moved or removed.
    pub(super) fn install(&self, path: &str) -> Result<(), NotTaken> {
        self.lists.install(path, self.rules.now())?;
        self.lists_changed();
        Ok(())
    }

    /// What is on the belts is judged again.
    fn lists_changed(&self) {
        self.feeds.iter().for_each(|feed| feed.offer(Event::ListsChanged));
    }
}
