//! Identification: no text panics, a verdict agrees with its problems, an item id is short and plain, order never matters.
#![no_main]

use gatepost_hardware::symbology::Aim;
use gatepost_pipeline::identify::{CodeRead, ITEM_ID_BYTES_MAX, Kind, Standing, arbitrate, identify, lookup_keys};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Lines are codes. One that begins with `!` and two characters has its symbology beside it, not in front.
    let text = String::from_utf8_lossy(data);
    let mut reads: Vec<CodeRead> = text.split('\n').map(read).collect();
    for read in &reads {
        let CodeRead::Code { text, aim } = read else { continue };
        let found = identify(text, *aim);
        assert_eq!(found.valid, !found.problems.iter().any(|problem| problem.is_fault()));
        assert!(!found.valid || (found.kind != Kind::Unknown && found.id().is_some()));
        assert_eq!(found.item_id().is_some(), found.standing() != Standing::Never);
        if let Some(item) = found.item_id() {
            assert!((1..=ITEM_ID_BYTES_MAX).contains(&item.id.len()), "{item}");
            assert!(item.id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{item}");
        }
    }
    let (identity, keys) = (arbitrate(&reads), lookup_keys(&reads));
    reads.reverse();
    assert_eq!((arbitrate(&reads), lookup_keys(&reads)), (identity, keys));
});

fn read(line: &str) -> CodeRead {
    if let [b'!', letter, modifier, ..] = *line.as_bytes()
        && let Some(aim) = Aim::new(letter, modifier)
    {
        return CodeRead::Code { text: line[3..].to_owned(), aim: Some(aim) };
    }
    CodeRead::text(line)
}
