//! The broker that stations use: messages on one topic, answers on another, both at least once. A connection of its own, so that
//! the post's traffic takes no room from the stations'. What the post answers while it is down is lost, and asked for again
//! ([`super::super::settings::PostConfig::again_s`]).

use std::time::Duration;

use gatepost_sync::mqtt::{Broker, Connection, Event, Message};
use tokio::time::timeout;

use super::super::settings::MqttConfig;
use super::super::{Answer, SAYS_CHARS_MAX};
use super::{Sent, Sink, Soon};
use crate::alert::plain;

/// For the broker to take a message.
const PATIENCE: Duration = Duration::from_secs(10);
/// Answers that wait to be taken; beyond, they are asked for again.
const ANSWERS_MAX: usize = 4_096;

pub(super) struct Topics {
    broker: Broker,
    topic: String,
    answers: String,
    connection: Option<Connection>,
    /// Given out, until they are durable, and behind them what came since.
    waiting: Vec<Answer>,
    given: usize,
}

impl Topics {
    pub(super) fn new(config: &MqttConfig, broker: &Broker) -> Self {
        let broker = Broker { client_id: format!("{}-post", broker.client_id), ..broker.clone() };
        let (topic, answers) = (config.topic.clone(), config.answers.clone());
        Self { broker, topic, answers, connection: None, waiting: Vec::new(), given: 0 }
    }

    async fn connect(&mut self) -> Result<(), String> {
        if self.connection.is_none() {
            let opened = timeout(PATIENCE, Connection::open(&self.broker, None)).await;
            let mut connection = opened
                .map_err(|_| "the broker does not answer in time".to_owned())?
                .map_err(|ended| ended.to_string())?;
            connection.subscribe(&self.answers).map_err(|error| error.to_string())?;
            self.connection = Some(connection);
        }
        Ok(())
    }

    /// Takes one event; says what the broker made of the message with that number, or that nothing goes any more.
    fn hear(&mut self, event: Event, number: Option<i64>) -> Option<Sent> {
        match event {
            Event::Published { token, refused }
                if number.and_then(|number| u64::try_from(number).ok()) == Some(token) =>
            {
                Some(refused.map_or(Sent::Taken(None), |why| {
                    let topic = &self.topic;
                    Sent::Unreachable(format!("the broker does not take {topic}: {why}; let central's user write it"))
                }))
            }
            Event::Published { .. } => None,
            Event::Message(message) => {
                self.take(&message);
                None
            }
            Event::SubscriptionRefused(why) => {
                self.connection = None;
                let answers = &self.answers;
                Some(Sent::Unreachable(format!(
                    "the broker does not let central read {answers}: {why}; let central's user read it"
                )))
            }
            Event::Closed(ended) => {
                self.connection = None;
                Some(Sent::Unreachable(ended.to_string()))
            }
        }
    }

    fn take(&mut self, message: &Message) {
        match Answer::read(&message.payload) {
            _ if message.topic != self.answers || self.waiting.len() >= ANSWERS_MAX => {}
            Ok(answer) => self.waiting.push(answer),
            Err(why) => tracing::warn!("post: no answer on {}: {}", self.answers, plain(&why, SAYS_CHARS_MAX)),
        }
    }

    async fn sent(&mut self, number: i64, wire: &str) -> Sent {
        if let Err(why) = self.connect().await {
            return Sent::Unreachable(why);
        }
        let message = Message {
            topic: self.topic.clone(),
            payload: wire.as_bytes().to_vec(),
            content_type: Some("application/json".to_owned()),
            ..Message::default()
        };
        let Some(connection) = &mut self.connection else { return Sent::Unreachable("not connected".to_owned()) };
        if let Err(error) = connection.publish(u64::try_from(number).ok(), message) {
            self.connection = None;
            return Sent::Unreachable(error.to_string());
        }
        let taken = async {
            loop {
                let Some(connection) = &mut self.connection else {
                    return Sent::Unreachable("not connected".to_owned());
                };
                let event = connection.next().await;
                if let Some(sent) = self.hear(event, Some(number)) {
                    return sent;
                }
            }
        };
        match timeout(PATIENCE, taken).await {
            Ok(sent) => sent,
            Err(_) => {
                self.connection = None;
                Sent::Unreachable("the broker did not take a message in time".to_owned())
            }
        }
    }
}

impl Sink for Topics {
    fn send<'s>(&'s mut self, number: i64, wire: &'s str) -> Soon<'s, Sent> {
        Box::pin(self.sent(number, wire))
    }

    fn answers(&mut self) -> Soon<'_, Result<Vec<Answer>, String>> {
        Box::pin(async move {
            self.connect().await?;
            while let Some(event) = self.connection.as_mut().and_then(Connection::try_next) {
                if let Some(Sent::Unreachable(why)) = self.hear(event, None) {
                    return Err(why);
                }
            }
            self.given = self.waiting.len();
            Ok(self.waiting.clone())
        })
    }

    fn kept(&mut self) -> Soon<'_, ()> {
        self.waiting.drain(..self.given.min(self.waiting.len()));
        self.given = 0;
        Box::pin(async {})
    }
}
