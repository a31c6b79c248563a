//! The list of mutants does not rot: every mistake can still be made. Trying them all is `gatepost-mutants`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gatepost_world::checker::findings::Promise;
use gatepost_world::mutants;

#[test]
fn every_mutant_fits_the_production_code_and_breaks_a_promise() {
    let all = mutants::all().unwrap_or_else(|says| panic!("{says}"));
    let names: BTreeSet<&str> = all.iter().map(|mutant| mutant.name.as_str()).collect();
    assert!(all.len() >= 12 && names.len() == all.len(), "{} mutants, {} names", all.len(), names.len());
    for mutant in &all {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&mutant.file);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", mutant.file));
        let changed = mutant.applied(&source).unwrap_or_else(|says| panic!("{says}"));
        assert_ne!(changed, source, "{}: changes nothing", mutant.name);
        let promised = Promise::ALL.iter().any(|promise| promise.name() == mutant.promise);
        assert!(
            promised || mutant.test.is_some(),
            "{}: \"{}\" is no promise the checker speaks of",
            mutant.name,
            mutant.promise
        );
    }
}

#[test]
fn a_mutant_whose_text_is_gone_or_there_twice_is_refused() {
    let mut mutant = mutants::all().expect("the lists")[0].clone();
    mutant.text = "old".to_owned();
    mutant.instead = "new".to_owned();
    assert_eq!(mutant.applied("an old thing"), Ok("an new thing".to_owned()));
    assert!(mutant.applied("a thing").is_err() && mutant.applied("old and old").is_err());
}
