//! Every bound of the pages. Full means a plain answer that says so, never a lane that waits for a browser.

use std::time::Duration;

/// Connections at once. The station's screen needs three.
pub const CONNECTIONS_MAX: usize = 64;
/// Pages that are kept up to date at once; each holds one connection.
pub const LIVE_PAGES_MAX: usize = 16;
const _: () = assert!(LIVE_PAGES_MAX * 2 <= CONNECTIONS_MAX);
/// Bytes of a form.
pub const FORM_BYTES_MAX: usize = 4 * 1024;
/// Bytes of one picture.
pub const PICTURE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Pictures being made at once: each may read a file and colour some million pixels.
pub const PICTURES_AT_ONCE_MAX: usize = 2;
/// Shortest time between two looks at the station.
pub const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A live page hears from the station at least this often; a page that does not says so (`app.js`).
pub const BEAT_EVERY: Duration = Duration::from_secs(1);
/// A page may act for so long after it was loaded: a shift and its handover.
pub const TOKEN_S_MAX: u64 = 24 * 3_600;
/// Time for open answers to end when the station stops.
pub const FAREWELL: Duration = Duration::from_secs(2);
/// Refusals told to the station: at most one in this time, with a count.
pub const REFUSAL_EVERY: Duration = Duration::from_secs(1);

/// Rows of each list that a page shows; more are counted.
pub const QUEUE_SHOWN_MAX: usize = 30;
pub const DECISIONS_USED_MAX: usize = 20;
pub const DECISIONS_SHOWN_MAX: usize = 5;
pub const REASONS_SHOWN_MAX: usize = 4;
pub const DETECTIONS_SHOWN_MAX: usize = 12;
pub const ALARMS_SHOWN_MAX: usize = 2;
pub const LANES_MAX: usize = 8;
pub const PARCELS_SHOWN_MAX: usize = 64;
pub const DEVICES_SHOWN_MAX: usize = 24;
pub const DEGRADED_SHOWN_MAX: usize = 12;
/// Characters of any text that comes from outside the pages.
pub const TEXT_CHARS_MAX: usize = 240;
