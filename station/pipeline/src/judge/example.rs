//! A parcel with nothing against it: the starting point of `rules test` and of every test that changes one thing.
//!
//! Not for the station: what a station knows, it fills in from [`Inputs::blank`].

use gatepost_hardware::units::{Grams, Millimetres};

use super::bounded::{Country, Date, Token};
use super::inputs::*;
use super::words::*;

/// Read, weighed, seen, declared, not drawn, on 2026-11-22.
pub fn clean(pass: crate::pass::PassKey) -> Inputs {
    let version = Token::clipped("1");
    let declaration = Declaration {
        category: Some(Category::SaleOfGoods),
        value_cents: Some(4_500),
        weight_g: Some(Grams(510)),
        pieces: Some(1),
        origin: Country::new("GB"),
        contents: [ContentTag::Clothing].into(),
        ..Declaration::of(Source::Aed)
    };
    let mut inputs = Inputs {
        today: Date::new(20261122),
        parcel: ParcelFacts { length_mm: Some(Millimetres(320)), gap_mm: Some(Millimetres(600)) },
        association: Association::Owned,
        item: Identification::Read { id: Token::clipped("RB123456785GB"), kind: ItemKind::S10, duplicate: false },
        mail_class: MailClass::Parcel,
        id_origin: Country::new("GB"),
        weight: Weight::Known { grams: Grams(520), tolerance_g: Grams(5) },
        radiation: Sensor::NotFitted,
        smoke: Sensor::NotFitted,
        aed: Aed::Complete,
        declared: Declared { aed: Some(declaration), entry: None, post: None },
        previous: Previous::None,
        lists: Lists {
            holds: ListState::Fresh { version: version.clone(), age_s: 60 },
            declarations: ListState::Fresh { version, age_s: 60 },
        },
        sampling: Some(Sampling { key_id: Token::clipped("k1"), draw: 9_999, rate: 100, rate_trusted: 50 }),
        ..Inputs::blank(pass)
    };
    inputs.lane.state = LaneState::Running;
    inputs.set_assessed(Vec::new(), Some(Grams(500)), 9_000);
    inputs
}
