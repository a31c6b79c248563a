//! The product proved, in one binary: a module for each thing that is proved.

mod checker;
mod mutants;
mod scenarios;
mod tidy;
mod world;
mod matrix;
mod bench;
