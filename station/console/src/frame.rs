//! The frame around every page, the station's and central's: head, title, navigation, stylesheet.
//!
//! Apart from the pages because two programs use it. Nothing inline: style and script are files of the same origin, so
//! that the strictest Content-Security-Policy holds. The frame knows no station.

use maud::{DOCTYPE, Markup, html};

/// The stylesheet, served as `/app.css` by whoever uses the frame.
pub const STYLE: &str = include_str!("assets/app.css");
/// The one script, served as `/app.js`; pages are whole without it.
pub const SCRIPT: &str = include_str!("assets/app.js");
/// Served as `/icon.svg`.
pub const ICON: &str = include_str!("assets/icon.svg");

/// For pages made with [`page`]: nothing from elsewhere, nothing inline, not to be framed.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What is around a page's body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// What the page is, for the window's title.
    pub title: &'a str,
    /// Whose page it is: "Gatepost JFK st-01".
    pub brand: &'a str,
    /// Address and name of each page.
    pub nav: &'a [(&'a str, &'a str)],
    /// The address of this one.
    pub here: &'a str,
    /// Keep the page up to date: by the script, or by loading it again where scripts do not run.
    pub live: bool,
    /// Allows this page's forms to be sent.
    pub token: Option<&'a str>,
}

/// A whole page. `header` stands beside the brand.
pub fn page(frame: &Frame<'_>, header: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (frame.title) " · " (frame.brand) }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/app.css";
                @if let Some(token) = frame.token { meta name="token" content=(token); }
                @if frame.live {
                    script type="module" src="/app.js" {}
                    noscript { meta http-equiv="refresh" content="2"; }
                }
            }
            body {
                header.top {
                    p.brand { (mark()) span { (frame.brand) } }
                    @if !frame.nav.is_empty() {
                        nav aria-label="Pages" {
                            @for (to, name) in frame.nav {
                                a href=(to) aria-current=[(to == &frame.here).then_some("page")] { (name) }
                            }
                        }
                    }
                    (header)
                }
                @if frame.live {
                    div #stale role="alert" hidden {
                        strong { "This page hears nothing from the station." }
                        " What it shows is old. The belt does not depend on it. Since " span #stale-since {} "."
                    }
                    div #told role="status" aria-live="polite" {}
                }
                main { (body) }
            }
        }
    }
}

/// The mark: a gate with its post.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 32 32" aria-hidden="true" {
            path d="M5 3h5v26H5z" {}
            path d="M10 12h18v5H10z" {}
            circle cx="7.5" cy="14.5" r="1.6" {}
        }
    }
}
