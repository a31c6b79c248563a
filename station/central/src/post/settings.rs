//! What `[post]` says: where messages go, and by which codes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::codes::{Code, Codes};

/// Whole exchanges take no longer, so that a central that hangs loses the desk only when it is dead.
const TIMEOUT_S_MAX: u32 = 15;
const AGAIN_S_MIN: u32 = 30;
const TOPIC_BYTES_MAX: usize = 256;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostConfig {
    pub sink: SinkConfig,
    /// Entries of the table of codes beside the built-in ones, or in their place.
    #[serde(default)]
    pub codes: BTreeMap<String, Code>,
    /// Seconds after which a message without an answer is sent again, with its number; each time twice as long. Without it 600
    /// over MQTT, where an answer is lost while central is not connected, and never elsewhere.
    pub again_s: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SinkConfig {
    File(FileConfig),
    Http(HttpConfig),
    Mqtt(MqttConfig),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// One file a message, written whole and then named; whoever takes it deletes it.
    pub folder: PathBuf,
    /// Answers, one file each, are taken from here and deleted.
    pub answers: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// `http://host:port/path`: a gateway on this machine, or one behind a proxy on this machine that speaks TLS.
    pub url: String,
    #[serde(default = "default_timeout_s")]
    pub timeout_s: u32,
    /// A file with a token on its first line, sent as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// At the broker of `[broker]`.
    pub topic: String,
    pub answers: String,
}

fn default_timeout_s() -> u32 {
    10
}

impl PostConfig {
    /// # Errors
    /// Names the key, what is wrong with it and what to write.
    pub fn check(&self) -> Result<(), String> {
        self.table()?;
        if self.again_s.is_some_and(|again| again < AGAIN_S_MIN) {
            return Err(format!("post.again_s must be at least {AGAIN_S_MIN}; leave it out to send nothing twice"));
        }
        match &self.sink {
            SinkConfig::File(file) if file.folder == file.answers => {
                Err("post.sink.file: folder and answers must be two folders".to_owned())
            }
            SinkConfig::File(_) => Ok(()),
            SinkConfig::Http(http) => http.check(),
            SinkConfig::Mqtt(mqtt) => mqtt.check(),
        }
    }

    /// # Errors
    /// Names the entry and what is wrong with it.
    pub fn table(&self) -> Result<Codes, String> {
        Codes::new(&self.codes)
    }

    /// Whether the post is asked for held items; a table may say that it is told nothing of holds.
    pub fn asks_for_items(&self) -> bool {
        !self.codes.get(super::Kind::HoldRequest.name()).is_some_and(|code| code.silent)
    }

    pub fn again_ms(&self) -> Option<i64> {
        let usual = matches!(self.sink, SinkConfig::Mqtt(_)).then_some(600);
        self.again_s.or(usual).map(|seconds| i64::from(seconds) * 1_000)
    }
}

impl HttpConfig {
    fn check(&self) -> Result<(), String> {
        self.address()?;
        match (1..=TIMEOUT_S_MAX).contains(&self.timeout_s) {
            true => Ok(()),
            false => Err(format!("post.sink.http.timeout_s = {} must be 1 to {TIMEOUT_S_MAX}", self.timeout_s)),
        }
    }

    /// `host:port`, and the path.
    ///
    /// # Errors
    /// When it is not `http://host:port/path`.
    pub fn address(&self) -> Result<(String, String), String> {
        let wrong = |why: &str| format!("post.sink.http.url = {:?}: {why}", self.url);
        let uri: axum::http::Uri =
            self.url.parse().map_err(|_| wrong("it is not an address, as http://127.0.0.1:8600/gatepost"))?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(at)) if at.as_str().contains('@') => Err(wrong("it holds a password; use token_file")),
            (Some("http"), Some(at)) => {
                let at = if at.port().is_some() { at.to_string() } else { format!("{at}:80") };
                Ok((at, uri.path_and_query().map_or("/", |path| path.as_str()).to_owned()))
            }
            (Some("https"), _) => Err(wrong("TLS is spoken by a proxy on this machine; give its http:// address")),
            _ => Err(wrong("give it as http://127.0.0.1:8600/gatepost")),
        }
    }
}

impl MqttConfig {
    fn check(&self) -> Result<(), String> {
        for (key, topic) in [("topic", &self.topic), ("answers", &self.answers)] {
            let is_plain = !topic.is_empty()
                && topic.len() <= TOPIC_BYTES_MAX
                && !topic.starts_with(['$', '/'])
                && !topic.contains(['+', '#'])
                && !topic.chars().any(char::is_control);
            // Stations listen below it, and what they send is there.
            if !is_plain || topic.starts_with("gatepost/") {
                return Err(format!(
                    "post.sink.mqtt.{key} = {topic:?} must be a topic without + and #, outside gatepost/, as post/out"
                ));
            }
        }
        match self.topic == self.answers {
            true => Err("post.sink.mqtt: topic and answers must be two topics".to_owned()),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let config: Result<PostConfig, _> = toml::from_str(text);
        config.map_err(|error| error.to_string()).and_then(|config| config.check()).err().unwrap_or_default()
    }

    #[test]
    fn where_messages_go_is_checked_before_anything_goes() {
        for good in [
            "sink = { file = { folder = \"/post/out\", answers = \"/post/in\" } }",
            "sink = { http = { url = \"http://127.0.0.1:8600/gatepost?v=1\" } }",
            "again_s = 60\n[sink.mqtt]\ntopic = \"post/out\"\nanswers = \"post/in\"\n[codes]\nhold = { event = \"EME\", reason = \"35\" }",
        ] {
            assert_eq!(said(good), "", "{good}");
        }
        for (wrong, why) in [
            ("sink = { file = { folder = \"/a\", answers = \"/a\" } }", "two folders"),
            ("sink = { http = { url = \"https://post.example/x\" } }", "TLS"),
            ("sink = { http = { url = \"http://me:secret@post/x\" } }", "token_file"),
            ("sink = { http = { url = \"post\" } }", "http://127.0.0.1:8600/gatepost"),
            ("sink = { http = { url = \"http://post/x\", timeout_s = 90 } }", "timeout_s"),
            ("sink = { mqtt = { topic = \"post/#\", answers = \"post/in\" } }", "without +"),
            ("sink = { mqtt = { topic = \"gatepost/1/JFK/st-1/down/holds\", answers = \"a\" } }", "outside gatepost/"),
            ("again_s = 1\nsink = { http = { url = \"http://post/x\" } }", "again_s"),
            ("sink = { post = { url = \"http://post/x\" } }", "unknown variant"),
            ("sink = { http = { url = \"http://post/x\" } }\n[codes]\nhold = { event = \"EME\" }", "needs a reason"),
        ] {
            let said = said(wrong);
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }
}
