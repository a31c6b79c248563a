//! `gatepost-central command`: what stations are to do, from a shell, in the database. A running central notices within a second;
//! it signs, sends, and says it again until there is an answer. Nothing here can start, release or lower anything.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use gatepost_central::store::commands::{CommandView, Whom};
use gatepost_sync::command::Command;
use gatepost_sync::topics::Name;

use crate::at::{At, block_on, day, now_ms};

const MINUTE_MS: i64 = 60_000;

#[derive(Subcommand)]
pub enum Arguments {
    /// Send everything to exam for a while; it ends by itself
    ExamAll {
        #[command(flatten)]
        to: To,
        /// One lane; every lane when left out
        #[arg(long)]
        lane: Option<String>,
        /// How long from now, as 90m or 2h; at most 24h
        #[arg(long, value_name = "2h", value_parser = span_ms)]
        until: i64,
    },
    /// Take an exam-all back before its time; takes back nothing else
    ExamAllEnd {
        #[command(flatten)]
        to: To,
        /// One lane; every lane when left out
        #[arg(long)]
        lane: Option<String>,
    },
    /// Have a station walk its journal and say whether it is whole
    Verify {
        #[command(flatten)]
        to: To,
    },
    /// Show commands and what became of them, the newest first
    List {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Args)]
pub struct To {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    whom: Chosen,
    /// Why, in one sentence; officers read it and it stands in every record, so name nobody
    #[arg(long)]
    why: String,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Chosen {
    /// One station, by its name
    #[arg(long)]
    station: Option<String>,
    /// Every station of one facility
    #[arg(long)]
    facility: Option<String>,
    /// Every station
    #[arg(long)]
    all: bool,
}

impl Chosen {
    fn whom(&self) -> Whom {
        match (&self.station, &self.facility) {
            (Some(station), _) => Whom::Station(station.clone()),
            (None, Some(facility)) => Whom::Facility(facility.clone()),
            (None, None) => Whom::All,
        }
    }
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    block_on(async {
        match arguments {
            Arguments::ExamAll { to, lane, until } => {
                let (lane, why) = (lane_name(lane)?, to.why.clone());
                order(&to, &Command::ExamAll { lane, until_ms: now_ms() + until, why }).await
            }
            Arguments::ExamAllEnd { to, lane } => {
                order(&to, &Command::ExamAllEnd { lane: lane_name(lane)?, why: to.why.clone() }).await
            }
            Arguments::Verify { to } => order(&to, &Command::Verify { why: to.why.clone() }).await,
            Arguments::List { at } => list(&at).await,
        }
    })
}

fn lane_name(lane: Option<String>) -> Result<Option<Name>, String> {
    let read = |lane: String| Name::new(&lane).ok_or_else(|| format!("\"{lane}\" is no lane's name"));
    lane.map(read).transpose()
}

/// `90m` or `2h`.
fn span_ms(text: &str) -> Result<i64, String> {
    let (number, minutes) = match (text.strip_suffix('h'), text.strip_suffix('m')) {
        (Some(hours), _) => (hours, 60),
        (None, Some(minutes)) => (minutes, 1),
        (None, None) => (text, 0),
    };
    let number = number.parse::<i64>().ok().filter(|number| minutes > 0 && (1..=1_440).contains(number));
    let span = number.map(|number| number * minutes).filter(|minutes| *minutes <= 1_440);
    span.map(|minutes| minutes * MINUTE_MS).ok_or_else(|| "write 1m to 24h, as 90m or 2h".to_owned())
}

async fn order(to: &To, command: &Command) -> Result<ExitCode, String> {
    let (config, store) = to.at.open().await?;
    if config.holds.is_none() {
        return Err("central has no key to sign with; set holds.key in its configuration".to_owned());
    }
    let ordered = store.order_command(&to.whom.whom(), command, &to.at.by(), now_ms()).await;
    for (address, number) in ordered.map_err(|error| error.to_string())? {
        println!("{number}  {}/{}  {}", address.facility, address.station, command.verb());
    }
    store.close().await;
    println!("sent when central runs; `command list` says what became of it");
    Ok(ExitCode::SUCCESS)
}

async fn list(at: &At) -> Result<ExitCode, String> {
    let (_, store) = at.open().await?;
    let commands = store.commands().await.map_err(|error| error.to_string())?;
    let now_ms = now_ms();
    commands.iter().for_each(|one| println!("{}", line(one, now_ms)));
    Ok(ExitCode::SUCCESS)
}

fn line(of: &CommandView, now_ms: i64) -> String {
    let lane = if of.lane.is_empty() { String::new() } else { format!(" lane {}", of.lane) };
    let until = match of.until_ms {
        Some(until) if until <= now_ms => format!(" until {} (over)", day(until)),
        Some(until) => format!(" until {}", day(until)),
        None => String::new(),
    };
    let stands = match (of.answered_ms, of.sent_ms) {
        (Some(at), _) => format!("{} {}: {}", of.state, day(at), of.says),
        (None, Some(at)) if of.state == "sent" => format!("sent {}, no answer yet", day(at)),
        _ if of.says.is_empty() => of.state.clone(),
        _ => format!("{}: {}", of.state, of.says),
    };
    format!(
        "{}  {}/{}  {}{lane}{until}  by {} {}: {}  {stands}",
        of.number,
        of.facility,
        of.station,
        of.verb,
        of.ordered_by,
        day(of.ordered_ms),
        of.why
    )
}

#[cfg(test)]
mod tests {
    use super::span_ms;

    #[test]
    fn a_span_is_hours_or_minutes_up_to_a_day() {
        for (text, minutes) in [("90m", 90), ("2h", 120), ("24h", 1_440), ("1m", 1)] {
            assert_eq!(span_ms(text), Ok(minutes * 60_000), "{text}");
        }
        for text in ["0h", "25h", "1441m", "2", "h", "-1h", "2 h", "99999999999999999999h", ""] {
            assert!(span_ms(text).is_err(), "{text}");
        }
    }
}
