//! The language both processors of a lane speak.
//!
//! `no_std` without the `std` feature: the lane controller links this crate as it is. It knows units, what a lane
//! looks like, the cable between controller and station, and the bytes of scales and scanners. It decides nothing,
//! opens nothing and waits for nothing: bytes in, readings out.
#![cfg_attr(not(feature = "std"), no_std)]

pub mod lane;
pub mod link;
pub mod scale;
pub mod scanner;
pub mod symbology;
pub mod units;
