//! Why something that came is not in force, and when the same bytes may be good.

use gatepost_ledger::lists::ListError;
use gatepost_sync::envelope::Refused;
use gatepost_sync::parts::{NotAnOffer, Wrong};

use super::turned::Again;
use crate::run::commands::CommandRefused;
use crate::run::rules::RulesRefused;

#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    #[error("{0}")]
    Refused(#[from] Refused),
    #[error("{0}")]
    Offer(#[from] NotAnOffer),
    #[error("{0}")]
    Contradicts(Wrong),
    #[error("{0}")]
    List(#[from] ListError),
    #[error("{0}")]
    Rules(#[from] RulesRefused),
    #[error("{0}")]
    Command(#[from] CommandRefused),
    #[error("the data folder's disk has {room} bytes left and the package needs {needs}; free disk space")]
    NoRoom { room: u64, needs: u64 },
    #[error("the data folder's disk refuses: {0}; it is fetched again at the next connection")]
    Disk(#[from] std::io::Error),
    #[error("this station does not take such documents over the network yet")]
    Unknown,
}

impl NotTaken {
    /// When the same bytes may be good.
    pub fn again(&self) -> Again {
        match self {
            Self::NoRoom { .. } | Self::Disk(_) => Again::Soon,
            // A board that has just been switched on may not know what time it is.
            Self::Refused(Refused::TooEarly { .. }) => Again::Soon,
            Self::Refused(Refused::Expired { .. }) => Again::WhenSaid,
            Self::Rules(error) if error.may_come_again() => Again::Soon,
            Self::List(
                ListError::Disk(_)
                | ListError::Index(_)
                | ListError::NotReady(_)
                | ListError::Read { .. }
                | ListError::Dates { .. },
            ) => Again::Soon,
            Self::List(ListError::Body | ListError::Gap { .. } | ListError::TooManyDeltas) => Again::WhenSaid,
            Self::Contradicts(_) => Again::WhenSaid,
            Self::Command(CommandRefused::Sealed(Refused::TooEarly { .. }) | CommandRefused::Disk(_)) => Again::Soon,
            Self::Command(CommandRefused::Sealed(Refused::Expired { .. })) => Again::WhenSaid,
            // Central has its answer, and sends another where it still wants one.
            Self::Command(_) => Again::Never,
            Self::Refused(_) | Self::Offer(_) | Self::Rules(_) | Self::List(_) | Self::Unknown => Again::Never,
        }
    }
}
