//! The hash chain as the ledger uses it; defined where records are ([`gatepost_pipeline::record::chain`]).

pub use gatepost_pipeline::record::chain::Digest;

/// The head before the first record of a station.
pub const GENESIS: Digest = Digest::ZERO;
