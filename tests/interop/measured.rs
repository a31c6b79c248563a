//! One emulator at a time, on a machine that lets it run.
//!
//! A dead-man time measured at an emulated pin is also the time that the machine takes from the emulator. A thread of
//! its own is due every few milliseconds and sees how late it comes. A test that fails while that thread was kept waiting
//! has shown nothing: it prints NOT RUN, how long, and what failed, for whoever collects such lines (`.ci/run` does).
//! A test that passes has passed, and one that fails on a machine that let it run has failed.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Beyond a dead-man time: what this machine may keep an emulator, or us, from running.
pub const MARGIN: Duration = Duration::from_millis(60);
const DUE: Duration = Duration::from_millis(2);

static ALONE: Mutex<()> = Mutex::new(());

/// Runs a test alone. `name` is how it is called where it is not run.
pub fn measured(name: &str, test: impl FnOnce()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (over, late_us) = (AtomicBool::new(false), AtomicU64::new(0));
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let began = Instant::now();
                thread::park_timeout(DUE);
                let late = began.elapsed().saturating_sub(DUE).as_micros();
                late_us.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        let outcome = catch_unwind(AssertUnwindSafe(test));
        over.store(true, Ordering::Relaxed);
        outcome
    });
    let late = Duration::from_micros(late_us.into_inner());
    let Err(why) = outcome else { return };
    if late < MARGIN {
        resume_unwind(why);
    }
    let says = why.downcast_ref::<String>().map(String::as_str).or_else(|| why.downcast_ref::<&str>().copied());
    let says = says.and_then(|says| says.lines().next()).unwrap_or("it failed");
    println!("\nNOT RUN: {name}: this machine kept a thread waiting for {late:?}, and then: {says}");
}
