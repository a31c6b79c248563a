//! The lanes drawn to scale: one SVG each, one unit a millimetre of belt.
//!
//! A parcel keeps its element from one news to the next (its `id`), so that the stylesheet can let it glide.

use gatepost_pipeline::drive::{EyeRole, LaneKind};
use maud::{Markup, html};

use super::{badge, tone_class};
use crate::shown::{Lane, OnBelt, Route, Tone};

/// Heights in the drawing, millimetres.
const TOP_MM: i32 = 250;
const BELT_MM: i32 = 420;
const MIDDLE_MM: i32 = TOP_MM + BELT_MM / 2;
const HEIGHT_MM: i32 = 900;
/// Free room at both ends; the right one holds the chutes' signs.
const LEFT_MM: i32 = 120;
const RIGHT_MM: i32 = 1_080;
/// No parcel is drawn smaller: its letter must be read from two steps away.
const DRAWN_MM_MIN: i32 = 200;
const PARCEL_MM: i32 = 320;

pub(super) fn lanes(lanes: &[Lane], token: &str) -> Markup {
    html! {
        section #lanes aria-label="Lanes" {
            @if lanes.is_empty() { p.empty { "No lane is configured." } }
            @for lane in lanes { (one(lane, token)) }
        }
    }
}

fn one(lane: &Lane, token: &str) -> Markup {
    html! {
        article id={ "lane-" (lane.name) } class={ "lane " (tone_class(lane.tone)) } {
            header {
                h2 { "Lane " (lane.name) }
                p class={ "state " (tone_class(lane.tone)) } { span.dot aria-hidden="true" { (sign(lane.tone)) } (lane.state) }
                @if !lane.to_do.is_empty() { p.todo { (lane.to_do) } }
                (alarms(lane))
                @if lane.kind != LaneKind::Bench { (stop_button(lane, token)) }
            }
            @if !lane.segments.is_empty() { (drawing(lane)) }
            @if lane.kind == LaneKind::Bench { (on_bench(lane)) } @else if !lane.unplaced.is_empty() { (unplaced(lane)) }
        }
    }
}

const fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "▶",
        Tone::Warn => "‖",
        Tone::Bad => "■",
    }
}

fn stop_button(lane: &Lane, token: &str) -> Markup {
    html! {
        form.act method="post" action="/act" {
            input type="hidden" name="token" value=(token);
            input type="hidden" name="lane" value=(lane.name);
            button.stop name="action" value="stop-belt" disabled[!lane.moves] {
                span.octagon aria-hidden="true" {} "Stop belt " (lane.name)
            }
        }
    }
}

fn alarms(lane: &Lane) -> Markup {
    html! {
        @if let Some(alarm) = lane.alarms.first() {
            p.alarm {
                span aria-hidden="true" { "▲ " }
                @if let Some(pass) = &alarm.pass { span.pass { (pass) } " " }
                (alarm.says) " " span.since { (alarm.ago) @if alarm.ago != "now" { " ago" } }
            }
        }
    }
}

/// One item at a time and where it goes, to be read and compared from two steps away. Nothing of an item stays here when
/// it was lifted.
fn on_bench(lane: &Lane) -> Markup {
    html! {
        @match lane.unplaced.last() {
            None => div.here.nothing { div { p.goes { "Lay one item down" } p { "The bench is empty." } } },
            Some(item) => {
                @let route = if item.waits { Route::Undecided } else { item.route };
                div id={ "here-" (item.pass) } class={ "here " (route.class()) } {
                    (badge(route))
                    div {
                        p.goes { (if route == Route::Undecided { "Wait" } else { route.word() }) }
                        p { (item.says) }
                    }
                    div.whose {
                        p { (if item.item.is_some() { "Is this the number on its label?" } else { "No number is known." }) }
                        p.label { (number(item)) }
                        p.pass { (item.pass) }
                    }
                }
            }
        }
    }
}

/// The item id with its last digits raised: those are what the eye compares.
fn number(item: &OnBelt) -> Markup {
    let Some(id) = &item.item else { return html! { span.item.none { "No item id" } } };
    let tail = id.char_indices().rev().filter(|(_, sign)| !sign.is_whitespace()).nth(4).map_or(0, |(at, _)| at);
    html! { span.item { (&id[..tail]) b { (&id[tail..]) } } }
}

fn unplaced(lane: &Lane) -> Markup {
    html! {
        ul.unplaced {
            @for parcel in &lane.unplaced {
                li { (badge(parcel.route)) " " (super::name(parcel.item.as_ref(), &parcel.pass)) " is somewhere here: its place was lost" }
            }
        }
    }
}

fn drawing(lane: &Lane) -> Markup {
    let way_mm = way_mm(lane);
    let view_box = format!("{} 0 {} {HEIGHT_MM}", -LEFT_MM, way_mm.saturating_add(LEFT_MM + RIGHT_MM));
    html! {
        svg.belt viewBox=(view_box) role="group" aria-label={ "Lane " (lane.name) " to scale" } {
            (branch(lane))
            (segments(lane, way_mm))
            @for device in &lane.devices {
                g.device.failed[!device.works] {
                    rect x=(device.from_mm) y=(TOP_MM - 50) width=((device.to_mm - device.from_mm).max(60)) height=(BELT_MM + 70) rx="20" {}
                    text x=((device.from_mm + device.to_mm) / 2) y=(TOP_MM - 90) { @if !device.works { "✕ " } (device.name) }
                }
            }
            @for eye in &lane.eyes { @if !matches!(eye.role, EyeRole::ExamExit) { (eye_mark(eye.at_mm, &eye.name)) } }
            (gate(lane))
            (chutes(lane, way_mm))
            @for parcel in &lane.parcels { (parcel_mark(lane, parcel)) }
        }
    }
}

/// How far the straight way reaches: the belts, and the release exit where it lies beyond them.
fn way_mm(lane: &Lane) -> i32 {
    let belts = lane.segments.last().map_or(0, |last| last.from_mm.saturating_add(last.length_mm));
    belts.max(lane.release_exit_mm.unwrap_or(0).saturating_add(100)).clamp(1, 200_000)
}

fn segments(lane: &Lane, way_mm: i32) -> Markup {
    let last = lane.segments.len().saturating_sub(1);
    html! {
        @for (at, segment) in lane.segments.iter().enumerate() {
            @let length_mm = if at == last { way_mm - segment.from_mm } else { segment.length_mm };
            rect.segment x=(segment.from_mm + 12) y=(TOP_MM) width=((length_mm - 24).max(1)) height=(BELT_MM) rx="36" {}
            text.segment-name x=(segment.from_mm + 40) y=(TOP_MM + BELT_MM + 140) {
                tspan.motion { (segment.sign) } " " (segment.name) tspan.how { " " (segment.motion) }
            }
        }
    }
}

fn eye_mark(at_mm: i32, name: &str) -> Markup {
    html! {
        g.eye {
            title { "Eye " (name) }
            line x1=(at_mm) x2=(at_mm) y1=(TOP_MM - 30) y2=(TOP_MM + BELT_MM + 30) {}
            circle cx=(at_mm) cy=(TOP_MM - 30) r="22" {}
        }
    }
}

/// The way into the exam chute: down and to the right from the gate.
fn branch(lane: &Lane) -> Markup {
    html! {
        @if let (Some(from_mm), Some(until_mm)) = (lane.gate_mm, lane.exam_exit_mm) {
            @let (x, y) = on_branch(from_mm, until_mm);
            line.branch.edge x1=(from_mm) y1=(MIDDLE_MM) x2=(x) y2=(y) {}
            line.branch x1=(from_mm) y1=(MIDDLE_MM) x2=(x) y2=(y) {}
        }
    }
}

/// A place beyond the gate on the exam way, which falls by five in thirteen.
fn on_branch(gate_mm: i32, at_mm: i32) -> (i32, i32) {
    let beyond = at_mm.saturating_sub(gate_mm).clamp(0, 4_000);
    (gate_mm + beyond * 12 / 13, MIDDLE_MM + beyond * 5 / 13)
}

fn gate(lane: &Lane) -> Markup {
    html! {
        @if let Some(gate_mm) = lane.gate_mm {
            g.gate {
                path d={ "M" (gate_mm) " " (TOP_MM - 60) "l70 70l-70 70l-70-70z" } {}
                text x=(gate_mm) y=(TOP_MM - 90) { "gate" }
            }
        }
    }
}

fn chutes(lane: &Lane, way_mm: i32) -> Markup {
    let mark = |x: i32, y: i32, route: Route| {
        html! {
            g class={ "chute " (route.class()) } {
                rect x=(x) y=(y - 105) width="900" height="210" rx="105" {}
                text.letter x=(x + 115) y=(y + 62) { (route.letter()) }
                text.word x=(x + 220) y=(y + 52) { (route.word()) }
            }
        }
    };
    html! {
        @if lane.release_exit_mm.is_some() { (mark(way_mm + 60, MIDDLE_MM, Route::Release)) }
        @if let (Some(gate_mm), Some(exit_mm)) = (lane.gate_mm, lane.exam_exit_mm) {
            @let (x, y) = on_branch(gate_mm, exit_mm);
            (mark(x.max(way_mm) + 60, y.min(HEIGHT_MM - 130), Route::Exam))
        }
    }
}

fn parcel_mark(lane: &Lane, parcel: &OnBelt) -> Markup {
    let drawn_mm = parcel.length_mm.max(DRAWN_MM_MIN);
    let at_mm = parcel.at_mm.unwrap_or(0).clamp(-1_000, 200_000);
    let middle_mm = at_mm - parcel.length_mm / 2;
    // Beyond the gate a parcel lies on the way it was sent.
    let (x, y) = match (lane.gate_mm, lane.exam_exit_mm) {
        (Some(gate_mm), Some(_)) if middle_mm > gate_mm && parcel.route != Route::Release => {
            on_branch(gate_mm, middle_mm)
        }
        _ => (middle_mm, MIDDLE_MM),
    };
    html! {
        g class={ "parcel " (parcel.route.class()) @if parcel.waits { " waits" } } id={ "parcel-" (parcel.pass) }
            transform={ "translate(" (x) " " (y) ")" } {
            title { (parcel.pass) ": " (parcel.item.as_deref().unwrap_or("no item id")) ". " (parcel.route.word()) ". " (parcel.says) }
            (shape(parcel.route, drawn_mm))
            text.letter y=(if parcel.short.is_empty() { 65 } else { 25 }) { (parcel.route.letter()) }
            @if !parcel.short.is_empty() { text.short y="125" { (parcel.short) } }
        }
    }
}

/// A route has a shape of its own: round corners go on, square ones to exam, cut ones stay.
fn shape(route: Route, length_mm: i32) -> Markup {
    let (half, high) = (length_mm / 2, PARCEL_MM / 2);
    let radius = match route {
        Route::Release => 90,
        Route::Undecided => 40,
        Route::Exam | Route::StopInPlace => 10,
    };
    html! {
        @if route == Route::StopInPlace {
            @let (x, y, cut) = (half, high, 70);
            path d={ "M" (cut - x) " " (-y) "H" (x - cut) "L" (x) " " (cut - y) "V" (y - cut) "L" (x - cut) " " (y) "H" (cut - x) "L" (-x) " " (y - cut) "V" (cut - y) "z" } {}
        } @else {
            rect x=(-half) y=(-high) width=(length_mm) height=(PARCEL_MM) rx=(radius) {}
        }
    }
}
