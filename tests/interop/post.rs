//! The post over the real broker: a message is taken once and answered, over the deaths of central and broker.

use std::time::Duration;

use gatepost_central::Central;
use gatepost_central::post::State;
use gatepost_central::post::settings::{MqttConfig, PostConfig, SinkConfig};
use gatepost_sync::mqtt::{Broker, Connection, Event, Message};
use gatepost_world::central::{Ground, Mosquitto, hold_on};
use serde_json::Value;

use super::PATIENCE;

/// The post's gateway: hears messages, and answers those it is asked to.
struct Gateway {
    connection: Connection,
}

impl Gateway {
    async fn at(port: u16) -> Self {
        let mut connection =
            Connection::open(&Broker::new("127.0.0.1", port, "post-gateway"), None).await.expect("the broker");
        connection.subscribe("post/out").expect("listens");
        Self { connection }
    }

    /// The next message, and its text.
    async fn hears(&mut self) -> (i64, String) {
        let heard = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.connection.next().await {
                    Event::Message(message) => return String::from_utf8(message.payload).expect("text"),
                    Event::Closed(ended) => panic!("{ended}"),
                    _ => {}
                }
            }
        });
        let wire = heard.await.expect("a message in time");
        let number = serde_json::from_str::<Value>(&wire).expect("JSON")["number"].as_i64().expect("a number");
        (number, wire)
    }

    fn says(&mut self, text: String) {
        let message = Message { topic: "post/in".to_owned(), payload: text.into_bytes(), ..Message::default() };
        self.connection.publish(None, message).expect("published");
    }
}

async fn stands(central: &Central, number: i64, state: State) {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    let looked = tokio::time::timeout(PATIENCE, async {
        loop {
            look.tick().await;
            let all = central.store().post_messages(&[state], 100).await.expect("messages");
            if all.iter().any(|one| one.number == number) {
                return;
            }
        }
    });
    if looked.await.is_err() {
        panic!(
            "waited {PATIENCE:?} for {number} {state:?}: {:?}",
            central.store().post_messages(&State::ALL, 100).await
        );
    }
}

pub async fn the_post_hears_and_answers_over_the_deaths_of_central_and_broker(ground: Ground) {
    let mut broker = Mosquitto::new(ground.path());
    let mut config = ground.config(broker.port);
    let (topic, answers) = ("post/out".to_owned(), "post/in".to_owned());
    let sink = SinkConfig::Mqtt(MqttConfig { topic, answers });
    config.post = Some(PostConfig { sink, codes: Default::default(), again_s: None });
    let mut gateway = Gateway::at(broker.port).await;
    let central = Central::start(config.clone()).await.expect("central starts");
    let place = async |central: &Central, id: &str| {
        central.change_hold(&hold_on(&format!("RB{id}US"), id, "\"all\""), "the test").await.expect("placed");
    };
    place(&central, "h1").await;
    assert_eq!(gateway.hears().await.0, 1);
    for garbage in ["", "{}", "{\"number\":9,\"state\":\"acknowledged\"}", "\u{0}\u{1b}"] {
        gateway.says(garbage.to_owned());
    }
    gateway.says("9".repeat(100_000));
    gateway.says(r#"{"number":1,"state":"acknowledged"}"#.to_owned());
    stands(&central, 1, State::Acknowledged).await;

    // While the broker is dead nothing gets through, and nothing is lost.
    broker.kill();
    place(&central, "h2").await;
    assert!(broker.start());
    let mut gateway = Gateway::at(broker.port).await;
    let (number, wire) = gateway.hears().await;
    assert_eq!(number, 2);
    stands(&central, 2, State::Sent).await;
    // Its answer comes when nobody listens. A later central asks once more, in the same words.
    central.stop().await;
    gateway.says(r#"{"number":2,"state":"acknowledged"}"#.to_owned());
    sqlx::query("UPDATE post_message SET next_ms = 1 WHERE number = 2")
        .execute(&mut ground.connect().await)
        .await
        .expect("due");
    let central = Central::start(config).await.expect("central starts");
    assert_eq!(gateway.hears().await, (2, wire));
    gateway.says(r#"{"number":2,"state":"refused","says":"not our office"}"#.to_owned());
    stands(&central, 2, State::Refused).await;
    central.stop().await;
}
