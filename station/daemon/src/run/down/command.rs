//! Commands that come down: taken once, in their order, durable before they act, and answered by a record.

use std::sync::PoisonError;

use gatepost_sync::chain::Digest;
use gatepost_sync::command::Command;
use gatepost_sync::envelope::{self, Form};
use gatepost_sync::topics::Down;

use super::Taker;
use super::not_taken::NotTaken;
use crate::run::commands::CommandRefused;
use crate::run::{audit, clock, walk};

impl Taker {
    /// Whether the journal is being walked because central asked.
    pub fn walks(&self) -> bool {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).walk().is_some()
    }

    pub(super) fn take_command(&mut self, sealed: &[u8]) -> Result<(), NotTaken> {
        let (now, message) = (clock::wall_now(), Digest::of(sealed));
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |versions| {
            envelope::open(sealed, Down::Command, &self.address, &self.keys, versions, now.0)
                .map_err(CommandRefused::Sealed)
        };
        // The numbers are kept twice: a lost file must not make an old command good again.
        let (opened, known) = (open(commands.versions())?, open(&self.taken)?);
        // Central says it again to whoever comes back, until it has the answer.
        if opened.already_taken || known.already_taken {
            let answer = commands.answer_to(&message.to_string()).cloned();
            drop(commands);
            // Once in each run: the one before may have died before the answer was on the disk.
            if let Some(answer) = answer.filter(|_| self.turned.is_news(message)) {
                audit::command_answered(&self.ledger, &answer);
            }
            return Ok(());
        }
        let header = opened.header;
        if header.form != Form::Whole {
            return Err(NotTaken::Unknown);
        }
        let done = commands.take(&header, &message.to_string(), opened.payload, now);
        if done.is_ok() {
            commands.tell(&self.feeds);
        }
        drop(commands);
        if let Err(why @ CommandRefused::Disk(_)) = done {
            return Err(why.into());
        }
        self.remember(&header);
        let _recorded_below = self.turned.is_news(message);
        match done {
            Ok(done) => {
                audit::command_taken(&self.ledger, header.version, &message.to_string(), &done);
                if matches!(done.command, Command::Verify { .. }) {
                    walk::start(&self.data, &self.commands, &self.ledger);
                }
            }
            Err(why) => self.refuse(Down::Command, header.version, (message, message), &why.into()),
        }
        Ok(())
    }
}
