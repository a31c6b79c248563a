//! The station around the pipeline: a clock, a disk, cables and a network. No opinions: what is decided is decided in
//! `gatepost-pipeline`, what is remembered is the ledger's. The binary `gatepost` is [`commands::main`].

pub mod config;
pub mod blackbox;
pub mod run;
pub mod recognise;
pub mod commands;
