//! Where every parcel is, from edges alone.
//!
//! A parcel is known by its marks: on each segment, the eye that saw it last and the belt's tick at its leading and
//! trailing edge. Between eyes it rides its belt, give or take slip; at the next eye it must appear within a window
//! that grows with the way, or it has vanished. What appears without being expected is a stranger, and a stranger has no
//! permit. Tracking knows places; it neither reads labels nor decides.

use std::collections::BTreeSet;

use gatepost_hardware::lane::{EyeRole, LaneMap, SEGMENTS_MAX};
use gatepost_hardware::units::{Micros, Millimetres, Tick};

use crate::judge::ContestedCause;
use crate::limits::EDGE_MM;
use crate::pass::PassKey;
use crate::pass::life::End;
use belt::Belt;
use stops::COAST_MM;

pub mod belt;
pub mod clock;
mod adrift;
mod noses;
mod exits;
mod flicker;
mod stops;

/// Chutes slide: a parcel may reach its exit eye this much sooner or later than the belt would bring it.
const CHUTE_MM: i32 = 300;

/// A parcel as one eye saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub segment: u8,
    pub at_mm: Millimetres,
    pub lead: Tick,
    pub trail: Option<Tick>,
}

/// One pass on the belt.
#[derive(Clone, Debug)]
pub struct Tracked {
    pub pass: PassKey,
    pub entered: Micros,
    marks: [Option<Mark>; SEGMENTS_MAX],
    /// Index of the eye it must meet next; exits count as one past the diverter eye.
    next_eye: usize,
    /// Belt that may have run uncounted since its last mark: a segment without encoder stopped under it.
    coasted: Millimetres,
    /// Its place was reckoned, not seen: the controller booted under it, and eyes may have missed it meanwhile.
    adrift: bool,
    /// By segment, of its mark there: up to where the eye could have expected it.
    until: [Option<Tick>; SEGMENTS_MAX],
    /// The gate opened for it.
    opened: bool,
    /// The eye of the other chute saw something where this should be: believed when its own sees nothing.
    astray: Option<End>,
    /// At the eye that saw it last.
    pub length_mm: Option<Millimetres>,
    pub gap_mm: Option<Millimetres>,
    pub contested: BTreeSet<ContestedCause>,
}

impl Tracked {
    /// How much less exactly it is known than its belt's slip allows.
    pub fn coasted(&self) -> Millimetres {
        self.coasted
    }
    /// Whether this eye may be the next to see it.
    fn may_meet(&self, eye: usize) -> bool {
        self.next_eye == eye || self.adrift && self.next_eye < eye
    }

    /// Where this segment saw it last.
    pub fn mark(&self, segment: u8) -> Option<Mark> {
        self.marks.get(usize::from(segment)).copied().flatten()
    }
}

/// What an edge or the passing of belt meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    Entered {
        pass: PassKey,
    },
    /// Seen again, or its length became known: its place is better known now.
    Seen {
        pass: PassKey,
    },
    /// Its leading edge is at the diverter eye.
    AtDiverter {
        pass: PassKey,
    },
    /// Nothing was expected here. Exam takes it: it has no permit.
    Appeared {
        eye: u8,
    },
    Left {
        pass: PassKey,
        end: End,
    },
    StrangerLeft {
        end: End,
    },
    /// This eye has said too often what cannot be.
    EyeSick {
        eye: u8,
    },
    /// Not seen where it had to be.
    Vanished {
        pass: PassKey,
        before_eye: u8,
    },
}

/// The tracker of one lane in one controller epoch.
#[derive(Clone, Debug)]
pub struct Track {
    map: LaneMap,
    diverter: usize,
    passes: Vec<Tracked>,
    belts: Vec<Belt>,
    /// Where each belt stopped last: beyond, it ran out, and one without encoder did so uncounted.
    stopped: Vec<Option<Tick>>,
    /// Who darkens each eye.
    occupants: Vec<Option<PassKey>>,
    last_trail: Option<(PassKey, Tick)>,
    /// Which eyes are dark, and which were so when the controller booted and have not come free since.
    dark: Vec<bool>,
    still_dark: Vec<bool>,
    /// Parcels are on the belts that are not among the passes.
    beside_lost: bool,
    flicker: flicker::Flicker,
}

/// How far a parcel may be from where its belt would have carried it over `way`.
pub fn slack(map: &LaneMap, segment: u8, way: Millimetres) -> Millimetres {
    let slip = i64::from(way.0.max(0)) * i64::from(map.segments[usize::from(segment)].slip_permille) / 1_000;
    map.items.window_mm + Millimetres(slip as i32)
}

impl Track {
    pub fn new(map: LaneMap) -> Self {
        let diverter = map.eyes.iter().position(|eye| eye.role == EyeRole::Diverter).unwrap_or(map.eyes.len());
        Self {
            diverter,
            passes: Vec::new(),
            belts: map.segments.iter().map(Belt::new).collect(),
            stopped: vec![None; map.segments.len()],
            occupants: vec![None; map.eyes.len()],
            last_trail: None,
            dark: vec![false; map.eyes.len()],
            still_dark: vec![false; map.eyes.len()],
            beside_lost: false,
            flicker: flicker::Flicker::new(map.eyes.iter().map(|eye| eye.role)),
            map,
        }
    }

    /// Forgets every parcel and position: facts are gone for good.
    pub fn forget_all(&mut self) {
        *self = Self::new(self.map.clone());
    }
    pub fn forget(&mut self, pass: PassKey) {
        self.passes.retain(|tracked| tracked.pass != pass);
        self.occupants.iter_mut().filter(|occupant| **occupant == Some(pass)).for_each(|occupant| *occupant = None);
    }
    pub fn passes(&self) -> &[Tracked] {
        &self.passes
    }
    pub fn get(&self, pass: PassKey) -> Option<&Tracked> {
        self.passes.iter().find(|tracked| tracked.pass == pass)
    }
    pub fn contest(&mut self, pass: PassKey, cause: ContestedCause) {
        if let Some(tracked) = self.passes.iter_mut().find(|tracked| tracked.pass == pass) {
            tracked.contested.insert(cause);
        }
    }
    /// The gate opened for it: it should leave by release.
    pub fn opened(&mut self, pass: PassKey) {
        if let Some(tracked) = self.passes.iter_mut().find(|tracked| tracked.pass == pass) {
            tracked.opened = true;
        }
    }
    pub fn belt(&self, segment: u8) -> &Belt {
        &self.belts[usize::from(segment)]
    }

    /// Where the belt was from which parcels come to an eye, at an edge of that eye.
    pub fn was_before(&mut self, eye: u8, time: Micros, tick: Option<Tick>) {
        let segment = self.map.eyes.get(usize::from(eye)).and_then(|eye| eye.segment.checked_sub(1));
        if let Some((segment, tick)) = segment.zip(tick) {
            self.was(segment, time, tick);
        }
    }

    /// A belt changed its motion here: between such points and edges it ran evenly, which is all that is known of it
    /// where no beats were heard.
    pub fn was(&mut self, segment: u8, time: Micros, tick: Tick) {
        if let Some(belt) = self.belts.get_mut(usize::from(segment)) {
            belt.push(time, tick);
        }
    }

    /// The controller told where its belts are.
    pub fn beat(&mut self, time: Micros, ticks: &[Tick]) -> Vec<Happening> {
        for (belt, &tick) in self.belts.iter_mut().zip(ticks) {
            belt.push(time, tick);
        }
        self.reckon();
        self.vanished()
    }

    /// A debounced edge. `pass` is the controller's count at the entry eye.
    pub fn edge(&mut self, eye: u8, blocked: bool, tick: Tick, time: Micros, pass: Option<PassKey>) -> Vec<Happening> {
        let mut happenings = self.seen(eye, blocked, tick, time, pass);
        let fits =
            |happening: &Happening| !matches!(happening, Happening::Appeared { .. } | Happening::StrangerLeft { .. });
        // At an exit something always comes of a nose, but where it belongs into the other chute.
        let role = self.map.eyes.get(usize::from(eye)).map(|eye| eye.role);
        let exit = blocked && matches!(role, Some(EyeRole::ReleaseExit | EyeRole::ExamExit));
        let strange = exit && happenings.is_empty() || !happenings.iter().all(fits);
        let strange = strange && !self.beside_lost; // what comes by unexpected may be one of those
        if self.flicker.edge(usize::from(eye), time, strange) {
            happenings.push(Happening::EyeSick { eye });
        }
        happenings
    }

    fn seen(&mut self, eye: u8, blocked: bool, tick: Tick, time: Micros, pass: Option<PassKey>) -> Vec<Happening> {
        let index = usize::from(eye);
        let Some(role) = self.map.eyes.get(index).map(|eye| eye.role) else {
            return Vec::new();
        };
        let segment = usize::from(self.map.eyes[index].segment);
        let again = self.belts[segment]
            .furthest()
            .is_some_and(|furthest| tick + self.map.segments[segment].ticks(Millimetres(EDGE_MM)) < furthest);
        self.belts[segment].push(time, tick);
        if self.was_dark(index, blocked, tick) {
            return Vec::new(); // what lay at this exit when the controller booted has been told
        }
        if again && pass.is_none() {
            return self.slid(index, role, blocked); // the belt reversed: this stretch has been seen
        }
        match (role, blocked) {
            (EyeRole::Entry, true) => pass.map(|pass| self.enter(index, pass, tick, time)).into_iter().collect(),
            (EyeRole::Entry | EyeRole::Watch | EyeRole::Diverter, false) => self.trailing(index, tick),
            (EyeRole::Watch | EyeRole::Diverter, true) => self.leading(index, tick),
            (EyeRole::ReleaseExit, true) => self.exit(index, tick, End::Release),
            (EyeRole::ExamExit, true) => self.exit(index, tick, End::Exam),
            (EyeRole::ReleaseExit | EyeRole::ExamExit, false) | (EyeRole::Sweep, _) => Vec::new(),
        }
    }

    fn enter(&mut self, index: usize, pass: PassKey, tick: Tick, time: Micros) -> Happening {
        let eye = &self.map.eyes[index];
        let (segment, at_mm) = (eye.segment, eye.at_mm);
        let belt = &self.map.segments[usize::from(segment)];
        let gap = self.last_trail.map(|(_, trail)| belt.mm(tick - trail));
        let mut contested = BTreeSet::new();
        if gap.is_some_and(|gap| gap < self.map.items.gap_mm_min) {
            contested.insert(ContestedCause::Gap);
            if let Some((before, _)) = self.last_trail {
                self.contest(before, ContestedCause::Gap);
            }
        }
        let mut marks = [None; SEGMENTS_MAX];
        marks[usize::from(segment)] = Some(Mark { segment, at_mm, lead: tick, trail: None });
        self.passes.push(Tracked {
            pass,
            entered: time,
            marks,
            next_eye: index + 1,
            coasted: Millimetres::ZERO,
            adrift: false,
            until: [None; SEGMENTS_MAX],
            opened: false,
            astray: None,
            length_mm: None,
            gap_mm: gap,
            contested,
        });
        self.occupants[index] = Some(pass);
        Happening::Entered { pass }
    }

    fn trailing(&mut self, index: usize, tick: Tick) -> Vec<Happening> {
        let Some(pass) = self.occupants[index].take() else {
            return Vec::new();
        };
        let eye = &self.map.eyes[index];
        let segment = &self.map.segments[usize::from(eye.segment)];
        let items = &self.map.items;
        // Its tail is here, and an eye that it has left long ago is still dark: what darkens that was not counted.
        let dark = self.occupants[..index].contains(&Some(pass));
        let Some(tracked) = self.passes.iter_mut().find(|tracked| tracked.pass == pass) else {
            return Vec::new();
        };
        if dark {
            tracked.contested.insert(ContestedCause::Merged);
        }
        if eye.role == EyeRole::Entry {
            self.last_trail = Some((pass, tick));
        }
        let Some(mark) = tracked.marks[usize::from(eye.segment)].as_mut().filter(|mark| mark.at_mm == eye.at_mm) else {
            return Vec::new();
        };
        mark.trail = Some(tick);
        let length = segment.mm(tick - mark.lead);
        if length > items.length_mm_max + items.length_tolerance_mm {
            tracked.contested.insert(ContestedCause::TooLong);
        }
        match tracked.length_mm.replace(length) {
            Some(before) if length > before + items.length_tolerance_mm => {
                tracked.contested.insert(ContestedCause::Merged);
            }
            Some(before) if length + items.length_tolerance_mm < before => {
                tracked.contested.insert(ContestedCause::Abreast);
            }
            _ => {}
        }
        vec![Happening::Seen { pass }]
    }

    /// How exactly an eye can expect a parcel whose belts have been counted all the way.
    fn exact(&self, tracked: &Tracked, index: usize) -> Millimetres {
        let eye = &self.map.eyes[index];
        let here = usize::from(eye.segment);
        if let Some(mark) = tracked.marks[here] {
            return slack(&self.map, eye.segment, eye.at_mm - mark.at_mm);
        }
        let before = here.checked_sub(1).and_then(|before| tracked.marks[before]);
        before.map_or(Millimetres::ZERO, |mark| {
            let way = self.map.segments[usize::from(mark.segment)].length_mm - mark.at_mm;
            slack(&self.map, mark.segment, way) + slack(&self.map, eye.segment, eye.at_mm)
        })
    }

    /// How far a parcel's leading edge is beyond an eye when the eye's belt is at `tick`, and how exact that is.
    fn ahead(&self, tracked: &Tracked, index: usize, tick: Tick) -> Option<(Millimetres, Millimetres)> {
        let eye = &self.map.eyes[index];
        let here = usize::from(eye.segment);
        let segment = &self.map.segments[here];
        let exact = self.exact(tracked, index);
        if let Some(mark) = tracked.marks[here] {
            let way = eye.at_mm - mark.at_mm;
            return Some((segment.mm(tick - mark.lead) - way, exact + tracked.coasted));
        }
        // Not seen on this segment yet: at the moment it must have come onto it, how far had the last belt carried it?
        let before = here.checked_sub(1)?;
        let mark = tracked.marks[before]?;
        let last = &self.map.segments[before];
        let way = last.length_mm - mark.at_mm;
        let came = self.belts[here].when(tick - segment.ticks(eye.at_mm));
        let ahead = match came.and_then(|came| self.belts[before].tick_at(came)) {
            Some(left) => last.mm(left - mark.lead) - way,
            // Not listened to then: the two belts run and stop together.
            None => {
                let since = i64::from(eye.at_mm.0) * i64::from(last.speed_mm_s) / i64::from(segment.speed_mm_s.max(1));
                last.mm(self.belts[before].now()? - mark.lead) - way - Millimetres(since as i32)
            }
        };
        // It may have come onto this belt while that ran uncounted.
        let lately = |at: Tick| tick - at <= segment.ticks(eye.at_mm + Millimetres(COAST_MM));
        let uncounted =
            !segment.encoder && tracked.coasted == Millimetres::ZERO && self.stopped[here].is_some_and(lately);
        let coasted = if uncounted { Millimetres(COAST_MM) } else { tracked.coasted };
        Some((ahead, exact + coasted))
    }

    /// Where the leading edge is now, measured on its newest segment.
    pub fn place(&self, pass: PassKey) -> Option<(u8, Millimetres)> {
        let mark = self.get(pass)?.marks.iter().rev().flatten().next()?;
        let segment = &self.map.segments[usize::from(mark.segment)];
        Some((mark.segment, mark.at_mm + segment.mm(self.belt(mark.segment).now()? - mark.lead)))
    }

    /// The newest mark of a pass on a segment.
    pub fn mark(&self, pass: PassKey, segment: u8) -> Option<Mark> {
        self.get(pass)?.mark(segment)
    }

    /// Belt left before the leading edge meets the diverter eye, when the parcel is on that eye's segment.
    pub fn before_diverter(&self, pass: PassKey) -> Option<Millimetres> {
        let eye = self.map.eyes.get(self.diverter)?;
        let (segment, at_mm) = self.place(pass)?;
        (segment == eye.segment).then(|| eye.at_mm - at_mm)
    }
    pub fn is_beyond_diverter(&self, pass: PassKey) -> bool {
        self.get(pass).is_some_and(|tracked| tracked.next_eye > self.diverter)
    }
}
