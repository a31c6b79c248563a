//! How the station talks to central: names, documents, and one MQTT session that loses nothing.
//!
//! State constraints, in the order they matter:
//!
//! 1. The broker's acknowledgement proves nothing. A record leaves the station's memory only when *central* says that it
//!    is committed and its chain is verified there ([`acks`]); until then it is sent again ([`delivery`]).
//! 2. Central sees a record as often as it takes and counts it once: the key is (station, seq).
//! 3. Everything that waits here is bounded: the window of unconfirmed records, ranges, documents, chunks ([`limits`]).
//! 4. A document from central has effect only when a trusted key signed it, for this station, in its time, and newer
//!    than the one before ([`envelope`]).
//!
//! This crate knows no disk (memory is behind [`outbox::Outbox`]) and no database. Only [`mqtt`] names the MQTT library;
//! [`delivery`] is pure, so the simulated fleet runs the very code that runs in a station.

pub mod limits;
pub mod ranges;
pub mod topics;
pub mod chain;
pub mod cloudevents;
pub mod acks;
pub mod status;
pub mod evidence;
pub mod parts;
pub mod envelope;
pub mod rules;
pub mod command;
pub mod enrol;
pub mod outbox;
pub mod runs;
pub mod delivery;
pub mod tls;
pub mod mqtt;
pub mod backoff;
pub mod session;
