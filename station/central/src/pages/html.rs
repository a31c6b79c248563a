//! The markup: calm, readable, without a script. Pure; what it is given is already what its reader may see.

use gatepost_sync::ranges::RangeSet;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::kind_in_words;
use crate::intake::IntakeState;
use crate::store::read::{AlertView, Counts, DoubtView, StationView};

/// Ranges named in a table cell; the rest is counted.
const RANGES_SHOWN: usize = 4;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6b7b;--line:#dde3e9;--paper:#fbfcfd;--card:#fff;--good:#1f7a4d;--warn:#9a6200;--bad:#b3261e;--tint:#eef3f7}
@media(prefers-color-scheme:dark){:root{--ink:#e4eaf0;--soft:#9fb0c0;--line:#2c3844;--paper:#12181f;--card:#1a222b;--good:#63c796;--warn:#e0b050;--bad:#ff8a80;--tint:#202b36}}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
header,main{max-width:76rem;margin:0 auto;padding:1rem 1.5rem}header{display:flex;gap:1.5rem;align-items:baseline;flex-wrap:wrap}
h1{font-size:1.25rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .6rem}nav{display:flex;gap:1rem}a{color:inherit}nav a[aria-current]{font-weight:600;text-decoration:none}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem}.figure{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem}
.figure b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}.figure span,.soft{color:var(--soft)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.55rem .9rem;border-top:1px solid var(--line);vertical-align:top}thead th{border-top:0;font-weight:600;color:var(--soft);font-size:.85rem}
td.n{text-align:right;font-variant-numeric:tabular-nums}th.n{text-align:right}code{font:.92em ui-monospace,monospace}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.tag{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:0 .55rem;font-size:.8rem;white-space:nowrap}
input,button{font:inherit;padding:.45rem .7rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:inherit}button{background:var(--tint)}
.note{background:var(--tint);border-radius:.6rem;padding:.7rem .9rem;margin:1rem 0}.old td{color:var(--soft)}";

pub(super) fn frame(title: &str, here: &str, body: &Markup) -> Markup {
    framed(title, here, true, body)
}

/// `fresh`: the page shows what is now, and comes again by itself; not where somebody may be typing.
pub(super) fn framed(title: &str, here: &str, fresh: bool, body: &Markup) -> Markup {
    let links = [
        ("/", "Stations"),
        ("/alerts", "Alerts"),
        ("/holds", "Holds"),
        ("/items", "Where is it?"),
        ("/rules", "Rules"),
        ("/commands", "Commands"),
        ("/doubtful", "Put aside"),
        ("/refused", "Refused"),
        ("/sign-in", "Session"),
    ];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if fresh { meta http-equiv="refresh" content="10"; }
                title { (title) " · Gatepost central" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Gatepost central" }
                    nav aria-label="Pages" {
                        @for (to, name) in links {
                            a href=(to) aria-current=[(to == here).then_some("page")] { (name) }
                        }
                    }
                }
                main { (body) }
            }
        }
    }
}

pub fn overview(
    stations: &[StationView],
    alerts: &[AlertView],
    counts: &Counts,
    intake: &IntakeState,
    now_ms: i64,
) -> Markup {
    let body = html! {
        (broker_note(intake))
        (figures(counts))
        h2 { "Stations" }
        @if stations.is_empty() {
            p.note { "No station has spoken yet. Check that the stations and central name the same broker." }
        } @else {
            (station_table(stations, now_ms))
        }
        h2 { "Latest alerts" }
        (alert_table(alerts, now_ms))
    };
    frame("Stations", "/", &body)
}

pub fn alerts(alerts: &[AlertView], more: bool, now_ms: i64) -> Markup {
    let body = html! {
        h2 { "Alerts" }
        (alert_table(alerts, now_ms))
        @if let (true, Some(last)) = (more, alerts.last()) {
            p { a href=(format!("/alerts?before={}", last.at_ms)) { "Older alerts" } }
        }
    };
    frame("Alerts", "/alerts", &body)
}

pub fn doubtful(doubts: &[DoubtView], now_ms: i64) -> Markup {
    let body = html! {
        h2 { "Put aside" }
        p.soft {
            "Messages that do not fit their station's chain, speak for another station or cannot be read. They are never "
            "acknowledged; the station keeps its record and sends it again. Ask the facility before believing either side."
        }
        @if doubts.is_empty() {
            p.note { "Nothing was put aside." }
        } @else {
            div.scroll { table {
                thead { tr { th { "Station" } th.n { "Record" } th { "Why" } th.n { "Times" } th { "Last" } } }
                tbody { @for doubt in doubts { tr {
                    td { (doubt.facility) " / " strong { (doubt.station) } }
                    td.n { @if let Some(seq) = doubt.seq { (seq) } @else { span.soft { "unknown" } } }
                    td { span.tag.bad { (doubt.reason) } " " (doubt.detail) }
                    td.n { (doubt.times) }
                    td { (time(doubt.last_ms, now_ms)) }
                } } }
            } }
        }
    };
    frame("Put aside", "/doubtful", &body)
}

fn broker_note(intake: &IntakeState) -> Markup {
    html! {
        @if !intake.connected {
            p.note role="status" {
                strong.bad { "Not connected to the broker. " }
                @if let Some(trouble) = &intake.trouble { (trouble) ". " }
                "Stations keep everything meanwhile."
            }
        } @else if let Some(trouble) = &intake.trouble {
            p.note role="status" { strong.warn { "Trouble: " } (trouble) }
        }
    }
}

fn figures(counts: &Counts) -> Markup {
    let figure = |value: i64, name: &str, mark: &'static str| {
        html! { div.figure { b class=(mark) { (grouped(value)) } span { (name) } } }
    };
    let whenever = |value: i64, mark: &'static str| if value > 0 { mark } else { "good" };
    html! {
        div.figures {
            (figure(counts.online, &format!("of {} stations online", counts.stations), ""))
            (figure(counts.durable, "records stored", ""))
            (figure(counts.durable - counts.verified, "stored, chain not yet verified", ""))
            (figure(counts.missing, "records missing", whenever(counts.missing, "bad")))
            (figure(counts.quarantined, "messages put aside", whenever(counts.quarantined, "bad")))
            (figure(counts.audited_differs, &format!("of {} decisions judged again differ", grouped(judged(counts))),
                whenever(counts.audited_differs, "bad")))
        }
    }
}

fn judged(counts: &Counts) -> i64 {
    counts.audited_same + counts.audited_differs
}

fn station_table(stations: &[StationView], now_ms: i64) -> Markup {
    html! {
        div.scroll { table {
            thead { tr {
                th { "Station" } th { "Link" } th.n { "Received" } th.n { "Stored" } th.n { "Verified to" } th { "Gaps" }
                th { "Last heard" } th { "Software" }
            } }
            tbody { @for station in stations { tr {
                td { (station.facility) " / " strong { (station.station) } }
                td {
                    @if station.online { span.tag.good { "online" } } @else { span.tag.warn { "offline" } }
                    @if station.quarantined > 0 { " " span.tag.bad { (station.quarantined) " put aside" } }
                }
                td.n { (grouped(station.received)) }
                td.n { (grouped(station.durable)) }
                td.n { @if let Some(last) = station.chain_verified_to { (last) } @else { span.soft { "nothing" } } }
                td { (gaps(station)) }
                td { (time(station.last_heard_ms, now_ms)) }
                td { (station.software) }
            } } }
        } }
    }
}

fn gaps(station: &StationView) -> Markup {
    html! {
        @if station.gaps.is_empty() && station.awaited.is_empty() {
            span.good { "none" }
        }
        @if !station.gaps.is_empty() {
            span.bad { (grouped(station.gaps.count() as i64)) " missing: " code { (ranges(&station.gaps)) } }
        }
        @if !station.awaited.is_empty() {
            " " span.soft { (grouped(station.awaited.count() as i64)) " on their way" }
        }
    }
}

fn alert_table(alerts: &[AlertView], now_ms: i64) -> Markup {
    html! {
        @if alerts.is_empty() {
            p.note { "No alerts." }
        } @else {
            div.scroll { table {
                thead { tr { th { "When" } th { "Station, lane" } th { "Parcel" } th { "Reason" } th { "About" } } }
                tbody { @for alert in alerts { tr class=[(!alert.fresh).then_some("old")] {
                    td { (time(alert.at_ms, now_ms)) @if !alert.fresh { br; span.tag { "from history" } } }
                    td { (alert.facility) " / " strong { (alert.station) } @if !alert.lane.is_empty() { ", lane " (alert.lane) } }
                    td {
                        @match (&alert.item, &alert.pass) {
                            (Some(item), Some(pass)) => { code { (item) } br; span.soft { "pass " (pass) } }
                            (Some(item), None) => code { (item) },
                            (None, Some(pass)) => { "pass " code { (pass) } }
                            (None, None) => span.soft { "none" },
                        }
                    }
                    td { (alert.reason) @if let Some(group) = &alert.group { br; span.tag.warn { "only for " (group) } } }
                    td { (kind_in_words(&alert.kind)) br; span.soft { "record " (alert.seq) } }
                } } }
            } }
        }
    }
}

/// `0–4, 9, …`
fn ranges(set: &RangeSet) -> String {
    let mut shown: Vec<String> = set
        .iter()
        .take(RANGES_SHOWN)
        .map(|range| match range.start() == range.end() {
            true => range.start().to_string(),
            false => format!("{}–{}", range.start(), range.end()),
        })
        .collect();
    if set.range_count() > RANGES_SHOWN {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// `12 345 678`, with narrow spaces.
pub(super) fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// How long ago, with the time itself in UTC beside it.
pub(super) fn time(at_ms: i64, now_ms: i64) -> Markup {
    let seconds = now_ms.saturating_sub(at_ms) / 1_000;
    let ago = match seconds {
        ..-60 => "in the future (check the station's clock)".to_owned(),
        -60..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    };
    let exact = jiff::Timestamp::from_millisecond(at_ms)
        .map_or_else(|_| format!("{at_ms} ms"), |timestamp| timestamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    html! { time datetime=(exact) title=(exact) { (ago) br; span.soft { (exact) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station() -> StationView {
        StationView {
            facility: "JFK".into(),
            station: "st-01".into(),
            online: true,
            online_since_ms: 0,
            last_heard_ms: 0,
            software: "<script>".into(),
            received: 1_234_567,
            repeated: 0,
            durable: 5,
            quarantined: 0,
            chain_verified_to: Some(3),
            high: Some(9),
            gaps: [4..=4, 6..=8].into_iter().collect(),
            awaited: RangeSet::new(),
            backlog: 0,
        }
    }

    #[test]
    fn a_station_with_a_gap_says_which_and_nothing_is_markup() {
        let text = overview(&[station()], &[], &Counts::default(), &IntakeState::default(), 90_000).into_string();
        assert!(text.contains("4 missing: <code>4, 6–8</code>"), "{text}");
        assert!(text.contains("1\u{202f}234\u{202f}567") && text.contains("1 min ago") && text.contains("1970-01-01"));
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script>"));
        assert!(text.contains("Not connected to the broker") && text.contains("No alerts."));
    }

    #[test]
    fn an_alert_names_parcel_reason_and_time() {
        let alert = AlertView {
            station: "st-01".into(),
            facility: "JFK".into(),
            seq: 7,
            at_ms: 0,
            received_ms: 0,
            fresh: false,
            lane: "A".into(),
            kind: "device".into(),
            pass: Some("A/1/2".into()),
            item: Some("RB123456785US".into()),
            reason: "A knife is visible.".into(),
            group: Some("green".into()),
        };
        let text = alerts(&[alert], true, 0).into_string();
        for part in [
            "RB123456785US",
            "pass A/1/2",
            "A knife is visible.",
            "from history",
            "equipment",
            "only for green",
            "before=0",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn numbers_and_ranges_are_readable() {
        assert_eq!((grouped(-1_000), grouped(0), grouped(999)), ("-1\u{202f}000".into(), "0".into(), "999".into()));
        let many: RangeSet = (0..10).map(|n| n * 2).collect();
        assert_eq!(ranges(&many), "0, 2, 4, 6, …");
    }
}
