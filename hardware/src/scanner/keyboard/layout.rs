//! The US layout: from key events to characters, and from a character to the keys that type it.
//!
//! Apart from the codec, because this is the table, and which keys are held. It knows no frame and no time.

use super::event;

const LEFT_CTRL: u16 = 29;
const RIGHT_CTRL: u16 = 97;
const LEFT_SHIFT: u16 = 42;
const RIGHT_SHIFT: u16 = 54;
const LEFT_ALT: u16 = 56;
const RIGHT_ALT: u16 = 100;
const LEFT_META: u16 = 125;
const RIGHT_META: u16 = 126;
const CAPS_LOCK: u16 = 58;
const NUM_LOCK: u16 = 69;
const SCROLL_LOCK: u16 = 70;

/// Keys by their code, what they type, and what they type with shift.
const KEYS: &[(u16, &[u8], &[u8])] = &[
    (1, b"\x1B", b"\x1B"),
    (2, b"1234567890-=", b"!@#$%^&*()_+"),
    (15, b"\t", b"\t"),
    (16, b"qwertyuiop[]", b"QWERTYUIOP{}"),
    (28, b"\r", b"\r"),
    (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"),
    (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"),
    (57, b" ", b" "),
    (96, b"\r", b"\r"),
];

/// The keypad's digits from 0 on.
const KEYPAD: [u16; 10] = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73];

/// What an event came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A modifier, a release, a repeat.
    Nothing,
    Character(u8),
    /// Something was typed, and it is no text of this layout.
    Refused,
}

/// A number being typed on the keypad with Alt held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Number {
    digits: u8,
    value: u16,
}

/// Which keys are held, as far as they matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    left_shift: bool,
    right_shift: bool,
    left_ctrl: bool,
    right_ctrl: bool,
    /// AltGr and the Windows keys: nothing of the layout is typed with them.
    other: [bool; 3],
    alt: Option<Number>,
    caps: bool,
}

impl Keys {
    /// One event: a key's code; 0 for up, 1 for down, 2 for repeat.
    pub fn take(&mut self, code: u16, value: u8) -> Stroke {
        let down = match value {
            0 => false,
            1 => true,
            2 => return Stroke::Nothing,
            _ => {
                *self = Self::default();
                return Stroke::Refused;
            }
        };
        match code {
            LEFT_SHIFT => self.left_shift = down,
            RIGHT_SHIFT => self.right_shift = down,
            LEFT_CTRL => self.left_ctrl = down,
            RIGHT_CTRL => self.right_ctrl = down,
            RIGHT_ALT => self.other[0] = down,
            LEFT_META => self.other[1] = down,
            RIGHT_META => self.other[2] = down,
            LEFT_ALT if down => self.alt = Some(Number::default()),
            LEFT_ALT => return self.end_number(),
            CAPS_LOCK => self.caps ^= down,
            NUM_LOCK | SCROLL_LOCK => {}
            _ if down => return self.press(code),
            _ => {}
        }
        Stroke::Nothing
    }

    fn press(&mut self, code: u16) -> Stroke {
        if let Some(number) = &mut self.alt {
            let Some(digit) = (0..).zip(KEYPAD).find(|(_, key)| *key == code).map(|(digit, _)| digit) else {
                return Stroke::Refused;
            };
            number.digits = number.digits.saturating_add(1);
            number.value = number.value.saturating_mul(10).saturating_add(digit);
            return Stroke::Nothing;
        }
        let Some((plain, shifted)) = typed(code).filter(|_| !self.other.contains(&true)) else {
            return Stroke::Refused;
        };
        let shift = self.left_shift || self.right_shift;
        if self.left_ctrl || self.right_ctrl {
            return control(plain, shifted).map_or(Stroke::Refused, Stroke::Character);
        }
        let upper = if plain.is_ascii_lowercase() { shift != self.caps } else { shift };
        Stroke::Character(if upper { shifted } else { plain })
    }

    /// Alt is let go: a number of at most four digits is a character, where the tables in use agree on which.
    fn end_number(&mut self) -> Stroke {
        match self.alt.take() {
            None | Some(Number { digits: 0, .. }) => Stroke::Nothing,
            Some(Number { digits: 1..=4, value: value @ 1..=127 }) => Stroke::Character(value as u8),
            Some(_) => Stroke::Refused,
        }
    }
}

/// What a key types, and with shift.
fn typed(code: u16) -> Option<(u8, u8)> {
    KEYS.iter().find_map(|(first, plain, shifted)| {
        let index = usize::from(code.checked_sub(*first)?);
        // Code 42, between ` and \, is the left shift.
        Some((*plain.get(index)?, *shifted.get(index)?))
    })
}

/// The control character that Ctrl makes of a key; shift or not, as terminals do.
const fn control(plain: u8, shifted: u8) -> Option<u8> {
    match (plain, shifted) {
        (b'a'..=b'z' | b'['..=b']', _) => Some(plain & 0x1F),
        (_, b'@' | b'^' | b'_') => Some(shifted & 0x1F),
        _ => None,
    }
}

/// The events that type one character; `None` if no key of this layout does.
pub fn strokes(character: u8) -> Option<heapless::Vec<[u8; 3], 4>> {
    let key = |wanted: &dyn Fn(u8, u8) -> bool| {
        (1..=96).find(|code| typed(*code).is_some_and(|(plain, shifted)| wanted(plain, shifted)))
    };
    let (modifier, code) = None
        .or_else(|| Some((None, key(&|plain, _| plain == character)?)))
        .or_else(|| Some((Some(LEFT_SHIFT), key(&|_, shifted| shifted == character)?)))
        .or_else(|| Some((Some(LEFT_CTRL), key(&|plain, shifted| control(plain, shifted) == Some(character))?)))?;
    let with = modifier.into_iter().map(|modifier| event(modifier, 1));
    let without = modifier.into_iter().map(|modifier| event(modifier, 0));
    Some(with.chain([event(code, 1), event(code, 0)]).chain(without).collect())
}
