//! What a lane decides by: the rules in force, the key of the random draw, and the names of all that a decision rests on.

use gatepost_hardware::units::WallMs;
use gatepost_ledger::key::PublicKey;
use gatepost_models::session::Inspector;
use gatepost_pipeline::drive::{SamplingKey, Versions};
use gatepost_pipeline::judge::Token;
use gatepost_pipeline::ruleset::{BUILT_IN, Ruleset};

use std::path::Path;

use crate::config::{Config, ConfigError, SamplingConfig};
use crate::run::rules::{Own, Packs, Who};

/// The rule pack in force: the one that central ordered, else the station's own.
///
/// # Errors
/// [`ConfigError`] with file, line, rule and remedy.
pub fn load_rules(config: &Config) -> Result<Ruleset, ConfigError> {
    packs(config, WallMs::ZERO)?.in_force().map_err(ConfigError)
}

/// The packs of a station; `last_record`: the wall time of its journal's last record.
///
/// # Errors
/// [`ConfigError`]: the configured pack cannot be read.
pub fn packs(config: &Config, last_record: WallMs) -> Result<Packs, ConfigError> {
    let own = match &config.rules.pack {
        None => Own { file: "default.toml".to_owned(), text: BUILT_IN.to_owned() },
        Some(pack) => {
            let path = config.path(pack);
            let read = std::fs::read_to_string(&path);
            let text = read.map_err(|error| {
                ConfigError(format!("{}: cannot be read ({error}); check rules.pack", path.display()))
            })?;
            Own { file: path.display().to_string(), text }
        }
    };
    let station = &config.station;
    let who = Who {
        facility: station.facility.clone(),
        station: station.name.clone(),
        utc_offset_min: station.utc_offset_min,
        clock: station.clock,
        last_record,
    };
    Ok(Packs::open(&config.data(), who, own))
}

/// Whom a setting trusts: issuers and their keys, as `central=9f…`.
///
/// # Errors
/// A sentence that names the setting.
pub(crate) fn issuers(setting: &str, texts: &[String]) -> Result<Vec<(String, PublicKey)>, String> {
    let one = |text: &String| {
        let (issuer, key) = text.split_once('=').ok_or_else(|| {
            format!("{setting} = \"{text}\": write issuer=key, as \"central=9f…\" with 64 hex digits")
        })?;
        let key = PublicKey::parse(key).ok_or_else(|| format!("{setting}: \"{key}\" is no key of 64 hex digits"))?;
        Ok((issuer.to_owned(), key))
    };
    texts.iter().map(one).collect()
}

/// The key of the random draw: configured, or made at first start, readable by the station alone.
pub(crate) fn sampling_key(config: &Config) -> Result<SamplingKey, ConfigError> {
    let path =
        config.sampling.key.as_ref().map_or_else(|| config.data().join("sampling.key"), |path| config.path(path));
    let shown = path.display().to_string();
    if config.sampling.key.is_none() && !path.exists() {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| ConfigError(format!("{shown}: no random numbers: {error}")))?;
        write_private(&path, &data_encoding::HEXLOWER.encode(&key))
            .map_err(|error| ConfigError(format!("{shown}: cannot be written ({error}); check the data folder")))?;
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|error| ConfigError(format!("{shown}: cannot be read ({error}); check sampling.key")))?;
    let key = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
    let key: Option<[u8; 32]> = key.and_then(|key| key.try_into().ok());
    let key = key.ok_or_else(|| ConfigError(format!("{shown}: a sampling key is 64 hexadecimal digits")))?;
    let id = Token::clipped(&blake3::hash(&key).to_hex()[..16]);
    let SamplingConfig { rate, rate_trusted, rate_drifting, .. } = config.sampling;
    Ok(SamplingKey { id, key, rate, rate_trusted, rate_drifting })
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

pub(crate) fn versions(inspector: &Inspector, rules: &Ruleset) -> Versions {
    let model = inspector.versions();
    Versions {
        software: Token::clipped(env!("CARGO_PKG_VERSION")),
        rules: Token::clipped(&rules.digest_hex()),
        model: Token::clipped(model.map_or("none", |versions| versions.model_digest.as_str())),
        engine: Token::clipped(model.map_or("none", |versions| versions.engine_digest.as_str())),
        lists: Token::clipped("see the answer's states"),
    }
}
