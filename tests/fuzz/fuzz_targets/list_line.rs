//! Lines of hold and declaration lists: no text panics, what is read says itself again, a hold never lets anything go.
#![no_main]

use gatepost_ledger::lists::line::{Line, LineParser, ListKind};
use gatepost_pipeline::judge::Outcome;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, text @ ..] = data else { return };
    let kind = if setup & 1 == 0 { ListKind::Holds } else { ListKind::Declarations };
    let mut parser = LineParser::new(kind, setup & 2 != 0);
    for bytes in text.split(|byte| *byte == b'\n') {
        let line = match parser.parse(bytes) {
            Ok(Some(line)) => line,
            Ok(None) => continue,
            Err(error) => {
                assert!(!error.what.is_empty() && !error.remedy.is_empty());
                continue;
            }
        };
        let json = match &line {
            Line::Hold(hold) => {
                assert!(kind == ListKind::Holds && hold.hold.outcome > Outcome::Release, "a hold that releases");
                serde_json::to_vec(hold)
            }
            Line::Removal(removal) => {
                assert!(setup & 2 != 0, "a whole list took a hold away");
                serde_json::to_vec(removal)
            }
            Line::Declaration(declaration) => serde_json::to_vec(declaration),
        };
        let again = LineParser::new(kind, true).parse(&json.expect("plain data")).expect("what was read can be read");
        assert_eq!(again, Some(line));
    }
});
