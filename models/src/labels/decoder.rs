//! The decoder: grey pixels in, codes out. The one file that names `zxingcpp`.
//!
//! It restores nothing and believes what the symbol's own checks believe; which codes are believed of a restored picture
//! is [`super`]'s business.

use crate::limits::LABEL_CODES_MAX;
use gatepost_hardware::symbology::{Aim, Symbology};
use zxingcpp::{Barcode, BarcodeFormat, BarcodeReader, ImageFormat, ImageView, TextMode};

/// A grey picture that belongs to somebody else.
#[derive(Clone, Copy)]
pub(super) struct Grey<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: &'a [u8],
}

/// What one pass tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    /// Bars along the columns too.
    pub(super) rotate: bool,
    /// Light bars on dark ground.
    pub(super) invert: bool,
    /// Smaller copies of the picture.
    pub(super) downscale: bool,
    pub(super) threshold: Threshold,
    /// Rows of pixels that must show the same bar code.
    pub(super) lines_min: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Threshold {
    /// By blocks of 8 × 8 pixels and their neighbours.
    Local,
    /// 127: the picture is already black and white.
    Middle,
}

impl Pass {
    /// As the decoder comes.
    pub(super) const PLAIN: Self =
        Self { rotate: true, invert: true, downscale: true, threshold: Threshold::Local, lines_min: 2 };
    /// One look.
    pub(super) const SINGLE: Self = Self { rotate: false, invert: false, downscale: false, ..Self::PLAIN };
}

/// A code as decoded.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
    pub(super) symbology: Symbology,
    pub(super) aim: Option<Aim>,
    /// In pixels of what was decoded: top left of the symbol, then clockwise as the symbol lies.
    pub(super) corners: [(f32, f32); 4],
    /// Rows of pixels that showed it; bar codes only.
    pub(super) lines: u32,
}

impl Decoded {
    pub(super) fn is_linear(&self) -> bool {
        is_linear(self.symbology)
    }
}

/// Bars only: one line tells all.
pub(super) fn is_linear(symbology: Symbology) -> bool {
    use Symbology::{Codabar, Code39, Code93, Code128, DataBar, Ean, Itf};
    matches!(symbology, Codabar | Code39 | Code93 | Code128 | DataBar | Ean | Itf)
}

/// Every code of these symbologies, copies too; one more than [`LABEL_CODES_MAX`] where there are more.
pub(super) fn decode(grey: Grey<'_>, symbologies: &[Symbology], pass: Pass) -> Vec<Decoded> {
    let formats: Vec<BarcodeFormat> = symbologies.iter().filter_map(|&one| format(one)).collect();
    // No format would mean every format.
    if formats.is_empty() || grey.pixels.len() != grey.width * grey.height {
        return Vec::new();
    }
    let (Ok(width), Ok(height)) = (i32::try_from(grey.width), i32::try_from(grey.height)) else { return Vec::new() };
    let Ok(view) = ImageView::from_slice(grey.pixels, width, height, ImageFormat::Lum) else { return Vec::new() };
    let reader = BarcodeReader::new()
        .formats(formats)
        .try_harder(true)
        .try_rotate(pass.rotate)
        .try_invert(pass.invert)
        .try_downscale(pass.downscale)
        .text_mode(TextMode::Plain)
        .min_line_count(i32::from(pass.lines_min))
        .binarizer(match pass.threshold {
            Threshold::Local => zxingcpp::Binarizer::LocalAverage,
            Threshold::Middle => zxingcpp::Binarizer::FixedThreshold,
        })
        .max_number_of_symbols(LABEL_CODES_MAX as i32 + 1);
    // An exception inside is an error here, and nothing was read.
    reader.from(&view).map(|found| found.iter().map(decoded).collect()).unwrap_or_default()
}

fn decoded(code: &Barcode) -> Decoded {
    let aim = Aim::split(code.symbology_identifier().as_bytes()).0;
    let place = code.position();
    let corner = |point: zxingcpp::PointI| (point.x as f32, point.y as f32);
    Decoded {
        bytes: code.bytes(),
        text: code.text(),
        symbology: symbology(code.symbology()),
        aim,
        corners: [place.top_left, place.top_right, place.bottom_right, place.bottom_left].map(corner),
        lines: u32::try_from(code.line_count()).unwrap_or(0),
    }
}

/// What the decoder calls it. Only the full QR: the micro ones have little to check themselves by.
fn format(symbology: Symbology) -> Option<BarcodeFormat> {
    Some(match symbology {
        Symbology::Code128 => BarcodeFormat::Code128,
        Symbology::Code39 => BarcodeFormat::Code39,
        Symbology::Code93 => BarcodeFormat::Code93,
        Symbology::Codabar => BarcodeFormat::Codabar,
        Symbology::Itf => BarcodeFormat::ITF,
        Symbology::Ean => BarcodeFormat::EANUPC,
        Symbology::DataBar => BarcodeFormat::DataBar,
        Symbology::Pdf417 => BarcodeFormat::PDF417,
        Symbology::DataMatrix => BarcodeFormat::DataMatrix,
        Symbology::Qr => BarcodeFormat::QRCodeModel2,
        Symbology::Aztec => BarcodeFormat::Aztec,
        Symbology::MaxiCode => BarcodeFormat::MaxiCode,
        Symbology::DotCode | Symbology::Other => return None,
    })
}

fn symbology(format: BarcodeFormat) -> Symbology {
    match format {
        BarcodeFormat::Code128 => Symbology::Code128,
        BarcodeFormat::Code39 => Symbology::Code39,
        BarcodeFormat::Code93 => Symbology::Code93,
        BarcodeFormat::Codabar => Symbology::Codabar,
        BarcodeFormat::ITF => Symbology::Itf,
        BarcodeFormat::EANUPC => Symbology::Ean,
        BarcodeFormat::DataBar => Symbology::DataBar,
        BarcodeFormat::PDF417 => Symbology::Pdf417,
        BarcodeFormat::DataMatrix => Symbology::DataMatrix,
        BarcodeFormat::QRCode => Symbology::Qr,
        BarcodeFormat::Aztec => Symbology::Aztec,
        BarcodeFormat::MaxiCode => Symbology::MaxiCode,
        _ => Symbology::Other,
    }
}
