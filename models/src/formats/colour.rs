//! A vendor's pseudo-colours as one plane: their luminance, in the place of counts.
//!
//! Colours cannot be turned back into attenuation: the hue holds the material, the brightness roughly the thickness. What
//! comes out shows where a parcel lies and how dark it is, and says that it is no more ([`Source::PseudoColour`]).

use super::Source;

/// The luminance (ITU-R BT.601) of pixels in red, green and blue, of 16 bits each. Where all three are equal everywhere
/// the picture was grey, and comes back as any grey picture.
pub(super) fn luminance(pixels: impl Iterator<Item = [u16; 3]>) -> (Vec<u16>, Source) {
    let mut grey = true;
    let plane = pixels
        .map(|[red, green, blue]| {
            grey &= red == green && green == blue;
            let [red, green, blue] = [red, green, blue].map(u32::from);
            ((299 * red + 587 * green + 114 * blue + 500) / 1_000) as u16
        })
        .collect();
    (plane, if grey { Source::Counts } else { Source::PseudoColour })
}
