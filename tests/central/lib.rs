//! What the tests of central share: the ground it stands on, and the stories that hold on every ground.

mod access;
mod backups;
mod certificates;
mod enrol;
mod ground;
mod hostile;
mod holds;
mod mosquitto;
mod post;
mod postgres;
mod rollouts;
mod rows;
mod commands;
pub mod stories;
mod taking;
mod web;

pub use certificates::{Authority, EXPIRED};
pub use ground::Ground;
pub use holds::hold_on;
pub use mosquitto::Mosquitto;
pub use postgres::Postgres;
pub use taking::{Memory, Taking};
pub use web::{Answer, Asked, ask};
