//! Central operations: what stations sent, proven whole.
//!
//! State constraints, in the order they matter:
//!
//! 1. A record is acknowledged only after the transaction that stores it has been committed ([`intake`]).
//! 2. It may be forgotten by its station only when every record before it is here and every link of the chain holds
//!    ([`store`], `verified_to`).
//! 3. What does not fit (forged, altered, foreign, unreadable) is put aside, shown, and never acknowledged ([`place`]).
//! 4. Central believes a station about nothing but itself, and shows nobody more than a record's audience allows.
//!
//! This crate does not know how a lane decides; [`audit`] asks the pipeline to judge again.

pub mod config;
pub mod access;
pub mod place;
pub mod alert;
pub mod store;
pub mod evidence;
pub mod holds;
pub mod authority;
pub mod enrol;
pub mod intake;
pub mod follow;
pub mod rollout;
pub mod command;
pub mod post;
pub mod audit;
pub mod rehearse;
pub mod backup;
pub mod pages;
pub mod central;

pub use central::Central;
pub use config::Config;
