//! Promise 7 inside the station: what the ledger called durable is in the journal, in its place, through every death.
//!
//! The word of what was acknowledged is the harness's, which heard it at the moment it was given.

use super::files::JournalFiles;
use super::findings::{Findings, Promise};
use super::journal;

/// One acknowledgement: a record's number, and the chain's head after it.
pub type Acknowledgement = (u64, [u8; 32]);

/// Holds the journal's files against every acknowledgement that was ever given.
pub fn check(station: &str, files: &JournalFiles, given: impl IntoIterator<Item = Acknowledgement>) -> Findings {
    // What is wrong with the files themselves is found, and said, by `check` of the whole.
    let journal = journal::read(station, files, None, &mut Findings::default());
    let mut findings = Findings::default();
    for (seq, head) in given.into_iter().filter(|(seq, _)| *seq > journal.dropped_to) {
        let says = match journal.head(seq) {
            Some(found) if found == head => continue,
            Some(_) => "it was acknowledged, and another record stands in its place",
            None => "it was acknowledged, and is not in the journal",
        };
        findings.add(Promise::NothingLost, format!("{station} record {seq}"), says);
    }
    findings
}
