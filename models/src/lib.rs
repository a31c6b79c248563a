//! Pixels in, detections out.
//!
//! This crate reads X-ray pictures, prepares them for a model, runs the model in ONNX Runtime and says what was seen,
//! or that nothing could be seen and why. It decides nothing about a parcel: there is no release and no exam here.
//! It never says "no findings" when it means "could not look" (promise 8): every failure is a [`session::Assessment::Blind`]
//! with its cause. It never downloads anything except in [`runtime::fetch`], which nothing here calls by itself.
//!
//! [`labels`] is the other eye: grey pictures of labels in, codes out, or the cause why none was read.
//!
//! [`drift`] hears over many pictures what no single one shows: that a scanner no longer sees as it did.
//!
//! [`report`] is what machines and officers say of a picture to one another: DICOS Threat Detection Reports, in and out.
//!
//! [`tip`] is the exercise: threats that are not there, on a copy for officers' eyes that no model is ever shown.
//!
//! Modules in the order a picture meets them.

pub mod limits;

pub mod catalog;
pub mod dicom;
pub mod formats;
pub mod pixels;
pub mod session;

pub mod detections;

pub mod drift;

pub mod labels;

pub mod report;

pub mod inspect;
pub mod tip;
pub mod random_graph;
pub mod runtime;
