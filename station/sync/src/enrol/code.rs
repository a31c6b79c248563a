//! The one-time code of an invitation: 160 random bits, written for people who read it out over a telephone.
//!
//! Eight groups of five: four say twenty bits, the fifth checks them and their place. One wrong character, two that changed
//! places or two groups that did are noticed where it is typed, and the group is named.

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// Without I, L, O and U: what is read as one of them is taken for 1, 1, 0 and V.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS: usize = 8;
/// Characters of a group that say something.
const SAYING: usize = 4;
const BYTES: usize = GROUPS * SAYING * 5 / 8;
const _: () = assert!(BYTES * 8 >= 128, "nobody tries that many");

#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; BYTES]);

/// The public half of a code: all that central keeps of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Verifier(VerifyingKey);

/// Why something that was typed is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error("the code has {0} characters, not {needs}: a part of it is missing or was typed twice", needs = GROUPS * (SAYING + 1))]
    Length(usize),
    #[error("{0:?} stands in no code: it is made of digits and of letters without I, L, O and U")]
    Letter(char),
    #[error("group {0} of the code, {1}, is mistyped: compare it with the invitation")]
    Group(usize, String),
}

impl Code {
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn make() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// As it was typed: in capitals or not, in groups or not.
    ///
    /// # Errors
    /// [`CodeError`] names what is mistyped.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut values = Vec::with_capacity(GROUPS * (SAYING + 1));
        for char in text.chars().filter(|char| !char.is_whitespace() && *char != '-') {
            values.push(value(char).ok_or(CodeError::Letter(char))?);
            // What is far too long is not read to its end.
            if values.len() > 2 * GROUPS * (SAYING + 1) {
                break;
            }
        }
        if values.len() != GROUPS * (SAYING + 1) {
            return Err(CodeError::Length(values.len()));
        }
        let (mut bytes, mut bits, mut held) = (Vec::with_capacity(BYTES), 0_u32, 0_u32);
        for (place, group) in values.chunks(SAYING + 1).enumerate() {
            let (said, checked) = group.split_at(SAYING);
            if checked != [check(place, said)] {
                let typed: String = group.iter().map(|value| letter(*value)).collect();
                return Err(CodeError::Group(place + 1, typed));
            }
            for value in said {
                held = (held << 5) | u32::from(*value);
                bits += 5;
                if bits >= 8 {
                    bits -= 8;
                    bytes.push((held >> bits) as u8);
                    held &= (1 << bits) - 1;
                }
            }
        }
        bytes.try_into().map(Self).map_err(|_| CodeError::Length(values.len()))
    }

    /// By this code, over a request.
    pub fn signs(&self, bytes: &[u8]) -> [u8; 64] {
        self.signer().sign(&message(bytes)).to_bytes()
    }

    pub fn verifier(&self) -> Verifier {
        Verifier(self.signer().verifying_key())
    }

    fn signer(&self) -> SigningKey {
        SigningKey::from_bytes(&blake3::derive_key("gatepost 2026 enrolment: what a code signs by", &self.0))
    }
}

impl Verifier {
    /// As central keeps it.
    pub fn parse(hex: &str) -> Option<Self> {
        let bytes: [u8; 32] = HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok().map(Self)
    }

    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(&message(bytes), &Signature::from_bytes(signature)).is_ok()
    }

    /// By this half, over an answer.
    pub(super) fn proves(&self, bytes: &[u8]) -> blake3::Hash {
        let key = blake3::derive_key("gatepost 2026 enrolment: what an answer is proven by", self.0.as_bytes());
        blake3::keyed_hash(&key, bytes)
    }
}

fn message(bytes: &[u8]) -> Vec<u8> {
    [b"gatepost enrolment by code 1\0", bytes].concat()
}

/// The fifth character of a group, from its place and the four before: in the field of 32 elements each counts twice as much as
/// the next, so that no single change and no two neighbours that changed places come out the same.
fn check(place: usize, said: &[u8]) -> u8 {
    let doubled = |value: u8| {
        let twice = value << 1;
        if twice & 32 == 0 { twice } else { twice ^ 0b10_0101 }
    };
    let first = (place as u8 + 1) & 31;
    doubled(said.iter().fold(first, |sum, value| doubled(sum) ^ value))
}

fn letter(value: u8) -> char {
    char::from(LETTERS[usize::from(value & 31)])
}

fn value(char: char) -> Option<u8> {
    let char = match char.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        'U' => 'V',
        other => other,
    };
    LETTERS.iter().position(|letter| char::from(*letter) == char).map(|at| at as u8)
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut values, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
        for byte in self.0 {
            held = (held << 8) | u32::from(byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                values.push(((held >> bits) & 31) as u8);
                held &= (1 << bits) - 1;
            }
        }
        for (place, said) in values.chunks(SAYING).enumerate() {
            let separator = if place == 0 { "" } else { "-" };
            let group: String = said.iter().chain([&check(place, said)]).map(|value| letter(*value)).collect();
            write!(f, "{separator}{group}")?;
        }
        Ok(())
    }
}

/// What is logged by accident is no code.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(self.0.as_bytes()))
    }
}
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_printed_is_read_and_every_slip_of_a_finger_is_told(
            bytes in proptest::array::uniform20(0_u8..), at in 0_usize..40, other in 0_usize..32
        ) {
            let code = Code(bytes);
            let text = code.to_string();
            prop_assert_eq!(text.len(), 47);
            prop_assert_eq!(Code::parse(&text), Ok(code.clone()));
            prop_assert_eq!(Code::parse(&text.to_lowercase().replace('-', " ")), Ok(code.clone()));
            let mut typed: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
            let (group, was) = (at / 5 + 1, typed[at]);
            typed[at] = LETTERS[other];
            let read = Code::parse(std::str::from_utf8(&typed).unwrap());
            match typed[at] == was {
                true => prop_assert_eq!(read, Ok(code.clone())),
                false => prop_assert!(matches!(read, Err(CodeError::Group(named, _)) if named == group)),
            }
            typed[at] = was;
            if at + 1 < typed.len() && typed[at] != typed[at + 1] {
                typed.swap(at, at + 1);
                prop_assert!(Code::parse(std::str::from_utf8(&typed).unwrap()).is_err());
            }
        }

        #[test]
        fn two_groups_that_changed_places_are_told(bytes in proptest::array::uniform20(0_u8..), a in 0_usize..8, b in 0_usize..8) {
            let text = Code(bytes).to_string();
            let mut groups: Vec<&str> = text.split('-').collect();
            groups.swap(a, b);
            prop_assert_eq!(Code::parse(&groups.join("-")).is_err(), a != b);
        }
    }

    #[test]
    fn what_is_no_code_is_told_from_a_mistyped_one() {
        let text = Code([7; BYTES]).to_string();
        assert_eq!(Code::parse(&text[6..]), Err(CodeError::Length(35)));
        assert_eq!(Code::parse(&text.replacen('-', "?", 1)), Err(CodeError::Letter('?')));
        assert!(matches!(Code::parse(&"0".repeat(1_000_000)), Err(CodeError::Length(81))));
        let said =
            Code::parse(&format!("{}{}", if text.starts_with('Z') { 'Y' } else { 'Z' }, &text[1..])).unwrap_err();
        assert!(said.to_string().starts_with("group 1 of the code, "), "{said}");
        assert!(!format!("{:?}", Code([7; BYTES])).contains(&text[..5]));
    }
}
