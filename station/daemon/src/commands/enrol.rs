//! `gatepost enrol` and `gatepost renew`: how this station becomes, and stays, one that central knows, as people type it.

use clap::Args;
use gatepost_sync::enrol::{Answer, Code};
use serde::Serialize;

use super::{ConfigFile, Ending, Failure, Outcome, document, say};
use crate::config::Config;
use crate::run::enrolment::{AUTHORITY, CERTIFICATE, Member};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Where central's pages are, as http://central.example:8480
    #[arg(long, value_name = "URL")]
    central: String,
    /// As `gatepost-central station invite` printed it
    #[arg(long)]
    code: String,
}

#[derive(Args)]
pub(super) struct RenewArguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Where central's pages are, as http://central.example:8480
    #[arg(long, value_name = "URL")]
    central: String,
}

pub(super) fn enrol(arguments: &Arguments, json: bool) -> Outcome {
    // Before anything is sent: a slip of the finger costs no attempt.
    let code = Code::parse(&arguments.code).map_err(|error| Failure::Usage(error.to_string()))?;
    let config = Config::read(&arguments.config.config)?;
    let member = Member::open(&config).map_err(Failure::Problem)?;
    let answer = member.enrol(&arguments.central, &code).map_err(Failure::Problem)?;
    tell(&config, &member, (&answer, &arguments.central), json)
}

pub(super) fn renew(arguments: &RenewArguments, json: bool) -> Outcome {
    let config = Config::read(&arguments.config.config)?;
    let member = Member::open(&config).map_err(Failure::Problem)?;
    let answer = member.renew(&arguments.central, &config.lists.trusted).map_err(Failure::Problem)?;
    tell(&config, &member, (&answer, &arguments.central), json)
}

fn tell(config: &Config, member: &Member, (answer, central): (&Answer, &str), json: bool) -> Outcome {
    let lines = lines(config, answer, central);
    let until = jiff::Timestamp::from_millisecond(answer.ends_ms)
        .map_or_else(|_| answer.ends_ms.to_string(), |at| at.strftime("%Y-%m-%d").to_string());
    let (station, key) = (member.name(), member.key());
    if json {
        document(&Told { station: &station, key: key.to_string(), ends_ms: answer.ends_ms, lines: &lines })?;
        return Ok(Ending::Good);
    }
    say(format!("{station} is known to central until {until}, by the key {} ({})", key, key.fingerprint()));
    say("This belongs into its configuration; then start the station again (systemctl restart gatepost):\n");
    say(lines);
    say(format!("With uplink.renew it fetches the next certificate by itself, long before {until}."));
    Ok(Ending::Good)
}

/// For station.toml: what it already says of central, and what the answer adds.
fn lines(config: &Config, answer: &Answer, at_central: &str) -> String {
    let (host, port) = match &config.uplink {
        Some(uplink) => (uplink.host.as_str(), uplink.port),
        None => (answer.broker.0.as_str(), answer.broker.1),
    };
    let at = |name: &str| format!("{:?}", config.station.data.join(name).display().to_string());
    let (authority, certificate) = (at(AUTHORITY), at(CERTIFICATE));
    // One key of central's signs lists, rule packs and commands.
    let central = format!("{}={}", answer.issuer, answer.list_key);
    let with = |trusted: &[String]| {
        let others = trusted.iter().filter(|text| **text != central);
        others.chain([&central]).cloned().collect::<Vec<_>>()
    };
    let (lists, rules) = (with(&config.lists.trusted), with(&config.rules.trusted));
    let commands = with(&config.commands.trusted);
    format!(
        "[uplink]\nhost = {host:?}\nport = {port}\nrenew = {at_central:?}\n\n[uplink.tls]\nauthority = {authority}\n\
         certificate = {certificate}\nkey = {certificate}\n\n[lists]\ntrusted = {lists:?}\n\n\
         [rules]\ntrusted = {rules:?}\n\n[commands]\ntrusted = {commands:?}\n"
    )
}

#[derive(Serialize)]
struct Told<'a> {
    station: &'a str,
    key: String,
    ends_ms: i64,
    /// For station.toml.
    lines: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_sync::chain::Digest;

    const KEY: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    const AT: &str = "http://central:8480";
    const STATION: &str =
        "[station]\nname = \"st-01\"\nfacility = \"JFK\"\ndata = \"data\"\n[[lane]]\nfile = \"north.toml\"\n";

    fn config(more: &str) -> Config {
        toml::from_str(&format!("{STATION}{more}")).expect("a configuration")
    }

    fn answer() -> Answer {
        let (certificate, authorities) = (String::new(), String::new());
        let (issuer, list_key, broker) = ("central".to_owned(), KEY.to_owned(), ("broker".to_owned(), 8883));
        Answer { request: Digest::ZERO, certificate, ends_ms: 7, authorities, issuer, list_key, broker }
    }

    #[test]
    fn what_is_printed_is_a_configuration_that_trusts_central() {
        let central = vec![format!("central={KEY}")];
        let enrolled = config(&lines(&config(""), &answer(), AT));
        let trusted = [&enrolled.lists.trusted, &enrolled.rules.trusted, &enrolled.commands.trusted];
        assert_eq!(trusted, [&central; 3]);
        assert_eq!(
            lines(&enrolled, &answer(), AT),
            lines(&config(""), &answer(), AT),
            "a renewal prints the same again"
        );
        // Whom the station trusts beside central stays.
        let post = format!("post={}", KEY.replace('9', "1"));
        let both = config(&lines(&config(&format!("[lists]\ntrusted = [{post:?}]\n")), &answer(), AT));
        assert_eq!((both.lists.trusted, both.rules.trusted), (vec![post, central[0].clone()], central));
    }
}
