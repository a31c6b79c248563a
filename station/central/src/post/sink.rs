//! How a message gets to the post: a folder, a gateway over HTTP, or the broker. Each knows one way, carries one message at a
//! time, and says what became of it; none knows what a message means, and none remembers one.

mod file;
mod http;
mod mqtt;

use std::pin::Pin;

use gatepost_sync::mqtt::Broker;

use super::settings::SinkConfig;
use super::{Answer, Verdict};

/// What became of a message that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The other side has it, and may have answered at once.
    Taken(Option<Verdict>),
    /// It will never take this one.
    Refused(String),
    /// Not this one, not now.
    Later(String),
    /// Nothing gets through at present.
    Unreachable(String),
}

pub type Soon<'s, T> = Pin<Box<dyn Future<Output = T> + Send + 's>>;

/// A way to the post.
pub trait Sink: Send {
    /// Hands a message over; the same number has the same text whenever it comes again.
    fn send<'s>(&'s mut self, number: i64, wire: &'s str) -> Soon<'s, Sent>;

    /// Answers that came meanwhile.
    ///
    /// # Errors
    /// A sentence, when they cannot be asked for.
    fn answers(&mut self) -> Soon<'_, Result<Vec<Answer>, String>>;

    /// What [`Sink::answers`] gave last is durable, and need not be kept.
    fn kept(&mut self) -> Soon<'_, ()>;
}

/// The way that is configured. `broker`: central's own.
///
/// # Errors
/// A sentence, when what it names cannot be read.
pub fn sink(config: &SinkConfig, broker: &Broker) -> Result<Box<dyn Sink>, String> {
    Ok(match config {
        SinkConfig::File(config) => Box::new(file::Folder::new(config)),
        SinkConfig::Http(config) => Box::new(http::Gateway::new(config)?),
        SinkConfig::Mqtt(config) => Box::new(mqtt::Topics::new(config, broker)),
    })
}
