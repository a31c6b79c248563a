//! What a controller remembers over a reset: its facts, its trace, its epoch, its lane map.
//!
//! A board keeps one [`Kept`] in memory that a watchdog reset leaves alone and nothing clears at start. It is plain bytes:
//! any bit pattern is a value, and nothing in it is believed that its own checksum does not vouch for, so that a reset in
//! the middle of a write costs that entry and no more. It refuses to interpret: numbers and bytes in, numbers and bytes out.

use gatepost_hardware::link::{FACTS_MAX, MAP_MAX};
use serde::{Serialize, de::DeserializeOwned};

/// Entries of the trace.
pub const TRACE_MAX: usize = 64;
/// The longest fact, and the longest entry of the trace, in bytes of postcard.
pub const FACT_BYTES: usize = 40;
pub const TRACE_BYTES: usize = 28;

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

#[derive(Clone, Debug)]
#[repr(C)]
pub struct Kept {
    pub facts: Ring<FACTS_MAX, FACT_BYTES>,
    pub trace: Ring<TRACE_MAX, TRACE_BYTES>,
    /// What this boot, or the last one, is called; 0: nothing.
    epoch: Checked,
    /// The first epoch of the log of facts.
    log: Checked,
    map: [u8; MAP_MAX],
    map_length: Checked,
    map_crc: u32,
}

/// The last `N` entries, numbered.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Ring<const N: usize, const BYTES: usize> {
    slots: [Slot<BYTES>; N],
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Slot<const BYTES: usize> {
    number: u32,
    bytes: [u8; BYTES],
    crc: u32,
}

/// A number and its complement.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Checked(u32, u32);

impl Kept {
    /// Remembers nothing.
    pub const fn new() -> Self {
        Self {
            facts: Ring::new(),
            trace: Ring::new(),
            epoch: Checked::of(0),
            log: Checked::of(0),
            map: [0; MAP_MAX],
            map_length: Checked::of(0),
            map_crc: 0,
        }
    }

    pub fn epoch(&self) -> u32 {
        self.epoch.get()
    }
    /// This boot has a name.
    pub fn begin_epoch(&mut self, epoch: u32) {
        self.epoch = Checked::of(epoch);
        if self.log.get() == 0 {
            self.log = Checked::of(epoch);
        }
    }
    pub fn end_epoch(&mut self) {
        self.epoch = Checked::of(0);
    }
    pub fn log(&self) -> u32 {
        self.log.get()
    }

    /// The lane map's bytes; empty when there is none.
    pub fn map(&self) -> &[u8] {
        let bytes = self.map.get(..self.map_length.get() as usize).unwrap_or_default();
        if CRC.checksum(bytes) == self.map_crc { bytes } else { &[] }
    }
    /// Writes a part of the map; false beyond its room. The map counts from [`Self::set_map_length`] on.
    pub fn write_map(&mut self, offset: usize, bytes: &[u8]) -> bool {
        self.map_length = Checked::of(0);
        let place = offset.checked_add(bytes.len()).and_then(|end| self.map.get_mut(offset..end));
        place.map(|place| place.copy_from_slice(bytes)).is_some()
    }
    pub fn set_map_length(&mut self, length: usize) {
        self.map_crc = CRC.checksum(self.map.get(..length).unwrap_or_default());
        self.map_length = Checked::of(length as u32); // at most MAP_MAX
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::new()
    }
}

impl Checked {
    const fn of(value: u32) -> Self {
        Self(value, !value)
    }
    /// 0 when it is not what was written.
    const fn get(self) -> u32 {
        if self.0 == !self.1 { self.0 } else { 0 }
    }
}

impl<const N: usize, const BYTES: usize> Ring<N, BYTES> {
    const fn new() -> Self {
        Self { slots: [Slot { number: 0, bytes: [0; BYTES], crc: 0 }; N] }
    }

    /// Writes an entry over the one `N` numbers before. An entry that is too long is kept as nothing.
    pub fn put<T: Serialize>(&mut self, number: u32, entry: &T) {
        let mut bytes = [0; BYTES];
        let fits = postcard::to_slice(entry, &mut bytes).is_ok();
        let crc = if fits { checksum(number, &bytes) } else { !checksum(number, &bytes) };
        if let Some(slot) = self.slots.get_mut(place::<N>(number)) {
            *slot = Slot { number, bytes, crc };
        }
    }

    /// The bytes of an entry, when it is still there and whole.
    pub fn bytes(&self, number: u32) -> Option<&[u8; BYTES]> {
        let slot = self.slots.get(place::<N>(number))?;
        (slot.number == number && slot.crc == checksum(number, &slot.bytes)).then_some(&slot.bytes)
    }

    pub fn get<T: DeserializeOwned>(&self, number: u32) -> Option<T> {
        postcard::take_from_bytes(self.bytes(number)?).ok().map(|(entry, _)| entry)
    }

    /// The numbers of the longest run of whole entries that ends with the newest: first, and the one after the last.
    /// Both 0 when there is none.
    pub fn run(&self) -> (u32, u32) {
        let whole = self.slots.iter().map(|slot| slot.number).filter(|&number| self.bytes(number).is_some());
        // Numbers wrap; all that are whole lie within N of one another, unless memory is old and strange.
        let newest =
            whole.reduce(|newest, number| if number.wrapping_sub(newest) as i32 > 0 { number } else { newest });
        let Some(newest) = newest else { return (0, 0) };
        let run = (1..N as u32).take_while(|&back| self.bytes(newest.wrapping_sub(back)).is_some()).count();
        (newest.wrapping_sub(run as u32), newest.wrapping_add(1))
    }
}

const fn place<const N: usize>(number: u32) -> usize {
    number as usize % N
}

fn checksum(number: u32, bytes: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&number.to_le_bytes());
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::link::{Fact, Happening};
    use gatepost_hardware::units::{Micros, Tick};
    use proptest::prelude::*;

    #[test]
    fn the_longest_fact_and_entry_fit() {
        let (eye, tick, before, time) = (255, Tick(i64::MIN), Some(Tick(i64::MIN)), Micros(u64::MAX));
        let fact = Fact::Edge { eye, blocked: true, tick, before, time, pass: Some(u32::MAX) };
        let mut ring = Ring::<4, FACT_BYTES>::new();
        ring.put(7, &fact);
        assert_eq!(ring.get(7), Some(fact));
        let what = Happening::Edge { eye, blocked: true, tick };
        let mut ring = Ring::<4, TRACE_BYTES>::new();
        ring.put(7, &(time, what));
        assert_eq!(ring.get(7), Some((time, what)));
        ring.put(8, &[[7u8; 20]; 2]);
        assert_eq!(ring.bytes(8), None, "too long for its place");
    }

    #[test]
    fn a_ring_of_strange_memory_holds_nothing() {
        let ring = Ring::<8, FACT_BYTES>::new();
        assert_eq!(ring.run(), (0, 0));
        assert_eq!(Kept::new().map(), &[] as &[u8]);
    }

    #[test]
    fn a_map_counts_when_it_is_whole() {
        let mut kept = Kept::new();
        assert!(kept.write_map(0, &[1, 2, 3]) && kept.write_map(3, &[4]));
        assert_eq!(kept.map(), &[] as &[u8]);
        kept.set_map_length(4);
        assert_eq!(kept.map(), [1, 2, 3, 4]);
        assert!(!kept.write_map(MAP_MAX - 1, &[1, 2]));
        assert!(!kept.write_map(usize::MAX, &[1, 2]));
    }

    proptest! {
        /// Entries before a torn one are lost with it, those after it are found, wherever the numbers wrap.
        #[test]
        fn a_torn_entry_costs_itself_and_what_came_before(start in any::<u32>(), count in 1u32..40, torn in 0u32..40, bit in 0usize..48 * 8) {
            let mut ring = Ring::<16, FACT_BYTES>::new();
            (0..count).for_each(|entry| ring.put(start.wrapping_add(entry), &entry));
            let kept = count.min(16);
            let first = start.wrapping_add(count - kept);
            prop_assert_eq!(ring.run(), (first, start.wrapping_add(count)));
            let torn = torn % kept;
            let slot = &mut ring.slots[place::<16>(first.wrapping_add(torn))];
            match bit / 8 {
                byte @ 0..4 => slot.number ^= 1 << (byte * 8 + bit % 8),
                byte @ 4..44 => slot.bytes[byte - 4] ^= 1 << (bit % 8),
                byte => slot.crc ^= 1 << ((byte - 44) * 8 + bit % 8),
            }
            let (from, next) = ring.run();
            let left = if torn + 1 == kept { torn } else { kept - torn - 1 };
            prop_assert_eq!(next.wrapping_sub(from), left);
            prop_assert!((0..left).all(|back| ring.get::<u32>(next.wrapping_sub(1 + back)).is_some()));
        }
    }
}
