//! The language both processors of a lane speak.
//!
//! `no_std` without the `std` feature: the lane controller links this crate as it is. It knows units, what a lane
//! looks like, the pins of eyes, encoders, diverters and stack lights, the cable between controller and station, and the
//! bytes of scales and scanners. It decides nothing, opens nothing and waits for nothing: levels and bytes in, readings
//! out.
#![cfg_attr(not(feature = "std"), no_std)]

pub mod beacon;
pub mod diverter;
pub mod encoder;
pub mod eye;
pub mod lane;
pub mod link;
pub mod pin;
pub mod scale;
pub mod scanner;
pub mod symbology;
pub mod units;
