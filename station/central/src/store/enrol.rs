//! Invitations, enrolled stations and their certificates.

use gatepost_sync::enrol::Verifier;
use gatepost_sync::topics::Address;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError};
use crate::alert::plain;

const BY_CHARS_MAX: usize = 80;
const WHY_CHARS_MAX: usize = 300;
/// Stations shown and certificates taken back at once.
const ROWS_MAX: i64 = 100_000;

/// Why a station is not invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    #[error(
        "{station} is known at {facility} already, and a name is one station's for ever: this would take that one out. Look \
         whether the facility is mistyped; a machine that is to stand elsewhere is given a name of its own"
    )]
    Elsewhere { station: String, facility: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for InviteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What there was to take out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenOut {
    /// An enrolled station, and its invitation where one was open.
    Station,
    /// Nothing but an open invitation.
    Invitation,
    Nothing,
}

/// A station's invitation as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub facility: String,
    pub verifier: Verifier,
    pub ends_ms: i64,
    pub used_ms: Option<i64>,
}

/// A station that enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    pub facility: String,
    pub station: String,
    /// Its ed25519 key, 64 hexadecimal digits.
    pub key: String,
    pub enrolled_ms: i64,
    /// Its own clock in its newest request.
    pub asked_ms: i64,
    pub revoked_ms: Option<i64>,
    pub why: Option<String>,
}

/// A certificate that was just signed, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Certified<'a> {
    pub address: &'a Address,
    pub key: &'a str,
    pub asked_ms: i64,
    pub serial: &'a str,
    pub ends_ms: i64,
}

impl Store {
    /// Invites a station; an older invitation of it is worth nothing from then on.
    ///
    /// # Errors
    /// [`InviteError`]: a station of that name enrolled or was heard at another facility, or the database refuses.
    pub async fn invite(
        &self,
        address: &Address,
        verifier: &Verifier,
        by: &str,
        (now_ms, ends_ms): (i64, i64),
    ) -> Result<(), InviteError> {
        let elsewhere: Option<String> = sqlx::query_scalar(
            "SELECT facility FROM enrolment WHERE station = $1 AND facility <> $2
             UNION SELECT facility FROM station WHERE station = $1 AND facility <> $2 LIMIT 1",
        )
        .bind(address.station.as_str())
        .bind(address.facility.as_str())
        .fetch_optional(&self.readers)
        .await?;
        if let Some(facility) = elsewhere {
            return Err(InviteError::Elsewhere { station: address.station.to_string(), facility });
        }
        sqlx::query(
            "INSERT INTO invitation (station, facility, verifier, made_ms, made_by, ends_ms) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (station) DO UPDATE SET facility = excluded.facility, verifier = excluded.verifier,
             made_ms = excluded.made_ms, made_by = excluded.made_by, ends_ms = excluded.ends_ms, used_ms = NULL",
        )
        .bind(address.station.as_str())
        .bind(address.facility.as_str())
        .bind(verifier.to_string())
        .bind(now_ms)
        .bind(plain(by, BY_CHARS_MAX))
        .bind(ends_ms)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// # Errors
    /// When the database refuses.
    pub async fn invitation(&self, station: &str) -> Result<Option<Invitation>, StoreError> {
        let row = sqlx::query("SELECT * FROM invitation WHERE station = $1")
            .bind(station)
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let verifier: &str = row.try_get("verifier")?;
        let verifier = Verifier::parse(verifier).ok_or_else(|| {
            let source = "no key: somebody changed the table by hand".into();
            StoreError::Sql(sqlx::Error::ColumnDecode { index: "verifier".to_owned(), source })
        })?;
        Ok(Some(Invitation {
            facility: row.try_get("facility")?,
            verifier,
            ends_ms: row.try_get("ends_ms")?,
            used_ms: row.try_get("used_ms")?,
        }))
    }

    /// Uses the invitation up and believes the station's key, or does nothing when somebody was quicker. A station that comes
    /// with another key than before is another machine: what the old one holds is taken back.
    ///
    /// # Errors
    /// When the database refuses; nothing is changed then.
    pub async fn enrol(&self, certified: Certified<'_>, verifier: &Verifier, now_ms: i64) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let station = certified.address.station.as_str();
        let used =
            sqlx::query("UPDATE invitation SET used_ms = $1 WHERE station = $2 AND verifier = $3 AND used_ms IS NULL")
                .bind(now_ms)
                .bind(station)
                .bind(verifier.to_string())
                .execute(&mut *transaction)
                .await?;
        if used.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE certificate SET revoked_ms = $1 WHERE station = $2 AND revoked_ms IS NULL
             AND EXISTS (SELECT 1 FROM enrolment WHERE station = $2 AND key <> $3)",
        )
        .bind(now_ms)
        .bind(station)
        .bind(certified.key)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO enrolment (station, facility, key, enrolled_ms, asked_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (station) DO UPDATE SET facility = excluded.facility, key = excluded.key,
             enrolled_ms = excluded.enrolled_ms, asked_ms = excluded.asked_ms, revoked_ms = NULL, revoked_by = NULL, why = NULL",
        )
        .bind(station)
        .bind(certified.address.facility.as_str())
        .bind(certified.key)
        .bind(now_ms)
        .bind(certified.asked_ms)
        .execute(&mut *transaction)
        .await?;
        keep_certificate(&mut transaction, certified, now_ms).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Keeps a renewed certificate, or does nothing when the station's key is not that one, is believed no more, or has asked
    /// later already.
    ///
    /// # Errors
    /// When the database refuses; nothing is changed then.
    pub async fn renew(&self, certified: Certified<'_>, now_ms: i64) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let known = sqlx::query(
            "UPDATE enrolment SET asked_ms = $1 WHERE station = $2 AND facility = $3 AND key = $4 AND asked_ms < $1
             AND revoked_ms IS NULL",
        )
        .bind(certified.asked_ms)
        .bind(certified.address.station.as_str())
        .bind(certified.address.facility.as_str())
        .bind(certified.key)
        .execute(&mut *transaction)
        .await?;
        if known.rows_affected() == 0 {
            return Ok(false);
        }
        keep_certificate(&mut transaction, certified, now_ms).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Believes a station no more: neither its key, nor a certificate, nor an invitation that is open.
    ///
    /// # Errors
    /// When the database refuses; nothing is changed then.
    pub async fn revoke_station(
        &self,
        address: &Address,
        (by, why): (&str, &str),
        now_ms: i64,
    ) -> Result<TakenOut, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let (station, facility) = (address.station.as_str(), address.facility.as_str());
        let enrolled = sqlx::query(
            "UPDATE enrolment SET revoked_ms = $1, revoked_by = $2, why = $3
             WHERE station = $4 AND facility = $5 AND revoked_ms IS NULL",
        )
        .bind(now_ms)
        .bind(plain(by, BY_CHARS_MAX))
        .bind(plain(why, WHY_CHARS_MAX))
        .bind(station)
        .bind(facility)
        .execute(&mut *transaction)
        .await?;
        if enrolled.rows_affected() > 0 {
            sqlx::query("UPDATE certificate SET revoked_ms = $1 WHERE station = $2 AND revoked_ms IS NULL")
                .bind(now_ms)
                .bind(station)
                .execute(&mut *transaction)
                .await?;
        }
        // Of a station that never enrolled too: its code may be what was lost.
        let invited = sqlx::query(
            "UPDATE invitation SET used_ms = $1 WHERE station = $2 AND facility = $3 AND used_ms IS NULL AND ends_ms > $1",
        )
        .bind(now_ms)
        .bind(station)
        .bind(facility)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(match (enrolled.rows_affected(), invited.rows_affected()) {
            (0, 0) => TakenOut::Nothing,
            (0, _) => TakenOut::Invitation,
            _ => TakenOut::Station,
        })
    }

    /// One enrolled station.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn enrolled(&self, station: &str) -> Result<Option<Enrolled>, StoreError> {
        let row = sqlx::query("SELECT * FROM enrolment WHERE station = $1")
            .bind(station)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(enrolled).transpose()?)
    }

    /// Every enrolled station.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn all_enrolled(&self) -> Result<Vec<Enrolled>, StoreError> {
        let rows = sqlx::query("SELECT * FROM enrolment ORDER BY facility, station LIMIT $1")
            .bind(ROWS_MAX)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(enrolled).collect::<Result<_, _>>()?)
    }

    /// Certificates that were taken back and would still be good: serial, and when.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revoked_certificates(&self, now_ms: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT serial, revoked_ms FROM certificate WHERE revoked_ms IS NOT NULL AND ends_ms > $1
             ORDER BY revoked_ms, serial LIMIT $2",
        )
        .bind(now_ms)
        .bind(ROWS_MAX)
        .fetch_all(&self.readers)
        .await?;
        let one = |row: &AnyRow| -> Result<(String, i64), sqlx::Error> {
            Ok((row.try_get("serial")?, row.try_get("revoked_ms")?))
        };
        Ok(rows.iter().map(one).collect::<Result<_, _>>()?)
    }
}

async fn keep_certificate(
    connection: &mut AnyConnection,
    certified: Certified<'_>,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO certificate (serial, station, signed_ms, ends_ms) VALUES ($1, $2, $3, $4)")
        .bind(certified.serial)
        .bind(certified.address.station.as_str())
        .bind(now_ms)
        .bind(certified.ends_ms)
        .execute(connection)
        .await?;
    Ok(())
}

fn enrolled(row: &AnyRow) -> Result<Enrolled, sqlx::Error> {
    Ok(Enrolled {
        facility: row.try_get("facility")?,
        station: row.try_get("station")?,
        key: row.try_get("key")?,
        enrolled_ms: row.try_get("enrolled_ms")?,
        asked_ms: row.try_get("asked_ms")?,
        revoked_ms: row.try_get("revoked_ms")?,
        why: row.try_get("why")?,
    })
}
