//! What the station is made of, along the foot of the page: devices, link and backlog, memory, lists.
//!
//! One line while all is well: what is wrong stands in it in full, everything else unfolds at a touch.

use maud::{Markup, html};

use super::tone_class;
use crate::shown::{DeviceShown, Shown, Tone};
use crate::words;

pub(super) fn strip(shown: &Shown) -> Markup {
    let fold = |name: &str, tone: Tone, brief: Markup, whole: Markup| {
        html! {
            details class=(tone_class(tone)) name="strip" {
                summary { (sign(tone)) span { b { (name) } " " (brief) } }
                div.sheet { h2 { (name) } (whole) }
            }
        }
    };
    let (devices, link) = (devices_tone(shown), if shown.uplink.connected { Tone::Good } else { Tone::Warn });
    let stale = shown.lists.iter().any(|list| list.stale) || shown.lists.is_empty();
    html! {
        footer #strip aria-label="The station" {
            (fold("Devices", devices, devices_brief(&shown.devices), device_list(&shown.devices)))
            (fold("Central", link, link_brief(shown), link_sheet(shown)))
            (fold("Memory", shown.ledger.tone, memory_brief(shown), memory_sheet(shown)))
            (fold("Lists", if stale { Tone::Bad } else { Tone::Good }, lists_brief(shown), list_sheet(shown)))
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

fn devices_tone(shown: &Shown) -> Tone {
    match shown.devices.iter().all(|device| device.works) {
        true if shown.devices.is_empty() => Tone::Warn,
        true => Tone::Good,
        false => Tone::Bad,
    }
}

fn devices_brief(devices: &[DeviceShown]) -> Markup {
    html! {
        @if devices.is_empty() { "none configured" }
        @else if devices.iter().all(|device| device.works) { "all " (devices.len()) " work" }
        @for device in devices.iter().filter(|device| !device.works) { span.fault { (device.name) ": " (said(device)) " " } }
    }
}

fn said(device: &DeviceShown) -> &str {
    match (device.says.as_str(), device.works) {
        ("", true) => "works",
        ("", false) => "does not answer",
        (says, _) => says,
    }
}

fn device_list(devices: &[DeviceShown]) -> Markup {
    html! {
        ul {
            @for device in devices {
                li {
                    (sign(if device.works { Tone::Good } else { Tone::Bad }))
                    p {
                        b { (device.name) } " " span.kind { (device.kind) } br;
                        (said(device))
                        @if let Some(since) = &device.since { " " span.since { "for " (since) } }
                    }
                }
            }
        }
    }
}

fn link_brief(shown: &Shown) -> Markup {
    let (uplink, backlog) = (&shown.uplink, shown.uplink.backlog);
    html! {
        @if uplink.connected { "connected, " } @else { span.fault { "not connected, " } }
        @if backlog.total() == 0 { "nothing waits" } @else { (words::grouped(backlog.total())) " wait" }
        @if backlog.alert > 0 { ", " span.fault { (words::grouped(backlog.alert)) " alerts" } }
    }
}

fn link_sheet(shown: &Shown) -> Markup {
    let (uplink, backlog) = (&shown.uplink, shown.uplink.backlog);
    html! {
        p {
            (if uplink.connected { "Connected" } else { "Not connected" })
            @if let Some(since) = &uplink.since { " for " (since) }
            "."
        }
        @if let (false, Some(trouble)) = (uplink.connected, &uplink.trouble) { p.fault { (trouble) } }
        dl {
            @for (name, count) in [("Alerts", backlog.alert), ("Dispositions", backlog.disposition),
                ("Decisions", backlog.decision), ("Health", backlog.health)] {
                dt { (name) " that wait" } dd { (words::grouped(count)) }
            }
            dt { "Acknowledged" } dd { (words::grouped(uplink.acked)) }
        }
        p.since { "What waits is kept here until central has it." }
    }
}

fn memory_brief(shown: &Shown) -> Markup {
    let ledger = &shown.ledger;
    html! {
        @if ledger.tone != Tone::Good { span .fault[ledger.tone == Tone::Bad] { (ledger.says) } }
        @else if let Some(free) = &ledger.free { (free) " free" }
        @else { (ledger.says) }
    }
}

fn memory_sheet(shown: &Shown) -> Markup {
    html! {
        p { (shown.ledger.says) "." }
        dl {
            dt { "Last record" } dd { @match shown.ledger.last_seq { Some(seq) => (words::grouped(seq)), None => "none yet" } }
            dt { "Free" } dd { (shown.ledger.free.as_deref().unwrap_or("unknown")) }
            dt { "Gatepost" } dd { (shown.software) }
        }
    }
}

fn lists_brief(shown: &Shown) -> Markup {
    html! {
        @if shown.lists.is_empty() { span.fault { "none" } }
        @else if shown.lists.iter().all(|list| !list.stale) { "all fresh" }
        @for list in shown.lists.iter().filter(|list| list.stale) { span.fault { (list.name) " too old " } }
    }
}

fn list_sheet(shown: &Shown) -> Markup {
    html! {
        ul {
            @for list in &shown.lists {
                li {
                    (sign(if list.stale { Tone::Bad } else { Tone::Good }))
                    p {
                        b { (list.name) } " " span.kind { (list.version) } br;
                        @match &list.age { Some(age) => { (age) " old" }, None => "age unknown" }
                        @if list.stale { ": too old, what needs it goes to exam" }
                    }
                }
            }
        }
    }
}
