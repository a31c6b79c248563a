//! The life of a pass as a table: states × signals. What the table does not allow is a defect, and said as such.

use serde::{Deserialize, Serialize};

/// Where a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    Release,
    Exam,
    /// Taken off the belt by hand: an alarm.
    Removed,
    /// Not seen where it had to be: an alarm.
    Unaccounted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// On the belt, no decision asked for.
    OnBelt,
    /// A decision is on its way to the disk.
    Deciding,
    /// The newest decision is durable; no permit.
    Decided,
    /// The controller holds a permit.
    Permitted,
    /// The gate was commanded: past the point of no return.
    Opened,
    /// Gone before any decision was asked for: one is still owed.
    GoneUndecided(End),
    /// Gone, its decision on the way to the disk.
    GoneDeciding(End),
    /// One durable decision, one accounted end.
    Closed(End),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// A decision, the first or a superseding one, was given to the ledger.
    Asked,
    Durable,
    /// The ledger gave a decision back.
    Unrecorded,
    PermitGiven,
    /// Refused, missed, void or revoked.
    PermitLost,
    GateOpened,
    Gone(End),
}

const ENDS: [End; 4] = [End::Release, End::Exam, End::Removed, End::Unaccounted];

impl State {
    /// The state after a signal; nothing where the table has no entry.
    pub fn after(self, signal: Signal) -> Option<State> {
        use Signal as S;
        use State as T;
        Some(match (self, signal) {
            (T::OnBelt | T::Decided | T::Permitted | T::Deciding, S::Asked) => T::Deciding,
            // The parcel is leaving; a later decision is recorded but changes nothing on the belt.
            (T::Opened, S::Asked | S::Durable | S::Unrecorded) => T::Opened,
            (T::GoneUndecided(end) | T::GoneDeciding(end), S::Asked) => T::GoneDeciding(end),
            // What is learnt after the end is recorded, and changes nothing.
            (T::Closed(_), S::Asked | S::Durable | S::Unrecorded) => self,

            (T::Deciding, S::Durable) => T::Decided,
            (T::GoneDeciding(end), S::Durable) => T::Closed(end),
            (T::Deciding, S::Unrecorded) => T::OnBelt,
            (T::GoneDeciding(end), S::Unrecorded) => T::GoneUndecided(end),

            (T::Decided, S::PermitGiven) => T::Permitted,
            (T::Permitted | T::Decided, S::PermitLost) => T::Decided,
            // A permit of an earlier life of the station, revoked; or the gate had to close under a parcel: its exit eye tells.
            (T::OnBelt | T::Deciding | T::Opened, S::PermitLost) => self,
            (T::GoneUndecided(_) | T::GoneDeciding(_) | T::Closed(_), S::PermitLost) => self,
            // The gate may open while, or just after, a superseding decision is made: its revocation came too late. And
            // after a restart a durable release is all that is known of the permit that was made from it.
            (T::Permitted | T::Deciding | T::Decided, S::GateOpened) => T::Opened,

            (T::OnBelt, S::Gone(end)) => T::GoneUndecided(end),
            (T::Deciding, S::Gone(end)) => T::GoneDeciding(end),
            (T::Decided | T::Permitted | T::Opened, S::Gone(end)) => T::Closed(end),
            _ => return None,
        })
    }

    pub const fn end(self) -> Option<End> {
        match self {
            State::GoneUndecided(end) | State::GoneDeciding(end) | State::Closed(end) => Some(end),
            _ => None,
        }
    }
    pub const fn is_on_belt(self) -> bool {
        self.end().is_none()
    }
}

/// Every state × signal, one line each: the snapshot and the drawing in ARCHITECTURE.md are made from it.
pub fn table() -> Vec<(State, Signal, Option<State>)> {
    let mut states = vec![State::OnBelt, State::Deciding, State::Decided, State::Permitted, State::Opened];
    for end in ENDS {
        states.extend([State::GoneUndecided(end), State::GoneDeciding(end), State::Closed(end)]);
    }
    let mut signals = vec![
        Signal::Asked,
        Signal::Durable,
        Signal::Unrecorded,
        Signal::PermitGiven,
        Signal::PermitLost,
        Signal::GateOpened,
    ];
    signals.extend(ENDS.map(Signal::Gone));
    let pairs = states.iter().flat_map(|&state| signals.iter().map(move |&signal| (state, signal)));
    pairs.map(|(state, signal)| (state, signal, state.after(signal))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_final_and_never_another_end() {
        for (state, signal, after) in table() {
            if let (Some(end), Some(after)) = (state.end(), after) {
                assert_eq!(after.end(), Some(end), "{state:?} + {signal:?}");
            }
            if matches!(state, State::Closed(_)) {
                assert!(after.is_none_or(|after| after == state), "{state:?} + {signal:?}");
            }
        }
    }

    #[test]
    fn the_gate_opens_only_after_a_decision_and_a_permit_is_only_made_from_a_durable_one() {
        for (state, signal, after) in table() {
            if after == Some(State::Permitted) {
                assert_eq!((state, signal), (State::Decided, Signal::PermitGiven));
            }
            if after == Some(State::Opened) && state != State::Opened {
                let decided = matches!(state, State::Permitted | State::Deciding | State::Decided);
                assert!(decided, "{state:?} + {signal:?}");
            }
        }
    }
}
