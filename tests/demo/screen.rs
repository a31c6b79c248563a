//! An officer's eyes: what the station's own page shows of a bench, read as a browser reads it.
//!
//! The officer of a virtual bench does as the page says and knows nothing else of the station. A page that does not
//! answer is dark.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatepost_virtual::lane::bench::{Lamp, Seen};
use serde_json::Value;

/// Between two looks, and how long an answer may take.
const LOOK: Duration = Duration::from_millis(60);
const PATIENCE: Duration = Duration::from_millis(500);
const PAGE_BYTES_MAX: u64 = 4 << 20;

/// What is seen now.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
}

impl Screen {
    /// Looks at the page at `http` for ever; a thread of its own, which ends with [`Screen::close`].
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn watch(http: SocketAddr, lane: &str) -> std::io::Result<Self> {
        let (screen, lane) = (Self::default(), lane.to_owned());
        let watching = screen.clone();
        std::thread::Builder::new().name(format!("{lane} officer")).spawn(move || {
            while !watching.stop.load(Ordering::Relaxed) {
                let seen = page(http).map(|page| bench(&page, &lane)).unwrap_or_default();
                *watching.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
                std::thread::park_timeout(LOOK);
            }
        })?;
        Ok(screen)
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    pub fn close(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The page's own data.
fn page(http: SocketAddr) -> Option<Value> {
    let mut stream = TcpStream::connect_timeout(&http, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET /view.json HTTP/1.0\r\nHost: {http}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.take(PAGE_BYTES_MAX).read_to_end(&mut answer).ok()?;
    let body = answer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    serde_json::from_slice(&answer[body..]).ok()
}

/// What stands there of the item on this bench.
fn bench(page: &Value, lane: &str) -> Seen {
    let lane = page["lanes"].as_array().and_then(|lanes| lanes.iter().find(|known| known["name"] == lane));
    let Some(items) = lane.and_then(|lane| lane["unplaced"].as_array()) else { return Seen::default() };
    let Some(item) = items.last() else { return Seen { calls: true, ..Seen::default() } };
    let lamp = match item["route"].as_str() {
        Some("release") if item["waits"] == false => Lamp::Release,
        Some("exam") => Lamp::Exam,
        Some("stop-in-place") => Lamp::Stop,
        _ => Lamp::Dark,
    };
    let text = |key: &str| item[key].as_str().map(str::to_owned);
    Seen { calls: false, lamp, pass: text("pass"), item: text("item") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_release_is_seen_only_when_it_does_not_wait() {
        let page = |route: &str, waits: bool| {
            let here = json!({"pass": "bench/1/8", "item": null, "route": route, "waits": waits});
            json!({"lanes": [{"name": "north", "unplaced": []},
                             {"name": "bench", "unplaced": [{"pass": "bench/1/7", "route": "exam", "waits": false}, here]}]})
        };
        let lamp = |page: &Value, lane: &str| bench(page, lane).lamp;
        assert_eq!(lamp(&page("release", false), "bench"), Lamp::Release);
        assert_eq!(lamp(&page("release", true), "bench"), Lamp::Dark);
        assert_eq!(lamp(&page("exam", false), "bench"), Lamp::Exam);
        assert_eq!(lamp(&page("stop-in-place", false), "bench"), Lamp::Stop);
        assert_eq!(lamp(&page("undecided", false), "bench"), Lamp::Dark);
        assert_eq!(lamp(&page("release", false), "north"), Lamp::Dark);
        assert_eq!(bench(&json!({}), "bench"), Seen::default());
        assert!(bench(&page("release", false), "north").calls);
    }

    #[test]
    fn the_lamp_is_seen_beside_its_item() {
        let item = json!({"pass": "bench/1/8", "item": "RR 473 124 829 GB", "route": "exam", "waits": false});
        let page = json!({"lanes": [{"name": "bench", "unplaced": [item]}]});
        let (pass, item) = (Some("bench/1/8".to_owned()), Some("RR 473 124 829 GB".to_owned()));
        assert_eq!(bench(&page, "bench"), Seen { calls: false, lamp: Lamp::Exam, pass, item });
    }
}
