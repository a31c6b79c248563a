//! The post at the other end: takes what central tells it over HTTP, and loses some of it. It remembers what it heard, and notices
//! when a number comes with another text or an item is asked for twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;

/// What the post makes of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Post {
    /// Nothing about it ever gets through.
    Deaf,
    /// It takes everything and answers nothing.
    Silent,
    Answers,
}

/// The number in an item's name says which.
pub fn of(item: &str) -> Post {
    let digits: String = item.chars().filter(char::is_ascii_digit).collect();
    match digits.parse::<u64>().unwrap_or(0) % 5 {
        0 => Post::Deaf,
        1 => Post::Silent,
        _ => Post::Answers,
    }
}

#[derive(Default)]
struct Heard {
    texts: BTreeMap<i64, String>,
    /// By item, what it was told, in order.
    items: BTreeMap<String, Vec<String>>,
    complaints: BTreeSet<String>,
}

#[derive(Clone, Default)]
pub struct Gateway {
    heard: Arc<Mutex<Heard>>,
}

impl Gateway {
    /// Listens on a port of its own; gives the address.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn open(&self) -> Result<String, String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let at = listener.local_addr().map_err(|error| error.to_string())?;
        let router = Router::new().route("/post", post(answer)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(format!("http://{at}/post"))
    }

    /// What the post was told of an item, in order.
    pub fn told(&self, item: &str) -> Vec<String> {
        self.heard().items.get(item).cloned().unwrap_or_default()
    }

    pub fn complaints(&self) -> Vec<String> {
        self.heard().complaints.iter().cloned().collect()
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, wire: &str) -> Option<(i64, Post)> {
        let said: Value = serde_json::from_str(wire).ok()?;
        let (number, item) = (said["number"].as_i64()?, said["item"].as_str()?);
        let what = format!("{} {}", said["kind"].as_str()?, said["event"].as_str().unwrap_or("-"));
        let mut heard = self.heard();
        match heard.texts.insert(number, wire.to_owned()) {
            Some(before) if before != wire => {
                heard.complaints.insert(format!("message {number} came with another text"));
            }
            // The same once more: central died before it knew.
            Some(_) => {}
            None if of(item) != Post::Deaf => heard.items.entry(item.to_owned()).or_default().push(what),
            None => {}
        }
        Some((number, of(item)))
    }
}

async fn answer(State(gateway): State<Gateway>, wire: String) -> (StatusCode, String) {
    match gateway.hear(&wire) {
        None => (StatusCode::BAD_REQUEST, "no message".to_owned()),
        Some((_, Post::Deaf)) => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
        Some((_, Post::Silent)) => (StatusCode::ACCEPTED, String::new()),
        Some((number, Post::Answers)) => (StatusCode::OK, format!(r#"{{"number":{number},"state":"acknowledged"}}"#)),
    }
}
