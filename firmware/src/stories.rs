//! Small stories about the whole controller (the lane, the cable, what is sick, who is silent), all that five parcels can meet, everything
//! that a small lane can do, and properties over random ones. [`rig`] is the lane they are told on.

mod cabled;
mod disturbed;
mod explore;
mod properties;
mod rig;
mod sick;
mod silent;
mod tales;
