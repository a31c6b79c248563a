//! Where a compiler for the board's processor comes from, best first:
//!
//! 1. the compiler that is here, if it has the target's core library;
//! 2. the same after `rustup target add`;
//! 3. the same with its own sources (`rust-src`), which build the core library beside the firmware;
//! 4. Debian's `rustc-web` with `rust-web-src`, unpacked beside the images and installed nowhere.
//!
//! None of them: a sentence that says what to install.

use crate::boards::Board;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Toolchain {
    /// In words, for whoever reads the build's output.
    pub says: String,
    target: &'static str,
    /// Nothing: cargo's own.
    rustc: Option<PathBuf>,
    /// The core library is built too.
    builds_core: bool,
}

impl Toolchain {
    /// # Errors
    /// What to install.
    pub fn find(target: &'static str, out: &Path) -> Result<Self, String> {
        let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
        let own = |says: &str, builds_core| Self { says: says.to_owned(), target, rustc: None, builds_core };
        let version = said(Command::new(&rustc).arg("--version")).unwrap_or_default();
        let version = version.trim();
        if has_core(&rustc, target) {
            return Ok(own(version, false));
        }
        let added = Command::new("rustup").args(["target", "add", target]).stdout(Stdio::null()).status();
        if added.is_ok_and(|status| status.success()) && has_core(&rustc, target) {
            return Ok(own(&format!("{version}, its target added by rustup"), false));
        }
        if has_sources(&rustc) {
            return Ok(own(&format!("{version}, its core library built from rust-src"), true));
        }
        if let Some(rustc) = debian(out) {
            let says = format!("Debian's {}", said(Command::new(&rustc).arg("--version")).unwrap_or_default().trim());
            return Ok(Self { says, target, rustc: Some(rustc), builds_core: true });
        }
        Err(format!(
            "no compiler for {target}: run `rustup target add {target}`, or `rustup component add rust-src`, or install \
             the packages rustc-web and rust-web-src"
        ))
    }

    /// Has the packages that a board needs.
    ///
    /// # Errors
    /// They are not here and cannot be fetched; cargo's own words are above.
    pub fn fetch(&self, folder: &Path) -> Result<(), String> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(folder).args(["fetch", "--locked", "--target", self.target]);
        match cargo.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err("its packages cannot be fetched".to_owned()),
            Err(error) => Err(format!("cargo does not start: {error}")),
        }
    }

    /// Builds a board's program; where it lies.
    pub fn build(&self, folder: &Path, board: &Board, feature: Option<&str>, out: &Path) -> Result<PathBuf, String> {
        let target_folder = out.join(feature.unwrap_or("product"));
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(folder).env("CARGO_TARGET_DIR", &target_folder);
        // What a workspace's command was started with is not meant for another processor.
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            cargo.env_remove(name);
        }
        cargo.args(["build", "--release", "--locked", "--target", self.target]);
        if let Some(feature) = feature {
            cargo.args(["--features", feature]);
        }
        if self.builds_core {
            cargo.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=core");
        }
        if let Some(rustc) = &self.rustc {
            let linker = linker().ok_or("no linker for Arm: install the package lld")?;
            let variable = format!("CARGO_TARGET_{}_LINKER", self.target.to_uppercase().replace('-', "_"));
            cargo.env("RUSTC", rustc).env(variable, linker);
        }
        let status = cargo.status().map_err(|error| format!("cargo does not start: {error}"))?;
        if !status.success() {
            return Err("it does not build; the compiler's words are above".to_owned());
        }
        Ok(target_folder.join(self.target).join("release").join(format!("gatepost-{}", board.name)))
    }
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    said(Command::new(rustc).args(["--print", "sysroot"])).map(|path| PathBuf::from(path.trim()))
}

fn has_core(rustc: &Path, target: &str) -> bool {
    let Some(sysroot) = sysroot(rustc) else { return false };
    let Ok(files) = std::fs::read_dir(sysroot.join("lib/rustlib").join(target).join("lib")) else { return false };
    files.filter_map(Result::ok).any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn has_sources(rustc: &Path) -> bool {
    sysroot(rustc).is_some_and(|sysroot| sysroot.join("lib/rustlib/src/rust/library/core/src/lib.rs").is_file())
}

/// A linker that knows Arm.
fn linker() -> Option<PathBuf> {
    let host = said(Command::new("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: "))?.to_owned();
    let own = sysroot(Path::new("rustc"))?.join("lib/rustlib").join(host).join("bin/rust-lld");
    let others = ["/usr/bin/ld.lld", "/usr/bin/arm-none-eabi-ld"].map(PathBuf::from);
    std::iter::once(own).chain(others).find(|path| path.is_file())
}

/// Debian's compiler: the one that is installed, or one unpacked into a folder of ours.
fn debian(out: &Path) -> Option<PathBuf> {
    let installed = PathBuf::from("/usr/bin/rustc");
    if has_sources(&installed) {
        return Some(installed);
    }
    let folder = out.join("debian");
    let (root, wrapper) = (folder.join("root"), folder.join("rustc"));
    if has_sources(&wrapper) {
        return Some(wrapper);
    }
    std::fs::create_dir_all(&root).ok()?;
    println!("fetching Debian's rustc-web and rust-web-src (about 140 MB), unpacked beside the images");
    let depends = said(Command::new("apt-cache").args(["depends", "rustc-web"]))?;
    let needed = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let needed = needed.filter(|name| name.starts_with("libstd-rust-web") || name.starts_with("libllvm"));
    let mut packages: Vec<String> = needed.map(str::to_owned).collect();
    let more = packages.iter().find(|name| name.starts_with("libstd-rust-web")).cloned();
    let behind = more.and_then(|name| said(Command::new("apt-cache").args(["depends", &name])));
    let behind = behind.unwrap_or_default();
    packages.extend(
        behind
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Depends: "))
            .filter(|name| name.starts_with("libstd-rust-web") || name.starts_with("libllvm"))
            .map(str::to_owned),
    );
    packages.extend(["rustc-web".to_owned(), "rust-web-src".to_owned()]);
    packages.sort_unstable();
    packages.dedup();
    let fetched = Command::new("apt-get").arg("download").args(&packages).current_dir(&folder).status().ok()?;
    if !fetched.success() {
        return None;
    }
    for file in std::fs::read_dir(&folder).ok()?.filter_map(Result::ok).map(|file| file.path()) {
        if file.extension().is_some_and(|kind| kind == "deb") {
            Command::new("dpkg").arg("-x").arg(&file).arg(&root).status().ok()?;
        }
    }
    let script = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH={0}/usr/lib/x86_64-linux-gnu exec {0}/usr/bin/rustc \"$@\"\n",
        root.display()
    );
    std::fs::write(&wrapper, script).ok()?;
    Command::new("chmod").arg("+x").arg(&wrapper).status().ok()?;
    has_sources(&wrapper).then_some(wrapper)
}
