//! Every story in `tests/scenarios` is lived and told again; `UPDATE=1` writes what came of it anew.

use std::path::Path;

use gatepost_world::scenario::{Story, told};

#[test]
fn every_story_comes_out_as_it_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(paths.len() >= 5, "the stories are gone from {}", folder.display());
    let wrong: Vec<String> = paths.iter().filter_map(|path| one(path).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn one(path: &Path) -> Result<(), String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let setting = text.split("---\n").next().unwrap_or_default();
    let came_out = Story::read(&text).and_then(Story::come_out);
    let (records, checked) = came_out.map_err(|why| format!("{name}: {why}"))?;
    let findings = checked.findings;
    let verdict = if findings.is_clean() { "clean".to_owned() } else { findings.to_string() };
    let now = format!("{setting}---\n{}checker: {verdict}\n", told(&records));
    if std::env::var("UPDATE").is_ok() {
        return std::fs::write(path, now).map_err(|error| format!("{name}: {error}"));
    }
    if !findings.is_clean() {
        return Err(format!("{name}: {findings}"));
    }
    if now == text { Ok(()) } else { Err(format!("{name}: came out otherwise (UPDATE=1 writes it anew):\n{now}")) }
}
