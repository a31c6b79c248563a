//! Central's one configuration, read from TOML. Unknown keys are refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gatepost_pipeline::ruleset::Ruleset;
use gatepost_sync::mqtt::{Broker, Login};
use gatepost_sync::tls::Tls;
use gatepost_sync::topics::Name;
use serde::Deserialize;

use crate::follow::Patience;
use crate::post::settings::PostConfig;
use crate::store::Database;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub broker: BrokerConfig,
    pub store: StoreConfig,
    #[serde(default)]
    pub http: HttpConfig,
    #[serde(default)]
    pub stations: StationsConfig,
    #[serde(default)]
    pub audit: AuditConfig,
    /// Without it central places no holds.
    pub holds: Option<HoldsConfig>,
    /// Without it central enrols no stations.
    pub enrolment: Option<EnrolmentConfig>,
    /// Without it the post is told nothing.
    pub post: Option<PostConfig>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentConfig {
    /// PEM: who signs stations' certificates, and its key; without either, `authority.pem` and `authority.key` in the store's
    /// folder, made on the first start.
    pub authority: Option<PathBuf>,
    pub authority_key: Option<PathBuf>,
    /// PEM: who may sign the broker's certificate, as stations are told; without it the authority above.
    pub broker_authorities: Option<PathBuf>,
    /// The list of what was taken back, for the broker (`crlfile`); without it `crl.pem` in the store's folder.
    pub crl: Option<PathBuf>,
    /// Days for which a certificate is good; a station renews it before.
    #[serde(default = "default_certificate_days")]
    pub days: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldsConfig {
    /// The name under which stations trust the key.
    #[serde(default = "default_issuer")]
    pub issuer: String,
    /// 32 bytes; made on the first start.
    pub key: PathBuf,
    /// Seconds that each step of a hold may take; beyond, it is shown as having stopped.
    #[serde(default)]
    pub patience: Patience,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// Rule packs beside the built-in one, so that decisions made by them can be judged again.
    #[serde(default)]
    pub rules: Vec<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    pub host: String,
    #[serde(default = "default_port")]
    pub port: u16,
    /// Its name at the broker: of several centrals each needs its own.
    #[serde(default = "default_client_id")]
    pub client_id: String,
    pub user: Option<String>,
    /// A file with the password on its first line.
    pub password_file: Option<PathBuf>,
    /// Without this table bytes go in the clear: for the loopback only.
    pub tls: Option<TlsConfig>,
    /// Several centrals with the same group share the stations' messages among them; they share the database, the evidence
    /// and `holds.key` too.
    pub share_group: Option<Name>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM: who may sign the broker's certificate.
    pub authorities: PathBuf,
    /// PEM: central's own certificate chain, where the broker asks for one.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// Holds `evidence/` where no other place is named, and `central.sqlite` where no other database is; made when missing.
    pub directory: PathBuf,
    /// A folder that several centrals share: pieces of one picture may come to any of them.
    pub evidence: Option<PathBuf>,
    /// `postgres://user:password@host/database`. Centrals that share one must share `holds.key` too: stations know one.
    pub database: Option<String>,
    /// Evidence stops being taken when it fills this much.
    #[serde(default = "default_evidence_bytes_max")]
    pub evidence_bytes_max: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Port 0 takes a free one. Anything but the loopback needs `tokens`.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Every question needs a token (`gatepost-central token make`), a person's browser a session begun with one.
    #[serde(default)]
    pub tokens: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationsConfig {
    /// Stations that are listened to, as `facility/station`. Empty: every station the broker lets through.
    #[serde(default)]
    pub only: Vec<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: default_listen(), tokens: false }
    }
}

fn default_certificate_days() -> u32 {
    365
}
fn default_port() -> u16 {
    1883
}
fn default_issuer() -> String {
    "central".to_owned()
}
fn default_client_id() -> String {
    "gatepost-central".to_owned()
}
fn default_evidence_bytes_max() -> u64 {
    100 << 30
}
fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8480))
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}: cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Content(PathBuf, String),
}

impl Config {
    /// # Errors
    /// [`ConfigError`] names the file, and the line and key where it is the content.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::File(path.to_owned(), error))?;
        Self::parse(&text).map_err(|error| ConfigError::Content(path.to_owned(), error))
    }

    /// # Errors
    /// What is wrong, with line and key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        config.shares_what_it_must()?;
        config.http.keeps_strangers_out()?;
        config.can_enrol()?;
        config.post.as_ref().map_or(Ok(()), PostConfig::check)?;
        Ok(config)
    }

    /// Of several consumers none may keep to itself what the others need.
    fn shares_what_it_must(&self) -> Result<(), String> {
        let Some(group) = &self.broker.share_group else { return Ok(()) };
        let alone = [
            (self.store.database.is_none(), "store.database: one PostgreSQL for all of them"),
            (self.store.evidence.is_none(), "store.evidence: one folder for all of them"),
            (self.broker.client_id == default_client_id(), "broker.client_id: a name of its own for each"),
        ];
        match alone.iter().find(|(missing, _)| *missing) {
            Some((_, what)) => Err(format!("broker.share_group = \"{group}\" is for several centrals; give {what}")),
            None => Ok(()),
        }
    }

    /// Stations that are let in are told by which key central signs.
    fn can_enrol(&self) -> Result<(), String> {
        let Some(enrolment) = &self.enrolment else { return Ok(()) };
        if self.holds.is_none() {
            return Err("[enrolment] tells stations the key that central signs with; give holds.key".to_owned());
        }
        if enrolment.authority.is_some() != enrolment.authority_key.is_some() {
            return Err(
                "enrolment.authority and enrolment.authority_key belong together; give both or neither".to_owned()
            );
        }
        match (1..=825).contains(&enrolment.days) {
            true => Ok(()),
            false => Err(format!("enrolment.days = {} must be 1 to 825", enrolment.days)),
        }
    }

    /// How long each step of a hold may take.
    pub fn patience(&self) -> Patience {
        let patience = self.holds.as_ref().map(|holds| holds.patience).unwrap_or_default();
        patience.with_post(self.post.as_ref().is_some_and(PostConfig::asks_for_items))
    }

    /// Plain connection to a broker on this machine, everything else as given; for the demo and tests.
    pub fn local(broker_port: u16, directory: &Path) -> Self {
        Self {
            broker: BrokerConfig {
                host: "127.0.0.1".to_owned(),
                port: broker_port,
                client_id: default_client_id(),
                user: None,
                password_file: None,
                tls: None,
                share_group: None,
            },
            store: StoreConfig {
                directory: directory.to_owned(),
                database: None,
                evidence: None,
                evidence_bytes_max: default_evidence_bytes_max(),
            },
            http: HttpConfig { listen: SocketAddr::from(([127, 0, 0, 1], 0)), tokens: false },
            stations: StationsConfig::default(),
            audit: AuditConfig::default(),
            holds: Some(HoldsConfig {
                issuer: default_issuer(),
                key: directory.join("central.key"),
                patience: Patience::default(),
            }),
            enrolment: None,
            post: None,
        }
    }
}

impl EnrolmentConfig {
    /// Everything in its usual place.
    pub fn usual() -> Self {
        let days = default_certificate_days();
        Self { authority: None, authority_key: None, broker_authorities: None, crl: None, days }
    }

    /// Certificate and key of who signs for stations.
    pub fn authority(&self, directory: &Path) -> (PathBuf, PathBuf) {
        let or = |given: &Option<PathBuf>, name| given.clone().unwrap_or_else(|| directory.join(name));
        (or(&self.authority, "authority.pem"), or(&self.authority_key, "authority.key"))
    }

    pub fn crl(&self, directory: &Path) -> PathBuf {
        self.crl.clone().unwrap_or_else(|| directory.join("crl.pem"))
    }
}

impl HttpConfig {
    /// Whoever can reach the pages may read them, unless they ask for a token.
    fn keeps_strangers_out(&self) -> Result<(), String> {
        if self.tokens || self.listen.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        Err(format!(
            "http.listen = \"{}\" can be reached from other machines; set http.tokens = true, so that every question needs a \
             token (`gatepost-central token make`), or listen on 127.0.0.1",
            self.listen
        ))
    }
}

impl AuditConfig {
    /// # Errors
    /// [`ConfigError`] when a pack cannot be read or is refused; it names file, line and rule.
    pub fn packs(&self) -> Result<Vec<Ruleset>, ConfigError> {
        let load = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).map_err(|error| ConfigError::File(path.clone(), error))?;
            Ruleset::load(&path.display().to_string(), &text)
                .map_err(|error| ConfigError::Content(path.clone(), error.to_string()))
        };
        self.rules.iter().map(load).collect()
    }
}

impl StoreConfig {
    pub fn evidence(&self) -> PathBuf {
        self.evidence.clone().unwrap_or_else(|| self.directory.join("evidence"))
    }

    pub fn database(&self) -> Database {
        match &self.database {
            Some(url) => Database::Url(url.clone()),
            None => Database::File(self.directory.join("central.sqlite")),
        }
    }
}

impl BrokerConfig {
    /// # Errors
    /// [`ConfigError`] when a named file cannot be read or used.
    pub fn broker(&self) -> Result<Broker, ConfigError> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| ConfigError::File(path.to_owned(), error));
        let mut broker = Broker::new(&self.host, self.port, &self.client_id);
        if let Some(user) = &self.user {
            let password = match &self.password_file {
                Some(file) => String::from_utf8_lossy(&read(file)?).lines().next().unwrap_or_default().to_owned(),
                None => String::new(),
            };
            broker.login = Some(Login { user: user.clone(), password });
        }
        if let Some(tls) = &self.tls {
            let authorities = read(&tls.authorities)?;
            let own = match (&tls.certificate, &tls.key) {
                (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
                (None, None) => None,
                _ => {
                    let text = "tls.certificate and tls.key belong together; give both or neither".to_owned();
                    return Err(ConfigError::Content(tls.authorities.clone(), text));
                }
            };
            let own = own.as_ref().map(|(certificate, key)| (certificate.as_slice(), key.as_slice()));
            let tls_read = Tls::new(&authorities, own);
            broker.tls =
                Some(tls_read.map_err(|error| ConfigError::Content(tls.authorities.clone(), error.to_string()))?);
        }
        Ok(broker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_is_enough_and_unknown_keys_are_refused() {
        let small = "[broker]\nhost = \"broker\"\n[store]\ndirectory = \"/var/lib/central\"\n";
        let config = Config::parse(small).unwrap();
        assert_eq!((config.broker.port, config.http.listen.port()), (1883, 8480));
        let wrong = small.replace("host", "hosts");
        let said = Config::parse(&wrong).unwrap_err();
        assert!(said.contains("line 2") && said.contains("hosts"), "{said}");
    }

    #[test]
    fn pages_that_others_can_reach_want_tokens() {
        let listening = |lines: &str| {
            Config::parse(&format!("[broker]\nhost = \"b\"\n[store]\ndirectory = \"/x\"\n[http]\nlisten = {lines}\n"))
        };
        for open in ["\"0.0.0.0:8480\"", "\"10.0.0.7:8480\"\ntokens = false", "\"[::]:8480\""] {
            let said = listening(open).unwrap_err();
            assert!(said.contains("http.tokens = true"), "{said}");
            assert!(listening(&format!("{}\ntokens = true", open.replace("\ntokens = false", ""))).is_ok(), "{open}");
        }
        assert!(["\"127.0.0.1:8480\"", "\"[::1]:8480\""].into_iter().all(|closed| listening(closed).is_ok()));
    }

    #[test]
    fn several_consumers_must_share_what_each_of_them_needs() {
        let mut text =
            "[broker]\nhost = \"broker\"\nshare_group = \"ops\"\nCLIENT[store]\ndirectory = \"/x\"\n".to_owned();
        for (missing, remedy) in [
            ("store.database", "database = \"postgres://db/central\"\n"),
            ("store.evidence", "evidence = \"/shared/evidence\"\n"),
        ] {
            let said = Config::parse(&text.replace("CLIENT", "")).unwrap_err();
            assert!(said.contains(missing), "{said}");
            text.push_str(remedy);
        }
        assert!(Config::parse(&text.replace("CLIENT", "")).unwrap_err().contains("broker.client_id"));
        let config = Config::parse(&text.replace("CLIENT", "client_id = \"central-2\"\n")).unwrap();
        assert_eq!(config.store.evidence(), Path::new("/shared/evidence"));
    }

    #[test]
    fn half_a_certificate_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.pem");
        std::fs::write(&file, "x").unwrap();
        let mut config = Config::local(1, directory.path());
        config.broker.tls = Some(TlsConfig { authorities: file.clone(), certificate: Some(file), key: None });
        assert!(config.broker.broker().unwrap_err().to_string().contains("both or neither"));
        config.broker.tls = Some(TlsConfig { authorities: "/nonexistent".into(), certificate: None, key: None });
        assert!(matches!(config.broker.broker(), Err(ConfigError::File(..))));
    }
}
