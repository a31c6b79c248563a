//! The next certificate, fetched by the running station when two thirds of the present one's time are over. A connection that
//! stands stays; the next one shows the new certificate.

use std::time::Duration;

use gatepost_ledger::journal::writer::Writer;
use gatepost_pipeline::record::{Kind, Urgency};
use gatepost_sync::session::Control;
use serde::Serialize;

use super::enrolment::{Dates, Member};
use super::health::{Health, HealthBoard};
use super::{audit, link};
use crate::config::{Config, ConfigError};
use crate::run::clock::wall_now;

const LOOK: Duration = Duration::from_secs(3_600);
/// Closer to its end than this, people are told: the page, and central once in each run.
const URGENT_MS: i64 = 14 * 86_400_000;
const DAY_MS: i64 = 86_400_000;

/// Looks every hour; nothing where the configuration does not say where to ask.
///
/// # Errors
/// [`ConfigError`]: the station's own key cannot be read.
pub fn start(config: &Config, ledger: &Writer, board: &HealthBoard, control: Control) -> Result<(), ConfigError> {
    let Some(central) = config.uplink.as_ref().and_then(|uplink| uplink.renew.clone()) else { return Ok(()) };
    let member = Member::open(config).map_err(ConfigError)?;
    let (health, shown) = (board.part("certificate"), member.dates());
    let mut renewal = Renewal {
        config: config.clone(),
        central,
        member,
        ledger: ledger.clone(),
        health,
        control,
        shown,
        told: false,
    };
    tokio::spawn(async move {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            tokio::task::block_in_place(|| renewal.look());
        }
    });
    Ok(())
}

struct Renewal {
    config: Config,
    central: String,
    member: Member,
    ledger: Writer,
    health: Health,
    control: Control,
    /// Of the certificate that connections show; somebody may type `gatepost renew` beside us.
    shown: Option<Dates>,
    told: bool,
}

impl Renewal {
    fn look(&mut self) {
        let (now_ms, dates) = (wall_now().0, self.member.dates());
        let done = match is_due(dates, now_ms) {
            false => Ok(()),
            true => self.member.renew(&self.central, &self.config.lists.trusted).map(drop),
        };
        match done.and_then(|()| self.show()) {
            Ok(()) => {
                self.told = false;
                self.health.up();
            }
            Err(why) => self.failed(dates, now_ms, &why),
        }
    }

    /// Every new connection shows what lies in the files, if that is another than before.
    fn show(&mut self) -> Result<(), String> {
        let dates = self.member.dates();
        if dates != self.shown {
            self.control.shows(link::tls(&self.config).map_err(|error| error.0)?);
            self.shown = dates;
            tracing::info!("the certificate for the broker is a new one");
        }
        Ok(())
    }

    fn failed(&mut self, dates: Option<Dates>, now_ms: i64, why: &str) {
        let says = not_renewed(dates, now_ms, why);
        tracing::warn!("{says}");
        if dates.is_some_and(|dates| dates.ends_ms - now_ms > URGENT_MS) {
            return self.health.up();
        }
        self.health.down(&says);
        if !std::mem::replace(&mut self.told, true) {
            let body = CertificateBody { event: "certificate", ends: dates.map(|dates| dates.ends_ms), says: &says };
            audit::put(&self.ledger, Kind::Config, Urgency { alert: true, ..Urgency::default() }, &body);
        }
    }
}

/// *config*, an alert: the certificate ends soon and no other came.
#[derive(Serialize)]
struct CertificateBody<'a> {
    event: &'static str,
    /// Milliseconds since 1970.
    ends: Option<i64>,
    says: &'a str,
}

/// After two thirds of its time; at once where nobody knows when it ends.
fn is_due(dates: Option<Dates>, now_ms: i64) -> bool {
    dates.is_none_or(|Dates { given_ms, ends_ms }| now_ms >= ends_ms - ends_ms.saturating_sub(given_ms).max(0) / 3)
}

fn not_renewed(dates: Option<Dates>, now_ms: i64, why: &str) -> String {
    let when = match dates.map(|dates| (dates.ends_ms - now_ms).div_euclid(DAY_MS)) {
        None => "whose end nobody wrote down".to_owned(),
        Some(days) if days < 0 => "which has ended".to_owned(),
        Some(days) => format!("which ends in {days} days"),
    };
    format!("the certificate for the broker, {when}, is not renewed: {why}; or type `gatepost renew`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_after_two_thirds_of_its_time_or_when_nobody_knows() {
        let dates = Some(Dates { given_ms: 1_000, ends_ms: 1_000 + 90 * DAY_MS });
        assert!(!is_due(dates, 1_000 + 60 * DAY_MS - 1) && is_due(dates, 1_000 + 60 * DAY_MS));
        assert!(is_due(None, 5) && is_due(Some(Dates { given_ms: 9, ends_ms: 3 }), 4));
        let says = not_renewed(dates, 1_000 + 85 * DAY_MS, "central at x:80 does not answer");
        assert!(says.contains("ends in 5 days, is not renewed: central at x:80 does not answer"), "{says}");
        assert!(not_renewed(dates, 1_000 + 91 * DAY_MS, "no").contains("has ended"));
    }
}
