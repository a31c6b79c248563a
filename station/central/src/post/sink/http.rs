//! A gateway over HTTP: one POST a message, in the clear to this machine. Bounded and in time, or not at all; an answer may come
//! with the reply, and a reply that is none takes nothing back: the message was taken.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::settings::HttpConfig;
use super::super::{ANSWER_BYTES_MAX, Answer, SAYS_CHARS_MAX, Verdict};
use super::{Sent, Sink, Soon};
use crate::alert::plain;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

pub(super) struct Gateway {
    /// `host:port`.
    at: String,
    path: String,
    token: Option<HeaderValue>,
    patience: Duration,
}

/// The connection's own task, gone with whoever asked.
struct Driven(JoinHandle<()>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Gateway {
    pub(super) fn new(config: &HttpConfig) -> Result<Self, String> {
        let (at, path) = config.address()?;
        let token = config.token_file.as_ref().map(|file| {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("post.sink.http.token_file: {}: cannot be read: {error}", file.display()))?;
            let mut token = HeaderValue::try_from(format!("Bearer {}", text.lines().next().unwrap_or_default().trim()))
                .map_err(|_| format!("post.sink.http.token_file: {}: its first line is no token", file.display()))?;
            token.set_sensitive(true);
            Ok::<_, String>(token)
        });
        Ok(Self { at, path, token: token.transpose()?, patience: Duration::from_secs(config.timeout_s.into()) })
    }

    /// Until the head of the reply is here.
    async fn asked(&self, number: i64, wire: &str) -> Result<(Response<Incoming>, Driven), AnyError> {
        let stream = TcpStream::connect(&self.at).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driven = Driven(tokio::spawn(async move {
            // Whoever asked hears of it.
            let _ = connection.await;
        }));
        let mut request = Request::post(&self.path)
            .header(header::HOST, &self.at)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("gatepost-{number}"));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token);
        }
        let request = request.body(Full::new(Bytes::from(wire.to_owned())))?;
        Ok((sender.send_request(request).await?, driven))
    }

    async fn sent(&self, number: i64, wire: &str) -> Sent {
        let at = &self.at;
        let (reply, _driven) = match timeout(self.patience, self.asked(number, wire)).await {
            Ok(Ok(asked)) => asked,
            Ok(Err(error)) => {
                return Sent::Unreachable(format!(
                    "the post's gateway at {at} cannot be asked: {error}; check post.sink.http.url, and that it runs"
                ));
            }
            Err(_) => return Sent::Unreachable(format!("the post's gateway at {at} does not answer in time")),
        };
        let status = reply.status();
        let body = Limited::new(reply.into_body(), ANSWER_BYTES_MAX).collect();
        let body = timeout(self.patience, body).await;
        // Too long, too late, broken off: there is no text then, and the status stands.
        let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
        let said = || {
            format!(
                "the post's gateway at {at} answers {status}: {}",
                plain(&String::from_utf8_lossy(&body), SAYS_CHARS_MAX)
            )
        };
        match status {
            _ if status.is_success() => Sent::Taken(verdict(number, &body)),
            // Not this message, but how it is asked: who looks at it mends it for all.
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Sent::Unreachable(format!("{}; check post.sink.http", said()))
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => Sent::Later(said()),
            _ if status.is_client_error() => Sent::Refused(said()),
            _ if status.is_server_error() => Sent::Later(said()),
            _ => Sent::Unreachable(format!("{}; give its new address in post.sink.http.url", said())),
        }
    }
}

/// What the reply says of this message; of another it says nothing here.
fn verdict(number: i64, body: &[u8]) -> Option<Verdict> {
    if body.is_empty() {
        return None;
    }
    match Answer::read(body) {
        Ok(answer) if answer.number == number => Some(answer.verdict),
        Ok(answer) => {
            tracing::warn!(number, "post: the gateway took a message and answered about number {}", answer.number);
            None
        }
        Err(why) => {
            tracing::debug!(number, "post: the gateway took a message, and its reply is no answer: {why}");
            None
        }
    }
}

impl Sink for Gateway {
    fn send<'s>(&'s mut self, number: i64, wire: &'s str) -> Soon<'s, Sent> {
        Box::pin(self.sent(number, wire))
    }

    /// They come with the replies.
    fn answers(&mut self) -> Soon<'_, Result<Vec<Answer>, String>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn kept(&mut self) -> Soon<'_, ()> {
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::http::HeaderMap;
    use axum::routing::post;

    /// A gateway that does what its path says.
    async fn gateway() -> String {
        let status =
            |code: u16, text: &'static str| post(move || async move { (StatusCode::from_u16(code).unwrap(), text) });
        let hang = || async {
            std::future::pending::<()>().await;
        };
        let much = || async { vec![b'9'; 10 << 20] };
        // The head comes at once, the rest never.
        let half = || async { Body::new(Endless) };
        let echo = |headers: HeaderMap, body: String| async move {
            let wire: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(headers["authorization"], "Bearer a token");
            assert_eq!(headers["idempotency-key"], "gatepost-17");
            format!(r#"{{"number":{},"state":"refused","says":"no such item"}}"#, wire["number"])
        };
        let router = Router::new()
            .route("/good", status(200, r#"{"number":17,"state":"acknowledged"}"#))
            .route("/empty", status(202, ""))
            .route("/other", status(200, r#"{"number":18,"state":"acknowledged"}"#))
            .route("/garbage", status(200, "<html>\u{1b}[2J"))
            .route("/refuses", status(422, "no\u{1b} item"))
            .route("/fails", status(500, "out of paper"))
            .route("/moved", status(302, ""))
            .route("/busy", status(429, ""))
            .route("/locked", status(401, ""))
            .route("/hangs", post(hang))
            .route("/much", post(much))
            .route("/half", post(half))
            .route("/echo", post(echo));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{at}")
    }

    /// A body that never comes.
    struct Endless;

    impl hyper::body::Body for Endless {
        type Data = Bytes;
        type Error = std::convert::Infallible;
        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }

    fn to(url: String, token_file: Option<std::path::PathBuf>) -> Gateway {
        Gateway::new(&HttpConfig { url, timeout_s: 1, token_file }).unwrap()
    }

    #[tokio::test]
    async fn a_reply_is_what_its_status_says_and_never_more_than_is_read() {
        let at = gateway().await;
        let ask = async |path: &str| to(format!("{at}{path}"), None).send(17, "{\"number\":17}").await;
        assert_eq!(ask("/good").await, Sent::Taken(Some(Verdict::Acknowledged)));
        for taken in ["/empty", "/other", "/garbage", "/much", "/half"] {
            assert_eq!(ask(taken).await, Sent::Taken(None), "{taken}");
        }
        let Sent::Refused(why) = ask("/refuses").await else { panic!("not refused") };
        assert!(why.ends_with("answers 422 Unprocessable Entity: no\u{fffd} item"), "{why}");
        for later in ["/fails", "/busy"] {
            assert!(matches!(ask(later).await, Sent::Later(_)), "{later}");
        }
        for closed in ["/locked", "/moved", "/nowhere"] {
            assert!(matches!(ask(closed).await, Sent::Unreachable(why) if why.contains("post.sink.http")), "{closed}");
        }
        assert!(matches!(ask("/hangs").await, Sent::Unreachable(why) if why.contains("in time")));
        // Nobody listens there.
        let nobody = to("http://127.0.0.1:9/".to_owned(), None).send(17, "{}").await;
        assert!(matches!(nobody, Sent::Unreachable(why) if why.contains("that it runs")));
    }

    #[tokio::test]
    async fn a_message_goes_whole_with_its_token_and_its_number() {
        let (at, folder) = (gateway().await, tempfile::tempdir().unwrap());
        let file = folder.path().join("token");
        std::fs::write(&file, "a token\nand a note\n").unwrap();
        let sent = to(format!("{at}/echo"), Some(file)).send(17, "{\"number\":17}").await;
        assert_eq!(sent, Sent::Taken(Some(Verdict::Refused("no such item".to_owned()))));
        let missing = HttpConfig { url: at, timeout_s: 1, token_file: Some("/nonexistent".into()) };
        assert!(Gateway::new(&missing).err().unwrap().contains("token_file"));
    }
}
