//! `gatepost setup devices`: which scales and scanners hang on this board, with which settings, and the lines for the
//! configuration. Listens, asks for weights and names, and waits for somebody to scan; it zeroes, tares, resets and
//! changes nothing, on no device, and it writes no file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Ending, Failure, Outcome, document, say, warn};
use crate::recognise::finding::{Finding, Shown};
use crate::recognise::ports;
use crate::recognise::search::{Patience, Step, search};
use crate::recognise::usb;

/// How long a USB scale is listened to.
const SCALE_WAIT: Duration = Duration::from_secs(3);

#[derive(Subcommand)]
pub(super) enum Arguments {
    /// Find scales and scanners by trying settings and protocols, and propose the configuration's lines
    Devices(Devices),
}

#[derive(Args)]
pub(super) struct Devices {
    /// Try this port only; may be given several times. Else every serial port that is there
    #[arg(long = "port", value_name = "P")]
    ports: Vec<PathBuf>,
    /// How long to wait for somebody to scan codes where nothing answers, seconds; 0: nobody stands there
    #[arg(long, value_name = "N", default_value_t = 30)]
    seconds: u64,
}

pub(super) fn setup(arguments: &Arguments, json: bool) -> Outcome {
    let Arguments::Devices(devices) = arguments;
    let (sys, dev) = (Path::new("/sys"), Path::new("/dev"));
    let everything = devices.ports.is_empty();
    let ports = if everything { ports::serial(dev) } else { devices.ports.clone() };
    let scales = if everything { usb::scales(sys, dev) } else { Vec::new() };
    let keyboards = if everything { usb::keyboards(sys, dev) } else { Vec::new() };
    if ports.is_empty() && scales.is_empty() && keyboards.is_empty() {
        let says = "no serial port, USB scale or scanner that types is there: plug the devices in, look with `ls -l \
                    /dev/serial/by-id`, or name a port with --port";
        return Err(Failure::Problem(says.to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Problem(format!("the operating system gives no event loop: {error}")))?;
    let patience = Patience::usual(Duration::from_secs(devices.seconds));
    let found = runtime.block_on(all(&ports, patience));
    let mut shown: Vec<Shown> = found.iter().map(Finding::shown).collect();
    for scale in &scales {
        shown.push(runtime.block_on(usb::hear(scale, SCALE_WAIT)));
    }
    shown.extend(keyboards.iter().map(usb::of_keyboard));
    if json {
        document(&shown)?;
    } else {
        shown.iter().for_each(show);
    }
    Ok(Ending::of(shown.iter().all(|one| one.verdict == "named")))
}

/// Every port at once; what is happening goes to stderr.
async fn all(ports: &[PathBuf], patience: Patience) -> Vec<Finding> {
    let tasks = tokio::task::LocalSet::new();
    let searches: Vec<_> = ports
        .iter()
        .map(|port| {
            let port = port.clone();
            tasks.spawn_local(async move {
                let shown = port.display().to_string();
                search(&port, patience, &move |step| tell(&shown, step)).await
            })
        })
        .collect();
    tasks
        .run_until(async {
            let mut found = Vec::new();
            for search in searches {
                // A search that panicked has said so; the others go on.
                found.extend(search.await.ok());
            }
            found
        })
        .await
}

fn tell(port: &str, step: Step) {
    match step {
        Step::Listening => {}
        Step::Asking => warn(format!("{port}: asking for weights and names, setting by setting; up to a minute")),
        Step::ScanNow => {
            warn(format!(
                "{port}: nothing answers. If it is a scanner: scan a code now, again and again until this ends"
            ));
        }
    }
}

fn show(one: &Shown) {
    say(format!("{}: {}", one.port, one.what));
    for explanation in &one.explanations {
        explanation.identity.iter().for_each(|identity| say(format!("  it says that it is {identity}")));
        for example in &explanation.examples {
            say(format!("  {}", example.bytes));
            say(format!("    = {}", example.means));
        }
    }
    say(format!("  do: {}", one.next));
    for explanation in &one.explanations {
        say("");
        explanation.proposal.lines().for_each(|line| say(format!("    {line}")));
    }
    say("");
}
