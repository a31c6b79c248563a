//! Check-digit arithmetic on ASCII digits, and nothing about whose number it is.

/// Whether `text` is one or more ASCII digits.
pub(super) fn all(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The value of an ASCII digit; 0 for anything else, which callers have excluded.
pub(super) fn value(byte: u8) -> u8 {
    byte.wrapping_sub(b'0').min(9)
}

/// The last digit of `text` and the text before it.
pub(super) fn split_check(text: &str) -> Option<(&str, u8)> {
    let (body, last) = text.split_at_checked(text.len().checked_sub(1)?)?;
    (all(text) && !body.is_empty()).then(|| (body, value(last.as_bytes()[0])))
}

/// GS1 modulo 10: weights 3, 1, 3, … from the right. `body` is without the check digit.
pub(super) fn mod10(body: &str) -> u8 {
    let sum: u32 =
        body.bytes().rev().enumerate().map(|(at, byte)| u32::from(value(byte)) * if at % 2 == 0 { 3 } else { 1 }).sum();
    ((10 - sum % 10) % 10) as u8
}

/// Σ digit × weight modulo 11 and then 10, weights repeating from the left: FedEx.
pub(super) fn mod11(body: &str, weights: [u8; 3]) -> u8 {
    let sum: u32 =
        body.bytes().zip(weights.iter().cycle()).map(|(byte, w)| u32::from(value(byte)) * u32::from(*w)).sum();
    (sum % 11 % 10) as u8
}

/// The number modulo 7, of any length: DHL.
pub(super) fn mod7(body: &str) -> u8 {
    body.bytes().fold(0, |rest, byte| (rest * 10 + value(byte)) % 7)
}
