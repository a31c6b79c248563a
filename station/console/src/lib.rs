//! The station's pages: what an officer at the belt sees and the few things an officer can do from there.
//!
//! Apart from the daemon because a page must never be able to hold a lane up: everything it knows of the station comes
//! through one trait, [`desk::Desk`], as a copy. The pages decide nothing, remember nothing and release nothing; what an
//! officer wishes is granted or denied by the lane's mind, which records it.
//!
//! Rendered here, whole without a script, with nothing from outside the station. There are no accounts yet: whoever
//! stands at the station's own screen (a loopback peer) is its officer, and everybody else is told no.

pub mod limits;
pub mod desk;
pub mod shown;
pub mod words;
pub mod frame;
pub mod page;
mod live;
mod act;
mod token;
pub mod guard;
mod http;
pub mod sample;

pub use http::listener::{Bounded, Peer};
pub use http::serve;
