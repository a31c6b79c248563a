//! The station's wall clock, and whether it can be believed (DESIGN §6, trust at first start).

use std::time::{SystemTime, UNIX_EPOCH};

use gatepost_hardware::units::WallMs;
use gatepost_pipeline::event::ClockState;

use crate::config::ClockSource;

/// Milliseconds since 1970, as the host has it.
pub fn wall_now() -> WallMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A clock is trusted when it is not before the journal's last record and the kernel holds it synchronised, or the
/// configuration vouches for it.
pub fn state(source: ClockSource, last_record: WallMs) -> ClockState {
    let vouched = match source {
        ClockSource::Kernel => kernel_synchronised(),
        ClockSource::Rtc | ClockSource::Host => true,
    };
    // A minute: two computers that agree may still differ by what NTP tolerates while it steps.
    if vouched && wall_now().0 + 60_000 >= last_record.0 { ClockState::Trusted } else { ClockState::Untrusted }
}

/// systemd-timesyncd and chrony leave this mark when the kernel's clock is disciplined.
fn kernel_synchronised() -> bool {
    ["/run/systemd/timesync/synchronized", "/run/chrony/synchronized"]
        .iter()
        .any(|mark| std::path::Path::new(mark).exists())
}
