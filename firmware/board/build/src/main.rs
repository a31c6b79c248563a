//! `cargo firmware`: from a fresh clone to images that may go onto a board, in one command.
//!
//! Finds or fetches a compiler for the board's processor ([`toolchain`]), builds, and reads the image that came out
//! ([`image`], [`calls`]): how much flash, how deep the stack at worst, whether anything in it can panic. Over a limit is
//! a failure, as a compiler's error is. It depends on nothing, so that it runs where nothing else does.

mod boards;
mod calls;
mod image;
mod thumb;
mod toolchain;

use boards::{BOARDS, Board};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use toolchain::Toolchain;

const USAGE: &str =
    "cargo firmware [BOARD…]: builds the firmware of these boards, or of all, and looks at them; images come to
rest in firmware/board/target. cargo firmware IMAGE: looks at one. Boards:";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word] = words.as_slice()
        && Path::new(word).is_file()
    {
        let board = BOARDS.iter().find(|board| word.contains(board.name)).unwrap_or(&BOARDS[0]);
        return ended(look(board, Path::new(word)));
    }
    let known = |word: &String| BOARDS.iter().any(|board| board.name == word);
    if let Some(word) = words.iter().find(|word| !known(word)) {
        let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
        eprintln!("\"{word}\" is no board.\n{USAGE} {}", names.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |board: &&Board| words.is_empty() || words.iter().any(|word| word == board.name);
    let mut good = true;
    for board in BOARDS.iter().filter(wanted) {
        match build(board) {
            Ok(within) => good &= within,
            Err(why) => {
                eprintln!("{}: {why}", board.name);
                good = false;
            }
        }
    }
    ended(Ok(good))
}

fn ended(good: Result<bool, String>) -> ExitCode {
    match good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the boards.
fn boards_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Builds a board's images. Whether each keeps to its limits.
fn build(board: &Board) -> Result<bool, String> {
    let (folder, out) = (boards_folder(), boards_folder().join("target"));
    let ready = Toolchain::find(board.target, &out).and_then(|toolchain| {
        toolchain.fetch(&folder.join(board.name))?;
        Ok(toolchain)
    });
    let toolchain = match ready {
        Ok(toolchain) => toolchain,
        Err(why) if !board.is_emulated => {
            println!("{}: NOT RUN: {why}", board.name);
            return Ok(true);
        }
        Err(why) => return Err(why),
    };
    println!("{}: {} by {}", board.name, board.target, toolchain.says);
    let mut good = true;
    for (feature, name) in board.images {
        let built = toolchain.build(&folder.join(board.name), board, *feature, &out)?;
        let image = out.join(name);
        std::fs::copy(&built, &image).map_err(|error| format!("{}: {error}", image.display()))?;
        good &= look(board, &image)?;
    }
    Ok(good)
}

/// Prints what an image is, and whether it keeps to the board's limits.
fn look(board: &Board, path: &Path) -> Result<bool, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let image = image::read(&bytes).map_err(|why| format!("{}: {why}", path.display()))?;
    let calls = calls::Calls::of(&image);
    let stack = calls.worst_stack(board)?;
    let room = image.stack_bytes()?;
    println!("  {}", path.display());
    println!("    flash  {:>6} bytes, at most {}", image.flash_bytes, board.flash_max);
    println!("    memory {:>6} bytes besides the stack", image.memory_bytes);
    println!("    stack  {:>6} bytes at worst, room for {room}: {}", stack.bytes, stack.deepest.join(" > "));
    let panics = calls.panics();
    match panics.is_empty() {
        true => println!("    panics    none: no panic handler is in the image"),
        false => panics.iter().for_each(|caller| println!("    panics  {caller}")),
    }
    let problems = [
        (image.flash_bytes > board.flash_max, "more flash than the limit in firmware/board/build/src/boards.rs"),
        (stack.bytes > room, "a deeper stack than memory.x has room for"),
        (panics.len() > board.panics_max, "code that can panic: make the place named above total"),
    ];
    problems.iter().filter(|(wrong, _)| *wrong).for_each(|(_, what)| eprintln!("{}: {what}", board.name));
    Ok(problems.iter().all(|(wrong, _)| !wrong))
}
