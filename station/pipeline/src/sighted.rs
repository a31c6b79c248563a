//! What a pass leaves in the journal beside its decisions: its epoch, its end. The same on a belt and a bench, and read
//! back by `drive::Recovery`.

use serde::Serialize;

use crate::judge::Token;
use crate::pass::PassKey;
use crate::pass::life::End;

/// Body of the *config* record that says which epoch passes count in from here on.
#[derive(Serialize)]
pub(crate) struct EpochBody {
    pub controller_epoch: u32,
}

/// Body of a *sighting*: the accounted end of one pass, or of a parcel that never came through the entry eye.
#[derive(Serialize)]
pub(crate) struct EndBody<'a> {
    pub pass: Option<PassKey>,
    pub item: Option<Token>,
    pub end: End,
    /// The newest decision before; nothing where there was none, or where another was on its way to the disk.
    pub decision: Option<u64>,
    /// The last fact that this follows from: after a restart, facts up to here are accounted. A bench has none.
    pub fact: Option<FactRef>,
    pub says: &'a str,
}

/// A fact of the lane controller: its boot, and its number in that boot.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct FactRef {
    pub epoch: u32,
    pub number: u32,
}
