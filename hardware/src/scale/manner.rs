//! Who speaks first: the station, the scale, or either. What silence on a scale's line means follows from it.
//!
//! One table, because the configuration refuses by it what would never be heard, and the station finds by it a scale that
//! has died behind a living adapter. It times nothing itself.

use super::ScaleConfig;
use crate::units::Micros;

/// A scale that sends many times a second and was silent for so long is off, or its line is cut. As long as a bench waits
/// for its scale.
const SILENCE_MAX: Micros = Micros::from_ms(3_000);

/// Who speaks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It only answers: asked nothing, it is silent for ever.
    Answers,
    /// It answers, and many makes also send by themselves: at a key, at each weighing, all the time. Which, nobody says:
    /// only an answer that does not come tells that it is gone.
    Either,
    /// It sends all the time and takes no question. Longer than this it is never silent.
    Streams { silence_max: Micros },
    /// It sends when it has something to say, takes no question and may rest. Without power or cable it vanishes from the
    /// bus, and its line goes down: silence needs no watch.
    Reports,
}

impl ScaleConfig {
    pub const fn manner(&self) -> Manner {
        match self {
            Self::MtSics(_) | Self::Sma(_) => Manner::Either,
            Self::Toledo8217(_) | Self::Nci(_) => Manner::Answers,
            Self::ToledoContinuous(_) | Self::ToledoExtended(_) => Manner::Streams { silence_max: SILENCE_MAX },
            Self::UsbHid(_) => Manner::Reports,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scale::{Request, ScaleCodec, ScaleProtocol};

    #[test]
    fn what_may_be_asked_has_a_question_and_nothing_else_has() {
        for text in [
            "mt-sics = {}",
            "sma = {}",
            "nci = {}",
            "toledo-8217 = { unit = \"kg\" }",
            "toledo-continuous = { checksum = true }",
            "toledo-extended = { checksum = true }",
            "usb-hid = {}",
        ] {
            let config: ScaleConfig = toml::from_str(text).expect(text);
            let codec = ScaleCodec::new(&config).expect(text);
            let asked = matches!(config.manner(), Manner::Answers | Manner::Either);
            assert_eq!(codec.request(Request::ImmediateWeight).is_some(), asked, "{text}");
        }
    }
}
