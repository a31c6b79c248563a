//! What stations were commanded and what became of it: a page and its JSON. Reads only: a page commands nothing;
//! `gatepost-central command` does, beside the database.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::html::{frame, time};
use super::{Failed, Shared, json, page};
use crate::intake::wall_ms;
use crate::store::commands::CommandView;

pub(super) async fn api_commands(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(json(&shared.store.commands().await?))
}

pub(super) async fn commands(State(shared): State<Shared>) -> Result<Response, Failed> {
    Ok(page(commands_page(&shared.store.commands().await?, wall_ms())))
}

fn commands_page(commands: &[CommandView], now_ms: i64) -> Markup {
    let body = html! {
        h2 { "Commands" }
        @if commands.is_empty() {
            p.note { "No station was commanded anything: " code { "gatepost-central command" } " sends everything to exam for a while." }
        } @else {
            div.scroll { table {
                thead { tr {
                    th.n { "Number" } th { "Station" } th { "Command" } th { "Until" } th { "Why" } th { "Ordered" } th { "Stands" }
                    th { "Since" } th { "It says" }
                } }
                tbody { @for one in commands { tr {
                    td.n { (one.number) }
                    td { (one.facility) " / " strong { (one.station) } }
                    td { (one.verb) @if !one.lane.is_empty() { " lane " (one.lane) } }
                    td { @if let Some(until) = one.until_ms { (time(until, now_ms)) } }
                    td { (one.why) }
                    td { (time(one.ordered_ms, now_ms)) " by " (one.ordered_by) }
                    td { (tag(&one.state)) }
                    td { @if let Some(since) = one.answered_ms.or(one.sent_ms) { (time(since, now_ms)) } }
                    td { (one.says) }
                } } }
            } }
        }
    };
    frame("Commands", "/commands", &body)
}

fn tag(state: &str) -> Markup {
    html! {
        @match state {
            "taken" | "done" => span.tag.good { (state) },
            "refused" => span.tag.bad { (state) },
            "expired" => span.tag.warn { (state) },
            _ => span.tag { (state) },
        }
    }
}
