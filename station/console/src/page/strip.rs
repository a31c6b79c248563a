//! What the station is made of, along the foot of the page: devices, link and backlog, memory, lists.

use maud::{Markup, html};

use super::tone_class;
use crate::shown::{Shown, Tone};
use crate::words;

pub(super) fn strip(shown: &Shown) -> Markup {
    html! {
        footer #strip {
            section.devices aria-label="Devices" {
                h2 { "Devices" }
                ul {
                    @for device in &shown.devices {
                        li class=(if device.works { "good" } else { "bad" }) {
                            (sign(if device.works { Tone::Good } else { Tone::Bad }))
                            div {
                                p { b { (device.name) } " " span.kind { (device.kind) } }
                                p.says {
                                    @if !device.says.is_empty() { (device.says) } @else if device.works { "works" } @else { "does not answer" }
                                    @if let Some(since) = &device.since { " " span.since { "for " (since) } }
                                }
                            }
                        }
                    }
                }
            }
            section aria-label="Central operations" { h2 { "Central" } (link(shown)) }
            section aria-label="Memory" { h2 { "Memory" } (memory(shown)) }
            section.lists aria-label="Lists" { h2 { "Lists" } (lists(shown)) }
            p.software { "Gatepost " (shown.software) }
        }
    }
}

/// A tone as shape and colour; its meaning stands in the words beside it.
fn sign(tone: Tone) -> Markup {
    let shape = match tone {
        Tone::Good => "✓",
        Tone::Warn => "!",
        Tone::Bad => "✕",
    };
    html! { span class={ "sign " (tone_class(tone)) } aria-hidden="true" { (shape) } }
}

fn link(shown: &Shown) -> Markup {
    let (uplink, backlog) = (&shown.uplink, shown.uplink.backlog);
    html! {
        ul { li {
            (sign(if uplink.connected { Tone::Good } else { Tone::Warn }))
            div {
                p {
                    b { (if uplink.connected { "Connected" } else { "Not connected" }) }
                    @if let Some(since) = &uplink.since { " " span.since { "for " (since) } }
                }
                @if let (false, Some(trouble)) = (uplink.connected, &uplink.trouble) { p.says { (trouble) } }
                p.says {
                    @if backlog.total() == 0 { "Nothing waits to be sent." }
                    @else {
                        (words::grouped(backlog.total())) " wait: "
                        span .loud[backlog.alert > 0] { (words::grouped(backlog.alert)) " alerts" }
                        ", " (words::grouped(backlog.disposition)) " dispositions, "
                        (words::grouped(backlog.decision)) " decisions, " (words::grouped(backlog.health)) " health"
                    }
                }
                p.says { (words::grouped(uplink.acked)) " acknowledged" }
            }
        } }
    }
}

fn memory(shown: &Shown) -> Markup {
    let ledger = &shown.ledger;
    html! {
        ul { li {
            (sign(ledger.tone))
            div {
                p { b { (ledger.says) } }
                p.says { @match ledger.last_seq { Some(seq) => { "last record " (words::grouped(seq)) }, None => "no record yet" } }
                @if let Some(free) = &ledger.free { p.says { (free) " free" } }
            }
        } }
    }
}

fn lists(shown: &Shown) -> Markup {
    html! {
        ul {
            @if shown.lists.is_empty() { li { (sign(Tone::Warn)) div { p { b { "None" } } } } }
            @for list in &shown.lists {
                li {
                    (sign(if list.stale { Tone::Bad } else { Tone::Good }))
                    div {
                        p { b { (list.name) } " " span.kind { (list.version) } }
                        p.says {
                            @match &list.age { Some(age) => { (age) " old" }, None => "age unknown" }
                            @if list.stale { ": too old, what needs it goes to exam" }
                        }
                    }
                }
            }
        }
    }
}
