//! Small stories about the whole controller, and properties over random ones. One file of helpers ([`rig`]), two of
//! stories (the lane, the cable, what is sick).

mod cabled;
mod disturbed;
mod explore;
mod properties;
mod rig;
mod sick;
mod tales;
