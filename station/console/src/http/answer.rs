//! The shapes of an answer, and the headers every one of them carries.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Serialize;

use super::NO_STORE;
use crate::frame::{self, Frame};
use crate::shown::{Shown, Tone};

/// What a monitor wants to know. Names no parcel: this is the one answer that anyone on the network gets.
#[derive(Serialize)]
pub struct Health {
    ok: bool,
    station: String,
    software: String,
    clock_trusted: bool,
    stores: bool,
    uplink: bool,
    backlog: u64,
    lanes: Vec<(String, String)>,
    degraded: Vec<String>,
}

impl Health {
    pub fn of(shown: &Shown) -> Self {
        Self {
            ok: shown.is_well(),
            station: shown.station.clone(),
            software: shown.software.clone(),
            clock_trusted: shown.clock_trusted,
            stores: shown.ledger.tone == Tone::Good,
            uplink: shown.uplink.connected,
            backlog: shown.uplink.backlog.total(),
            lanes: shown.lanes.iter().map(|lane| (lane.name.clone(), lane.state.clone())).collect(),
            degraded: shown.degraded.iter().map(|degraded| degraded.what.clone()).collect(),
        }
    }
}

pub fn page(status: StatusCode, markup: Markup) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), NO_STORE], markup.into_string()).into_response()
}

pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => (status, [(header::CONTENT_TYPE, "application/json"), NO_STORE], text).into_response(),
        Err(error) => {
            tracing::error!("a view could not be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A file of the program itself; a page of a newer program must not meet an older one.
pub fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// A picture is named by its content, so it may be kept; not for long, it is evidence.
pub fn png(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "private, max-age=600")], bytes).into_response()
}

/// A page with one sentence and the way back.
pub fn says(status: StatusCode, says: &str) -> Response {
    let frame = Frame { title: status.canonical_reason().unwrap_or("Gatepost"), brand: "Gatepost", ..Frame::default() };
    let body = html! { article.says { p.why { (says) } p { a.back href="/" { "Back to the belt" } } } };
    page(status, frame::page(&frame, &html! {}, &body))
}

pub fn later(text: &str) -> Response {
    let mut response = says(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    says: &'a str,
}

/// What came of a form: a line for the script, a page where scripts do not run.
pub fn told(headers: &HeaderMap, status: StatusCode, text: &str) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    match accepts.contains("application/json") {
        true => json(status, &Told { ok: status.is_success(), says: text }),
        false => says(status, text),
    }
}

/// Puts on every answer, pictures and refusals too, what forbids the browser anything but this station.
pub async fn sealed(mut response: Response) -> Response {
    let fixed: [(HeaderName, &str); 6] = [
        (header::CONTENT_SECURITY_POLICY, frame::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
