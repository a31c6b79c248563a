//! What a station reads in a camera's picture of a label: the codes, or why there are none; without pixels.
//!
//! The world tests the station, not the decoder. The picture's name is the one that the store that forgets would give it:
//! another for each picture.

use gatepost_hardware::symbology::Aim;
use gatepost_pipeline::event::LabelPicture;
use gatepost_pipeline::identify::CodeRead;
use gatepost_pipeline::judge::Token;
use gatepost_virtual::device::{LabelEvent, Unclear};

/// One picture is one reading, of several codes: the number, and the two-dimensional code beside it with the same number.
pub fn read(picture: &LabelEvent) -> LabelPicture {
    let digest = Some(Token::clipped(blake3::hash(&picture.number.to_le_bytes()).to_hex().as_str()));
    let code = |letter, modifier| CodeRead::Code { text: picture.item.clone(), aim: Aim::new(letter, modifier) };
    let reads = match picture.unclear {
        None => vec![code(b'C', b'0'), code(b'd', b'1')],
        Some(unclear) => vec![match unclear {
            Unclear::NoLabel => CodeRead::Nothing,
            Unclear::TooDark => CodeRead::TooDark,
            Unclear::TooBlurred => CodeRead::TooBlurred,
            Unclear::TooSmall => CodeRead::TooSmall,
            Unclear::CutOff => CodeRead::CutOff,
            Unclear::Damaged => CodeRead::Damaged,
        }],
    };
    LabelPicture { digest, reads }
}
