//! What central's lists say in the world: who is held, who is declared.

use std::collections::BTreeMap;

use gatepost_hardware::units::Grams;
use gatepost_pipeline::event::Matched;
use gatepost_pipeline::judge::{
    Aed, Category, ContentTag, Country, Declaration, Declared, Hold, HoldKind, IssueCode, ListState, Lists as States,
    Outcome, Previous, Purpose, Severity, Source, Token,
};
use gatepost_pipeline::record::Audience;
use gatepost_virtual::parcel::ParcelTruth;

/// A hold as targeting places it: to be presented, and seen by all.
pub fn targeted(id: &str) -> Hold {
    Hold {
        id: Token::clipped(id),
        kind: HoldKind::Presentation,
        issue: IssueCode::Targeting,
        purpose: Purpose::Security,
        severity: Severity::Alert,
        outcome: Outcome::Exam,
        authority: Token::clipped("CBP"),
        audience: Audience::All,
    }
}

/// The lists of one station.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    declared: BTreeMap<String, Declared>,
    holds: BTreeMap<String, Hold>,
    version: u64,
    /// Parcels taken in so far.
    known: usize,
}

impl Lists {
    /// Takes in what was announced of the parcels laid since the last time.
    pub fn learn(&mut self, parcels: &[ParcelTruth]) {
        parcels.iter().skip(self.known).for_each(|parcel| self.announce(parcel));
        self.known = parcels.len();
    }

    fn announce(&mut self, parcel: &ParcelTruth) {
        if parcel.declared {
            let declaration = Declaration {
                category: Some(Category::SaleOfGoods),
                value_cents: Some(4_500),
                weight_g: Some(Grams(i64::from(parcel.mass_g))),
                pieces: Some(1),
                origin: parcel.item.get(11..13).and_then(Country::new),
                contents: [ContentTag::Clothing].into(),
                ..Declaration::of(Source::Aed)
            };
            self.declared.insert(parcel.item.clone(), Declared { aed: Some(declaration), entry: None, post: None });
        }
        if parcel.held {
            self.hold(&parcel.item);
        }
    }

    /// A hold comes into force.
    pub fn hold(&mut self, item: &str) {
        self.place(item, targeted(&format!("hold-{item}")));
    }

    /// Whatever hold comes into force.
    pub fn place(&mut self, item: &str, hold: Hold) {
        self.version += 1;
        self.holds.insert(item.to_owned(), hold);
    }

    /// What they answer about an item.
    pub fn look_up(&self, item: Option<&Token>) -> Matched {
        let key = item.map_or("", Token::as_str);
        let declared = self.declared.get(key).cloned();
        let fresh = ListState::Fresh { version: Token::clipped(&self.version.to_string()), age_s: 60 };
        Matched {
            holds: self.holds.get(key).cloned().into_iter().collect(),
            aed: if declared.is_some() { Aed::Complete } else { Aed::Missing },
            declared: declared.unwrap_or_default(),
            mail_class: None,
            trusted_shipper: false,
            previous: Previous::None,
            lists: States { holds: fresh.clone(), declarations: fresh },
        }
    }
}
