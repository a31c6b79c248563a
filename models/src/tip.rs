//! Threats that are not there, projected into pictures of real parcels for officers' eyes (threat image projection,
//! TIP).
//!
//! Stands alone because it makes pictures that lie. What it gives is a [`Projection`]: the original, untouched and
//! still borrowed, a copy to be shown ([`Shown`]), and a [`Record`] that says of itself that it is a test. No model,
//! judge or rule can be given a projection: they take a [`crate::formats::Image`], and there is no way from here to
//! one. A projection never says anything about a parcel; [`Projection::retract`] ends it and gives the original back
//! bit for bit.
//!
//! A pixel is read as areal densities of two materials by the table of the scanner that the [`Library`] was made for,
//! the item's are added, the sum is sent forward through the table (beam hardening and all), and the grain is redrawn
//! for what light is left. Where an item would not look real there is no projection: see [`Unreal`] and [`Realism`].
//!
//! The model's door is closed to it:
//!
//! ```compile_fail,E0308
//! use gatepost_models::{formats::Geometry, session::Model, tip::Projection};
//! fn judged(model: &mut Model, projection: &Projection<'_>, geometry: &Geometry) {
//!     model.detect(projection, geometry);
//! }
//! ```
//!
//! and to what it shows, and so is the inspector's:
//!
//! ```compile_fail,E0308
//! use gatepost_models::{formats::Geometry, session::Inspector, tip::Projection};
//! fn judged(inspector: &mut Inspector, projection: &Projection<'_>, geometry: &Geometry) {
//!     inspector.detect(projection.shown(), geometry);
//! }
//! ```
//!
//! The same with the original compiles, so that it is not for another reason that those do not:
//!
//! ```no_run
//! use gatepost_models::{formats::Geometry, session::Inspector, tip::Projection};
//! fn judged(inspector: &mut Inspector, projection: Projection<'_>, geometry: &Geometry) {
//!     let (original, _record) = projection.retract();
//!     inspector.detect(original, geometry);
//! }
//! ```

mod basis;
mod ground;
mod layer;
mod library;
mod noise;
mod realism;
mod record;
mod refused;
pub mod sample;
mod shown;

pub use basis::{Areal, Basis, BasisTable};
pub use layer::Place;
pub use library::{Contents, Entry, Item, LIBRARY, Library, LibraryError, LibraryFault, Scanner};
pub use realism::Realism;
pub use record::{Record, Tip, picture_digest};
pub use refused::{Refused, Unreal};
pub use shown::{Marked, Shown};

use crate::formats::{Geometry, Image, Planes};
use crate::limits;
use crate::random_graph::SplitMix;
use ground::Ground;
use layer::Layer;
use realism::Drawn;

/// What is to be projected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'w> {
    /// An item's name; without it one is drawn.
    pub item: Option<&'w str>,
    /// Item, place and grain follow from it.
    pub seed: u64,
    /// Where exactly; without it, plausible places are looked for.
    pub place: Option<Place>,
}

/// A picture with a threat in it that is not there. Its pixels can be looked at and not computed with.
pub struct Projection<'i> {
    original: &'i Image,
    shown: Shown,
    record: Record,
}

impl<'i> Projection<'i> {
    /// What an officer sees.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// What is recorded of it, whatever the officer answers.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Ends it: the original, as it was, and what is recorded. The shown copy is gone.
    pub fn retract(self) -> (&'i Image, Record) {
        (self.original, self.record)
    }
}

/// Greatest widening of an item that a drawn place gives it, in 1/1,000: it stands up to 9 % of the way to the source.
const WIDENED_E3_MAX: u32 = 1_090;

/// Puts an item of the library into a copy of a picture. The same picture, geometry, library and wish give the same
/// projection.
///
/// `geometry`: the picture's; an air level that it does not say is the library's scanner's.
///
/// # Errors
/// Where picture and library do not belong together, or no place of [`limits::TIP_TRIES_MAX`] is plausible.
pub fn project<'i>(
    image: &'i Image,
    geometry: &Geometry,
    library: &Library,
    wish: &Wish<'_>,
) -> Result<Projection<'i>, Refused> {
    let mut random = SplitMix::new(wish.seed);
    let item = match wish.item {
        Some(name) => library.item(name).ok_or_else(|| Refused::NoItem { name: name.to_owned() })?,
        None => &library.items[(random.next() % library.items.len() as u64) as usize],
    };
    let ground = Ground::of(image, geometry, &library.scanner)?;
    let (place, drawn) = find(&ground, library, item, wish.place, &mut random)?;
    let record = Record::new(image, library, item, wish.seed, place, &drawn);
    let geometry = Geometry { air_level: Some(ground.air as u16), ..*geometry };
    let shown = Shown::new(copied(image, &drawn), geometry);
    Ok(Projection { original: image, shown, record })
}

/// The first plausible place.
fn find(
    ground: &Ground<'_>,
    library: &Library,
    item: &Item,
    wished: Option<Place>,
    random: &mut SplitMix,
) -> Result<(Place, Drawn), Refused> {
    if let Some(place) = wished {
        let drawn = realism::attempt(ground, library, Layer::new(ground, item, map_mm(library), &place), random);
        return drawn.map(|drawn| (place, drawn)).map_err(|unreal| Refused::NoPlace { tries: 1, unreal });
    }
    let places = ground.places();
    let mut unreal = [0u32; Unreal::ALL.len()];
    for _ in 0..limits::TIP_TRIES_MAX {
        let place = drawn_place(&places, random);
        match realism::attempt(ground, library, Layer::new(ground, item, map_mm(library), &place), random) {
            Ok(drawn) => return Ok((place, drawn)),
            Err(reason) => unreal[reason as usize] += 1,
        }
    }
    let most = Unreal::ALL.into_iter().max_by_key(|&reason| unreal[reason as usize]);
    Err(Refused::NoPlace { tries: limits::TIP_TRIES_MAX, unreal: most.unwrap_or(Unreal::Outside) })
}

fn map_mm(library: &Library) -> f32 {
    library.map_pitch_um as f32 / 1_000.0
}

/// Anywhere in the parcel; every second time square to the belt, as things lie in boxes.
fn drawn_place(places: &[[f32; 2]], random: &mut SplitMix) -> Place {
    const QUARTER_MRAD: i32 = 1_571;
    let middle = places[(random.next() % places.len().max(1) as u64) as usize];
    let bits = random.next();
    let quarters = (bits & 3) as i32 * QUARTER_MRAD;
    let free = (bits >> 8) % QUARTER_MRAD as u64;
    Place {
        middle_um: middle.map(|mm| (mm * 1_000.0) as i64),
        turned_mrad: if bits & 4 == 0 { quarters } else { quarters + free as i32 },
        mirrored: bits & 8 != 0,
        widened_e3: 1_000 + (bits >> 32) as u32 % (WIDENED_E3_MAX - 1_000 + 1),
    }
}

/// The picture with the drawn pixels in their place.
fn copied(image: &Image, drawn: &Drawn) -> Image {
    let mut copy = image.clone();
    if let Planes::Dual { low, high } = &mut copy.planes {
        for &(at, [low_count, high_count]) in &drawn.changed {
            (low[at], high[at]) = (low_count, high_count);
        }
    }
    copy
}

#[cfg(test)]
mod tests;
