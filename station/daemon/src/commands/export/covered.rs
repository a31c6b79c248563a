//! What stands in a package for a decision that chance made, or that wants to look so.
//!
//! A restricted hold's record names its group, and cannot be cut without breaking the chain. So neither it nor an ordinary
//! draw's is written out: of both the package has the digest alone, which proves their place, and the same words. That is
//! the price of a draw; `export --whole` has the record for those who may know it. The words are few on purpose: a digest
//! hides only what cannot be guessed.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_ledger::journal::View;
use gatepost_ledger::journal::envelope::Envelope;
use gatepost_ledger::journal::read::Records;
use gatepost_pipeline::drive::DecisionBody;
use gatepost_pipeline::judge::Viewer;
use gatepost_pipeline::record::{Audience, Kind};
use serde_json::{Value, json};

/// Who reads a package: anybody.
const ANYBODY: Viewer<'static> = Viewer { officer: false, groups: &[] };

/// By number: what everybody may know of those decisions among `picked` that are not written out.
pub(super) fn covered(view: &View, picked: &BTreeSet<u64>) -> Result<BTreeMap<u64, Value>, String> {
    let mut covered = BTreeMap::new();
    for &seq in picked {
        let Some(record) = Records::from(view, seq).next() else { continue };
        let record = record.map_err(|error| error.to_string())?;
        let envelope = Envelope::parse(&record.bytes).map_err(|error| format!("record {seq}: {error}"))?;
        if let Some(told) = told(&envelope) {
            covered.insert(seq, told);
        }
    }
    Ok(covered)
}

/// Nothing for what may be written out.
fn told(envelope: &Envelope<'_>) -> Option<Value> {
    let (seq, at, kind) = (envelope.seq, envelope.at, envelope.kind.name());
    let restricted = matches!(envelope.audience, Audience::Restricted { .. });
    let body = serde_json::from_str::<DecisionBody>(envelope.body.get());
    match (envelope.kind, body) {
        (Kind::Decision, Ok(body)) if restricted || body.verdict.is_drawn() => {
            let seen = body.verdict.seen_by(ANYBODY, body.inputs.mail_class);
            let reasons: Vec<&str> = seen.reasons.iter().map(|reason| reason.text.as_str()).collect();
            let (pass, revision) = (body.pass, body.revision);
            Some(json!({"record": seq, "at": at, "kind": kind, "pass": pass, "revision": revision,
                "outcome": seen.outcome, "action": seen.action, "reasons": reasons}))
        }
        // Of another shape, or of a kind that nothing covers yet: that it is there.
        _ => restricted.then(|| json!({"record": seq, "at": at, "kind": kind})),
    }
}
