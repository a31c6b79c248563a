//! Central's pages and its small JSON interface: stations, alerts, what was put aside. They read and change nothing.
//!
//! They are served on the loopback to everybody there, or to whoever shows a token ([`door`]), and say about a restricted
//! record only its cover; an alert that is one for a group alone, only to a token of that group.

mod strikes;
mod door;
mod sign_in;
mod enrol;
mod follow;
mod health;
mod rollouts;
mod commands;
pub mod html;

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use gatepost_console::{Bounded, Peer};
use gatepost_pipeline::record::Kind;
use gatepost_sync::enrol::{ENROL_PATH, RENEW_PATH, REQUEST_BYTES_MAX};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::enrol::Registrar;
use crate::follow::Patience;
use crate::intake::{IntakeState, wall_ms};
use crate::store::{Store, StoreError};
use door::{Door, Groups};

/// Alerts on one page, and at most in one answer.
const ALERTS_SHOWN: u32 = 100;
const ALERTS_MAX: u32 = 1_000;
/// Connections at once; the next one waits outside.
const CONNECTIONS_MAX: usize = 256;
/// Bytes of a form.
const FORM_BYTES_MAX: usize = 4 << 10;

/// Styles are our own and inline; nothing is loaded from anywhere, nothing runs.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

#[derive(Clone)]
struct Shared {
    store: Store,
    intake: watch::Receiver<IntakeState>,
    patience: Patience,
    door: Door,
    /// Tokens are asked for.
    tokens: bool,
    registrar: Option<Registrar>,
}

/// What the pages are served with.
pub struct Pages {
    pub store: Store,
    pub intake: watch::Receiver<IntakeState>,
    pub patience: Patience,
    /// Everybody needs a token.
    pub tokens: bool,
    /// Where stations are let in.
    pub registrar: Option<Registrar>,
}

/// Serves until stopped.
pub async fn serve(listener: TcpListener, pages: Pages, mut stop: watch::Receiver<bool>) {
    let Pages { store, intake, patience, tokens, registrar } = pages;
    let door = Door::new(store.clone());
    let router = Router::new()
        .route("/", get(overview))
        .route("/alerts", get(alerts))
        .route("/doubtful", get(doubtful))
        .route("/holds", get(follow::holds))
        .route("/items", get(follow::items))
        .route("/rules", get(rollouts::rules))
        .route("/commands", get(commands::commands))
        .route("/refused", get(sign_in::refusals))
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .merge(api())
        .fallback(|| async { guarded((StatusCode::NOT_FOUND, "There is no such page here.").into_response()) })
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .merge(for_stations())
        .with_state(Shared { store, intake, patience, door: door.clone(), tokens, registrar });
    let router = match tokens {
        true => router.layer(middleware::from_fn_with_state(door, door::guard)),
        false => router.layer(Extension(Groups::default())),
    };
    // What a framework answers by itself too: a number that is none, a form that is too long.
    let router = router.layer(middleware::map_response(async |answer: Response| guarded(answer)));
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let service = router.into_make_service_with_connect_info::<Peer>();
    let serving = axum::serve(Bounded::new(listener, CONNECTIONS_MAX), service);
    if let Err(error) = serving.with_graceful_shutdown(stopped).await {
        tracing::error!("pages: {error}");
    }
}

/// What programs read: `openapi.json` beside this crate describes it, and is served with it.
const OPENAPI: &str = include_str!("../openapi.json");

fn api() -> Router<Shared> {
    Router::new()
        .route("/api/stations", get(api_stations))
        .route("/api/alerts", get(api_alerts))
        .route("/api/counts", get(api_counts))
        .route("/api/doubtful", get(api_doubtful))
        .route("/api/refusals", get(sign_in::api_refusals))
        .route("/api/holds", get(follow::api_holds))
        .route("/api/items/{number}", get(follow::api_item))
        .route("/api/rules", get(rollouts::api_rules))
        .route("/api/commands", get(commands::api_commands))
        .route("/api/openapi.json", get(api_itself))
}

/// What stations ask, each proving itself.
fn for_stations() -> Router<Shared> {
    Router::new()
        .route(ENROL_PATH, post(enrol::enrol))
        .route(RENEW_PATH, post(enrol::renew))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
}

async fn api_itself() -> Response {
    guarded(([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response())
}

#[derive(Debug, Default, Deserialize)]
struct AlertQuery {
    /// Alerts that happened before this time, milliseconds since 1970.
    before: Option<i64>,
    limit: Option<u32>,
}

async fn overview(
    State(shared): State<Shared>,
    Extension(Groups(groups)): Extension<Groups>,
) -> Result<Response, Failed> {
    let (stations, counts) = (shared.store.stations().await?, shared.store.counts().await?);
    let alerts = shared.store.alerts_for(&groups, None, 20).await?;
    let intake = shared.intake.borrow().clone();
    Ok(page(html::overview(&stations, &alerts, &counts, &intake, wall_ms())))
}

async fn alerts(
    State(shared): State<Shared>,
    Extension(Groups(groups)): Extension<Groups>,
    Query(query): Query<AlertQuery>,
) -> Result<Response, Failed> {
    let alerts = shared.store.alerts_for(&groups, query.before, ALERTS_SHOWN).await?;
    Ok(page(html::alerts(&alerts, alerts.len() as u32 == ALERTS_SHOWN, wall_ms())))
}

async fn doubtful(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(page(html::doubtful(&shared.store.quarantined(ALERTS_SHOWN).await?, wall_ms())))
}

async fn api_stations(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(json(&shared.store.stations().await?))
}

async fn api_alerts(
    State(shared): State<Shared>,
    Extension(Groups(groups)): Extension<Groups>,
    Query(query): Query<AlertQuery>,
) -> Result<Response, Failed> {
    let limit = query.limit.unwrap_or(ALERTS_SHOWN).min(ALERTS_MAX);
    Ok(json(&shared.store.alerts_for(&groups, query.before, limit).await?))
}

async fn api_counts(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(json(&shared.store.counts().await?))
}

async fn api_doubtful(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(json(&shared.store.quarantined(ALERTS_MAX).await?))
}

fn page(markup: maud::Markup) -> Response {
    guarded(Html(markup.into_string()).into_response())
}

fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => guarded(([(header::CONTENT_TYPE, "application/json")], bytes).into_response()),
        Err(error) => Failed(error.to_string()).into_response(),
    }
}

fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cache-control"), "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page that could not be made: the reader is told to try again, the log is told why.
struct Failed(String);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        tracing::error!("pages: {}", self.0);
        let text = "Central's database did not answer. Records are not lost by this; try again, and look at the log.";
        guarded((StatusCode::SERVICE_UNAVAILABLE, text).into_response())
    }
}

/// A kind in words.
pub(crate) fn kind_in_words(kind: &str) -> &str {
    let known = Kind::ALL.into_iter().map(Kind::name).find(|name| *name == kind);
    match known {
        Some("device") => "equipment",
        Some("exam") => "examination",
        Some("list") => "lists",
        Some("config") => "configuration",
        _ => kind,
    }
}
