//! What the tests of central share: the ground it stands on, and the stories that hold on every ground.

mod ground;
mod postgres;
pub mod stories;

pub use ground::Ground;
pub use postgres::Postgres;
