//! Permits from where parcels truly are, for tests of lane and controller that have no station.
//!
//! Apart from the lane because nothing on it may know a decision, and apart from a station because nothing here decides:
//! whoever asks permits all or none of what it is given.

use super::VirtualLane;
use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::link::Permit;
use gatepost_hardware::units::{Micros, Millimetres, Tick};

/// Nearer to the diverter eye than this a permit may come too late.
const WAY_MIN: Millimetres = Millimetres(150);
/// How far a nose may be, either way, from where it is said to be.
const WINDOW: Millimetres = Millimetres(60);

impl VirtualLane {
    /// A permit for each parcel that lies whole on the diverter eye's belt, with room before the eye; none on a lane
    /// without. `tick`: of that belt, now. `slack`: how far its length may be measured, either way, from its true one.
    ///
    /// It names its parcel as the pass and never expires; number and epoch are the asker's to give.
    pub fn permits(&self, tick: Tick, slack: Millimetres) -> Vec<Permit> {
        let Some((_, eye)) = self.map.eye(EyeRole::Diverter) else { return Vec::new() };
        let (before, from) = self.map.segments.split_at(usize::from(eye.segment));
        let Some(segment) = from.first() else { return Vec::new() };
        let base = before.iter().fold(Millimetres::ZERO, |sum, segment| sum + segment.length_mm);
        let on_belt = self.on_belt().into_iter();
        let permit = |place: super::OnBelt| {
            let way = base + eye.at_mm - Millimetres(place.nose_mm);
            let at = tick + segment.ticks(way);
            let half = segment.ticks(WINDOW);
            let length = Millimetres(place.nose_mm - place.tail_mm);
            (place.tail_mm >= base.0 && way >= WAY_MIN).then_some(Permit {
                id: 0,
                epoch: 0,
                pass: place.parcel,
                window_lo: at - half,
                window_hi: at + half,
                length_mm_min: length - slack,
                length_mm_max: length + slack,
                expires: Micros::MAX,
            })
        };
        on_belt.filter_map(permit).collect()
    }
}
