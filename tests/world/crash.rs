//! When the station dies: between every two steps of a decision's way, by kill or by power cut.

/// A small seeded generator (splitmix64): the world needs numbers that are the same on every machine, not good ones.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// 0 to `below` − 1.
    pub fn below(&mut self, below: u64) -> u64 {
        self.draw() % below.max(1)
    }
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }
}

/// A step after which the station may die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A decision was made, and not yet given to the ledger.
    Decided,
    /// It is in the ledger's group, not yet synced.
    Appended,
    /// It is durable, and the lane does not know yet.
    Durable,
    /// The permit is made, and not yet sent.
    PermitMade,
    PermitSent,
    /// The controller reported the open gate.
    GateOpened,
    /// An exit eye was reported, and its record not yet written.
    ExitSeen,
    /// Any other moment.
    Anywhere,
}

pub const STEPS: [Step; 8] = [
    Step::Decided,
    Step::Appended,
    Step::Durable,
    Step::PermitMade,
    Step::PermitSent,
    Step::GateOpened,
    Step::ExitSeen,
    Step::Anywhere,
];

/// Deaths to come, one at a time.
#[derive(Clone, Debug)]
pub struct Crashes {
    dice: Dice,
    /// Mean microseconds between deaths; 0 for an immortal station.
    every_us: u64,
    armed: Option<(u64, Step)>,
    /// How often each step was the last.
    pub died: Vec<(Step, u32)>,
}

impl Crashes {
    pub fn none() -> Self {
        Self::new(0, 0)
    }
    pub fn new(seed: u64, every_us: u64) -> Self {
        let died = STEPS.iter().map(|&step| (step, 0)).collect();
        let mut made = Self { dice: Dice::new(seed ^ 0xDEAD), every_us, armed: None, died };
        made.arm(0);
        made
    }

    fn arm(&mut self, now: u64) {
        if self.every_us > 0 {
            let at = now + self.dice.between(self.every_us / 2, self.every_us * 3 / 2);
            self.armed = Some((at, STEPS[self.dice.below(STEPS.len() as u64) as usize]));
        }
    }

    /// Whether the station dies at this step.
    pub fn strike(&mut self, now: u64, step: Step) -> bool {
        let Some((_, armed)) = self.armed.filter(|&(at, armed)| now >= at && armed == step) else {
            return false;
        };
        self.died.iter_mut().filter(|(step, _)| *step == armed).for_each(|(_, count)| *count += 1);
        self.arm(now);
        true
    }

    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }
}
