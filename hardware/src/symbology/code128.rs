//! Code 128's own tables: the bars of each code value, and the check character.
//!
//! Here because who prints labels and who reads them must not each have a copy. It encodes and decodes nothing.
//!
//! Source: ISO/IEC 15417.

/// The value that ends a symbol; it has a bar more than the others.
pub const STOP: u8 = 106;

/// The check character of code values that begin with the start character.
pub fn check(values: &[u8]) -> u8 {
    let sum: u32 = (0u32..).zip(values).map(|(place, &value)| place.max(1) % 103 * u32::from(value)).sum();
    (sum % 103) as u8
}

/// Widths of bar, space, bar … of a code value, in modules; `None` above [`STOP`].
pub fn widths(value: u8) -> Option<impl Iterator<Item = u8>> {
    PATTERNS.get(usize::from(value)).map(|pattern| pattern.bytes().map(|width| width - b'0'))
}

const PATTERNS: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312",
    "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212",
    "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121",
    "111323", "131123", "131321", "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331",
    "132131", "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131", "311123",
    "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111", "111224", "111422", "121124",
    "121421", "141122", "141221", "112214", "112412", "122114", "122411", "142112", "142211", "241211", "221114",
    "413111", "241112", "134111", "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112",
    "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_eleven_modules_and_stands_once() {
        for (value, pattern) in PATTERNS.iter().enumerate() {
            let modules: u32 = pattern.bytes().map(|width| u32::from(width - b'0')).sum();
            assert_eq!(modules, if value == usize::from(STOP) { 13 } else { 11 }, "{value}");
            assert!(PATTERNS[..value].iter().all(|other| other != pattern), "{value}");
        }
    }
}
