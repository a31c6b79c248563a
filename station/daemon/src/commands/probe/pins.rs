//! Watching a lane's pins live: each change in the lane's words, belts summed up four times a second.
//!
//! Inputs only; nothing is driven. A running station holds its lines: stop it first.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::Tick;

use super::{Failure, On, Port, Watch, problem, say};
use crate::config::pins::{PinsConfig, input_name};
use crate::config::{Config, LineConfig};
use crate::run::pins::board::{Edge, Plan, Trouble};
use crate::run::pins::merge::HOLD;
use crate::run::pins::wires::{Said, Wires};
use crate::run::pins::{OnPins, chip, watch};

/// Between two sums of belt.
const SUM_US: u64 = 250_000;
/// The longest wait for an edge: how soon the watch notices its end.
const WAIT: Duration = Duration::from_millis(50);
/// Sentences waiting to be printed.
const WORDS_MAX: usize = 256;

#[derive(Args)]
pub(super) struct Arguments {
    /// The port, best by its stable name in /dev/serial/by-id
    #[arg(long, required_unless_present = "config", conflicts_with = "config")]
    port: Option<PathBuf>,
    /// Speed, bits per second
    #[arg(long)]
    baud: Option<u32>,
    /// Data bits, parity, stop bits
    #[arg(long, default_value = "8N1", value_parser = LineConfig::parse)]
    line: LineConfig,
    /// The station's configuration: watch the lane's [lane.pins] instead of a port
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// Which lane of the configuration; else the first with pins
    #[arg(long, value_name = "NAME", requires = "config")]
    lane: Option<String>,
    /// Stop after this many seconds; else at Ctrl-C
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

/// Where the controller is.
pub(super) enum Place {
    Port(Port),
    Pins { on: Box<OnPins>, seconds: Option<u64> },
}

impl Arguments {
    pub(super) fn place(self) -> Result<Place, Failure> {
        let Self { port, baud, line, config, lane, seconds } = self;
        let Some(file) = config else {
            let port = port.ok_or_else(|| Failure::Usage("give --port, or --config".to_owned()))?;
            let port = Port { on: On { port: Some(port), tcp: None, hid: None, keyboard: None }, baud, line, seconds };
            return Ok(Place::Port(port));
        };
        let config = Config::read(&file)?;
        let maps = config.lane_maps()?;
        let on_pins = maps.into_iter().zip(config.lanes).filter_map(|(map, lane)| Some((map, lane.pins?)));
        let wanted = |map: &LaneMap| lane.as_ref().is_none_or(|name| map.name == name.as_str());
        let (map, pins) = { on_pins }.find(|(map, _)| wanted(map)).ok_or_else(|| {
            problem(file.display(), "no such lane with [lane.pins]; a controller on a cable is watched with --port")
        })?;
        Ok(Place::Pins { on: Box::new(OnPins { pins, map }), seconds })
    }
}

impl Watch {
    pub(super) async fn pins(&mut self, on: OnPins, seconds: Option<u64>) -> Result<(), Failure> {
        let OnPins { pins, map } = on;
        let (told, mut tell) = tokio::sync::mpsc::channel(WORDS_MAX);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let shown = format!("lane {}", map.name);
        if !self.json {
            say(format!("{shown}: watching its pins; Ctrl-C ends it"));
        }
        let watching = tokio::task::spawn_blocking(move || {
            live(&pins, &map, &|| stopped.load(Ordering::Relaxed), &|words| {
                // What a person cannot read so fast is not missed.
                let _shown = told.try_send(words);
            })
        });
        let end = self.end(seconds);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                words = tell.recv() => match words {
                    Some(words) => self.note(None, Some(words)),
                    None => break,
                },
            }
        }
        stop.store(true, Ordering::Relaxed);
        match watching.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(trouble)) => Err(problem(shown, trouble)),
            Err(error) => Err(problem(shown, format!("the watch ended: {error}"))),
        }
    }
}

fn live(pins: &PinsConfig, map: &LaneMap, stop: &dyn Fn() -> bool, tell: &dyn Fn(String)) -> Result<(), Trouble> {
    let plan = Plan::of(pins);
    let mut board = watch(pins, &plan)?;
    let mut wires = Wires::watching(&plan, map)?;
    let mut levels = vec![None; plan.inputs.len()];
    board.levels(&mut levels);
    wires.set_all(&levels);
    wires.all().into_iter().for_each(|said| tell(words(said, map)));
    let mut belts = vec![0i64; map.segments.len()];
    let (mut missed, mut told_missed) = (0u32, 0);
    let (mut edges, mut summed): (Vec<Edge>, _) = (Vec::new(), chip::now());
    while !stop() {
        board.wait(WAIT)?;
        board.edges(chip::now().saturating_sub(HOLD), &mut edges)?;
        for edge in edges.drain(..) {
            missed = missed.saturating_add(edge.missed);
            match wires.change(edge.input, Some(edge.high)) {
                Some(Said::Belt { segment, ticks }) => belts[usize::from(segment)] += i64::from(ticks),
                Some(said) => tell(words(said, map)),
                None => {}
            }
        }
        if chip::now().saturating_sub(summed).0 >= SUM_US {
            summed = chip::now();
            sums(&mut belts, &wires.illegal(), map).into_iter().for_each(tell);
            if core::mem::replace(&mut told_missed, missed) != missed {
                tell(format!("{missed} edges of encoders are missing since the watch began"));
            }
        }
    }
    Ok(())
}

fn words(said: Said, map: &LaneMap) -> String {
    match said {
        Said::Eye { eye, blocked } => {
            let name = map.eyes.get(usize::from(eye)).map_or("?", |eye| eye.name.as_str());
            format!("eye {name}: {}", if blocked { "blocked" } else { "free" })
        }
        Said::Input { input, active } => {
            format!("input {}: {}", input_name(input), if active { "active" } else { "inactive" })
        }
        Said::Gate(position) => format!("diverter: {}", format!("{position:?}").to_lowercase()),
        Said::Belt { segment, ticks } => format!("belt {segment}: {ticks} ticks"),
    }
}

/// What each belt ran since the last sum.
fn sums(belts: &mut [i64], illegal: &[(u8, u32)], map: &LaneMap) -> Vec<String> {
    let ran = belts.iter_mut().zip(&map.segments).enumerate().filter(|(_, (ticks, _))| **ticks != 0);
    ran.map(|(segment, (ticks, belt))| {
        let ticks = core::mem::take(ticks);
        let jumps = illegal.iter().find(|(of, _)| usize::from(*of) == segment).map_or(0, |(_, jumps)| *jumps);
        format!("belt {}: {ticks} ticks, {}; {jumps} jumps since the watch began", belt.name, belt.mm(Tick(ticks)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::lane::file;
    use gatepost_hardware::link::Input;

    #[test]
    fn changes_are_told_in_the_lane_s_words() {
        let map = file::parse("south", include_str!("../../../../../hardware/lanes/south.toml")).unwrap();
        assert_eq!(words(Said::Eye { eye: 4, blocked: true }, &map), "eye diverter: blocked");
        assert_eq!(words(Said::Input { input: Input::EStop, active: false }, &map), "input e-stop: inactive");
        let mut belts = [0, -12];
        let said = sums(&mut belts, &[(0, 3), (1, 7)], &map);
        assert_eq!(said, ["belt sorter: -12 ticks, -12 mm; 7 jumps since the watch began"]);
        assert_eq!(belts, [0, 0]);
    }
}
