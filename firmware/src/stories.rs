//! Small stories about the whole controller, and properties over random ones. One file of helpers ([`rig`]), one of
//! stories, one of properties.

mod properties;
mod rig;
mod tales;
