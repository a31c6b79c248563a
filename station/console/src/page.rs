//! The belt page: lanes, the parcel that needs the officer, the exam queue, what the station is made of.
//!
//! Pure: made from [`Shown`] and nothing else, escaped by maud. It is put together from regions with fixed names; the
//! same markup makes the first page and, region by region, every later news (`live`).

mod belt;
mod focus;
mod queue;
mod strip;

use maud::{Markup, html};

use crate::frame::{self, Frame};
use crate::shown::{DegradedShown, Route, Shown, Tone};

/// One part of the page, replaced as a whole when anything in it has changed.
#[derive(Clone, Debug)]
pub struct Region {
    /// The `id` of its element.
    pub id: &'static str,
    pub html: String,
}

/// The whole page, complete without a script.
pub fn whole(shown: &Shown, token: &str) -> Markup {
    let brand = format!("Gatepost {}", shown.station);
    let frame = Frame { title: "Belt", brand: &brand, nav: &[], here: "/", live: true, token: Some(token) };
    frame::page(
        &frame,
        &clock(shown),
        &html! {
            (degraded(&shown.degraded))
            (belt::lanes(&shown.lanes, token))
            div.columns {
                (focus::focus(shown.focus.as_ref(), token))
                (queue::queue(shown))
            }
            (strip::strip(shown))
        },
    )
}

/// The parts of the page as they are now, in page order. They carry no token: the script puts its page's own in.
pub fn regions(shown: &Shown) -> Vec<Region> {
    let parts = [
        ("clock", clock(shown)),
        ("degraded", degraded(&shown.degraded)),
        ("lanes", belt::lanes(&shown.lanes, "")),
        ("focus", focus::focus(shown.focus.as_ref(), "")),
        ("queue", queue::queue(shown)),
        ("strip", strip::strip(shown)),
    ];
    parts.into_iter().map(|(id, markup)| Region { id, html: markup.into_string() }).collect()
}

fn clock(shown: &Shown) -> Markup {
    html! {
        div.clock #clock {
            @if !shown.clock_trusted { span.sign.bad { "✕ clock not trusted" } }
            time { (shown.time) }
        }
    }
}

/// What cannot be overlooked: not there at all when everything works.
fn degraded(degraded: &[DegradedShown]) -> Markup {
    let tone = degraded.iter().map(|degraded| degraded.tone).max().unwrap_or(Tone::Good);
    html! {
        section #degraded class=(if tone == Tone::Bad { "bad" } else { "warn" }) aria-label="What does not work"
            role="alert" hidden[degraded.is_empty()] {
            @if !degraded.is_empty() {
                p.flag aria-hidden="true" { (if tone == Tone::Bad { "!" } else { "i" }) }
                ul {
                    @for part in degraded {
                        li class=(tone_class(part.tone)) {
                            p.what { strong { (part.what) } @if let Some(since) = &part.since { " " span.since { "for " (since) } } }
                            p { b { "Still works: " } (part.still_works) }
                            p { b { "Do: " } (part.to_do) }
                        }
                    }
                }
            }
        }
    }
}

pub(crate) const fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
    }
}

/// A route as shape, letter and colour.
fn badge(route: Route) -> Markup {
    html! { span class={ "badge " (route.class()) } role="img" aria-label=(route.word()) { (route.letter()) } }
}

/// An id as the parcel's name; one that has none says so.
fn name(item: Option<&String>, pass: &str) -> Markup {
    html! {
        @match item {
            Some(item) => span.item { (item) },
            None => span.item.none { "No item id" },
        }
        " " span.pass { (pass) }
    }
}

#[cfg(test)]
mod tests;
