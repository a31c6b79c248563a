//! Where stations ask to be let in and to be renewed. Needs no token: each request proves itself.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gatepost_console::Peer;
use gatepost_sync::enrol::{ENROL_PATH, RENEW_PATH, Sealed};

use super::door::sentence;
use super::{Failed, Shared, guarded, json};
use crate::enrol::{EnrolError, Refusal, RegistrarError};
use crate::intake::wall_ms;

type Asked = Result<Json<Sealed>, JsonRejection>;

pub(super) async fn enrol(state: State<Shared>, peer: ConnectInfo<Peer>, asked: Asked) -> Response {
    answer(state, peer, asked, ENROL_PATH).await
}

pub(super) async fn renew(state: State<Shared>, peer: ConnectInfo<Peer>, asked: Asked) -> Response {
    answer(state, peer, asked, RENEW_PATH).await
}

async fn answer(
    State(shared): State<Shared>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    asked: Asked,
    path: &'static str,
) -> Response {
    let Some(registrar) = &shared.registrar else {
        let text = sentence(&RegistrarError::NotConfigured);
        return guarded((StatusCode::NOT_FOUND, text).into_response());
    };
    let now_ms = wall_ms();
    if let Some(waits) = shared.door.waits(peer.ip(), path, now_ms) {
        return waits;
    }
    let told = match asked {
        Ok(Json(sealed)) if path == ENROL_PATH => registrar.enrol(&sealed, now_ms).await,
        Ok(Json(sealed)) => registrar.renew(&sealed, now_ms).await,
        Err(rejected) => Err(Refusal::Unreadable(rejected.body_text()).into()),
    };
    match told {
        Ok(told) => json(&told),
        Err(EnrolError::Refused(refusal)) => {
            match shared.door.note(peer.ip(), refusal.who(), refusal.reason(), path, now_ms).await {
                Ok(()) => guarded((StatusCode::FORBIDDEN, sentence(&refusal)).into_response()),
                Err(waits) => waits,
            }
        }
        Err(error) => Failed(error.to_string()).into_response(),
    }
}
