//! The pages over HTTP: routes, headers, answers.
//!
//! Serves what `page` draws and passes wishes on; keeps no state of any parcel. Every answer carries the policy that
//! forbids a browser anything but this station. Nothing here waits for a lane, and no lane waits for this.

mod answer;
pub mod listener;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::Sse;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use self::listener::{Bounded, Peer};
use crate::desk::{Desk, Refusal};
use crate::limits::{
    CONNECTIONS_MAX, FAREWELL, FORM_BYTES_MAX, PICTURE_BYTES_MAX, PICTURES_AT_ONCE_MAX, REFUSAL_EVERY,
};
use crate::live::Live;
use crate::shown::Shown;
use crate::token::Tokens;
use crate::{act, frame, guard, page};

/// What the handlers share.
struct Station {
    desk: Arc<dyn Desk>,
    live: Arc<Live>,
    tokens: Tokens,
    started: Instant,
    pictures: Semaphore,
    /// When a refusal was last told to the station, and how many there were since.
    refusals: Mutex<(Option<Instant>, u64)>,
    stop: watch::Receiver<bool>,
}

/// Serves the station's pages until `shutdown` ends; then open pages are let go and it returns.
///
/// # Errors
/// When the listener or the operating system's random numbers fail.
pub async fn serve<S>(listener: TcpListener, desk: Arc<dyn Desk>, shutdown: S) -> std::io::Result<()>
where
    S: Future<Output = ()> + Send + 'static,
{
    let tokens = Tokens::new()?;
    let (stopping, stop) = watch::channel(false);
    let live = Arc::new(Live::new(Arc::clone(&desk), tokens.issue(0)));
    let station = Arc::new(Station {
        desk,
        live: Arc::clone(&live),
        tokens,
        started: Instant::now(),
        pictures: Semaphore::new(PICTURES_AT_ONCE_MAX),
        refusals: Mutex::default(),
        stop: stop.clone(),
    });
    let service = router(station).into_make_service_with_connect_info::<Peer>();
    let mut stopped = stop.clone();
    let serving = axum::serve(Bounded::new(listener, CONNECTIONS_MAX), service).with_graceful_shutdown(async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    let farewell = async move {
        shutdown.await;
        stopping.send_replace(true);
        tokio::time::sleep(FAREWELL).await;
    };
    let looking = async move {
        live.run(stop).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        served = serving => served,
        () = farewell => Ok(()),
        () = looking => Ok(()),
    }
}

fn router(station: Arc<Station>) -> Router {
    Router::new()
        .route("/", get(belt))
        .route("/events", get(events))
        .route("/view.json", get(view))
        .route("/image/{file}", get(image))
        .route("/act", post(wish))
        .route("/app.css", get(|| async { answer::asset("text/css; charset=utf-8", frame::STYLE) }))
        .route("/app.js", get(|| async { answer::asset("text/javascript; charset=utf-8", frame::SCRIPT) }))
        .route("/icon.svg", get(|| async { answer::asset("image/svg+xml", frame::ICON) }))
        .fallback(|| async { answer::says(StatusCode::NOT_FOUND, "There is no such page here.") })
        .layer(middleware::from_fn_with_state(Arc::clone(&station), only_here))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::map_response(answer::sealed))
        .with_state(station)
}

/// Nobody but the station's own screen, until there are accounts.
async fn only_here(
    State(station): State<Arc<Station>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let refused = if !guard::is_here(peer) {
        Some(("peer", "These pages are for the station's own screen. Open them there, at 127.0.0.1."))
    } else if !guard::names_us(request.headers()) {
        Some(("host", "This name is not the station's. Use its address, as 127.0.0.1."))
    } else {
        None
    };
    match refused {
        Some((why, says)) => {
            station.refuse(why, Peer(peer));
            answer::says(StatusCode::FORBIDDEN, says)
        }
        None => next.run(request).await,
    }
}

async fn belt(State(station): State<Arc<Station>>) -> Response {
    let shown = Shown::of(&station.desk.view());
    answer::page(StatusCode::OK, page::whole(&shown, &station.tokens.issue(station.now_s())))
}

async fn view(State(station): State<Arc<Station>>) -> Response {
    answer::json(StatusCode::OK, &Shown::of(&station.desk.view()))
}

async fn health(State(station): State<Arc<Station>>) -> Response {
    let shown = Shown::of(&station.desk.view());
    let status = if shown.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer::json(status, &answer::Health::of(&shown))
}

async fn events(State(station): State<Arc<Station>>) -> Response {
    match Arc::clone(&station.live).follow(station.stop.clone()) {
        Some(events) => Sse::new(events).into_response(),
        None => answer::later("Too many pages are open. Close one."),
    }
}

async fn image(State(station): State<Arc<Station>>, Path(file): Path<String>) -> Response {
    let Some(digest) = file.strip_suffix(".png").filter(|digest| guard::is_digest(digest)).map(str::to_owned) else {
        return answer::says(StatusCode::NOT_FOUND, "There is no such picture: its name is 64 digits and .png.");
    };
    let Ok(_turn) = station.pictures.acquire().await else { return answer::later("The station is stopping.") };
    let desk = Arc::clone(&station.desk);
    match tokio::task::spawn_blocking(move || desk.image(&digest)).await {
        Ok(Some(png)) if png.len() <= PICTURE_BYTES_MAX => answer::png(png),
        Ok(Some(_)) => answer::says(StatusCode::NOT_FOUND, "The picture is too large to be shown here."),
        Ok(None) => answer::says(StatusCode::NOT_FOUND, "There is no such picture."),
        Err(error) => {
            tracing::error!("a picture could not be made: {error}");
            answer::says(StatusCode::INTERNAL_SERVER_ERROR, "The picture could not be made.")
        }
    }
}

async fn wish(
    State(station): State<Arc<Station>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    form: Result<axum::Form<act::Form>, FormRejection>,
) -> Response {
    let told = |status, says: &str| answer::told(&headers, status, says);
    if !guard::is_own_page(&headers) {
        station.refuse("origin", peer);
        return told(StatusCode::FORBIDDEN, "Refused: this did not come from the station's own page.");
    }
    let form = match form {
        Ok(axum::Form(form)) => form,
        Err(error) => {
            station.refuse("form", peer);
            return told(error.status(), "Refused: the form is not one of this station's pages. Load the page again.");
        }
    };
    if !station.tokens.is_good(&form.token, station.now_s()) {
        station.refuse("token", peer);
        return told(StatusCode::FORBIDDEN, "Refused: the page is too old. Load it again and repeat what you did.");
    }
    let wish = match form.wish() {
        Ok(wish) => wish,
        Err(says) => {
            station.refuse("form", peer);
            return told(StatusCode::UNPROCESSABLE_ENTITY, says);
        }
    };
    match station.desk.act(wish) {
        Ok(()) => told(StatusCode::OK, form.asked()),
        Err(denied) => told(StatusCode::CONFLICT, &denied.to_string()),
    }
}

impl Station {
    fn now_s(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    /// Tells the station of a refused request, at most once a second.
    fn refuse(&self, why: &'static str, Peer(peer): Peer) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, times) = &mut *refusals;
        *times += 1;
        if told.is_none_or(|told| told.elapsed() >= REFUSAL_EVERY) {
            *told = Some(Instant::now());
            self.desk.refused(Refusal { why, peer: peer.ip().to_string(), times: std::mem::take(times) });
        }
    }
}

/// Kept here, beside the routes, so that none is without it.
const NO_STORE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

#[cfg(test)]
mod tests;
