//! `gatepost-central post`: what the post is told, in the database; read only.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use gatepost_central::post::{Message, State};

use crate::at::{At, block_on, day};

/// Messages of one list.
const LISTED_MAX: u32 = 1_000;

#[derive(Subcommand)]
pub enum Arguments {
    /// Show what waits, was sent, acknowledged, refused, or has no code; the newest first
    List {
        #[command(flatten)]
        at: At,
        /// Only these
        #[arg(long, value_enum)]
        state: Vec<Only>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Only {
    Waiting,
    NoCode,
    Sent,
    Acknowledged,
    Refused,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let Arguments::List { at, state } = arguments;
    block_on(async {
        let (config, store) = at.open().await?;
        let said = |error: gatepost_central::store::StoreError| error.to_string();
        if config.post.is_none() {
            println!("central tells no post; give [post] in its configuration");
        }
        let counts = store.post_counts().await.map_err(said)?;
        let counts: Vec<String> =
            counts.iter().map(|count| format!("{} {}", count.messages, words(count.state))).collect();
        println!("{}", if counts.is_empty() { "no message yet".to_owned() } else { counts.join(", ") });
        let states: Vec<State> = match state.is_empty() {
            true => State::ALL.to_vec(),
            false => state.into_iter().map(Only::state).collect(),
        };
        for message in store.post_messages(&states, LISTED_MAX).await.map_err(said)? {
            println!("{}", line(&message));
        }
        Ok(ExitCode::SUCCESS)
    })
}

impl Only {
    const fn state(self) -> State {
        match self {
            Only::Waiting => State::Waiting,
            Only::NoCode => State::NoCode,
            Only::Sent => State::Sent,
            Only::Acknowledged => State::Acknowledged,
            Only::Refused => State::Refused,
        }
    }
}

const fn words(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::NoCode => "not sent for lack of a code",
        State::Sent => "sent, not answered",
        State::Acknowledged => "acknowledged",
        State::Refused => "refused",
    }
}

/// One message. What others wrote stands there without anything that a terminal would take for more than text.
fn line(message: &Message) -> String {
    let facility = if message.facility.is_empty() { "every facility" } else { &message.facility };
    let tried = match message.attempts {
        0 | 1 => String::new(),
        times => format!(", tried {times} times"),
    };
    let says = if message.says.is_empty() { String::new() } else { format!(": {}", message.says) };
    let (item, what) = (message.item.escape_debug(), message.in_words());
    let line = format!(
        "{}  {}  {item}  {}  {facility}  {}{tried}{says}",
        message.number,
        day(message.at_ms),
        what.escape_debug(),
        words(message.state)
    );
    line.chars().map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }).collect()
}
