//! The lane that does not exist: parcels with a truth, and what real devices would say of them.

pub mod xray;
