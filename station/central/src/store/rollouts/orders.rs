//! Orders to stations: each numbered once, signed for its station, kept as the newest document of its kind, and sent.

use gatepost_sync::chain::Digest;
use gatepost_sync::envelope::AddressedTo;
use gatepost_sync::rules::{RulesOrder, RulesPack};
use gatepost_sync::topics::{Address, Down};
use sqlx::{AnyConnection, Row};

use super::address;
use crate::holds::Signatory;
use crate::store::onward::{self, Numbered};
use crate::store::packages::{self, PackageError};
use crate::store::{Store, keep_document, number, sequence};

/// Which way an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Out,
    Back,
}

impl Store {
    /// Orders every station that is due: of a running rollout those up to its stage, of one that goes back all that were
    /// ordered out. Gives what is to be sent; whoever comes second of two centrals finds nothing to do.
    ///
    /// # Errors
    /// [`PackageError`]; nobody is ordered then.
    pub async fn order_rules(
        &self,
        rollout: i64,
        way: Way,
        signatory: &Signatory,
        now_ms: i64,
    ) -> Result<Vec<(Address, Vec<u8>)>, PackageError> {
        let mut transaction = self.writer.begin().await?;
        self.alone_with_rollouts(&mut transaction).await?;
        let due = match way {
            Way::Out => {
                // Of a station that was ordered and has not yet said so: what it will have, or goes back to.
                "SELECT r.facility, r.station, COALESCE((SELECT b.before FROM rollout_station AS b
                     JOIN rollout AS g ON g.rollout = b.rollout
                     WHERE b.station = r.station AND g.digest = s.digest AND b.order_back =
                     (SELECT MAX(n.version) FROM rules_order AS n WHERE n.station = r.station)),
                 (SELECT g.digest FROM rollout_station AS b JOIN rollout AS g ON g.rollout = b.rollout
                     WHERE b.station = r.station AND b.applied_ms IS NULL AND g.state <> 'back' AND b.order_out =
                     (SELECT MAX(n.version) FROM rules_order AS n WHERE n.station = r.station)),
                 s.digest, '') AS before FROM rollout_station AS r
                 JOIN rollout AS o ON o.rollout = r.rollout LEFT JOIN station_rules AS s ON s.station = r.station
                 WHERE r.rollout = $1 AND o.state = 'running' AND r.stage <= o.stage AND r.order_out IS NULL
                 AND r.station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)"
            }
            Way::Back => {
                "SELECT r.facility, r.station, r.before FROM rollout_station AS r
                 JOIN rollout AS o ON o.rollout = r.rollout
                 WHERE r.rollout = $1 AND o.state = 'back' AND r.order_out IS NOT NULL AND r.order_back IS NULL
                 AND r.station NOT IN (SELECT station FROM enrolment WHERE revoked_ms IS NOT NULL)"
            }
        };
        let rows = sqlx::query(due).bind(rollout).fetch_all(&mut *transaction).await?;
        let mut sent = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(address) = address(&row)? else { continue };
            let before: String = row.try_get("before")?;
            let pack = match way {
                Way::Out => sqlx::query("SELECT pack, cases FROM rollout WHERE rollout = $1").bind(rollout),
                // What no rollout ever brought is the station's own.
                Way::Back => {
                    sqlx::query("SELECT pack, cases FROM rollout WHERE digest = $1 ORDER BY rollout DESC LIMIT 1")
                        .bind(&before)
                }
            };
            let order = match pack.fetch_optional(&mut *transaction).await? {
                Some(row) => RulesOrder::Pack(RulesPack { pack: row.try_get("pack")?, cases: row.try_get("cases")? }),
                None => RulesOrder::Own,
            };
            let one = Order { rollout, way, address, before, content: order.to_bytes() };
            sent.push(give(&mut transaction, one, signatory, now_ms).await?);
        }
        transaction.commit().await?;
        Ok(sent)
    }
}

struct Order {
    rollout: i64,
    way: Way,
    address: Address,
    before: String,
    content: Vec<u8>,
}

async fn give(
    connection: &mut AnyConnection,
    order: Order,
    signatory: &Signatory,
    now_ms: i64,
) -> Result<(Address, Vec<u8>), PackageError> {
    let Order { rollout, way, address, before, content } = order;
    let last = onward::newest(&mut *connection, Numbered::RulesOrder).await?;
    let version = sequence(last).unwrap_or(0) + 1;
    let draft = signatory.draft(Down::Rules, AddressedTo::Station(address.clone()), version, now_ms);
    let message = packages::sealed(&mut *connection, &draft, &content, signatory).await?;
    sqlx::query(
        "INSERT INTO rules_order (version, rollout, station, back, ordered_ms, message, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(number(version))
    .bind(rollout)
    .bind(address.station.as_str())
    .bind(i64::from(way == Way::Back))
    .bind(now_ms)
    .bind(Digest::of(&message).to_string())
    .bind(Digest::of(&content).to_string())
    .execute(&mut *connection)
    .await?;
    let ordered = match way {
        Way::Out => "UPDATE rollout_station SET order_out = $1, before = $2 WHERE rollout = $3 AND station = $4",
        Way::Back => "UPDATE rollout_station SET order_back = $1, before = $2 WHERE rollout = $3 AND station = $4",
    };
    sqlx::query(ordered)
        .bind(number(version))
        .bind(before)
        .bind(rollout)
        .bind(address.station.as_str())
        .execute(&mut *connection)
        .await?;
    keep_document(connection, &address, Down::Rules, &message, now_ms).await?;
    Ok((address, message))
}
