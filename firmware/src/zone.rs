//! The belt between diverter eye and gate: what is known to lie on it.
//!
//! Knowledge begins somewhere: after a boot, a reverse or too many edges, nothing is known of the belt before
//! `known_from`, and no gap there counts as a gap. It judges nothing; it only answers how far away the neighbours are.

use gatepost_hardware::units::Tick;
use heapless::Deque;

pub const SPANS_MAX: usize = 16;

/// One parcel, or several that touch, as the diverter eye saw it: ticks at the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    lead: Tick,
    trail: Option<Tick>,
}

#[derive(Clone, Debug, Default)]
pub struct Zone {
    spans: Deque<Span, SPANS_MAX>,
    known_from: Tick,
}

impl Zone {
    /// As new, in place.
    pub fn anew(&mut self) {
        let Self { spans, known_from } = self;
        spans.clear();
        *known_from = Tick::ZERO;
    }

    /// Forgets everything: what lies before `tick` is unknown.
    pub fn forget(&mut self, tick: Tick) {
        self.spans.clear();
        self.known_from = self.known_from.max(tick);
    }

    pub fn lead(&mut self, tick: Tick) {
        if self.spans.push_back(Span { lead: tick, trail: None }).is_err() {
            self.forget(tick);
        }
    }

    /// The eye came free at `tick`. Returns where the span began, when that was seen.
    pub fn trail(&mut self, tick: Tick) -> Option<Tick> {
        match self.spans.back_mut() {
            Some(span) if span.trail.is_none() => {
                span.trail = Some(tick);
                Some(span.lead)
            }
            _ => {
                self.forget(tick);
                None
            }
        }
    }

    /// Drops spans that ended before `tick`.
    pub fn drop_before(&mut self, tick: Tick) {
        while let Some(trail) = self.spans.front().and_then(|span| span.trail).filter(|trail| *trail < tick) {
            self.known_from = self.known_from.max(trail);
            self.spans.pop_front();
        }
    }

    /// Where the belt before a parcel was last not known to be empty.
    pub fn end_before(&self, lead: Tick) -> Tick {
        let before = self.spans.iter().filter(|span| span.lead < lead);
        before.map(|span| span.trail.unwrap_or(lead)).fold(self.known_from, Tick::max)
    }

    /// Where the next parcel begins, or, with none seen yet, how far the belt is known to be empty.
    pub fn next_after(&self, trail: Tick, now: Tick) -> Tick {
        self.spans.iter().map(|span| span.lead).filter(|lead| *lead >= trail).min().unwrap_or(now)
    }

    /// Whether a parcel began inside these ticks already, or may have where nobody watched.
    pub fn may_have_begun_within(&self, lo: Tick, hi: Tick) -> bool {
        lo <= self.known_from || self.spans.iter().any(|span| (lo..=hi).contains(&span.lead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_as_far_as_they_were_seen() {
        let mut zone = Zone::default();
        zone.forget(Tick(50));
        zone.lead(Tick(100));
        assert_eq!(zone.end_before(Tick(100)), Tick(50), "before that nothing was watched");
        assert_eq!(zone.trail(Tick(300)), Some(Tick(100)));
        assert_eq!(zone.next_after(Tick(300), Tick(700)), Tick(700), "empty as far as the belt has come");
        zone.lead(Tick(800));
        assert_eq!(zone.end_before(Tick(800)), Tick(300));
        assert_eq!(zone.next_after(Tick(300), Tick(900)), Tick(800));
        zone.drop_before(Tick(400));
        assert_eq!(zone.end_before(Tick(800)), Tick(300), "dropping a span forgets no end");
        assert!(zone.may_have_begun_within(Tick(790), Tick(810)));
        assert!(!zone.may_have_begun_within(Tick(801), Tick(810)));
    }

    #[test]
    fn an_end_without_a_beginning_and_too_many_spans_make_the_belt_unknown() {
        let mut zone = Zone::default();
        assert_eq!(zone.trail(Tick(400)), None);
        assert_eq!(zone.end_before(Tick(410)), Tick(400));
        for number in 0..=SPANS_MAX as i64 {
            zone.lead(Tick(500 + number * 10));
        }
        assert_eq!(zone.end_before(Tick(2_000)), Tick(500 + SPANS_MAX as i64 * 10));
    }
}
