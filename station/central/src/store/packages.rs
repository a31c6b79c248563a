//! Packages in parts: kept once, cut as stations ask for them. What is not addressed to a station it is not given.

use gatepost_sync::envelope::{AddressedTo, Draft};
use gatepost_sync::evidence::Chunk;
use gatepost_sync::limits::CHUNK_BYTES_MAX;
use gatepost_sync::parts::{Offer, TooLarge, Want, Way};
use gatepost_sync::topics::{Address, Down};
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, number};
use crate::holds::Signatory;

/// Why a package cannot go to stations.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for PackageError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What goes onto a topic for this package: itself, or the offer of it, whose parts are kept with it.
pub(super) async fn going(
    connection: &mut AnyConnection,
    draft: &Draft,
    package: &[u8],
    signatory: &Signatory,
) -> Result<Vec<u8>, PackageError> {
    match Way::of(package)? {
        Way::InOneMessage => Ok(package.to_vec()),
        Way::InParts => {
            let (offer, outline) = Offer::of(package);
            keep(connection, draft, package, &offer, &outline.to_bytes()).await?;
            Ok(signatory.offer(draft, &offer))
        }
    }
}

/// The same for a document that goes in an envelope. Its parts are given to any station that asks for them by their digest:
/// the same content goes to many, each with an offer of its own.
pub(super) async fn sealed(
    connection: &mut AnyConnection,
    draft: &Draft,
    content: &[u8],
    signatory: &Signatory,
) -> Result<Vec<u8>, PackageError> {
    match Way::of(content)? {
        Way::InOneMessage => Ok(signatory.seal(draft, content)),
        Way::InParts => {
            let (offer, outline) = Offer::of(content);
            let everyone = Draft { audience: AddressedTo::Everyone, ..draft.clone() };
            keep(connection, &everyone, content, &offer, &outline.to_bytes()).await?;
            Ok(signatory.offer(draft, &offer))
        }
    }
}

async fn keep(
    connection: &mut AnyConnection,
    draft: &Draft,
    package: &[u8],
    offer: &Offer,
    outline: &[u8],
) -> Result<(), StoreError> {
    let digest = offer.digest.to_string();
    // Names always serialise.
    let audience = serde_json::to_string(&draft.audience).unwrap_or_default();
    let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM package WHERE digest = $1")
        .bind(&digest)
        .fetch_one(&mut *connection)
        .await?;
    if known > 0 {
        sqlx::query("UPDATE package SET version = $1 WHERE digest = $2")
            .bind(number(draft.version))
            .bind(&digest)
            .execute(&mut *connection)
            .await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO package (digest, kind, version, audience, total_bytes, outline, outline_digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&digest)
    .bind(draft.document.as_str())
    .bind(number(draft.version))
    .bind(audience)
    .bind(number(offer.bytes))
    .bind(outline)
    .bind(offer.outline.to_string())
    .execute(&mut *connection)
    .await?;
    for (part, bytes) in (0_i64..).zip(package.chunks(CHUNK_BYTES_MAX)) {
        sqlx::query("INSERT INTO package_part (digest, part, bytes) VALUES ($1, $2, $3)")
            .bind(&digest)
            .bind(part)
            .bind(bytes)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Versions of a kind that stations may still be fetching when a newer one is there.
const VERSIONS_KEPT: i64 = 8;

/// Packages of a kind that were replaced several versions ago are let go.
pub(super) async fn forget_old(connection: &mut AnyConnection, kind: Down, newest: u64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM package_part WHERE digest IN (SELECT digest FROM package WHERE kind = $1 AND version <= $2)",
        "DELETE FROM package WHERE kind = $1 AND version <= $2",
    ] {
        let old = number(newest) - VERSIONS_KEPT;
        sqlx::query(sql).bind(kind.as_str()).bind(old).execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// The piece at the beginning of what a station wants; nothing when there is no such package, or it is not for it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn piece(&self, address: &Address, want: &Want) -> Result<Option<Chunk>, StoreError> {
        let wanted = want.digest.to_string();
        let row = sqlx::query(
            "SELECT digest, audience, total_bytes, outline FROM package WHERE digest = $1 OR outline_digest = $1",
        )
        .bind(&wanted)
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let audience: Option<AddressedTo> = serde_json::from_str(row.try_get("audience")?).ok();
        if !audience.is_some_and(|audience| audience.includes(address)) {
            return Ok(None);
        }
        let digest: String = row.try_get("digest")?;
        if digest != wanted {
            let bytes: Vec<u8> = row.try_get("outline")?;
            return Ok(Some(Chunk { digest: want.digest, offset: 0, total: bytes.len() as u64, bytes }));
        }
        let total: i64 = row.try_get("total_bytes")?;
        let bytes: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT bytes FROM package_part WHERE digest = $1 AND part = $2")
                .bind(&digest)
                .bind(number(want.from / CHUNK_BYTES_MAX as u64))
                .fetch_optional(&self.readers)
                .await?;
        let total = u64::try_from(total).unwrap_or(0);
        Ok(bytes.map(|bytes| Chunk { digest: want.digest, offset: want.from, total, bytes }))
    }
}
