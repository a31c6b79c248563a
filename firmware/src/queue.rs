//! The reports that wait for the cable: bounded, in order, and honest about what did not fit.

use gatepost_hardware::link::Report;
use heapless::Deque;

pub const REPORTS_MAX: usize = 64;

#[derive(Clone, Debug, Default)]
pub struct Queue {
    reports: Deque<Report, REPORTS_MAX>,
    lost: u32,
}

impl Queue {
    /// Queues a report, or counts it as lost. The count stands in the queue where the lost reports would have stood.
    pub fn push(&mut self, report: Report) {
        if self.lost > 0 && self.reports.len() + 2 <= REPORTS_MAX {
            let lost = core::mem::take(&mut self.lost);
            let _ = self.reports.push_back(Report::Overflow { lost }); // room for two was just checked
        }
        if self.lost > 0 || self.reports.push_back(report).is_err() {
            self.lost = self.lost.saturating_add(1);
        }
    }

    pub fn pop(&mut self) -> Option<Report> {
        self.reports.pop_front().or_else(|| match core::mem::take(&mut self.lost) {
            0 => None,
            lost => Some(Report::Overflow { lost }),
        })
    }

    pub fn len(&self) -> usize {
        self.reports.len()
    }

    pub fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.lost == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(epoch: u32) -> Report {
        Report::Configured { epoch }
    }

    #[test]
    fn what_did_not_fit_is_counted_where_it_would_have_stood() {
        let mut queue = Queue::default();
        for epoch in 0..70 {
            queue.push(configured(epoch));
        }
        assert_eq!(queue.len(), REPORTS_MAX);
        assert_eq!(queue.pop(), Some(configured(0)));
        queue.push(configured(70)); // one place is free, but the count and the report need two
        assert_eq!(queue.pop(), Some(configured(1)));
        queue.push(configured(71));
        let rest: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest[62..], [Report::Overflow { lost: 7 }, configured(71)]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_loss_is_said_even_when_nothing_follows() {
        let mut queue = Queue::default();
        for epoch in 0..65 {
            queue.push(configured(epoch));
        }
        let last = core::iter::from_fn(|| queue.pop()).last();
        assert_eq!(last, Some(Report::Overflow { lost: 1 }));
    }
}
