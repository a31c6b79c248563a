//! What a virtual device is to its line: bytes that come, time that goes by, bytes that are said, perhaps later.

use gatepost_hardware::units::Micros;

/// A device behind a line. It hears only what came undamaged.
pub trait Actor: Send {
    fn hear(&mut self, now: Micros, byte: u8, say: &mut Say);

    /// Called every few milliseconds.
    fn tick(&mut self, now: Micros, say: &mut Say);

    /// Commands that changed something on the device: a zero, a tare, a reset, a setting.
    fn changed(&self) -> &[String] {
        &[]
    }
}

/// What a device wants to send, and when.
#[derive(Debug, Default)]
pub struct Say(pub Vec<(Micros, Vec<u8>)>);

impl Say {
    pub fn at(&mut self, when: Micros, bytes: &[u8]) {
        self.0.push((when, bytes.to_vec()));
    }
}

/// Says nothing and hears nothing.
#[derive(Debug)]
pub struct Silent;

impl Actor for Silent {
    fn hear(&mut self, _: Micros, _: u8, _: &mut Say) {}
    fn tick(&mut self, _: Micros, _: &mut Say) {}
}

/// A line that picks up what is in the air: random characters, never quiet for long.
#[derive(Debug)]
pub struct Noise {
    state: u64,
    next: Micros,
}

impl Noise {
    pub const fn new(seed: u64) -> Self {
        Self { state: seed | 1, next: Micros::ZERO }
    }
    fn draw(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

impl Actor for Noise {
    fn hear(&mut self, _: Micros, _: u8, _: &mut Say) {}

    fn tick(&mut self, now: Micros, say: &mut Say) {
        if now >= self.next {
            let bytes: Vec<u8> = (0..1 + self.draw() % 12).map(|_| self.draw() as u8).collect();
            self.next = now + Micros::from_ms(5 + self.draw() % 30);
            say.at(now, &bytes);
        }
    }
}
