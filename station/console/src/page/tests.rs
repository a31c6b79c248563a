//! The page of a sample station against its golden file, and what must never stand in it. `UPDATE=1` rewrites the golden.

use gatepost_pipeline::judge::{Identification, Outcome, Token};
use gatepost_pipeline::pass::life::State;

use super::*;
use crate::desk::{StationView, Uplink};
use crate::frame::{ICON, SCRIPT, STYLE};
use crate::limits::*;
use crate::sample;

/// When a firearm is decided and still on the belt.
const STORY_MS: i64 = 79_900;

fn drawn(view: &StationView) -> String {
    whole(&Shown::of(view), "TOKEN").into_string()
}

fn json(view: &StationView) -> String {
    serde_json::to_string(&Shown::of(view)).unwrap()
}

/// A line per tag, so that a change reads as one.
fn lines(html: &str) -> String {
    html.replace("><", ">\n<") + "\n"
}

#[test]
fn the_page_is_the_golden_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page/golden.html");
    let drawn = lines(&drawn(&sample::station(STORY_MS)));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &drawn).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    let differs = golden.lines().zip(drawn.lines()).find(|(golden, drawn)| golden != drawn);
    assert_eq!(differs, None, "UPDATE=1 rewrites {path}");
    assert_eq!(golden.len(), drawn.len(), "UPDATE=1 rewrites {path}");
}

#[test]
fn it_says_which_parcel_why_and_what_to_do() {
    let page = drawn(&sample::station(STORY_MS));
    for part in [
        "RB 471 292 055 GB",
        "The image shows a firearm; toys are declared.",
        "Open and examine.",
        "It weighs 760 g more than declared.",
        "firearm",
        "480 g",
        "1240 g, shown as 1.240 kg (1190 g in the image)",
        "Clear on the image",
        "I have seen every view",
        "Exam queue",
        "all 5 work",
        "connected",
        "212 GB free",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn no_text_from_outside_becomes_markup() {
    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&\u{202e}";
    let mut view = sample::station(STORY_MS);
    let ascii: String = HOSTILE.chars().filter(char::is_ascii).take(64).collect();
    let label = Token::new(&ascii).unwrap();
    (view.station, view.software) = (HOSTILE.into(), HOSTILE.into());
    for decided in &mut view.decisions {
        decided.inputs.item = Identification::Read {
            id: label.clone(),
            kind: gatepost_pipeline::judge::ItemKind::Unknown,
            duplicate: false,
        };
        decided.image = Some(crate::desk::ImageRef { digest: label.clone(), width_px: 9, height_px: 9 });
    }
    for queued in &mut view.exam_queue {
        queued.item = Some(label.clone());
        queued.image = Some(crate::desk::ImageRef { digest: label.clone(), width_px: 9, height_px: 9 });
    }
    for device in &mut view.devices {
        (device.name, device.kind, device.says, device.works) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into(), false);
    }
    for list in &mut view.lists {
        (list.name, list.version, list.stale) = (HOSTILE.into(), HOSTILE.into(), true);
    }
    view.uplink = Uplink { trouble: Some(HOSTILE.into()), ..Uplink::default() };
    view.ledger.health = crate::desk::LedgerHealth::Failing { says: HOSTILE.into() };
    view.degraded = sample::degraded(STORY_MS).degraded;
    (view.degraded[0].what, view.degraded[0].to_do, view.degraded[0].still_works) =
        (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    let lane = &mut view.lanes[0];
    lane.lane = HOSTILE.into();
    lane.segments[0].0 = HOSTILE.into();
    lane.eyes[0].0 = HOSTILE.into();
    lane.devices[0].name = HOSTILE.into();
    lane.alarms[0].says = HOSTILE.into();
    lane.parcels.iter_mut().for_each(|parcel| parcel.item = Some(label.clone()));

    let page = drawn(&view);
    assert_eq!(page.matches("<script").count(), 1, "the page's own script alone");
    assert!(!page.contains("<img src=x") && !page.contains('\u{202e}') && !page.contains("\"><script>"));
    assert!(page.matches("&lt;script&gt;").count() > 20);
    assert!(!page.contains("/image/"), "no picture of a name that is no digest");
    assert!(page.contains("&quot;&gt;"));
}

#[test]
fn a_restricted_reason_looks_like_its_cover() {
    let view = sample::station(STORY_MS);
    let whole = format!("{:?}", view.exam_queue);
    assert!(whole.contains("task force 9"), "the sample holds the secret");
    for shown in [drawn(&view), json(&view)] {
        for secret in ["task force", "task-force", "hold.entity", "arcotics"] {
            assert!(!shown.contains(secret), "{secret}");
        }
        assert!(shown.contains("Selected for examination."));
    }
}

#[test]
fn a_test_threat_cannot_be_told_from_a_real_one() {
    let real = sample::station(STORY_MS);
    let mut projected = real.clone();
    for decided in &mut projected.decisions {
        decided.inputs.projected_threat = true;
        decided.verdict.projected_threat = true;
    }
    let without_digest = |page: &str| {
        let at = page.find("name=\"verdict\" value=\"").unwrap() + 22;
        format!("{}{}", &page[..at], &page[at + 64..])
    };
    assert_eq!(without_digest(&drawn(&real)), without_digest(&drawn(&projected)));
}

#[test]
fn until_a_decision_is_durable_the_belt_shows_none() {
    let mut view = sample::station(STORY_MS);
    let letters =
        |view: &StationView| -> Vec<Route> { Shown::of(view).lanes[0].parcels.iter().map(|p| p.route).collect() };
    assert!(letters(&view).contains(&Route::Release) && letters(&view).contains(&Route::Exam));
    view.lanes[0].parcels.iter_mut().for_each(|parcel| parcel.state = State::Deciding);
    assert!(letters(&view).iter().all(|&route| route == Route::Undecided));
}

#[test]
fn what_does_not_work_is_said_even_when_nobody_says_it() {
    let well = Shown::of(&sample::station(STORY_MS));
    assert!(well.is_well() && degraded(&well.degraded).into_string().contains("hidden"));
    let mut view = sample::degraded(STORY_MS);
    let page = drawn(&view);
    for part in
        ["The X-ray gives no pictures.", "Still works:", "Central operations cannot be reached.", "✕ x-ray", "4 alerts"]
    {
        assert!(page.contains(part), "{part}");
    }
    view.degraded.clear();
    view.clock_trusted = false;
    view.ledger.health = crate::desk::LedgerHealth::Full;
    let said: Vec<String> = Shown::of(&view).degraded.into_iter().map(|degraded| degraded.what).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said.last().is_some_and(|last| last.contains("Central")), "what changes nothing at the belt comes last");
}

#[test]
fn a_parcel_that_must_not_be_touched_takes_the_page() {
    let view = sample::stopped(STORY_MS);
    let focus = Shown::of(&view).focus.unwrap();
    assert_eq!(
        (focus.route, focus.to_do.as_str()),
        (Route::StopInPlace, "Do not touch it. Keep away and call the supervisor.")
    );
    assert!(matches!(focus.clearing, crate::shown::Clearing::Not { .. }));
    let page = drawn(&view);
    assert!(page.contains("STOPPED IN PLACE") && page.contains("class=\"decision stop\""));
    assert!(!page.contains("took it off"), "nobody is invited to touch it");
}

#[test]
fn the_page_is_light_and_stays_so_when_everything_is_full() {
    let mut view = sample::degraded(STORY_MS);
    let parts = STYLE.len() + SCRIPT.len() + ICON.len();
    assert!(drawn(&view).len() + parts <= 60_000, "{} bytes", drawn(&view).len() + parts);
    let (queued, decided, lane) = (view.exam_queue[0].clone(), view.decisions[0].clone(), view.lanes[0].clone());
    view.exam_queue = vec![queued; 5_000];
    view.decisions = vec![decided; 5_000];
    view.devices = vec![view.devices[0].clone(); 5_000];
    view.degraded = vec![view.degraded[0].clone(); 5_000];
    view.lanes[0].parcels = vec![lane.parcels[0].clone(); 5_000];
    assert!(drawn(&view).len() + parts <= 150_000, "{} bytes", drawn(&view).len() + parts);
    assert!(drawn(&view).contains(&format!("and {} more", 5_000 - QUEUE_SHOWN_MAX)));
}

#[test]
fn nothing_is_loaded_from_elsewhere_and_nothing_stands_inline() {
    let page = drawn(&sample::degraded(STORY_MS));
    for absent in ["style=", "<style", "onclick", "javascript:", "src=\"http", "href=\"http"] {
        assert!(!page.contains(absent), "{absent}");
    }
    for asset in [STYLE, SCRIPT] {
        assert!(!asset.contains("http://") && !asset.contains("https://") && !asset.contains("@import"));
    }
}

#[test]
fn no_tag_says_anything_twice() {
    for view in [sample::station(STORY_MS), sample::degraded(STORY_MS), sample::stopped(STORY_MS)] {
        let page = drawn(&view);
        for tag in page.split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
            for name in [" class=", " id=", " value=", " hidden"] {
                assert!(tag.matches(name).count() <= 1, "<{tag}>");
            }
        }
        let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an element's id stands twice");
    }
}

/// Colours of the stylesheet by name, for each scheme.
fn colours() -> [Vec<(String, [f64; 3])>; 2] {
    let schemes = STYLE.split("prefers-color-scheme: dark").take(2);
    let read = |text: &str| {
        let text = text.split_once('{').map_or("", |(_, rest)| rest);
        let declared = text.split(';').take_while(|part| !part.contains("box-sizing"));
        let colour = |part: &str| {
            let (name, value) = part.trim().rsplit("--").next()?.split_once(": #")?;
            let byte = |at: usize| u8::from_str_radix(value.get(at..at + 2)?, 16).ok().map(f64::from);
            Some((name.to_owned(), [byte(0)?, byte(2)?, byte(4)?]))
        };
        declared.filter_map(colour).collect::<Vec<_>>()
    };
    let mut schemes = schemes.map(read);
    [schemes.next().unwrap_or_default(), schemes.next().unwrap_or_default()]
}

/// Contrast as WCAG 2.1 defines it.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let part = |value: f64| match value / 255.0 {
        low if low <= 0.03928 => low / 12.92,
        high => ((high + 0.055) / 1.055).powf(2.4),
    };
    let light = |[r, g, b]: [f64; 3]| 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    let (low, high) = (light(a).min(light(b)), light(a).max(light(b)));
    (high + 0.05) / (low + 0.05)
}

#[test]
fn every_text_can_be_read_on_its_ground_in_both_schemes() {
    let pairs = [
        ("ink", "paper"),
        ("ink", "card"),
        ("soft", "paper"),
        ("soft", "card"),
        ("soft", "belt"),
        ("soft", "stop-tint"),
        ("soft", "warn-tint"),
        ("ink", "stop-tint"),
        ("ink", "warn-tint"),
        ("on", "release"),
        ("on", "exam"),
        ("on", "stop"),
        ("on", "bad"),
        ("on", "warn"),
        ("on", "undecided"),
        ("release", "card"),
        ("exam", "card"),
        ("stop", "card"),
        ("good", "card"),
        ("warn", "card"),
        ("bad", "card"),
        ("undecided", "card"),
        ("release", "release-tint"),
        ("stop", "stop-tint"),
        ("exam", "tint"),
        ("exam", "exam-tint"),
        ("soft", "exam-tint"),
        ("soft", "release-tint"),
        ("soft", "tint"),
        ("paper", "ink"),
    ];
    for scheme in colours() {
        let of = |wanted: &str| scheme.iter().find(|(name, _)| name == wanted).map(|(_, colour)| *colour);
        for (text, ground) in pairs {
            let (Some(a), Some(b)) = (of(text), of(ground)) else {
                panic!("{text} or {ground} is not in the stylesheet")
            };
            assert!(contrast(a, b) >= 4.5, "{text} on {ground}: {:.2}", contrast(a, b));
        }
    }
}

/// The sample's lane as a bench where its first undecided, or released, parcel lies; and its item's last digits.
fn bench(state: State) -> (StationView, String) {
    let mut view = sample::station(STORY_MS);
    let lane = &mut view.lanes[0];
    lane.kind = gatepost_pipeline::drive::LaneKind::Bench;
    (lane.segments, lane.eyes, lane.roles, lane.gate) = (Vec::new(), Vec::new(), Vec::new(), None);
    let released = |parcel: &gatepost_pipeline::drive::ParcelView| parcel.outcome == Some(Outcome::Release);
    let mut here = lane.parcels.iter().find(|parcel| released(parcel)).cloned().unwrap();
    (here.place, here.state) = (None, state);
    let item = here.item.clone().unwrap();
    lane.parcels = vec![here];
    (view, item.as_str()[8..].to_owned())
}

#[test]
fn an_officer_at_a_bench_reads_what_lies_there_and_where_it_goes() {
    for (state, goes) in [(State::Permitted, "Release"), (State::Decided, "Wait"), (State::OnBelt, "Wait")] {
        let (view, digits) = bench(state);
        let page = drawn(&view);
        let here = page.split("class=\"here ").nth(1).and_then(|here| here.split("</article>").next()).unwrap();
        assert!(here.contains(&format!("<p class=\"goes\">{goes}</p>")), "{state:?}: {here}");
        assert!(here.replace([' ', '<', '>', 'b', '/'], "").contains(&digits), "{state:?}: {digits} in {here}");
        assert!(!here.contains("gate"), "a bench has none: {here}");
        let focus = Shown::of(&view).focus.unwrap();
        assert_eq!((focus.pass, focus.taken), (view.lanes[0].parcels[0].pass.to_string(), false));
    }
}

#[test]
fn what_was_lifted_from_a_bench_is_nowhere_shown_as_lying_there() {
    let (mut view, _) = bench(State::Permitted);
    view.lanes[0].parcels.clear();
    let page = drawn(&view);
    assert!(page.contains("Lay one item down") && page.contains("Taken off the bench. It was "));
    assert!(!page.contains("Is this the number on its label?"));
}
