//! Identifiers: any text gives an answer that says itself again, and only a valid one is an item.
#![no_main]

use gatepost_hardware::symbology::Aim;
use gatepost_pipeline::identify::{Standing, identify};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [letter, modifier, bytes @ ..] = data else { return };
    let text = String::from_utf8_lossy(bytes);
    let found = identify(&text, Aim::new(*letter, *modifier));
    assert!(found.text.len() <= text.len(), "text was made up");
    assert!(found.problems.is_sorted_by(|a, b| a < b), "{:?}", found.problems);
    assert!(found.item_id().is_none() || found.valid && found.standing() != Standing::Never);
    if let Some(id) = found.item_id().filter(|_| found.standing() == Standing::Post) {
        let again = identify(&id.id, None).item_id();
        assert_eq!(again.as_ref(), Some(&id), "the canonical spelling names another item");
    }
});
