//! The parcel that needs the officer, large: sentence, picture with boxes, declaration beside measurement.

use maud::{Markup, html};

use super::{badge, name};
use crate::shown::{Clearing, Find, Focus, Route};

pub(super) fn focus(focus: Option<&Focus>, token: &str) -> Markup {
    html! {
        section #focus aria-label="Last decision" {
            @match focus {
                None => p.empty { "No parcel has been decided yet." },
                Some(focus) => (one(focus, token)),
            }
        }
    }
}

fn one(focus: &Focus, token: &str) -> Markup {
    html! {
        article id={ "decision-" (focus.pass) } class={ "decision " (focus.route.class()) @if focus.taken { " taken" } } {
            header {
                (badge(focus.route))
                div {
                    h2 { @if focus.taken { "Taken off the bench. It was " } (focus.route.word()) ": " (name(focus.item.as_ref(), &focus.pass)) }
                    p.when { (focus.time) ", " (focus.ago) @if focus.ago != "now" { " ago" } ". "
                        @match focus.record { Some(seq) => { "Record " (seq) "." }, None => "Being recorded." } }
                }
            }
            p.why { (focus.why) }
            p.todo { b { "Do: " } (focus.to_do) " "
                @if focus.route != Route::StopInPlace {
                    span.limits { (focus.mail_class) ", at most: " (focus.deepest) ". Risk: " (focus.risk) "." }
                }
            }
            div.sides {
                (picture(focus))
                div {
                    (facts(focus))
                    (reasons(focus))
                }
            }
            (actions(focus, token))
        }
    }
}

fn picture(focus: &Focus) -> Markup {
    html! {
        figure {
            @match &focus.image {
                Some((digest, width, height)) => {
                    div.xray {
                        img src={ "/image/" (digest) ".png" } alt={ "X-ray of " (focus.item.as_deref().unwrap_or(&focus.pass)) }
                            width=[(*width > 0).then_some(width)] height=[(*height > 0).then_some(height)];
                        @if *width > 0 && *height > 0 { (boxes(&focus.finds, *width, *height)) }
                    }
                }
                None => div.xray.none { p { "No picture" } },
            }
            @if let Some(blind) = focus.blind { p.blind { span aria-hidden="true" { "◩ " } b { "Not assessed. " } (blind) } }
            @else if focus.finds.is_empty() { p.nothing { "Nothing was found in the image." } }
            @else { (legend(focus)) }
        }
    }
}

fn boxes(finds: &[Find], width: u32, height: u32) -> Markup {
    let stroke = i64::from(width.max(height)).max(100) / 100;
    let size = stroke * 6;
    html! {
        svg.boxes viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" {
            @for find in finds {
                @let [left, top, right, bottom] = find.bounds.map(i64::from);
                @let above = if top > size + stroke { top - size } else { top };
                rect.halo x=(left) y=(top) width=((right - left).max(1)) height=((bottom - top).max(1)) stroke-width=(stroke * 2) {}
                rect.line x=(left) y=(top) width=((right - left).max(1)) height=((bottom - top).max(1)) stroke-width=(stroke) {}
                rect.plate x=(left) y=(above) width=(size) height=(size) {}
                text x=(left + size / 2) y=(above + size * 4 / 5) font-size=(size * 4 / 5) { (find.letter) }
            }
        }
    }
}

fn legend(focus: &Focus) -> Markup {
    html! {
        ul.finds {
            @for find in &focus.finds {
                li { b.plate { (find.letter) } " " (find.class) " " span.score { (find.score) " %" } }
            }
            @if focus.finds_more > 0 { li { "and " (focus.finds_more) " more" } }
        }
    }
}

fn facts(focus: &Focus) -> Markup {
    html! {
        div.facts {
            table {
                thead { tr { td {} th scope="col" { "Declared" } th scope="col" { "Measured" } } }
                tbody {
                    @for row in &focus.compared {
                        tr { th scope="row" { (row.what) } td { (row.declared) } td { (row.measured) } }
                    }
                    tr.source { th scope="row" { "Source" } td colspan="2" { (focus.declared_by) } }
                }
            }
        }
    }
}

fn reasons(focus: &Focus) -> Markup {
    html! {
        @if !focus.reasons.is_empty() {
            ol.reasons {
                @for (at, said) in focus.reasons.iter().enumerate() {
                    li {
                        @if at > 0 { (said.text) " " }
                        span.rule { (said.issue) " · " (said.rule) }
                    }
                }
                @if focus.reasons_more > 0 { li { "and " (focus.reasons_more) " more" } }
            }
        }
    }
}

fn actions(focus: &Focus, token: &str) -> Markup {
    html! {
        div.actions {
            @match &focus.clearing {
                Clearing::Offered { verdict } => {
                    form.act method="post" action="/act" {
                        (about(focus, token))
                        input type="hidden" name="verdict" value=(verdict);
                        label.seen { input type="checkbox" name="seen" value="yes" required; span { "I have seen every view" } }
                        button.clear name="action" value="clear" { "Clear on the image" }
                    }
                }
                Clearing::Not { why } => p.not { (why) },
            }
            @if focus.on_belt && focus.route != Route::StopInPlace {
                form.act method="post" action="/act" {
                    (about(focus, token))
                    button.removed name="action" value="removed" {
                        "I took it off the " (if focus.on_bench { "bench" } else { "belt" })
                    }
                }
            }
        }
    }
}

fn about(focus: &Focus, token: &str) -> Markup {
    html! {
        input type="hidden" name="token" value=(token);
        input type="hidden" name="lane" value=(focus.lane);
        input type="hidden" name="pass" value=(focus.pass);
    }
}
