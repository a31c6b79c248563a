//! Seven bits and a parity bit over a line of eight: the same ten bit times, so nothing is lost by doing it here.
//!
//! Apart from the port, because `setup devices` reads settings off bytes that were heard with eight bits. A byte whose
//! parity is wrong becomes NUL, as Linux gives it where a UART checks: never the wrong character.

use crate::config::devices::Parity;

/// What stands for a byte with wrong parity.
const DAMAGED: u8 = 0;

/// Takes the parity off what was received.
pub fn check(parity: Parity, bytes: &mut [u8]) {
    for byte in bytes.iter_mut() {
        *byte = if fits(parity, *byte) { *byte & 0x7F } else { DAMAGED };
    }
}

/// Puts the parity on what is sent.
pub fn add(parity: Parity, bytes: &mut [u8]) {
    for byte in bytes.iter_mut() {
        *byte &= 0x7F;
        if !fits(parity, *byte) {
            *byte |= 0x80;
        }
    }
}

/// Whether a byte of eight bits is seven with this parity. Any byte is, where there is none.
pub const fn fits(parity: Parity, byte: u8) -> bool {
    match parity {
        Parity::None => true,
        Parity::Even => byte.count_ones().is_multiple_of(2),
        Parity::Odd => !byte.count_ones().is_multiple_of(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_what_a_scale_of_seven_bits_sends_and_comes_off_again() {
        // 1.250 kg of an 8217, as seen by a reader of eight bits.
        let mut bytes = *b"\x0201.250\x0D";
        add(Parity::Even, &mut bytes);
        assert_eq!(bytes, [0x82, 0x30, 0xB1, 0x2E, 0xB2, 0x35, 0x30, 0x8D]);
        check(Parity::Even, &mut bytes);
        assert_eq!(bytes, *b"\x0201.250\x0D");
        for parity in [Parity::Even, Parity::Odd] {
            for byte in 0..128 {
                let mut one = [byte];
                add(parity, &mut one);
                let mut flipped = [one[0] ^ 0x10];
                check(parity, &mut one);
                check(parity, &mut flipped);
                assert_eq!((one[0], flipped[0]), (byte, DAMAGED));
            }
        }
    }
}
