//! Hands: who lays parcels on, takes them off, presses buttons; and the faults that need a hand.

use super::VirtualLane;
use super::body::Body;
use super::truth::Happened;
use crate::faults::Fault;
use crate::parcel::ParcelTruth;
use gatepost_firmware::Lamp;
use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::link::Input;
use gatepost_hardware::units::Micros;

/// One hand-made fault, and then a pause.
const HAND_PAUSE: Micros = Micros(3_500_000);
/// How long after the light went red somebody presses in a jam, and when they take out what lies under the eye.
const JAM_PRESS: Micros = Micros(5_000_000);
const JAM_TAKE: Micros = Micros(20_000_000);
/// How long a finger is on a button.
const PRESS: Micros = Micros(200_000);

#[derive(Clone, Debug, Default)]
pub(super) struct People {
    /// When the light became what it is.
    light: Option<(Lamp, Micros)>,
    officer_due: Micros,
    hand_due: Micros,
    /// Until then a finger is on the reset button.
    pub let_go: Micros,
    full: bool,
    /// Inputs as they stand at the lane.
    pub active: Vec<Input>,
    /// Counts parcels that a fault could pick; it picks every second one.
    pub picks: u32,
}

/// What a harness may do in people's stead.
impl VirtualLane {
    /// Takes the first parcel out of the exam chute.
    pub fn officer_takes(&mut self) -> Option<u32> {
        let parcel = self.exam.pop_front()?;
        self.tell(Happened::Taken { parcel });
        self.chute_level();
        Some(parcel)
    }

    /// Presses the reset button at the lane, as long as a finger does.
    pub fn press_reset(&mut self) {
        self.tell(Happened::Reset);
        self.people.let_go = self.now + PRESS;
        self.reset_pin();
    }

    /// Sets an input of the controller.
    pub fn input(&mut self, input: Input, active: bool) {
        self.people.active.retain(|other| *other != input);
        self.people.active.extend(active.then_some(input));
        self.input_pin(input, active);
    }

    /// Takes a parcel off the belt. False when it is on none.
    pub fn remove(&mut self, parcel: u32) -> bool {
        let Some(index) = self.bodies.iter().position(|body| body.id == parcel) else {
            return false;
        };
        self.bodies.remove(index);
        self.tell(Happened::Removed { parcel });
        true
    }

    /// Whether the feeder lays parcels.
    pub fn feed(&mut self, on: bool) {
        self.feeding = on;
    }

    /// So many parcels more than planned.
    pub fn expect(&mut self, more: u32) {
        self.plan.parcels = self.plan.parcels.saturating_add(more);
    }

    pub fn cut_cable(&mut self, cut: bool) {
        if std::mem::replace(&mut self.cabled.cut, cut) != cut {
            self.tell(Happened::Cable { cut });
        }
    }

    /// The controller's watchdog bites: it boots anew, with what its memory kept.
    pub fn reset_controller(&mut self) {
        self.boot_controller(true);
    }

    /// The controller's power is cut for a moment: it boots anew and has forgotten everything.
    pub fn power_cycle_controller(&mut self) {
        self.boot_controller(false);
    }

    fn boot_controller(&mut self, kept: bool) {
        self.cabled.reset(self.now, kept);
        self.entry_pass = None;
        self.ailing.booted();
        self.tell(Happened::ControllerBoot { boot: self.cabled.boot });
        self.hear();
    }
}

impl VirtualLane {
    /// Every level once, as a controller reads them at boot.
    pub(super) fn show_levels(&mut self) {
        let time = self.time(self.now);
        self.cabled.session.gate_feedback(self.ailing.feedback(), time);
        for input in self.people.active.clone() {
            self.cabled.session.input(input, true, time);
        }
        self.cabled.session.input(Input::Reset, self.ailing.is_reset_shown(), time);
        for eye in 0..self.levels.len() {
            self.cabled.session.raw_edge(eye as u8, self.ailing.shown(eye), time);
        }
    }

    /// The officer at the exam chute, the operator at the button, the supervisor.
    pub(super) fn people_act(&mut self) {
        self.reset_pin();
        if let Some(every) = self.plan.officer_ms.filter(|_| self.now >= self.people.officer_due) {
            self.people.officer_due = self.now + Micros::from_ms(u64::from(every));
            self.officer_takes();
        }
        self.chute_level();
        let lamp = self.outputs().lamp;
        let (_, since) = *self.people.light.insert(match self.people.light {
            Some((seen, since)) if seen == lamp => (lamp, since),
            _ => (lamp, self.now),
        });
        let after = match lamp {
            Lamp::Amber if !self.people.full => self.plan.operator_ms,
            Lamp::RedBlinking => self.plan.supervisor_ms,
            _ => None,
        };
        if after.is_some_and(|ms| self.now >= since + Micros::from_ms(u64::from(ms))) {
            self.people.light = None; // once, and then another while
            self.press_reset();
        }
        self.clear_jam(lamp, since);
    }

    /// Where the light is red and something lies under a blocked eye, somebody looks, presses, and takes it out at last.
    fn clear_jam(&mut self, lamp: Lamp, since: Micros) {
        let away = self.now.saturating_sub(since);
        if lamp != Lamp::Red || away < JAM_PRESS || !self.ailing.is_jam_likely() || self.plan.operator_ms.is_none() {
            return;
        }
        let under = |eye: usize| {
            let covers = |body: &&Body| body.covers(self.eyes[eye]);
            self.bodies.iter().filter(|_| self.ailing.shown(eye)).find(covers).map(|body| body.id)
        };
        let Some(parcel) = (0..self.eyes.len()).find_map(under) else { return };
        if away >= JAM_TAKE {
            self.people.light = None;
            self.remove(parcel);
        } else if self.now >= self.people.hand_due {
            self.people.hand_due = self.now + JAM_PRESS;
            self.press_reset();
        }
    }

    /// The chute's sensor: full at capacity, free again when a quarter is gone.
    fn chute_level(&mut self) {
        let room = self.plan.exam_chute;
        let full = if self.people.full { self.exam.len() > room - room.div_ceil(4) } else { self.exam.len() >= room };
        if std::mem::replace(&mut self.people.full, full) != full {
            self.tell(Happened::ChuteFull { full });
            self.input(Input::ExamChuteFull, full);
        }
    }

    /// Lays the next parcel when there is room behind the last.
    pub(super) fn lay(&mut self) {
        while self.feeding && (self.laid < self.plan.parcels) {
            let mut parcel = match self.next.take() {
                Some(parcel) => parcel,
                None => self.generator.next(&self.plan),
            };
            let gap = i64::from(parcel.gap_mm) * 1_000_000;
            if self.feeder - gap < -50_000_000 {
                self.next = Some(parcel);
                return;
            }
            let nose = (self.feeder - gap).min(0);
            if self.faults.active(Fault::FlatLetter, self.now) && self.pick() {
                parcel.flat = true;
                parcel.height_mm = 2;
                self.touch(parcel.id, Fault::FlatLetter, true);
            }
            let id = parcel.id;
            let tail = self.put(parcel, nose, false);
            for (fault, abreast) in [(Fault::Touching, false), (Fault::Abreast, true)] {
                if self.laid < self.plan.parcels && self.faults.active(fault, self.now) && self.pick() {
                    self.lay_partner(id, fault, nose, tail, abreast);
                }
            }
        }
    }

    fn lay_partner(&mut self, beside: u32, fault: Fault, nose: i64, tail: i64, abreast: bool) {
        let mut partner = self.generator.next(&self.plan);
        partner.gap_mm = 0;
        let shift = self.random.count(0, if abreast { 60 } else { 2 }) as i64 * 1_000_000;
        self.touch(beside, fault, true);
        self.touch(partner.id, fault, true);
        self.put(partner, if abreast { nose } else { tail } - shift, abreast);
    }

    /// Lays a body at the end of the lane's list and returns its tail.
    fn put(&mut self, parcel: ParcelTruth, nose: i64, abreast: bool) -> i64 {
        let curtain = self.looks.curtain();
        let mut body = Body::new(&parcel, nose, &self.map, curtain, &mut self.random);
        body.abreast = abreast;
        let tail = body.tail();
        self.feeder = if abreast { self.feeder.min(tail) } else { tail };
        self.laid += 1;
        self.bodies.push(body);
        self.parcels.push(parcel);
        tail
    }

    /// Every second parcel that a fault could pick.
    pub(super) fn pick(&mut self) -> bool {
        self.people.picks += 1;
        self.people.picks % 2 == 1
    }

    pub(super) fn carry_out_faults(&mut self, began: Micros) {
        for index in 0..self.faults.windows.len() {
            let window = self.faults.windows[index];
            let begins = began <= window.from && window.from < self.now;
            let active = window.from < self.now && began <= window.until;
            if !active {
                continue;
            }
            match window.fault {
                Fault::CableCut => self.cut_cable_between(window.from, window.until, began),
                Fault::ControllerReset if begins => self.reset_controller(),
                Fault::Reversed if begins => self.tell(Happened::Reverse),
                Fault::Lost => self.lose(),
                Fault::Inserted => self.insert(),
                _ => {}
            }
            let whole = matches!(
                window.fault,
                Fault::CableCut | Fault::ControllerReset | Fault::Reversed | Fault::DiskFull | Fault::ModelFailed
            );
            if whole {
                self.touch_all(window.fault);
            }
        }
    }

    fn cut_cable_between(&mut self, from: Micros, until: Micros, began: Micros) {
        if began <= from && from < self.now {
            self.cut_cable(true);
        }
        if began <= until && until < self.now {
            self.cut_cable(false);
        }
    }

    fn touch_all(&mut self, fault: Fault) {
        let entered: Vec<u32> = self.bodies.iter().filter(|body| body.entered).map(|body| body.id).collect();
        for parcel in entered {
            self.touch(parcel, fault, true);
        }
    }

    /// The stretch where hands reach: behind the entry eye and before the diverter's.
    fn reach(&self) -> Option<(i64, i64)> {
        let at = |role| self.map.eye(role).map(|(eye, _)| self.eyes[usize::from(eye)]);
        Some((at(EyeRole::Entry)? + 50_000_000, at(EyeRole::Diverter)? - 100_000_000))
    }

    /// A hand takes one parcel off the belt.
    fn lose(&mut self) {
        let Some((from, to)) = self.reach().filter(|_| self.now >= self.people.hand_due) else {
            return;
        };
        let inside = |body: &Body| body.tail() > from && body.nose < to;
        let reachable: Vec<usize> = (0..self.bodies.len()).filter(|index| inside(&self.bodies[*index])).collect();
        if reachable.is_empty() {
            return;
        }
        self.people.hand_due = self.now + HAND_PAUSE;
        let index = reachable[self.random.count(0, reachable.len() - 1)];
        let parcel = self.bodies[index].id;
        self.touch_around(index, parcel, Fault::Lost);
        self.remove(parcel);
    }

    /// A hand lays a parcel into a gap.
    fn insert(&mut self) {
        let Some((from, to)) = self.reach().filter(|_| self.now >= self.people.hand_due) else {
            return;
        };
        let length_mm = self.map.items.length_mm_min.0.unsigned_abs() + 20;
        let needed = i64::from(length_mm + 120) * 1_000_000;
        let free = |index: &usize| {
            let (ahead, behind) = (&self.bodies[*index], self.bodies.get(index + 1));
            let end = behind.map_or(from, |body| body.nose.max(from));
            ahead.tail() < to && ahead.tail() - needed > end
        };
        let Some(index) = (0..self.bodies.len()).find(free) else {
            return;
        };
        self.people.hand_due = self.now + HAND_PAUSE;
        let mut parcel = self.generator.next(&self.plan);
        (parcel.length_mm, parcel.gap_mm) = (length_mm, 60);
        let nose = self.bodies[index].tail() - 60_000_000;
        let mut body = Body::new(&parcel, nose, &self.map, self.looks.curtain(), &mut self.random);
        (body.entered, body.pass) = (true, None);
        self.touch(parcel.id, Fault::Inserted, true);
        self.touch_around(index, parcel.id, Fault::Inserted);
        self.tell(Happened::Inserted { parcel: parcel.id, at_mm: (nose / 1_000_000) as i32 });
        self.bodies.insert(index + 1, body);
        self.parcels.push(parcel);
    }

    /// The parcel itself, and the neighbours of its place.
    fn touch_around(&mut self, index: usize, parcel: u32, fault: Fault) {
        self.touch(parcel, fault, true);
        let around = [index.checked_sub(1), Some(index), Some(index + 1)];
        let neighbours: Vec<u32> =
            around.into_iter().flatten().filter_map(|index| self.bodies.get(index)).map(|body| body.id).collect();
        for neighbour in neighbours.into_iter().filter(|neighbour| *neighbour != parcel) {
            self.touch(neighbour, fault, false);
        }
    }
}
