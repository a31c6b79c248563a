//! `gatepost enrol` and `gatepost renew`: how this station becomes, and stays, one that central knows.
//!
//! Keys are made here and never leave; what travels is signed by them and, the first time, by the code of the invitation.
//! Key and certificate of the connections are one file, so that one can never be new and the other old.

mod ask;

use clap::Args;
use gatepost_ledger::disk::real::RealDisk;
use gatepost_ledger::disk::{self, Disk};
use gatepost_ledger::key::{Purpose, StationKey};
use gatepost_sync::enrol::{Answer, Code, ENROL_PATH, RENEW_PATH, Request, Sealed};
use gatepost_sync::tls::Tls;
use gatepost_sync::topics::Address;
use rcgen::{CertificateParams, KeyPair};
use serde::Serialize;

use self::ask::ask;
use super::{ConfigFile, Ending, Failure, Outcome, document, problem, say};
use crate::config::Config;
use crate::run::clock::wall_now;
use crate::run::grounds::issuers;

/// In the data folder.
const AUTHORITY: &str = "tls/authority.pem";
const CERTIFICATE: &str = "tls/station.pem";

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
    let station = Station::open(&arguments.config)?;
    let (pair, request) = station.request()?;
    let sign = |bytes: &[u8]| station.key.sign(Purpose::Enrolment, bytes);
    let question = Sealed::request(&request, Some(&code), sign);
    let told = ask(&arguments.central, ENROL_PATH, &question).map_err(Failure::Problem)?;
    let answer = told.open_answer(&question, &code).map_err(|error| not_believed(&arguments.central, error))?;
    station.keep(&pair, &answer)?;
    station.tell(&answer, json)
}

pub(super) fn renew(arguments: &RenewArguments, json: bool) -> Outcome {
    let station = Station::open(&arguments.config)?;
    let trusted = keys(&station.config.lists.trusted).map_err(Failure::Problem)?;
    let (pair, request) = station.request()?;
    let question = Sealed::request(&request, None, |bytes| station.key.sign(Purpose::Enrolment, bytes));
    let told = ask(&arguments.central, RENEW_PATH, &question).map_err(Failure::Problem)?;
    let answer =
        told.open_signed_answer(&question, &trusted).map_err(|error| not_believed(&arguments.central, error))?;
    station.keep(&pair, &answer)?;
    station.tell(&answer, json)
}

/// The keys of a setting's issuers, as they sign answers.
fn keys(trusted: &[String]) -> Result<Vec<String>, String> {
    if trusted.is_empty() {
        return Err(
            "lists.trusted is empty, so nothing that central says could be believed; enrol first (gatepost enrol)"
                .to_owned(),
        );
    }
    Ok(issuers("lists.trusted", trusted)?.into_iter().map(|(_, key)| key.to_string()).collect())
}

fn not_believed(central: &str, why: impl std::fmt::Display) -> Failure {
    Failure::Problem(format!(
        "what came back from {central} is not believed: {why}; nothing was changed here. Somebody may stand in between: tell \
         whoever runs central, and have a new code made"
    ))
}

/// This station, as far as it needs no central.
struct Station {
    config: Config,
    disk: RealDisk,
    key: StationKey,
    address: Address,
}

impl Station {
    fn open(file: &ConfigFile) -> Result<Self, Failure> {
        let config = Config::read(&file.config)?;
        let (facility, name) = (&config.station.facility, &config.station.name);
        let address = Address::new(facility, name)
            .ok_or_else(|| Failure::Problem(format!("station {facility}/{name}: cannot stand in a topic")))?;
        let data = config.data();
        let disk = RealDisk::new(&data).map_err(|error| problem(data.display(), error))?;
        let key = StationKey::load_or_create(&disk, "station.key").map_err(|error| problem(data.display(), error))?;
        Ok(Self { config, disk, key, address })
    }

    /// A new key for connections, and the request for its certificate.
    fn request(&self) -> Result<(KeyPair, Request), Failure> {
        let failed = |error: rcgen::Error| problem("a key for the connection to the broker cannot be made", error);
        let pair = KeyPair::generate().map_err(failed)?;
        // Central looks at the key only, and writes the name itself.
        let csr = CertificateParams::default().serialize_request(&pair).and_then(|csr| csr.pem()).map_err(failed)?;
        let (address, key) = (self.address.clone(), self.key.public().to_string());
        Ok((pair, Request { address, key, csr, at_ms: wall_now().0 }))
    }

    /// Writes what was given, after it was looked at.
    fn keep(&self, pair: &KeyPair, answer: &Answer) -> Result<(), Failure> {
        let both = format!("{}{}", answer.certificate, pair.serialize_pem());
        Tls::new(answer.authorities.as_bytes(), Some((both.as_bytes(), both.as_bytes())))
            .map_err(|error| problem("the certificate that central gave cannot be used", error))?;
        let data = self.config.data();
        let kept = self.disk.create_dir("tls").and_then(|()| {
            disk::replace(&self.disk, AUTHORITY, answer.authorities.as_bytes())?;
            disk::replace(&self.disk, CERTIFICATE, both.as_bytes())
        });
        kept.map_err(|error| problem(data.display(), format!("{error}; free the disk, then have a new code made")))
    }

    fn tell(&self, answer: &Answer, json: bool) -> Outcome {
        let lines = lines(&self.config, answer);
        let until = jiff::Timestamp::from_millisecond(answer.ends_ms)
            .map_or_else(|_| answer.ends_ms.to_string(), |at| at.strftime("%Y-%m-%d").to_string());
        let station = format!("{}/{}", self.address.facility, self.address.station);
        let key = self.key.public();
        if json {
            document(&Told { station: &station, key: key.to_string(), ends_ms: answer.ends_ms, lines: &lines })?;
            return Ok(Ending::Good);
        }
        say(format!("{station} is known to central until {until}, by the key {} ({})", key, key.fingerprint()));
        say("This belongs into its configuration; then start the station again (systemctl restart gatepost):\n");
        say(lines);
        say(format!("Before {until}: gatepost renew"));
        Ok(Ending::Good)
    }
}

/// For station.toml: what it already says of central, and what the answer adds.
fn lines(config: &Config, answer: &Answer) -> String {
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
        "[uplink]\nhost = {host:?}\nport = {port}\n\n[uplink.tls]\nauthority = {authority}\n\
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
        let enrolled = config(&lines(&config(""), &answer()));
        let trusted = [&enrolled.lists.trusted, &enrolled.rules.trusted, &enrolled.commands.trusted];
        assert_eq!(trusted, [&central; 3]);
        assert_eq!(keys(&enrolled.lists.trusted), Ok(vec![KEY.to_owned()]), "its renewal believes central");
        assert_eq!(lines(&enrolled, &answer()), lines(&config(""), &answer()), "a renewal prints the same again");
        // Whom the station trusts beside central stays.
        let post = format!("post={}", KEY.replace('9', "1"));
        let both = config(&lines(&config(&format!("[lists]\ntrusted = [{post:?}]\n")), &answer()));
        assert_eq!((both.lists.trusted, both.rules.trusted), (vec![post, central[0].clone()], central));
        assert!(keys(&[]).unwrap_err().contains("enrol first"));
        assert!(keys(&[KEY.to_owned()]).unwrap_err().contains("write issuer=key"));
    }
}
