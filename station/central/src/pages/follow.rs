//! Where holds stand, and where an item is: two pages and their JSON. Nothing here tells of a restricted hold.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::html::{frame, framed, grouped, time};
use super::{Failed, Shared, json, page};
use crate::follow::{Mark, Step, Told, end_name};
use crate::intake::wall_ms;
use crate::store::funnel::{Funnel, Recovery, Way};

/// Rows of one table; an answer has all of them.
const ROWS_SHOWN: usize = 100;
const RECOVERIES_MAX: u32 = 10_000;
/// The longest item number that is looked for.
const ITEM_CHARS_MAX: usize = 64;

pub(super) async fn holds(State(shared): State<Shared>) -> Result<Response, Failed> {
    let now_ms = wall_ms();
    let funnel = shared.store.funnel(&shared.patience, now_ms).await?;
    let ways = shared.store.ways(&shared.patience, now_ms).await?;
    let recoveries = shared.store.recoveries(ROWS_SHOWN as u32).await?;
    let steps: Vec<Step> =
        shared.patience.has_post().then_some(Step::POST).into_iter().flatten().chain(Step::ALL).collect();
    Ok(page(holds_page(&steps, &funnel, &ways, &recoveries, now_ms)))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ItemQuery {
    number: Option<String>,
}

pub(super) async fn items(State(shared): State<Shared>, Query(query): Query<ItemQuery>) -> Result<Response, Failed> {
    let number = query.number.map(|number| asked(&number)).filter(|number| !number.is_empty());
    let marks = match &number {
        Some(number) => shared.store.marks_of(number).await?,
        None => Vec::new(),
    };
    Ok(page(items_page(number.as_deref(), &marks, wall_ms())))
}

#[derive(Serialize)]
struct HoldsAnswer {
    funnel: Vec<Funnel>,
    ways: Vec<Way>,
    recoveries: Vec<Recovery>,
}

pub(super) async fn api_holds(State(shared): State<Shared>) -> Result<Response, Failed> {
    let now_ms = wall_ms();
    Ok(json(&HoldsAnswer {
        funnel: shared.store.funnel(&shared.patience, now_ms).await?,
        ways: shared.store.ways(&shared.patience, now_ms).await?,
        recoveries: shared.store.recoveries(RECOVERIES_MAX).await?,
    }))
}

pub(super) async fn api_item(State(shared): State<Shared>, Path(number): Path<String>) -> Result<Response, Failed> {
    Ok(json(&shared.store.marks_of(&asked(&number)).await?))
}

/// A number as a person types it: without spaces, in capitals.
fn asked(number: &str) -> String {
    number
        .chars()
        .filter(|char| !char.is_whitespace() && !char.is_control())
        .take(ITEM_CHARS_MAX)
        .collect::<String>()
        .to_uppercase()
}

fn holds_page(steps: &[Step], funnel: &[Funnel], ways: &[Way], recoveries: &[Recovery], now_ms: i64) -> Markup {
    let open: Vec<&Recovery> = recoveries.iter().filter(|one| one.found_ms.is_none()).collect();
    let body = html! {
        h2 { "To be fetched back" }
        @if open.is_empty() {
            p.note { "No held item is known to be anywhere but in exam." }
        } @else {
            (recovery_table(&open, now_ms))
        }
        h2 { "How far holds have come" }
        @if funnel.is_empty() {
            p.note { "No station has spoken yet." }
        } @else {
            (funnel_table(steps, funnel))
        }
        h2 { "Items that were seen" }
        @if ways.is_empty() {
            p.note { "No held item has been seen since its hold was placed." }
        } @else {
            (way_table(ways, now_ms))
        }
    };
    frame("Holds", "/holds", &body)
}

fn recovery_table(open: &[&Recovery], now_ms: i64) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "Item" } th { "Hold" } th { "What happened" } th { "Where" } th { "When" } } }
            tbody { @for one in open.iter().take(ROWS_SHOWN) { tr {
                td { (item_link(&one.item)) }
                td { (one.hold) }
                td { span.tag.bad { (went(&one.went)) } }
                td { (one.facility) " / " strong { (one.station) } ", lane " (one.lane)
                    @if let Some(pass) = &one.pass { br; span.soft { "pass " (pass) } } }
                td { (time(one.at_ms, now_ms)) }
            } } }
        } }
    }
}

/// How a held item went, for whoever fetches it.
fn went(end: &str) -> &str {
    match end {
        "release" => "released",
        "removed" => "taken off the belt by hand",
        "unaccounted" => "not seen where it had to come out",
        other => other,
    }
}

fn funnel_table(steps: &[Step], funnel: &[Funnel]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                th { "Facility" } th.n { "Placed" }
                @for step in steps { th.n { (capital(in_words(*step))) } }
                th { "Stopped moving" }
            } }
            tbody { @for of in funnel { tr {
                td { strong { (of.facility) } }
                td.n { (grouped(of.placed)) }
                @for step in steps { td.n { (grouped(of.reached.get(step).copied().unwrap_or(0))) } }
                td { (stopped(of)) }
            } } }
        } }
    }
}

fn stopped(of: &Funnel) -> Markup {
    let stopped: Vec<(Step, i64)> = of.stalled.iter().map(|(step, n)| (*step, *n)).filter(|(_, n)| *n > 0).collect();
    html! {
        @if stopped.is_empty() { span.good { "none" } }
        @for (step, number) in stopped { span.tag.bad { (grouped(number)) " not " (in_words(step)) } " " }
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

const fn in_words(step: Step) -> &'static str {
    match step {
        Step::SentToPost => "sent to the post",
        Step::AcknowledgedByPost => "acknowledged by it",
        Step::Distributed => "sent",
        Step::Applied => "in force",
        Step::Seen => "seen",
        Step::Diverted => "in exam",
        Step::Presented => "presented",
        Step::Examined => "examined",
        Step::Outcome => "outcome recorded",
    }
}

fn way_table(ways: &[Way], now_ms: i64) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "Item" } th { "Hold" } th { "Facility" } th { "Reached" } th { "Next" } th { "Since" } } }
            tbody { @for way in ways.iter().take(ROWS_SHOWN) { tr {
                td { (item_link(&way.item)) }
                td { (way.hold) }
                td { strong { (way.facility) } }
                td { @if let Some((step, _)) = way.reached.iter().filter(|(step, _)| Step::ALL.contains(step)).max_by_key(|(_, at_ms)| **at_ms) { (in_words(*step)) } }
                td {
                    @match way.missing {
                        Some(step) if way.stalled => span.tag.bad { "not " (in_words(step)) },
                        Some(step) => { (in_words(step)) }
                        None => span.good { "done" },
                    }
                }
                td { (time(way.since_ms, now_ms)) }
            } } }
        } }
        @if ways.len() > ROWS_SHOWN {
            p.soft { (grouped((ways.len() - ROWS_SHOWN) as i64)) " more; all of them are at /api/holds." }
        }
    }
}

fn item_link(item: &str) -> Markup {
    let number: String = item.chars().filter(char::is_ascii_alphanumeric).collect();
    html! { a href=(format!("/items?number={number}")) { code { (item) } } }
}

fn items_page(number: Option<&str>, marks: &[Mark], now_ms: i64) -> Markup {
    let body = html! {
        h2 { "Where is it?" }
        form method="get" action="/items" {
            label { "Item number " input name="number" value=[number] autofocus; } " "
            button { "Look" }
        }
        @match (number, marks.first()) {
            (Some(number), None) => p.note {
                "No station has reported " code { (number) } ". Stations that are offline report when they come back: "
                "the page of stations says which they are."
            },
            (Some(_), Some(newest)) => { p.note { (where_it_is(newest, marks)) } (mark_table(marks, now_ms)) }
            (None, _) => {}
        }
    };
    framed("Where is it?", "/items", false, &body)
}

fn where_it_is(newest: &Mark, marks: &[Mark]) -> Markup {
    let ended = marks.iter().find(|mark| matches!(mark.told, Told::Ended(_) | Told::Disposed(_)));
    let place = &ended.unwrap_or(newest).place;
    html! {
        "Last known: " strong { (ended.map_or_else(|| in_words_told(&newest.told), |mark| in_words_told(&mark.told))) }
        ", " (place.facility) " / " (place.station) @if !place.lane.is_empty() { ", lane " (place.lane) } "."
    }
}

fn mark_table(marks: &[Mark], now_ms: i64) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "When" } th { "Station, lane" } th { "What" } th { "Pass" } } }
            tbody { @for mark in marks.iter().take(ROWS_SHOWN) { tr {
                td { (time(mark.place.at_ms, now_ms)) }
                td { (mark.place.facility) " / " strong { (mark.place.station) }
                    @if !mark.place.lane.is_empty() { ", lane " (mark.place.lane) } }
                td { (in_words_told(&mark.told)) br; span.soft { "record " (mark.place.seq) } }
                td { @if let Some(pass) = &mark.place.pass { (pass) } }
            } } }
        } }
    }
}

fn in_words_told(told: &Told) -> String {
    match told {
        Told::Decided(outcome) => format!("decided: {outcome}"),
        Told::Ended(end) if end_name(*end) == "exam" => "in exam".to_owned(),
        Told::Ended(end) => went(end_name(*end)).to_owned(),
        Told::Presented => "presented".to_owned(),
        Told::Examined => "examined".to_owned(),
        Told::Disposed(what) => format!("outcome: {what}"),
        Told::Entered => "came in".to_owned(),
        Told::Other => "was there".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_as_it_is_printed() {
        assert_eq!(asked(" rb 123 456 785 us\n"), "RB123456785US");
        assert_eq!(asked(&"x".repeat(500)).len(), ITEM_CHARS_MAX);
    }

    #[test]
    fn nothing_that_is_shown_is_markup() {
        let hostile = "<script>alert(1)</script>\"'";
        let page = items_page(Some(hostile), &[], 0).into_string();
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
    }
}
