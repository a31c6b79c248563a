//! One MQTT 5 connection, from CONNACK to its end. The only file that names the MQTT library.
//!
//! A connection is never resumed: each one has a new client with a clean start, because the library silently drops what
//! was queued when the broker has forgotten the session. Who publishes keeps what it wants to keep and publishes it
//! again on the next connection. At most [`PUBLISH_WINDOW`] publishes wait for the broker; [`Connection::publish`]
//! therefore never waits and never fails for lack of room if [`Connection::room`] said there is some.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::Error as PacketError;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Packet, PubAckReason, PublishProperties, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event as LibraryEvent, EventLoop, MqttOptions, StateError};
use rumqttc::{Outgoing, TlsConfiguration, Transport};
use rustls::AlertDescription;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::limits::{EVENTS_WAITING, INCOMING_BYTES_MAX, PUBLISH_WINDOW, REQUEST_QUEUE};
use crate::tls::Tls;

/// Below this the library refuses to work.
const KEEP_ALIVE_MIN: Duration = Duration::from_secs(5);
/// How many messages the broker may have under way to us.
const RECEIVE_MAXIMUM: u16 = 512;
/// Fixed header, topic, packet id and properties of a publish, generously.
const PACKET_OVERHEAD_BYTES: usize = 1_024;

/// How to reach a broker.
#[derive(Clone, Debug)]
pub struct Broker {
    pub host: String,
    pub port: u16,
    /// Unique among all clients of the broker; a second one throws the first out.
    pub client_id: String,
    pub login: Option<Login>,
    /// Without it bytes go in the clear: for the loopback only.
    pub tls: Option<Tls>,
    /// Silence after which the connection counts as broken, about one and a half times; at least 5 s.
    pub keep_alive: Duration,
    pub connect_timeout: Duration,
}

#[derive(Clone)]
pub struct Login {
    pub user: String,
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}, ..)", self.user)
    }
}

impl Broker {
    pub fn new(host: &str, port: u16, client_id: &str) -> Self {
        Self {
            host: host.to_owned(),
            port,
            client_id: client_id.to_owned(),
            login: None,
            tls: None,
            keep_alive: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// A message, either way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retain: bool,
    pub content_type: Option<String>,
    pub properties: Vec<(String, String)>,
    /// The broker throws the message away when it could not deliver it for so long.
    pub expiry_s: Option<u32>,
}

#[derive(Debug)]
pub enum Event {
    /// The broker took a publish that had a token (or refused it, with its reason). It says nothing about central.
    Published {
        token: u64,
        refused: Option<String>,
    },
    Message(Message),
    /// The broker would not let us listen to what we asked for.
    SubscriptionRefused(String),
    /// The connection is over; nothing follows.
    Closed(Ended),
}

/// Why a connection could not begin, or ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    #[error("no answer from {0} in time: is the broker running, does a firewall stand between?")]
    TimedOut(String),
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, String),
    #[error("{0} refused us: {1}; check user, password and client id")]
    Refused(String, String),
    #[error("TLS with {0} failed: {1}; check the authority file and the host's name")]
    Tls(String, String),
    #[error(
        "{0} does not accept our certificate ({1}): is there one, is it of the broker's authority, still in time, and not taken back?"
    )]
    Certificate(String, String),
    #[error("the connection to {0} broke: {1}")]
    Broken(String, String),
    #[error("closed by us")]
    ByUs,
}

/// No room: the caller did not look at [`Connection::room`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPublished {
    #[error("too many publishes wait for the broker")]
    Full,
    #[error("larger than the broker takes")]
    TooLarge,
    #[error("the connection is over")]
    Over,
}

pub struct Connection {
    client: AsyncClient,
    events: mpsc::Receiver<Event>,
    tokens: Arc<Tokens>,
    outgoing_bytes_max: usize,
    pump: JoinHandle<()>,
}

/// Publishes on their way, in the order in which they were handed over: the library numbers them in this order too.
#[derive(Default)]
struct Tokens {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    handed_over: VecDeque<Option<u64>>,
    numbered: HashMap<u16, Option<u64>>,
}

impl Waiting {
    fn count(&self) -> usize {
        self.handed_over.len() + self.numbered.len()
    }
}

impl Tokens {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // Nothing panics while holding it; were it so, the numbers would still be whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Connects and waits for the broker's welcome.
    ///
    /// # Errors
    /// [`Ended`] says what stands in the way and what to look at.
    pub async fn open(broker: &Broker, last_will: Option<Message>) -> Result<Self, Ended> {
        let (client, mut library) = AsyncClient::new(options(broker, last_will), REQUEST_QUEUE);
        let name = format!("{}:{}", broker.host, broker.port);
        let outgoing_bytes_max = loop {
            match library.poll().await {
                Ok(LibraryEvent::Incoming(Packet::ConnAck(welcome))) => {
                    let said = welcome.properties.and_then(|properties| properties.max_packet_size);
                    break said.map_or(usize::MAX, |bytes| bytes as usize);
                }
                Ok(_) => {}
                Err(error) => return Err(ended(&name, &error)),
            }
        };
        let (sender, events) = mpsc::channel(EVENTS_WAITING);
        let tokens = Arc::new(Tokens::default());
        let pump = tokio::spawn(pump(library, sender, Arc::clone(&tokens), name));
        Ok(Self { client, events, tokens, outgoing_bytes_max, pump })
    }

    /// Publishes that may be handed over now.
    pub fn room(&self) -> usize {
        PUBLISH_WINDOW.saturating_sub(self.tokens.lock().count())
    }

    /// Hands a message over, with QoS 1. With a token, [`Event::Published`] tells what the broker made of it.
    ///
    /// # Errors
    /// [`NotPublished`]; the message was not sent.
    pub fn publish(&mut self, token: Option<u64>, message: Message) -> Result<(), NotPublished> {
        let bytes: usize = message.topic.len() + message.payload.len() + PACKET_OVERHEAD_BYTES;
        if bytes > self.outgoing_bytes_max {
            return Err(NotPublished::TooLarge);
        }
        let mut waiting = self.tokens.lock();
        if waiting.count() >= PUBLISH_WINDOW {
            return Err(NotPublished::Full);
        }
        let properties = PublishProperties {
            content_type: message.content_type,
            user_properties: message.properties,
            message_expiry_interval: message.expiry_s,
            ..PublishProperties::default()
        };
        // The queue has room for every publish we allow, so this fails only when the pump is gone.
        self.client
            .try_publish_with_properties(message.topic, QOS, message.retain, message.payload, properties)
            .map_err(|_| NotPublished::Over)?;
        waiting.handed_over.push_back(token);
        Ok(())
    }

    /// Listens to a topic filter, with QoS 1.
    ///
    /// # Errors
    /// When the connection is over.
    pub fn subscribe(&mut self, filter: &str) -> Result<(), NotPublished> {
        self.client.try_subscribe(filter, QOS).map_err(|_| NotPublished::Over)
    }

    /// What happened next. May be dropped while it waits; nothing is lost by that.
    pub async fn next(&mut self) -> Event {
        self.events.recv().await.unwrap_or(Event::Closed(Ended::ByUs))
    }

    /// What happened already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Says goodbye, so that the last will is not sent. What was handed over before goes out first.
    pub fn disconnect(&mut self) {
        // Fails only when the connection is over already, which is what is wanted.
        let _ = self.client.try_disconnect();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// At least once: the record's key makes it exactly once in effect.
const QOS: QoS = QoS::AtLeastOnce;

/// Drives the library until the connection ends. It may wait for room among the events: whoever reads them never waits
/// for us.
async fn pump(mut library: EventLoop, sender: mpsc::Sender<Event>, tokens: Arc<Tokens>, name: String) {
    let mut said_goodbye = false;
    loop {
        let event = match library.poll().await {
            Ok(LibraryEvent::Outgoing(Outgoing::Disconnect)) => {
                said_goodbye = true;
                None
            }
            Ok(event) => translate(event, &tokens),
            Err(_) if said_goodbye => Some(Event::Closed(Ended::ByUs)),
            Err(error) => Some(Event::Closed(ended(&name, &error))),
        };
        let Some(event) = event else { continue };
        let over = matches!(event, Event::Closed(_));
        if sender.send(event).await.is_err() || over {
            return;
        }
    }
}

fn translate(event: LibraryEvent, tokens: &Tokens) -> Option<Event> {
    match event {
        LibraryEvent::Outgoing(Outgoing::Publish(number)) => {
            let mut waiting = tokens.lock();
            let token = waiting.handed_over.pop_front()?;
            waiting.numbered.insert(number, token);
            None
        }
        LibraryEvent::Incoming(Packet::PubAck(ack)) => {
            let token = tokens.lock().numbered.remove(&ack.pkid)??;
            // 0x10 "no matching subscribers": the broker took it and threw it away; central's silence tells us.
            let taken = matches!(ack.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers);
            Some(Event::Published { token, refused: (!taken).then(|| format!("{:?}", ack.reason)) })
        }
        LibraryEvent::Incoming(Packet::Publish(publish)) => {
            let topic = String::from_utf8(publish.topic.to_vec()).ok()?;
            let properties = publish.properties.unwrap_or_default();
            Some(Event::Message(Message {
                topic,
                payload: publish.payload.to_vec(),
                retain: publish.retain,
                content_type: properties.content_type,
                properties: properties.user_properties,
                expiry_s: properties.message_expiry_interval,
            }))
        }
        LibraryEvent::Incoming(Packet::SubAck(ack)) => ack
            .return_codes
            .iter()
            .find(|code| !matches!(code, SubscribeReasonCode::Success(_)))
            .map(|code| Event::SubscriptionRefused(format!("{code:?}"))),
        _ => None,
    }
}

fn options(broker: &Broker, last_will: Option<Message>) -> MqttOptions {
    let mut options = MqttOptions::new(&broker.client_id, &broker.host, broker.port);
    options
        .set_clean_start(true)
        .set_keep_alive(broker.keep_alive.max(KEEP_ALIVE_MIN))
        .set_connection_timeout(broker.connect_timeout.as_secs().max(1))
        .set_max_packet_size(Some(INCOMING_BYTES_MAX as u32))
        .set_receive_maximum(Some(RECEIVE_MAXIMUM));
    if let Some(login) = &broker.login {
        options.set_credentials(&login.user, &login.password);
    }
    if let Some(Tls(config)) = &broker.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(config))));
    }
    if let Some(will) = last_will {
        options.set_last_will(LastWill::new(will.topic, will.payload, QOS, will.retain, None));
    }
    options
}

/// What the broker's TLS said of our certificate. It looks at it only after our side of the handshake is done, so this comes
/// wrapped as an error of reading.
fn alert(error: &ConnectionError) -> Option<AlertDescription> {
    let read = match error {
        ConnectionError::MqttState(StateError::Deserialization(PacketError::Io(read)) | StateError::Io(read))
        | ConnectionError::Io(read) => read,
        _ => return None,
    };
    match read.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(*alert).filter(is_of_certificates),
        _ => None,
    }
}

const fn is_of_certificates(alert: &AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
    )
}

fn ended(name: &str, error: &ConnectionError) -> Ended {
    let (name, text) = (name.to_owned(), error.to_string());
    if let Some(alert) = alert(error) {
        return Ended::Certificate(name, format!("{alert:?}"));
    }
    match error {
        ConnectionError::Timeout(_) => Ended::TimedOut(name),
        ConnectionError::Io(_) => Ended::Unreachable(name, text),
        ConnectionError::ConnectionRefused(_) => Ended::Refused(name, text),
        ConnectionError::Tls(_) => Ended::Tls(name, text),
        _ => Ended::Broken(name, text),
    }
}
