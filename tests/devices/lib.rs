//! Virtual scales and scanners on pseudo-terminals that know their own line settings.
//!
//! A pseudo-terminal passes bytes whatever settings its two ends have; a wire does not. Here the settings of the station's
//! end are read back and every byte goes through [`wire`], bit by bit, both ways: whoever listens at another speed or
//! with another parity hears what a UART would hear. The kernel keeps speed, stop bits and the wish for a parity check of
//! a pseudo-terminal, but forces eight bits without parity upon it and says so: a station that wants seven bits makes them
//! itself (`run/serial/parity.rs`), which on the wire is the same. It refuses to store: bytes for a port that nobody reads
//! are lost.

pub mod wire;
pub mod port;
pub mod bench;
pub mod actor;
pub mod scales;
pub mod scanners;
