//! Code 128: text to code values to bars.
//!
//! Written here because a label with a wrong check character must be printable too, which no writer offers. It knows sets
//! B and C and FNC1; set A's control characters stand on no mail label.
//!
//! Source: ISO/IEC 15417.

pub use gatepost_hardware::symbology::code128::check;
use gatepost_hardware::symbology::code128::{STOP, widths};

const TO_C: u8 = 99;
const TO_B: u8 = 100;
const FNC1: u8 = 102;
const START_B: u8 = 104;
const START_C: u8 = 105;
/// What separates GS1 element strings in the data, printed as FNC1.
pub const GS: u8 = 0x1D;

/// Code values from the start character on, without the check character. With `gs1` FNC1 stands first. `None` for what
/// sets B and C cannot say.
pub fn values(data: &[u8], gs1: bool) -> Option<Vec<u8>> {
    if data.is_empty() || !data.iter().all(|&byte| byte == GS || (b' '..=b'~').contains(&byte)) {
        return None;
    }
    let digits_from = |at: usize| data[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut in_c = digits_from(0) >= 4;
    let mut values = vec![if in_c { START_C } else { START_B }];
    if gs1 {
        values.push(FNC1);
    }
    let mut at = 0;
    while at < data.len() {
        let digits = digits_from(at);
        if data[at] == GS {
            values.push(FNC1);
            at += 1;
        } else if in_c && digits >= 2 {
            values.push((data[at] - b'0') * 10 + data[at + 1] - b'0');
            at += 2;
        } else if in_c {
            values.push(TO_B);
            in_c = false;
        } else if digits >= 4 {
            values.push(TO_C);
            in_c = true;
        } else {
            values.push(data[at] - b' ');
            at += 1;
        }
    }
    Some(values)
}

/// Bars and spaces in modules, a bar first: the values, any check character, the stop.
pub fn bars(values: &[u8], check: u8) -> Vec<u8> {
    values.iter().copied().chain([check, STOP]).filter_map(widths).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_check_are_those_of_the_vectors() {
        let sscc = b"00123456789012345675";
        let impb = b"42078745\x1d9400111206206406260787";
        let vectors: [(&[u8], bool, &[u8], u8); 5] = [
            (b"AIM1234", false, &[104, 33, 41, 45, 99, 12, 34], 87),
            (sscc, true, &[105, 102, 0, 12, 34, 56, 78, 90, 12, 34, 56, 75], 42),
            (b"RR473124829GB", false, &[104, 50, 50, 99, 47, 31, 24, 82, 100, 25, 39, 34], 2),
            (b"EE876543216CA", false, &[104, 37, 37, 99, 87, 65, 43, 21, 100, 22, 35, 33], 5),
            (impb, true, &[105, 102, 42, 7, 87, 45, 102, 94, 0, 11, 12, 6, 20, 64, 6, 26, 7, 87], 15),
        ];
        for (data, gs1, expected, expected_check) in vectors {
            let found = values(data, gs1).expect("sets B and C");
            assert_eq!((&found[..], check(&found)), (expected, expected_check), "{data:?}");
        }
        // Set A, and all in set B: other writers' choices.
        assert_eq!(check(&[103, 48, 42, 42, 17, 18, 19, 35]), 54);
        assert_eq!(check(&[104, 50, 50, 20, 23, 19, 17, 18, 20, 24, 18, 25, 39, 34]), 101);
        assert_eq!((values(b"", false), values(b"a\n", false)), (None, None));
    }
}
