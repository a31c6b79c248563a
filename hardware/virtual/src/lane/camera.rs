//! A camera beside the belt: one picture of each label, when it is in the middle of the view.
//!
//! Apart from the other looks, because a picture is not bytes: whoever needs the file draws it. A label that no scanner can
//! read no camera can read either, and the picture shows why. Nothing ails it.

use super::VirtualLane;
use super::truth::Happened;
use crate::device::{Emitted, LabelEvent, Unclear, Watch};

impl VirtualLane {
    pub(super) fn photograph(&mut self, camera: Watch) {
        for index in 0..self.bodies.len() {
            let body = &self.bodies[index];
            if !body.reached(camera.middle(), body.label) {
                continue;
            }
            let parcel = body.id;
            let Some(truth) = self.truth_of(parcel) else { continue };
            let (item, readable) = (truth.item.clone(), truth.readable);
            let unclear = (!readable).then(|| self.random.choose(&Unclear::ALL));
            self.looks.pictures += 1;
            let picture = LabelEvent { number: self.looks.pictures, parcel, item, unclear };
            self.tell(Happened::Pictured { picture: picture.clone() });
            let latency = camera.latency(&mut self.random);
            self.emit(latency, Emitted::Picture { device: camera.device, picture });
        }
    }
}
