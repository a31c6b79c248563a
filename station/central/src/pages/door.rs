//! The door before every page where central asks for tokens: who is let in, who is told no, and that it is written down.
//!
//! What a path needs is one table, and what it does not name needs `read`: a new page is closed until somebody opens it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_console::Peer;
use gatepost_sync::enrol::{ENROL_PATH, RENEW_PATH};

use super::strikes::{Strikes, Struck};
use super::{Failed, guarded};
use crate::access::{Refused, Scope, Secret, Token, place_of};
use crate::intake::wall_ms;
use crate::store::access::Refusal;
use crate::store::{Store, StoreError};

/// The cookie of a session.
pub(super) const COOKIE: &str = "gatepost_session";

/// What is remembered between questions.
#[derive(Clone)]
pub(super) struct Door {
    store: Store,
    strikes: Arc<Mutex<Strikes>>,
    /// Of stations that ask to be let in: a program with an old token, behind the same address, does not make them wait.
    station_strikes: Arc<Mutex<Strikes>>,
}

/// The restricted groups of whoever asks; none where no token is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups(pub(super) BTreeSet<String>);

/// Nothing: open to everybody.
fn needs(path: &str) -> Option<Scope> {
    match path {
        // Whether it is up, and the way in; a station shows its own proof.
        "/health" | "/sign-in" | "/sign-out" | ENROL_PATH | RENEW_PATH => None,
        "/metrics" => Some(Scope::Metrics),
        "/holds" | "/items" | "/api/holds" => Some(Scope::Holds),
        _ if path.starts_with("/api/items/") => Some(Scope::Holds),
        _ => Some(Scope::Read),
    }
}

/// Lets through who may pass.
pub(super) async fn guard(
    State(door): State<Door>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let Some(scope) = needs(&path) else { return next.run(request).await };
    let now_ms = wall_ms();
    let admitted = match door.asker(request.headers(), now_ms).await {
        Ok(asker) => {
            asker.and_then(|token| token.admits(scope, now_ms).map(|()| Groups(token.scopes.groups().clone())))
        }
        Err(error) => return Failed::from(error).into_response(),
    };
    match admitted {
        Ok(groups) => {
            request.extensions_mut().insert(groups);
            next.run(request).await
        }
        Err(refused) => {
            let is_page = request.method() == Method::GET && path != "/metrics" && !path.starts_with("/api/");
            match refused {
                // Nobody is denied anything: a person is shown the way in.
                Refused::Missing | Refused::SessionOver if is_page => guarded(Redirect::to("/sign-in").into_response()),
                refused => door.refuse(peer.ip(), &path, &refused, now_ms).await,
            }
        }
    }
}

impl Door {
    pub(super) fn new(store: Store) -> Self {
        Self { store, strikes: Arc::default(), station_strikes: Arc::default() }
    }

    fn strikes(&self, path: &str) -> MutexGuard<'_, Strikes> {
        let strikes = if [ENROL_PATH, RENEW_PATH].contains(&path) { &self.station_strikes } else { &self.strikes };
        strikes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer for whoever was refused there too often and has to wait, before anything is looked up for him.
    pub(super) fn waits(&self, address: IpAddr, path: &str, now_ms: i64) -> Option<Response> {
        let address = place_of(address);
        self.strikes(path).waits(address, now_ms).map(|seconds| ask_again(address, seconds))
    }

    /// Whose token or session these headers show.
    pub(super) async fn asker(&self, headers: &HeaderMap, now_ms: i64) -> Result<Result<Token, Refused>, StoreError> {
        if let Some(shown) = headers.get(header::AUTHORIZATION) {
            let bearer = shown.to_str().ok().and_then(|shown| shown.split_once(' '));
            let secret = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            return self.token(secret.and_then(|(_, text)| Secret::shown(text)), now_ms).await;
        }
        match cookie(headers) {
            None => Ok(Err(Refused::Missing)),
            Some(text) => match Secret::shown(text) {
                Some(secret) => Ok(self.store.session(secret.digest(), now_ms).await?.ok_or(Refused::SessionOver)),
                None => Ok(Err(Refused::SessionOver)),
            },
        }
    }

    /// The token itself, still to be asked what it is good for.
    pub(super) async fn token(
        &self,
        secret: Option<Secret>,
        now_ms: i64,
    ) -> Result<Result<Token, Refused>, StoreError> {
        let Some(secret) = secret else { return Ok(Err(Refused::Unknown)) };
        Ok(self.store.token(secret.digest(), now_ms).await?.ok_or(Refused::Unknown))
    }

    /// The answer to somebody who may not; written down, and slower each time.
    pub(super) async fn refuse(&self, address: IpAddr, path: &str, refused: &Refused, now_ms: i64) -> Response {
        let (reason, who) = (refused.reason(), refused.who());
        if let Err(waits) = self.note(address, who, reason, path, now_ms).await {
            return waits;
        }
        let status = if refused.is_forbidden() { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        let ask = [(header::WWW_AUTHENTICATE, "Bearer realm=\"Gatepost central\"")];
        guarded((status, ask, sentence(refused)).into_response())
    }

    /// Writes a refusal down.
    ///
    /// # Errors
    /// The answer for whoever was refused too often and has to wait.
    pub(super) async fn note(
        &self,
        address: IpAddr,
        who: &str,
        reason: &'static str,
        path: &str,
        now_ms: i64,
    ) -> Result<(), Response> {
        let address = place_of(address);
        let struck = self.strikes(path).strike(address, now_ms);
        let times = match struck {
            Struck::Told(times) => times,
            Struck::Waits(seconds) => return Err(ask_again(address, seconds)),
        };
        tracing::warn!(%address, who, reason, path = %path.escape_debug(), times, "pages: refused");
        let address = address.to_string();
        let refusal = Refusal { address: &address, who, reason, path, times };
        if let Err(error) = self.store.refused(refusal, now_ms).await {
            tracing::error!("pages: a refusal could not be written down: {error}");
        }
        Ok(())
    }
}

fn ask_again(address: IpAddr, seconds: i64) -> Response {
    let text = format!("Too many questions from {address} were refused; ask again in {seconds} seconds.");
    let after = [(header::RETRY_AFTER, seconds.to_string())];
    guarded((StatusCode::TOO_MANY_REQUESTS, after, text).into_response())
}

/// As a sentence begins and ends.
pub(super) fn sentence(said: &impl ToString) -> String {
    let text = said.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// What the session's cookie holds.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let shown = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    shown.flat_map(|line| line.split(';')).find_map(|pair| match pair.trim().split_once('=') {
        Some((COOKIE, text)) => Some(text),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_named_is_closed() {
        for path in ["/", "/new", "/api/new", "/metrics/", "//metrics", "/api/items", "/Health", "/%68ealth", ""] {
            assert_eq!(needs(path), Some(Scope::Read), "{path}");
        }
        assert_eq!((needs("/metrics"), needs("/api/items/RB1")), (Some(Scope::Metrics), Some(Scope::Holds)));
        assert!(["/health", "/sign-in", "/sign-out"].into_iter().all(|path| needs(path).is_none()));
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; gatepost_session2=x".parse().unwrap());
        assert_eq!(cookie(&headers), None);
        headers.append(header::COOKIE, "b=2;gatepost_session=gatepost_abc; c".parse().unwrap());
        assert_eq!(cookie(&headers), Some("gatepost_abc"));
    }
}
