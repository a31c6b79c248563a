//! Code 128: from code values to what a reader sends.
//!
//! Strict on purpose: it only ever sees values that were fitted to blurred bars. Message append, reader programming,
//! extended letters and FNC1 in second place stand on no mail label, and are refused.

use gatepost_hardware::symbology::Aim;
use gatepost_hardware::symbology::code128::check;

const GS: u8 = 0x1D;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

/// What these values say, the start character first and the check character last. `None` when the check character is
/// wrong, or for what is refused here.
pub(super) fn said(values: &[u8]) -> Option<(Vec<u8>, Aim)> {
    let (&last, body) = values.split_last()?;
    let (&start, data) = body.split_first()?;
    let mut set = match start {
        103 => Set::A,
        104 => Set::B,
        105 => Set::C,
        _ => return None,
    };
    if check(body) != last || data.is_empty() {
        return None;
    }
    let (mut bytes, mut gs1, mut shifted) = (Vec::new(), false, None);
    for (place, &value) in data.iter().enumerate() {
        let now = shifted.take().unwrap_or(set);
        match (now, value) {
            (_, 102) if place == 0 => gs1 = true,
            (_, 102) if gs1 => bytes.push(GS),
            (Set::C, 0..=99) => bytes.extend([b'0' + value / 10, b'0' + value % 10]),
            (Set::C, 100) | (Set::A, 100) => set = Set::B,
            (Set::C, 101) | (Set::B, 101) => set = Set::A,
            (Set::A | Set::B, 99) => set = Set::C,
            (Set::A, 98) => shifted = Some(Set::B),
            (Set::B, 98) => shifted = Some(Set::A),
            (Set::B, 0..=94) | (Set::A, 0..=63) => bytes.push(b' ' + value),
            (Set::A, 64..=95) => bytes.push(value - 64),
            _ => return None,
        }
    }
    let aim = Aim::new(b'C', if gs1 { b'1' } else { b'0' })?;
    (!bytes.is_empty()).then_some((bytes, aim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors() {
        let vectors: [(&[u8], &[u8], &str); 7] = [
            (b"AIM1234", &[104, 33, 41, 45, 99, 12, 34, 87], "]C0"),
            (b"PJJ123C", &[103, 48, 42, 42, 17, 18, 19, 35, 54], "]C0"),
            (b"00123456789012345675", &[105, 102, 0, 12, 34, 56, 78, 90, 12, 34, 56, 75, 42], "]C1"),
            (b"RR473124829GB", &[104, 50, 50, 99, 47, 31, 24, 82, 100, 25, 39, 34, 2], "]C0"),
            (b"RR473124829GB", &[104, 50, 50, 20, 23, 19, 17, 18, 20, 24, 18, 25, 39, 34, 101], "]C0"),
            (b"EE876543216CA", &[104, 37, 37, 99, 87, 65, 43, 21, 100, 22, 35, 33, 5], "]C0"),
            (
                b"42078745\x1d9400111206206406260787",
                &[105, 102, 42, 7, 87, 45, 102, 94, 0, 11, 12, 6, 20, 64, 6, 26, 7, 87, 15],
                "]C1",
            ),
        ];
        for (bytes, values, aim) in vectors {
            let (found, found_aim) = said(values).expect("a vector");
            assert_eq!((&found[..], found_aim.to_string().as_str()), (bytes, aim));
        }
    }

    #[test]
    fn a_wrong_check_and_what_no_label_holds_is_refused() {
        assert_eq!(said(&[104, 33, 41, 45, 99, 12, 34, 86]), None);
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[104, 1]), None);
        let refused = |body: &[u8]| {
            let mut values = body.to_vec();
            values.push(check(body));
            said(&values)
        };
        // Reader programming, message append, extended letters, FNC1 in second place, no start.
        for body in
            [&[104, 33, 96][..], &[104, 33, 97], &[104, 33, 100], &[104, 33, 102, 34], &[33, 41, 45], &[105, 106]]
        {
            assert_eq!(refused(body), None, "{body:?}");
        }
        assert_eq!(refused(&[104, 98, 65, 33]).map(|said| said.0), Some(b"\x01A".to_vec()));
    }
}
