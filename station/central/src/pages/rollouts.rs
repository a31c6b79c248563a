//! Which rules stations judge by, since when, and how rollouts stand: a page and its JSON. Reads only; `gatepost-central
//! rollout` starts, halts and takes back.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use serde::Serialize;

use super::html::{frame, grouped, time};
use super::{Failed, Shared, json, page};
use crate::intake::wall_ms;
use crate::store::rollouts::{RolloutStation, RolloutView, State as Stands, StationRules};

/// Of a digest, so much tells packs apart for a person.
const DIGEST_SHOWN: usize = 12;

#[derive(Serialize)]
struct RulesAnswer {
    rollouts: Vec<RolloutView>,
    stations: Vec<StationRules>,
}

pub(super) async fn api_rules(State(shared): State<Shared>) -> Result<Response, Failed> {
    let (rollouts, stations) = (shared.store.rollouts().await?, shared.store.station_rules().await?);
    Ok(json(&RulesAnswer { rollouts, stations }))
}

pub(super) async fn rules(State(shared): State<Shared>) -> Result<Response, Failed> {
    let (rollouts, stations) = (shared.store.rollouts().await?, shared.store.station_rules().await?);
    Ok(page(rules_page(&rollouts, &stations, wall_ms())))
}

fn rules_page(rollouts: &[RolloutView], stations: &[StationRules], now_ms: i64) -> Markup {
    let body = html! {
        h2 { "Rollouts" }
        @if rollouts.is_empty() {
            p.note { "No rule pack has been rolled out: " code { "gatepost-central rollout start" } " begins one." }
        }
        @for rollout in rollouts.iter().take(1) { (newest(rollout, now_ms)) }
        @if rollouts.len() > 1 { (others(&rollouts[1..], now_ms)) }
        h2 { "Rules in force" }
        @if stations.is_empty() {
            p.note { "No station has said yet by which rules it judges." }
        } @else {
            div.scroll { table {
                thead { tr { th { "Station" } th { "Rules" } th.n { "Order" } th { "Since" } th { "It says" } } }
                tbody { @for one in stations { tr {
                    td { (one.facility) " / " strong { (one.station) } }
                    td { (digest(&one.digest)) }
                    td.n { @if one.order == 0 { span.soft { "its own" } } @else { (one.order) } }
                    td { (time(one.since_ms, now_ms)) }
                    td { (one.says) }
                } } }
            } }
        }
    };
    frame("Rules", "/rules", &body)
}

fn newest(of: &RolloutView, now_ms: i64) -> Markup {
    html! {
        p.note {
            strong { "Rollout " (of.rollout) } ": " (tag(of.state)) " " (of.says) br;
            "Pack " (digest(&of.digest)) ", stages " (of.stages.join(", ")) ", now in stage " (of.stage) ", started by "
            (of.started_by) ", " (time(of.started_ms, now_ms)) "."
        }
        div.scroll { table {
            thead { tr {
                th { "Station" } th.n { "Stage" } th { "It has it since" } th { "Flagged before" } th { "Flagged since" }
                th { "What is wrong" }
            } }
            tbody { @for one in &of.stations { tr {
                td { (one.facility) " / " strong { (one.station) } }
                td.n { (one.stage) }
                td { (since(one, now_ms)) }
                td { (share(one.flagged_before, one.decisions_before)) }
                td { (share(one.flagged_after, one.decisions_after)) }
                td { @if let Some(error) = &one.error { span.tag.bad { "error" } " " (error) } }
            } } }
        } }
    }
}

fn since(one: &RolloutStation, now_ms: i64) -> Markup {
    html! {
        @match (one.back_ms, one.applied_ms) {
            (Some(back), _) => { "back since " (time(back, now_ms)) }
            (None, Some(applied)) => { (time(applied, now_ms)) }
            (None, None) if one.ordered => span.warn { "ordered, not yet" },
            (None, None) => span.soft { "not its turn" },
        }
    }
}

fn share(flagged: i64, decisions: i64) -> Markup {
    html! {
        @if decisions == 0 { span.soft { "none decided" } }
        @else { (flagged * 100 / decisions) " % of " (grouped(decisions)) }
    }
}

fn others(rollouts: &[RolloutView], now_ms: i64) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th.n { "Rollout" } th { "Pack" } th { "Stands" } th { "What became of it" } th { "Changed" } } }
            tbody { @for one in rollouts { tr {
                td.n { (one.rollout) }
                td { (digest(&one.digest)) }
                td { (tag(one.state)) }
                td { (one.says) }
                td { (time(one.changed_ms, now_ms)) }
            } } }
        } }
    }
}

fn tag(state: Stands) -> Markup {
    html! {
        @match state {
            Stands::Running => span.tag { "running" },
            Stands::Halted => span.tag.warn { "halted" },
            Stands::Done => span.tag.good { "done" },
            Stands::Back => span.tag.bad { "taken back" },
        }
    }
}

fn digest(digest: &str) -> Markup {
    html! { code title=(digest) { (digest.chars().take(DIGEST_SHOWN).collect::<String>()) } }
}
