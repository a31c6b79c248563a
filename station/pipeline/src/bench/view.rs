//! The bench as a page shows it.

use gatepost_hardware::link::LaneState as Reported;

use super::Bench;
use super::presentation::Presentation;
use crate::drive::{DeviceView, LaneView, ParcelView};
use crate::judge::Weight;

impl Bench {
    /// The bench for a page: copied, so that no page can hold it up. A release is shown when its state is *permitted*.
    pub fn view(&self) -> LaneView {
        let map = &self.config.map;
        let device = |device: &gatepost_hardware::lane::Device| DeviceView {
            name: device.name.as_str().to_owned(),
            kind: device.kind,
            segment: device.segment,
            from_mm: device.from_mm,
            to_mm: device.to_mm,
        };
        LaneView {
            lane: self.lane.as_str().to_owned(),
            kind: map.kind,
            epoch: Some(self.epoch),
            state: Some(Reported::Running),
            segments: Vec::new(),
            motion: Vec::new(),
            eyes: Vec::new(),
            roles: Vec::new(),
            gate: None,
            devices: map.devices.iter().map(device).collect(),
            // What was lifted is in the officer's hands, and what is shown now is not of it.
            parcels: self.presentations.iter().filter(|known| known.lifted.is_none()).map(parcel).collect(),
            alarms: self.alarms.iter().cloned().collect(),
            failed: self.failed.iter().copied().collect(),
            exam_all: self.ordered.now().cloned(),
            images_out_of_step: !self.owed.is_empty(),
            clock_error_us: None,
        }
    }
}

fn parcel(presentation: &Presentation) -> ParcelView {
    let judged = presentation.judged.as_deref();
    ParcelView {
        pass: presentation.key,
        item: presentation.item(),
        state: presentation.state,
        place: None,
        length_mm: presentation.readings.picture().map(|picture| picture.file.length_mm),
        weight_g: judged.and_then(|(inputs, _)| match inputs.weight {
            Weight::Known { grams, .. } => Some(grams),
            Weight::Unknown { .. } => None,
        }),
        weights: presentation.weights.clone(),
        outcome: judged.map(|(_, verdict)| verdict.outcome),
        verdict: judged.map(|(_, verdict)| verdict.clone()),
        record: presentation.seq.filter(|_| !presentation.asking && !presentation.unrecorded),
        inputs: judged.map(|(inputs, _)| inputs.clone()),
        image: Bench::digest(presentation),
    }
}
