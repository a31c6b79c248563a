//! How late this machine wakes a thread that asked to be woken.
//!
//! It waits as the controller's loop waits, and believes nothing else: an idle machine flatters, so measure while the
//! station's model looks at pictures, and for longer than a minute before a lane is trusted with the figure.

use std::time::Duration;

use gatepost_hardware::units::Micros;
use rustix::event::{Timespec, poll};

use super::chip::now;

/// One wait, nanoseconds.
const WAIT_NS: i64 = 1_000_000;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    pub waits: u64,
    /// The latest waking, and what one in a thousand exceeded.
    pub worst: Micros,
    pub one_in_1000: Micros,
}

/// Waits a millisecond at a time, for so long.
pub fn measure(time: Duration) -> Lateness {
    let began = now();
    let mut found = Vec::new();
    loop {
        let asked = now();
        if asked.saturating_sub(began).0 > u64::try_from(time.as_micros()).unwrap_or(u64::MAX) {
            break;
        }
        // Nothing to wait for but the time; a signal ends it early, and that is not late.
        let _waited = poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: WAIT_NS }));
        found.push(now().saturating_sub(asked).0.saturating_sub(WAIT_NS as u64 / 1_000));
    }
    found.sort_unstable();
    let at = |index: usize| found.get(index).copied().map_or(Micros::ZERO, Micros);
    let last = found.len().saturating_sub(1);
    Lateness { waits: found.len() as u64, worst: at(last), one_in_1000: at(last - last / 1_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_its_waits_and_orders_what_it_found() {
        let found = measure(Duration::from_millis(30));
        assert!(found.waits >= 1 && found.waits <= 31, "{found:?}");
        assert!(found.one_in_1000 <= found.worst, "{found:?}");
    }
}
