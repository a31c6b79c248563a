//! The station's end of the cable: frames both ways, and actions said until they are acknowledged.
//!
//! One place for what the daemon, the world harness and every test of a controller must do alike. It reads no clock and
//! owns no port: bytes come in with their time, bytes go out to whoever writes them.

use super::actions::Actions;
use super::frame::{FRAME_MAX, Receiver, Sender};
use super::{Action, Command, Greeting, Report};
use crate::units::Micros;

/// Something for the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Said once: whoever needs the answer asks again.
    Ask(Command),
    /// Said until it is acknowledged.
    Act(Action),
}

#[derive(Clone, Debug, Default)]
pub struct StationEnd {
    sender: Sender,
    receiver: Receiver,
    actions: Actions,
    /// Actions that had no room: the cable was as good as cut.
    pub crowded_out: u32,
}

impl StationEnd {
    /// Says something.
    pub fn say(&mut self, word: Word, now: Micros, write: impl FnMut(&[u8])) {
        match word {
            Word::Ask(command) => frame(&mut self.sender, &command, write),
            Word::Act(action) => {
                if !self.actions.put(action) {
                    self.crowded_out = self.crowded_out.saturating_add(1);
                }
                self.tick(now, write);
            }
        }
    }

    /// Says again what was not acknowledged in time; to be called every few tens of milliseconds.
    pub fn tick(&mut self, now: Micros, mut write: impl FnMut(&[u8])) {
        while let Some((number, action)) = self.actions.say(now) {
            let command = Command::Action { number, action: action.clone() };
            frame(&mut self.sender, &command, &mut write);
        }
    }

    /// Takes one byte; returns what the controller said when it completed a frame.
    pub fn hear(&mut self, byte: u8, now: Micros) -> Option<Report> {
        let report = self.receiver.push::<Report>(byte)?.message;
        if let Report::Hello(Greeting { taken, .. }) | Report::Beat { taken, .. } = report {
            self.actions.taken(taken, now);
        }
        Some(report)
    }

    /// The port was closed: half a frame that waits is none.
    pub fn hang_up(&mut self) {
        self.receiver = Receiver::default();
    }

    /// Actions that the controller has not acknowledged.
    pub fn under_way(&self) -> usize {
        self.actions.under_way()
    }
}

fn frame(sender: &mut Sender, command: &Command, mut write: impl FnMut(&[u8])) {
    let mut out = [0; FRAME_MAX];
    // A command is always shorter than a frame: the frame's own tests hold that.
    let used = sender.encode(command, &mut out).unwrap_or(0);
    write(&out[..used]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_crosses_with_its_number_and_again_when_nobody_says_it_came() {
        let (mut end, mut controller) = (StationEnd::default(), (Sender::default(), Receiver::default()));
        let mut out = [0; FRAME_MAX];
        let beat = Report::Beat { time: Micros(0), ticks: heapless::Vec::new(), next: 0, taken: 3 };
        let used = controller.0.encode(&beat, &mut out).unwrap();
        let heard: Vec<_> = out[..used].iter().filter_map(|&byte| end.hear(byte, Micros(0))).collect();
        assert_eq!(heard, [beat]);
        let mut bytes = Vec::new();
        end.say(Word::Act(Action::Stop), Micros(0), |frame| bytes.extend_from_slice(frame));
        end.tick(Micros(200_000), |frame| bytes.extend_from_slice(frame));
        let said = bytes.iter().filter_map(|&byte| controller.1.push::<Command>(byte).map(|received| received.message));
        let stop = Command::Action { number: 3, action: Action::Stop };
        assert_eq!(said.collect::<Vec<_>>(), [stop.clone(), stop]);
    }
}
