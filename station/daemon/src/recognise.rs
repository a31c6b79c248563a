//! Which device is this? Bytes of unknown settings and protocol, explained; a port of which nothing is known, tried.
//!
//! Apart from the commands, because `setup devices`, `doctor` and `probe` ask the same. It tries in a fixed, bounded
//! order ([`search`]) what stands in one table ([`candidates`]), lets the codecs themselves judge ([`score`]), and says
//! so when two explanations fit equally. It changes nothing on any device and decides nothing for the lane: a person
//! pastes what is proposed.

use crate::config::devices::{LineConfig, Parity};
use crate::run::serial::parity;
use candidates::{Candidate, TABLE};
use score::{Burst, Score, score};

pub mod candidates;
pub mod meaning;
pub mod score;
pub mod ports;
pub mod search;
pub mod finding;
pub mod usb;

/// Evidence that is enough: one chance in a million, if every bit were chance.
pub const SURE: u32 = 20;
/// Less than this is no explanation.
const LEAST: u32 = 6;

/// A protocol under line settings, and how well it explains what was heard.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub candidate: &'static Candidate,
    pub line: LineConfig,
    pub score: Score,
}

impl Explanation {
    fn fits(&self) -> bool {
        self.score.value() >= LEAST && (self.score.own_words || !self.candidate.own_words)
    }
}

/// All that explains `bursts`, heard at the speed and under the settings `opened`, best first; several only when they
/// explain it about as well. Empty: nothing does.
///
/// A line of seven bits with parity that was heard with eight and none is read off its parity bits.
pub fn explain(bursts: &[Burst], opened: LineConfig) -> Vec<Explanation> {
    let views: &[LineConfig] = match opened {
        LineConfig::EightNoneOne => &[LineConfig::EightNoneOne, LineConfig::SevenEvenOne, LineConfig::SevenOddOne],
        _ => std::slice::from_ref(LineConfig::ALL.iter().find(|line| **line == opened).unwrap_or(&LineConfig::ALL[0])),
    };
    if bursts.is_empty() {
        return Vec::new();
    }
    let views = views.iter().filter(|&&line| may_be(bursts, opened, line));
    let views: Vec<(LineConfig, Vec<Burst>)> = views.map(|&line| (line, seen(bursts, opened, line))).collect();
    for tier in 0..=TABLE.iter().map(|row| row.tier).max().unwrap_or(0) {
        let rows = TABLE.iter().filter(|row| row.tier == tier);
        let all = rows.flat_map(|candidate| {
            views.iter().map(move |(line, bursts)| {
                let score = score(candidate, bursts);
                Explanation { candidate, line: *line, score }
            })
        });
        let mut fits: Vec<Explanation> = all.filter(Explanation::fits).collect();
        fits.sort_by_key(|one| std::cmp::Reverse(one.score.value()));
        if let Some(best) = fits.first().map(|one| one.score.value()) {
            fits.retain(|one| one.score.value() * 4 >= best * 3);
            return fits;
        }
    }
    Vec::new()
}

/// Whether most bytes have the parity of a line that is looked for among eight bits without.
fn may_be(bursts: &[Burst], opened: LineConfig, line: LineConfig) -> bool {
    let bytes = || bursts.iter().flat_map(|burst| &burst.bytes);
    let fit = bytes().filter(|byte| parity::fits(line.parity(), **byte)).count();
    line == opened || fit * 4 >= bytes().count() * 3
}

/// What would have been read under `line` of what was read under `opened`.
fn seen(bursts: &[Burst], opened: LineConfig, line: LineConfig) -> Vec<Burst> {
    let mut seen = bursts.to_vec();
    if line != opened && line.parity() != Parity::None {
        seen.iter_mut().for_each(|burst| parity::check(line.parity(), &mut burst.bytes));
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::scale::with_even_parity;
    use gatepost_hardware::units::Micros;

    fn bursts(all: &[&[u8]]) -> Vec<Burst> {
        let at = |number: usize| Micros::from_ms(200 * number as u64);
        all.iter().enumerate().map(|(number, bytes)| Burst { at: at(number), bytes: bytes.to_vec() }).collect()
    }

    #[track_caller]
    fn check(all: &[&[u8]], expected: &[(&str, LineConfig)]) {
        let found = explain(&bursts(all), LineConfig::EightNoneOne);
        let named: Vec<(&str, LineConfig)> = found.iter().map(|one| (one.candidate.protocol, one.line)).collect();
        assert_eq!(named, expected, "{found:#?}");
    }

    const A: &[u8] = b"\x02\x2C\x30\x20\x20\x20\x31\x32\x33\x34\x20\x20\x20\x20\x20\x30\x0D\x1B";
    const B: &[u8] = b"\x02\x2C\x38\x20\x20\x20\x31\x32\x33\x35\x20\x20\x20\x20\x20\x30\x0D\x12";

    #[test]
    fn a_continuous_scale_is_told_from_one_without_checksum() {
        check(&[A, B], &[("toledo-continuous = { checksum = true }", LineConfig::EightNoneOne)]);
        check(&[&A[..17], &B[..17]], &[("toledo-continuous = { checksum = false }", LineConfig::EightNoneOne)]);
        // Come into the middle of a frame.
        check(&[&A[9..], B, A, B], &[("toledo-continuous = { checksum = true }", LineConfig::EightNoneOne)]);
    }

    #[test]
    fn seven_bits_are_read_off_the_parity() {
        let (mut a, mut b) = (A.to_vec(), B.to_vec());
        with_even_parity(&mut a);
        with_even_parity(&mut b);
        check(&[&a, &b], &[("toledo-continuous = { checksum = true }", LineConfig::SevenEvenOne)]);
        let mut line = b"S S     100.03 g\r\n".to_vec();
        with_even_parity(&mut line);
        check(&[&line], &[("mt-sics = {}", LineConfig::SevenEvenOne)]);
        let odd: Vec<u8> = line.iter().map(|byte| byte ^ 0x80).collect();
        check(&[&odd], &[("mt-sics = {}", LineConfig::SevenOddOne)]);
    }

    #[test]
    fn text_is_a_scanner_only_if_it_is_nothing_better() {
        check(&[b"S S     100.03 g\r\n"], &[("mt-sics = {}", LineConfig::EightNoneOne)]);
        check(&[b"RR473124829GB\r\n"], &[("plain = {}", LineConfig::EightNoneOne)]);
        check(&[b"\x02RR473124829GB\x03"], &[("plain = { framing = \"stx-etx\" }", LineConfig::EightNoneOne)]);
        check(
            &[b"RR473124829GB", b"LX123456785US"],
            &[("plain = { framing = \"idle-gap\", terminators = \"\" }", LineConfig::EightNoneOne)],
        );
        check(&[b"hello\r\n"], &[]);
        check(&[b"\x00\xFF\x13\x80abc\x0D\x02"], &[]);
        check(&[], &[]);
    }
}
