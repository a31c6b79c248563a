//! As much of the Thumb-2 instruction set as says where a function calls and how much stack it takes.
//!
//! Encodings by the ARMv7-M Architecture Reference Manual, A5 to A7, and the same in ARMv8-M. What is not one of these
//! neither calls nor moves the stack pointer down.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Other,
    /// Bytes that the stack grows by.
    Grows(u32),
    /// BL.
    Call(u32),
    /// B: to the same function, or to another one instead of a call.
    Branch(u32),
    /// To where a register says.
    Indirect,
    /// A constant in a register (for what moves the stack pointer by a register).
    Constant {
        register: u8,
        value: u32,
    },
    /// The stack grows by what a register holds.
    GrowsBy {
        register: u8,
    },
}

/// One instruction at an address; how long it is.
pub fn step(code: &[u8], address: u32) -> Option<(Step, usize)> {
    let first = u16::from_le_bytes([*code.first()?, *code.get(1)?]);
    if first >> 11 < 0b11101 {
        return Some((short(first, address), 2));
    }
    let second = u16::from_le_bytes([*code.get(2)?, *code.get(3)?]);
    Some((long(first, second, address), 4))
}

fn short(word: u16, address: u32) -> Step {
    let word = u32::from(word);
    match word {
        // PUSH
        _ if word & 0xFE00 == 0xB400 => Step::Grows(4 * (word & 0x1FF).count_ones()),
        // SUB SP, #imm
        _ if word & 0xFF80 == 0xB080 => Step::Grows(4 * (word & 0x7F)),
        // BLX, and BX but to LR
        _ if word & 0xFF87 == 0x4780 => Step::Indirect,
        _ if word & 0xFF87 == 0x4700 && word != 0x4770 => Step::Indirect,
        // B, conditional and not
        _ if word & 0xF000 == 0xD000 && word & 0x0E00 != 0x0E00 => {
            Step::Branch(to(address, signed(word & 0xFF, 8) << 1))
        }
        _ if word & 0xF800 == 0xE000 => Step::Branch(to(address, signed(word & 0x7FF, 11) << 1)),
        // MOVS Rd, #imm
        _ if word & 0xF800 == 0x2000 => Step::Constant { register: (word >> 8 & 7) as u8, value: word & 0xFF },
        _ => Step::Other,
    }
}

fn long(first: u16, second: u16, address: u32) -> Step {
    let (one, two) = (u32::from(first), u32::from(second));
    let immediate = (one >> 10 & 1) << 11 | (two >> 12 & 7) << 8 | two & 0xFF;
    let register = (two >> 8 & 0xF) as u8;
    match (one, two) {
        // PUSH.W, and one register
        (0xE92D, _) => Step::Grows(4 * two.count_ones()),
        (0xF84D, _) if two & 0x0FFF == 0x0D04 => Step::Grows(4),
        // STRD with the stack pointer moved down before
        _ if one & 0xFFFF == 0xE96D => Step::Grows(4 * (two & 0xFF)),
        // VPUSH
        _ if one & 0xFFBF == 0xED2D && two & 0x0E00 == 0x0A00 => Step::Grows(4 * (two & 0xFF)),
        // SUB.W SP, SP, #imm (modified and plain), and by a register
        _ if one & 0xFBFF == 0xF1AD && two & 0x8F00 == 0x0D00 => Step::Grows(expanded(immediate)),
        _ if one & 0xFBFF == 0xF2AD && two & 0x8F00 == 0x0D00 => Step::Grows(immediate),
        (0xEBAD, _) if two & 0xFFF0 == 0x0D00 => Step::GrowsBy { register: (two & 0xF) as u8 },
        // MOVW, MOV.W
        _ if one & 0xFBF0 == 0xF240 && two & 0x8000 == 0 => {
            Step::Constant { register, value: (one & 0xF) << 12 | immediate }
        }
        _ if one & 0xFBEF == 0xF04F && two & 0x8000 == 0 => Step::Constant { register, value: expanded(immediate) },
        // BL, B.W, conditional B.W
        _ if one & 0xF800 == 0xF000 && two & 0xD000 == 0xD000 => Step::Call(to(address, far(one, two))),
        _ if one & 0xF800 == 0xF000 && two & 0xD000 == 0x9000 => Step::Branch(to(address, far(one, two))),
        _ if one & 0xF800 == 0xF000 && two & 0xD000 == 0x8000 && one >> 7 & 7 != 7 => {
            let way = (one >> 10 & 1) << 20
                | (two >> 11 & 1) << 19
                | (two >> 13 & 1) << 18
                | (one & 0x3F) << 12
                | (two & 0x7FF) << 1;
            Step::Branch(to(address, signed(way, 21)))
        }
        // LDR PC, […] but from the stack, which is a return
        _ if one & 0xFFF0 == 0xF8D0 && two >> 12 == 0xF => Step::Indirect,
        _ => Step::Other,
    }
}

/// The way of BL and B.W.
fn far(one: u32, two: u32) -> i32 {
    let sign = one >> 10 & 1;
    let bit = |at: u32| (two >> at & 1 ^ sign) ^ 1;
    signed(sign << 24 | bit(13) << 23 | bit(11) << 22 | (one & 0x3FF) << 12 | (two & 0x7FF) << 1, 25)
}

fn to(address: u32, way: i32) -> u32 {
    address.wrapping_add(4).wrapping_add_signed(way)
}

fn signed(value: u32, bits: u32) -> i32 {
    (value << (32 - bits)).cast_signed() >> (32 - bits)
}

/// A modified immediate constant (A5.3.2).
fn expanded(immediate: u32) -> u32 {
    let byte = immediate & 0xFF;
    match immediate >> 8 {
        0 => byte,
        1 => byte << 16 | byte,
        2 => byte << 24 | byte << 8,
        3 => byte << 24 | byte << 16 | byte << 8 | byte,
        _ => (0x80 | immediate & 0x7F).rotate_right(immediate >> 7 & 0x1F),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(halves: &[u16], address: u32) -> Step {
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let (step, length) = step(&bytes, address).expect("an instruction");
        assert_eq!(length, bytes.len());
        step
    }

    /// As an assembler writes them.
    #[test]
    fn instructions_say_what_they_do() {
        assert_eq!(of(&[0xB5F0], 0), Step::Grows(20)); // push {r4-r7, lr}
        assert_eq!(of(&[0xE92D, 0x4FF0], 0), Step::Grows(36)); // push.w {r4-r11, lr}
        assert_eq!(of(&[0xF84D, 0xBD04], 0), Step::Grows(4)); // str r11, [sp, #-4]!
        assert_eq!(of(&[0xED2D, 0x8B04], 0), Step::Grows(16)); // vpush {d8, d9}
        assert_eq!(of(&[0xED6D, 0x8A01], 0), Step::Grows(4)); // vpush {s17}
        assert_eq!(of(&[0xE96D, 0x4502], 0), Step::Grows(8)); // strd r4, r5, [sp, #-8]!
        assert_eq!(of(&[0xB082], 0), Step::Grows(8)); // sub sp, #8
        assert_eq!(of(&[0xF5AD, 0x7D02], 0), Step::Grows(520)); // sub.w sp, sp, #520
        assert_eq!(of(&[0xF6AD, 0x0D3C], 0), Step::Grows(2_108)); // subw sp, sp, #2108
        assert_eq!(of(&[0xF241, 0x2C34], 0), Step::Constant { register: 12, value: 0x1234 }); // movw r12, #0x1234
        assert_eq!(of(&[0xEBAD, 0x0D0C], 0), Step::GrowsBy { register: 12 }); // sub.w sp, sp, r12
        assert_eq!(of(&[0xF000, 0xF802], 0x100), Step::Call(0x108)); // bl +4
        assert_eq!(of(&[0xF7FF, 0xFFFE], 0x100), Step::Call(0x100)); // bl -4
        assert_eq!(of(&[0xF7FF, 0xBFFE], 0x100), Step::Branch(0x100)); // b.w -4
        assert_eq!(of(&[0xE7FE], 0x20), Step::Branch(0x20)); // b .
        assert_eq!(of(&[0xD0FE], 0x20), Step::Branch(0x20)); // beq .
        assert_eq!(of(&[0x4770], 0), Step::Other); // bx lr
        assert_eq!(of(&[0x4798], 0), Step::Indirect); // blx r3
    }
}
