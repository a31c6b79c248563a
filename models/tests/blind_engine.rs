//! Silence is never "safe": without a usable library every picture is blind. In a process of its own, because a process
//! that has loaded the library keeps it: no test here may load a good one.

mod blind;

use blind::{assert_blind, package_in};
use gatepost_models::session::{Cause, Inspector, Settings};

#[test]
fn without_a_library_every_picture_is_blind_and_the_text_says_how_to_get_one() {
    let folder = tempfile::tempdir().expect("a folder");
    package_in(folder.path());
    let missing = folder.path().join("libonnxruntime.so");
    let settings = Settings { runtime: Some(missing), model: Some(folder.path().into()), threads: 1 };
    assert_blind(&mut Inspector::open(&settings), Cause::Engine, "libonnxruntime.so");
}

#[test]
fn a_file_that_is_no_library_is_an_engine_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    package_in(folder.path());
    let false_library = folder.path().join("false.so");
    std::fs::write(&false_library, b"\x7fELF but no library").expect("written");
    let settings = Settings { runtime: Some(false_library), model: Some(folder.path().into()), threads: 1 };
    assert_blind(&mut Inspector::open(&settings), Cause::Engine, "not a usable ONNX Runtime library");
}

#[test]
fn another_shared_object_is_an_engine_failure() {
    // A library that loads but is not ONNX Runtime: the C library that every Linux process has.
    let Some(libc) = loaded_object("libc.so.6") else { panic!("/proc/self/maps names no C library") };
    let folder = tempfile::tempdir().expect("a folder");
    package_in(folder.path());
    let settings = Settings { runtime: Some(libc), model: Some(folder.path().into()), threads: 1 };
    assert_blind(&mut Inspector::open(&settings), Cause::Engine, "OrtGetApiBase");
}

fn loaded_object(name: &str) -> Option<std::path::PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(Into::into)
        .find(|path: &std::path::PathBuf| path.file_name().is_some_and(|file| file == name))
}
