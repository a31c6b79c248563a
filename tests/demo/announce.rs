//! What is known of parcels before they come: declarations of the sending post, holds of central operations.
//!
//! Both are made from the parcels' truth, signed, and go the way they would: through central, down to the station. The
//! post's key is thrown away at the end; central signs its holds with its own.

use gatepost_central::Central;
use gatepost_central::holds::HoldLine;
use gatepost_central::store::holds::HoldChange;
use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::Grams;
use gatepost_ledger::chain::Digest;
use gatepost_ledger::key::StationKey;
use gatepost_ledger::lists::file::first_line;
use gatepost_ledger::lists::{Claims, DeclarationLine, Form, ListKind};
use gatepost_ledger::sealed::{SealTo, Sealed};
use gatepost_pipeline::judge::{Aed, Category, ContentTag, Country, Declaration, Declared, Source, Token};
use gatepost_sync::topics::{Address, Down};
use gatepost_virtual::parcel::{Generator, ParcelTruth, Plan};
use gatepost_world::lists::targeted;

use crate::lane::wall_ms;
use crate::people::People;

/// Under which name the station trusts the key.
pub const POST: &str = "post";
const DAY_MS: i64 = 86_400_000;
/// Parcels drawn beyond those planned: hands lay some in between, and they are announced too.
const AHEAD: u32 = 64;
/// Parcels of one lane that stand on the list when there is no end.
const KNOWN_MAX: usize = 800;

/// Everything announced to one station.
pub struct Announcer {
    address: Address,
    key: StationKey,
    /// The station's receiving key, as enrolment gave it.
    seal_to: SealTo,
    lanes: Vec<Announced>,
    /// Parcels on their way to the hold list.
    to_hold: Vec<String>,
}

struct Announced {
    generator: Generator,
    plan: Plan,
    drawn: Vec<(ParcelTruth, Option<Sealed>)>,
}

impl Announcer {
    /// # Errors
    /// When there are no random numbers for a key.
    pub fn new(address: Address, seal_to: SealTo, lanes: &[(LaneMap, u64, Plan)]) -> Result<Self, String> {
        let key = StationKey::generate().map_err(|error| format!("no key for declarations: {error}"))?;
        let announced = |(map, seed, plan): &(LaneMap, u64, Plan)| Announced {
            generator: Generator::new(map, *seed),
            plan: plan.clone(),
            drawn: Vec::new(),
        };
        Ok(Self { address, key, seal_to, lanes: lanes.iter().map(announced).collect(), to_hold: Vec::new() })
    }

    /// `issuer=key`, as the station's configuration wants it.
    pub fn trusted(&self) -> String {
        format!("{POST}={}", self.key.public())
    }

    /// Draws the parcels to come on a lane, up to this one and some more. False when all of them were known.
    pub fn know(&mut self, lane: usize, up_to: u32) -> bool {
        let Some(lane) = self.lanes.get_mut(lane) else { return false };
        let known = lane.drawn.last().map_or(0, |(last, _)| last.id);
        if known >= up_to {
            return false;
        }
        while lane.drawn.last().map_or(0, |(last, _)| last.id) < up_to.saturating_add(AHEAD) {
            let parcel = lane.generator.next(&lane.plan);
            if parcel.held {
                self.to_hold.push(parcel.item.clone());
            }
            let personal = People::of(&parcel).declared();
            // Nothing in it is too long, and then there is no other way to fail.
            let sealed = self.seal_to.seal(&parcel.item, personal.as_bytes()).ok();
            lane.drawn.push((parcel, sealed));
        }
        let surplus = lane.drawn.len().saturating_sub(KNOWN_MAX.max(usize::try_from(lane.plan.parcels).unwrap_or(0)));
        // Those that have long passed; a run with an end keeps them all.
        if lane.plan.parcels == u32::MAX || surplus > AHEAD as usize {
            lane.drawn.drain(..lane.drawn.len().saturating_sub(KNOWN_MAX));
        }
        true
    }

    /// Central places its holds and sends the post's declarations on. Returns the digest of the declarations, in hex.
    ///
    /// # Errors
    /// What central says.
    pub async fn send(&mut self, central: &Central) -> Result<String, String> {
        for item in self.to_hold.drain(..) {
            place_hold(central, &item).await?;
        }
        let package = self.declarations();
        let digest = blake3::hash(&package).to_hex().to_string();
        let sent = central.send_document(self.address.clone(), Down::Declarations, package).await;
        sent.map_err(|error| format!("declarations: {error}"))?;
        Ok(digest)
    }

    fn declarations(&self) -> Vec<u8> {
        let (mut body, mut lines) = (Vec::new(), 0);
        for (parcel, sealed) in self.lanes.iter().flat_map(|lane| &lane.drawn).filter(|(parcel, _)| parcel.declared) {
            // A struct of text and integers always serialises.
            body.extend(serde_json::to_vec(&declared(parcel, sealed.clone())).unwrap_or_default());
            body.push(b'\n');
            lines += 1;
        }
        let now = wall_ms();
        let claims = Claims {
            kind: ListKind::Declarations,
            form: Form::Snapshot,
            issuer: POST.to_owned(),
            audience: vec![self.address.station.to_string()],
            version: u64::try_from(now).unwrap_or(0),
            not_before: now - 300_000,
            expires: now + 90 * DAY_MS,
            lines,
            digest: Digest::of(&body),
        };
        [first_line(&self.key, &claims), body].concat()
    }
}

fn declared(parcel: &ParcelTruth, personal: Option<Sealed>) -> DeclarationLine {
    let aed = Declaration {
        category: Some(Category::SaleOfGoods),
        value_cents: Some(4_500),
        weight_g: Some(Grams(i64::from(parcel.mass_g))),
        pieces: Some(1),
        origin: parcel.item.get(11..13).and_then(Country::new),
        contents: [ContentTag::Clothing].into(),
        ..Declaration::of(Source::Aed)
    };
    DeclarationLine {
        item: Token::clipped(&parcel.item),
        aed: Aed::Complete,
        declared: Declared { aed: Some(aed), entry: None, post: None },
        mail_class: None,
        trusted_shipper: false,
        personal,
    }
}

/// Central holds an item.
///
/// # Errors
/// What central says. A hold that was placed in an earlier run stands.
pub async fn place_hold(central: &Central, item: &str) -> Result<(), String> {
    use gatepost_central::store::holds::HoldError;
    let line = HoldLine { item: Token::clipped(item), hold: targeted(&format!("demo-{item}")), until: None };
    match central.change_hold(&HoldChange::Place(Box::new(line)), "demonstration").await {
        Ok(()) | Err(HoldError::Known(_)) => Ok(()),
        Err(error) => Err(format!("hold on {item}: {error}")),
    }
}
