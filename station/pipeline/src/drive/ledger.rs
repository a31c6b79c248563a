//! What the ledger answers: a record is on the disk, could not be stored, or can be stored again.
//!
//! Apart because nothing is let through on a record that only was asked for (promise 2).

use super::{AlarmCode, Drive};
use crate::event::Effect;
use crate::judge::{Clearance, Fault};
use crate::limits::RECORDS_WAITING_MAX;
use crate::pass::life::Signal;
use crate::record::{Kind, Pending, Recorded};

impl Drive {
    pub(super) fn recorded(&mut self, recorded: Recorded) {
        let Some(at) = recorded.pass().and_then(|pass| self.find(pass)) else { return };
        let parcel = &mut self.parcels[at];
        if recorded.kind() == Kind::Disposition {
            parcel.clearance =
                parcel.clearing.take().map(|clearance| Clearance { disposition_seq: recorded.seq(), ..clearance });
            parcel.stale = true;
            return;
        }
        parcel.seq = Some(recorded.seq());
        parcel.asking = false;
        if recorded.revision() == Some(parcel.revision) {
            parcel.signal(Signal::Durable);
            parcel.release = Some(recorded);
        }
    }

    pub(super) fn unrecorded(&mut self, pending: Pending) {
        if self.failed.insert(Fault::Disk) {
            let says =
                "the ledger cannot store: everything goes to exam until it can; free disk space or replace the disk";
            self.alarm(AlarmCode::LedgerFull, None, says);
        }
        if pending.kind() != Kind::Decision {
            if self.waiting.len() < RECORDS_WAITING_MAX {
                self.waiting.push_back(pending);
            }
            return;
        }
        if let Some(at) = pending.pass().and_then(|pass| self.find(pass)) {
            self.parcels[at].unrecorded = true;
            self.parcels[at].asking = false;
            self.parcels[at].revision -= 1;
            self.parcels[at].signal(Signal::Unrecorded);
        }
    }

    pub(super) fn ledger_ready(&mut self) {
        if !self.failed.remove(&Fault::Disk) {
            return;
        }
        self.out.extend(self.waiting.drain(..).map(Effect::Record));
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.unrecorded) {
            parcel.stale = true;
        }
        self.alarm(AlarmCode::LedgerReady, None, "the ledger stores again");
    }
}
