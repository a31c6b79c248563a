//! The exam queue in physical chute order, and the newest decisions in a line each.

use maud::{Markup, html};

use super::{badge, name};
use crate::shown::{Brief, InChute, Shown};

pub(super) fn queue(shown: &Shown) -> Markup {
    let count = shown.queue.len() + shown.queue_more;
    html! {
        aside #queue aria-label="Exam queue" {
            h2 { "Exam queue " span.count { (count) } }
            @if shown.queue.is_empty() {
                p.empty { "The exam chute is empty." }
            } @else {
                p.order { "In chute order: take the first one first." }
                ol.queue { @for parcel in &shown.queue { (in_chute(parcel)) } }
                @if shown.queue_more > 0 { p.more { "and " (shown.queue_more) " more" } }
            }
            h2 { "Last decisions" }
            ol.recent { @for decision in &shown.recent { (brief(decision)) } }
        }
    }
}

fn in_chute(parcel: &InChute) -> Markup {
    html! {
        li id={ "queued-" (parcel.pass) } class=(parcel.route.class()) {
            @match &parcel.image {
                Some(digest) => { img src={ "/image/" (digest) ".png" } alt="" loading="lazy"; }
                None => span.thumb aria-hidden="true" { (parcel.route.letter()) },
            }
            div {
                p.head { (name(parcel.item.as_ref(), &parcel.pass)) }
                p.why { (parcel.why) }
                p.size {
                    @if let Some(length) = &parcel.length { span { (length) } }
                    @if let Some(weight) = &parcel.weight { span { (weight) } }
                    span { "in the chute " (parcel.since) }
                }
            }
        }
    }
}

fn brief(decision: &Brief) -> Markup {
    html! {
        li id={ "recent-" (decision.pass) } {
            (badge(decision.route))
            p { (name(decision.item.as_ref(), &decision.pass)) br; span.why { (decision.why) } }
            span.since { (decision.ago) }
        }
    }
}
