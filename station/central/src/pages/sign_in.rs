//! The way in for a person: a token once, a session for a shift; and the page of those who were told no.

use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_console::Peer;
use gatepost_console::guard::is_own_page;
use maud::{Markup, html};
use serde::Deserialize;

use super::door::{COOKIE, cookie, sentence};
use super::html::{frame, framed, grouped, time};
use super::{Failed, Shared, guarded, json, page};
use crate::access::{Refused, SECRET_CHARS_MAX, Secret, Token};
use crate::intake::wall_ms;
use crate::store::access::{OTHERS, RefusalView};

/// A shift and its handover; then the token is asked for again.
const SESSION_MS: i64 = 12 * 3_600_000;
const REFUSALS_SHOWN: u32 = 200;
const PATH: &str = "/sign-in";

#[derive(Deserialize)]
pub(super) struct Shown {
    token: String,
}

/// Who is signed in, or the form.
pub(super) async fn form(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Failed> {
    if !shared.tokens {
        return Ok(page(no_sign_in()));
    }
    let door = &shared.door;
    let asker = match cookie(&headers) {
        Some(_) => door.asker(&headers, wall_ms()).await?.ok(),
        None => None,
    };
    Ok(page(form_page(asker.as_ref(), None, wall_ms())))
}

/// A session for whoever shows a good token.
pub(super) async fn sign_in(
    State(shared): State<Shared>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    headers: HeaderMap,
    form: Result<Form<Shown>, FormRejection>,
) -> Result<Response, Failed> {
    if !shared.tokens {
        return Ok(page(no_sign_in()));
    }
    let door = &shared.door;
    let now_ms = wall_ms();
    let told = match form {
        _ if !is_own_page(&headers) => Err(Refused::OtherPage),
        Ok(Form(Shown { token })) => door.token(Secret::shown(&token), now_ms).await?,
        Err(_) => Err(Refused::Unknown),
    };
    let token = match told.and_then(|token| token.is_good(now_ms).map(|()| token)) {
        Ok(token) => token,
        Err(refused) => {
            let shown = form_page(None, Some(&refused), now_ms);
            let mut answer = match door.note(peer.ip(), refused.who(), refused.reason(), PATH, now_ms).await {
                Ok(()) => page(shown),
                Err(waits) => return Ok(waits),
            };
            *answer.status_mut() = StatusCode::FORBIDDEN;
            return Ok(answer);
        }
    };
    let secret = Secret::make().map_err(|error| Failed(error.to_string()))?;
    let ends_ms = token.ends_ms.min(now_ms + SESSION_MS);
    shared.store.begin_session(secret.digest(), &token.name, (now_ms, ends_ms)).await?;
    tracing::info!(token = %token.name, address = %peer.ip(), "pages: signed in");
    Ok(with_cookie(secret.text(), (ends_ms - now_ms) / 1_000, "/"))
}

/// Ends the session.
pub(super) async fn sign_out(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Failed> {
    if is_own_page(&headers)
        && let Some(secret) = cookie(&headers).and_then(Secret::shown)
    {
        shared.store.end_session(secret.digest()).await?;
    }
    Ok(with_cookie("", 0, PATH))
}

/// No script reads it, no other site's page sends it.
fn with_cookie(value: &str, seconds: i64, to: &str) -> Response {
    let mut answer = guarded(Redirect::to(to).into_response());
    let cookie = format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}");
    // Made of our own letters and digits.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

fn no_sign_in() -> Markup {
    let body = html! {
        h2 { "No sign-in" }
        p.note {
            "This central shows its pages to its own machine only, and asks nobody for a token. "
            code { "http.tokens = true" } " in its configuration changes that."
        }
    };
    framed("Session", PATH, false, &body)
}

fn form_page(asker: Option<&Token>, refused: Option<&Refused>, now_ms: i64) -> Markup {
    let body = html! {
        @if let Some(token) = asker {
            h2 { "Signed in" }
            p { "With the token " strong { (token.name) } ", which is for " (token.scopes) "." }
            p.soft { "It ends: " (time(token.ends_ms, now_ms)) }
            form method="post" action="/sign-out" { button { "Sign out" } }
        } @else {
            h2 { "Sign in" }
            @if let Some(refused) = refused { p.note role="alert" { strong.bad { (sentence(refused)) } } }
            form method="post" action=(PATH) {
                label {
                    "Token "
                    input name="token" type="password" required maxlength=(SECRET_CHARS_MAX) autocomplete="off" autofocus;
                } " "
                button { "Sign in" }
            }
            p.soft { "Whoever runs central makes one with " code { "gatepost-central token make" } "." }
        }
    };
    framed("Session", PATH, false, &body)
}

/// Who was told no.
pub(super) async fn refusals(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(page(refusals_page(&shared.store.refusals(REFUSALS_SHOWN).await?, wall_ms())))
}

pub(super) async fn api_refusals(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(json(&shared.store.refusals(super::ALERTS_MAX).await?))
}

fn refusals_page(refusals: &[RefusalView], now_ms: i64) -> Markup {
    let body = html! {
        h2 { "Refused" }
        p.soft {
            "Questions and enrolments that were told no. The same again is counted in its row; who is refused often waits longer "
            "each time. A token that others may have is taken back with " code { "gatepost-central token revoke" } "."
        }
        @if refusals.is_empty() {
            p.note { "Nobody was refused." }
        } @else {
            div.scroll { table {
                thead { tr { th { "From" } th { "Who" } th { "Why" } th { "What" } th.n { "Times" } th { "Last" } } }
                tbody { @for one in refusals { tr {
                    td { @if one.address == OTHERS { "other addresses" } @else { code { (one.address) } } }
                    td { @if one.who.is_empty() { span.soft { "unknown" } } @else { (one.who) } }
                    td { span.tag.bad { (one.reason) } }
                    td { code { (one.path) } }
                    td.n { (grouped(one.times)) }
                    td { (time(one.last_ms, now_ms)) }
                } } }
            } }
        }
    };
    frame("Refused", "/refused", &body)
}
