//! A browser without a face: one question to a running central, and its answer as it came.

use gatepost_central::Central;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is asked beside the path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    pub token: Option<&'a str>,
    pub cookie: Option<&'a str>,
    /// Sent as a form of central's own page.
    pub form: Option<&'a str>,
    /// Sent as JSON.
    pub json: Option<&'a str>,
    /// More lines of the head.
    pub head: &'a str,
}

impl<'a> Asked<'a> {
    pub fn with(token: &'a str) -> Self {
        Self { token: Some(token), ..Self::default() }
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// A line of the head, by its name in lower case.
    pub fn line(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// # Panics
/// When there is no answer.
pub async fn ask(central: &Central, path: &str, asked: Asked<'_>) -> Answer {
    let at = central.http();
    let mut text = format!(
        "{} {path} HTTP/1.0\r\nHost: {at}\r\n{}",
        if asked.form.or(asked.json).is_some() { "POST" } else { "GET" },
        asked.head
    );
    if let Some(token) = asked.token {
        text += &format!("Authorization: Bearer {token}\r\n");
    }
    if let Some(cookie) = asked.cookie {
        text += &format!("Cookie: {cookie}\r\n");
    }
    if let Some(form) = asked.form {
        let kind = "application/x-www-form-urlencoded";
        if !asked.head.contains("Origin:") {
            text += &format!("Origin: http://{at}\r\n");
        }
        text += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", form.len());
    }
    if let Some(json) = asked.json {
        text += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", json.len());
    }
    text += "\r\n";
    text += asked.form.or(asked.json).unwrap_or_default();
    let mut stream = TcpStream::connect(at).await.expect("central's pages");
    stream.write_all(text.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
