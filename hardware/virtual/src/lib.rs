//! The lane that does not exist: parcels with a truth, and what real devices would say of them.

pub mod ailments;
pub mod belt;
pub mod device;
pub mod photo;
pub mod faults;
pub mod label;
pub mod lane;
pub mod parcel;
pub mod xray;
