//! An officer's eyes: what the station's own page shows of a bench, read as a browser reads it.
//!
//! The officer of a virtual bench does as the page says and knows nothing else of the station. A page that does not
//! answer is dark.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use gatepost_virtual::lane::bench::Lamp;
use serde_json::Value;

/// Between two looks, and how long an answer may take.
const LOOK: Duration = Duration::from_millis(60);
const PATIENCE: Duration = Duration::from_millis(500);
const PAGE_BYTES_MAX: u64 = 4 << 20;

/// What is seen now.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    seen: Arc<AtomicU8>,
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
                let lamp = page(http).map_or(Lamp::Dark, |page| lamp(&page, &lane));
                watching.seen.store(lamp as u8, Ordering::Relaxed);
                std::thread::park_timeout(LOOK);
            }
        })?;
        Ok(screen)
    }

    pub fn lamp(&self) -> Lamp {
        let seen = self.seen.load(Ordering::Relaxed);
        [Lamp::Release, Lamp::Exam, Lamp::Stop].into_iter().find(|lamp| *lamp as u8 == seen).unwrap_or_default()
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
fn lamp(page: &Value, lane: &str) -> Lamp {
    let lane = page["lanes"].as_array().and_then(|lanes| lanes.iter().find(|known| known["name"] == lane));
    let Some(item) = lane.and_then(|lane| lane["unplaced"].as_array()?.last()) else { return Lamp::Dark };
    match item["route"].as_str() {
        Some("release") if item["waits"] == false => Lamp::Release,
        Some("exam") => Lamp::Exam,
        Some("stop-in-place") => Lamp::Stop,
        _ => Lamp::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_release_is_seen_only_when_it_does_not_wait() {
        let page = |route: &str, waits: bool| {
            json!({"lanes": [{"name": "north", "unplaced": []},
                             {"name": "bench", "unplaced": [{"route": "exam", "waits": false}, {"route": route, "waits": waits}]}]})
        };
        assert_eq!(lamp(&page("release", false), "bench"), Lamp::Release);
        assert_eq!(lamp(&page("release", true), "bench"), Lamp::Dark);
        assert_eq!(lamp(&page("exam", false), "bench"), Lamp::Exam);
        assert_eq!(lamp(&page("stop-in-place", false), "bench"), Lamp::Stop);
        assert_eq!(lamp(&page("undecided", false), "bench"), Lamp::Dark);
        assert_eq!(lamp(&page("release", false), "north"), Lamp::Dark);
        assert_eq!(lamp(&json!({}), "bench"), Lamp::Dark);
    }
}
