//! What stations were commanded and what became of it, as JSON. Reads only: a page or a program commands nothing;
//! `gatepost-central command` does, beside the database.

use axum::extract::State;
use axum::response::Response;

use super::{Failed, Shared, json};

pub(super) async fn api_commands(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(json(&shared.store.commands().await?))
}
