//! What one UART hears of another, whatever the two are set to.
//!
//! The model: the talker puts start bit, data bits (lowest first), parity and stop bits on the line, each for exactly one
//! bit time, character after character without a pause, the line high before and after. The listener waits for the line
//! to fall, looks at the middle of what it takes for the start bit (high: nothing was there), then at the middles of its
//! own data, parity and stop bits, by its own bit time. A stop bit that is low is a framing error, and is taken for the
//! next character's start bit, as the data sheet of the 16550 has it. No noise, no jitter, no drift: those are other
//! faults. What becomes of a damaged character is the listener's affair: [`as_linux_reads`], [`as_a_device_reads`].

/// Line settings of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settings {
    pub baud: u32,
    /// 7 or 8.
    pub bits: u32,
    pub parity: Parity,
    /// 1 or 2.
    pub stops: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parity {
    None,
    Even,
    Odd,
}

/// One character as a listener took it off the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    pub byte: u8,
    pub parity_error: bool,
    pub framing_error: bool,
    /// When it was complete, nanoseconds after the talker began.
    pub at_ns: u64,
}

impl Settings {
    /// `9600 7E1`.
    ///
    /// # Panics
    /// On anything else: this is for tests.
    pub fn of(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| panic!("\"{text}\": write settings as \"9600 7E1\""))
    }

    fn parse(text: &str) -> Option<Self> {
        let (baud, line) = text.split_once(' ')?;
        let [bits @ (b'7' | b'8'), parity, stops @ (b'1' | b'2')] = *line.as_bytes() else { return None };
        let parity = match parity {
            b'N' => Parity::None,
            b'E' => Parity::Even,
            b'O' => Parity::Odd,
            _ => return None,
        };
        let baud = baud.parse().ok().filter(|baud| *baud > 0)?;
        Some(Self { baud, bits: u32::from(bits - b'0'), parity, stops: u32::from(stops - b'0') })
    }

    fn bit_ns(self, bits: u64) -> u64 {
        bits * 1_000_000_000 / u64::from(self.baud)
    }
    /// How long so many characters take.
    pub fn time_ns(self, characters: usize) -> u64 {
        let bits = 1 + self.bits + u32::from(self.parity != Parity::None) + self.stops;
        self.bit_ns(u64::from(bits) * characters as u64)
    }
}

/// What `listener` takes off the line when `talker` sends `bytes`.
pub fn heard(bytes: &[u8], talker: Settings, listener: Settings) -> Vec<Received> {
    let line = Line::of(bytes, talker);
    let mut received = Vec::new();
    let mut from_ns = 0;
    while let Some(start_ns) = line.low_from(from_ns) {
        let middle = |bit: u32| start_ns + listener.bit_ns(u64::from(bit)) + listener.bit_ns(1) / 2;
        if line.at(middle(0)) {
            from_ns = middle(0);
            continue;
        }
        let byte = (0..listener.bits).fold(0u8, |byte, bit| byte | u8::from(line.at(middle(1 + bit))) << bit);
        let checked = listener.parity != Parity::None;
        let parity_error = checked && line.at(middle(1 + listener.bits)) != parity_bit(byte, listener.parity);
        let stop = middle(1 + listener.bits + u32::from(checked));
        let framing_error = !line.at(stop);
        received.push(Received { byte, parity_error, framing_error, at_ns: stop });
        from_ns = if framing_error { stop - listener.bit_ns(1) / 2 } else { stop };
    }
    received
}

/// What a program under Linux reads: with parity checking a damaged character is NUL (INPCK without IGNPAR), without it
/// every character is passed as it is.
pub fn as_linux_reads(received: Received, checking: bool) -> u8 {
    if checking && (received.parity_error || received.framing_error) { 0 } else { received.byte }
}

/// What a device makes of it: a damaged character is no character.
pub fn as_a_device_reads(received: Received) -> Option<u8> {
    (!received.parity_error && !received.framing_error).then_some(received.byte)
}

fn parity_bit(byte: u8, parity: Parity) -> bool {
    let odd = !byte.count_ones().is_multiple_of(2);
    odd == (parity == Parity::Even)
}

/// Levels over time: high is idle.
struct Line {
    levels: Vec<bool>,
    talker: Settings,
}

impl Line {
    fn of(bytes: &[u8], talker: Settings) -> Self {
        let mut levels = Vec::new();
        for &byte in bytes {
            let byte = if talker.bits == 7 { byte & 0x7F } else { byte };
            levels.push(false);
            levels.extend((0..talker.bits).map(|bit| byte >> bit & 1 == 1));
            if talker.parity != Parity::None {
                levels.push(parity_bit(byte, talker.parity));
            }
            levels.extend((0..talker.stops).map(|_| true));
        }
        Self { levels, talker }
    }

    fn bit(&self, at_ns: u64) -> usize {
        usize::try_from(at_ns * u64::from(self.talker.baud) / 1_000_000_000).unwrap_or(usize::MAX)
    }
    fn at(&self, at_ns: u64) -> bool {
        self.levels.get(self.bit(at_ns)).copied().unwrap_or(true)
    }

    /// When the line is low for the first time, not before `from_ns`.
    fn low_from(&self, from_ns: u64) -> Option<u64> {
        let first = self.bit(from_ns);
        let low = first + self.levels.get(first..)?.iter().position(|level| !level)?;
        // One nanosecond on, so that rounding never looks at the bit before.
        Some(from_ns.max(self.talker.bit_ns(low as u64) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::scale::with_even_parity;

    const WEIGHT: &[u8] = b"\x0201.250\x0D";

    fn linux(bytes: &[u8], talker: &str, listener: &str) -> Vec<u8> {
        let (talker, listener) = (Settings::of(talker), Settings::of(listener));
        let checking = listener.parity != Parity::None;
        heard(bytes, talker, listener).into_iter().map(|one| as_linux_reads(one, checking)).collect()
    }

    #[test]
    fn equal_settings_pass_every_byte() {
        let every: Vec<u8> = (0..=255).collect();
        for settings in ["9600 8N1", "115200 8E1", "1200 8O1", "19200 8N2"] {
            assert_eq!(linux(&every, settings, settings), every, "{settings}");
        }
        for settings in ["9600 7E1", "300 7O1", "9600 7N2"] {
            assert_eq!(linux(&every[..128], settings, settings), &every[..128], "{settings}");
        }
    }

    #[test]
    fn seven_bits_with_parity_heard_by_eight_without_is_parity_in_bit_seven() {
        let mut even = WEIGHT.to_vec();
        with_even_parity(&mut even);
        assert_eq!(linux(WEIGHT, "9600 7E1", "9600 8N1"), even);
        assert_eq!(linux(&even, "9600 8N1", "9600 7E1"), WEIGHT, "and the other way round");
        let flipped: Vec<u8> = even.iter().map(|byte| byte ^ 0x80).collect();
        assert_eq!(linux(WEIGHT, "9600 7O1", "9600 8N1"), flipped);
    }

    #[test]
    fn a_wrong_parity_is_nul_to_linux_and_nothing_to_a_device() {
        let (even, odd) = (Settings::of("9600 8E1"), Settings::of("9600 8O1"));
        assert_eq!(linux(WEIGHT, "9600 8O1", "9600 8E1"), [0; 8]);
        assert_eq!(heard(WEIGHT, odd, even).into_iter().filter_map(as_a_device_reads).count(), 0);
    }

    #[test]
    fn another_speed_is_other_bytes_in_another_number() {
        for (talker, listener) in [("9600 8N1", "19200 8N1"), ("9600 8N1", "4800 8N1"), ("115200 8N1", "9600 8N1")] {
            let garbled = linux(WEIGHT, talker, listener);
            assert!(garbled != WEIGHT && !garbled.is_empty(), "{talker} heard at {listener}: {garbled:02x?}");
        }
        // One bit of 1,200 is eight of 9,600: a start bit alone is a start bit and seven zeros.
        assert_eq!(linux(b"\x7F", "1200 8N1", "9600 8N1")[0], 0x80);
        assert_eq!(linux(b"U", "9600 8N1", "10000 8N1"), b"U", "four percent are within what a UART bears");
    }

    #[test]
    fn an_eighth_bit_more_is_a_framing_error_now_and_then() {
        // 8E1 heard as 8N1: the parity bit stands where the stop bit should.
        let (talker, listener) = (Settings::of("9600 8E1"), Settings::of("9600 8N1"));
        let one = heard(b"\x03", talker, listener);
        assert!(one[0].framing_error && one[0].byte == 3, "{one:?}");
        let other = heard(b"\x01", talker, listener);
        assert!(!other[0].framing_error && other[0].byte == 1 && other.len() == 1, "{other:?}");
    }
}
