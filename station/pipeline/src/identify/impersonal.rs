//! What a station keeps of a code: everything a number is recognised by, nothing a person wrote.
//!
//! A two-dimensional code may hold a name, an address and a declaration; beside the number they mean nothing to the belt.
//! So a read is reduced where it enters the station, before the lane's mind and the black box hear it: both hear the same,
//! and a replay needs no more than was kept. It refuses to change what a parcel is taken for: [`arbitrate`] and
//! [`lookup_keys`] answer for the reduced reads as for the whole ones (`properties.rs`), except that a text which was
//! nearly a number and may be a name counts as damaged.
//!
//! [`arbitrate`]: super::arbitrate
//! [`lookup_keys`]: super::lookup_keys

use gatepost_hardware::symbology::Aim;

use super::{CodeRead, Identifier, Kind, Problem, Standing, identify};

/// A number that is damaged has at most so many letters; a name has more.
const LETTERS_MAX: usize = 4;
/// The longest number of any scheme, with its routing code.
const NUMBER_BYTES_MAX: usize = 48;

impl CodeRead {
    /// This read without whatever could be personal. A text that names no item becomes a stand-in of letters, the same
    /// for the same text under one `key`; the key is random and never stored, so that nobody can try names against it.
    #[must_use]
    pub fn impersonal(&self, key: &[u8; 32]) -> CodeRead {
        let CodeRead::Code { text, aim } = self else { return self.clone() };
        let whole = identify(text, *aim);
        let stand_in = stand_in(key, text);
        let kept = numbers(&whole).into_iter().flat_map(|number| [(number.clone(), *aim), (number, None)]);
        let gs1 = Aim::new(b'C', b'1');
        let texts = kept.chain([(stand_in.clone(), *aim), (stand_in.clone(), None), (stand_in.clone(), gs1)]);
        for (text, aim) in texts {
            if is_same(&whole, &identify(&text, aim)) {
                return CodeRead::Code { text, aim };
            }
        }
        // Neither a number nor like any stand-in: a label that could not be made out.
        CodeRead::Damaged
    }
}

/// Texts that may be kept because they are numbers and nothing else; the shortest first.
fn numbers(whole: &Identifier) -> Vec<String> {
    // The spelling of a GS1 string that is no item holds every element of it, also a ship-to name.
    let names = whole.standing() != Standing::Never || matches!(whole.kind, Kind::S9 | Kind::S8);
    let mut texts: Vec<String> = whole.id().filter(|_| names).map(str::to_owned).into_iter().collect();
    if let Some(sscc) = whole.parts.get("sscc") {
        texts.push(format!("00{sscc}"));
    }
    let compact: String = whole.text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let letters = compact.bytes().filter(u8::is_ascii_alphabetic).count();
    let plain = compact.bytes().all(|byte| byte.is_ascii_alphanumeric()) && compact.len() <= NUMBER_BYTES_MAX;
    if plain && letters <= LETTERS_MAX && !matches!(whole.kind, Kind::Unknown | Kind::Gs1) {
        texts.push(compact);
    }
    texts
}

/// Whether two identifiers say the same about a parcel.
fn is_same(one: &Identifier, other: &Identifier) -> bool {
    let says = |of: &Identifier| {
        let certain = !of.problems.contains(&Problem::CandidateOnly);
        let has = |problem: Problem| certain && of.problems.contains(&problem);
        let of_an_item = of.kind != Kind::Gs1 || of.parts.contains_key("sscc");
        let unreadable = [Problem::Fragment, Problem::ServiceIndicatorReserved, Problem::ElementString];
        (has(Problem::CheckDigit) && of_an_item, unreadable.into_iter().any(has))
    };
    one.standing() == other.standing()
        && one.item_id() == other.item_id()
        && one.alternatives() == other.alternatives()
        && says(one) == says(other)
}

/// Letters only, behind a sign that no number has.
fn stand_in(key: &[u8; 32], text: &str) -> String {
    let digest = blake3::keyed_hash(key, text.as_bytes());
    let letters = digest.as_bytes()[..12].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    std::iter::once('~').chain(letters.map(|four| char::from(b'a' + four))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ItemIdentity, arbitrate, lookup_keys};
    use super::*;

    const KEY: [u8; 32] = [9; 32];

    fn kept(text: &str) -> String {
        match CodeRead::text(text).impersonal(&KEY) {
            CodeRead::Code { text, .. } => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_number_stays_and_what_a_person_wrote_goes() {
        for number in ["RR473124829GB", "1Z5R89390357567127", "986578788855", "BEBRUABOLPBBAEN60073003000227"] {
            assert_eq!(kept(number), number);
        }
        assert_eq!(kept("RR473124820GB"), "RR473124820GB", "a wrong check digit is to be seen");
        assert_eq!(kept("420787459400111206206406260787"), "9400111206206406260787", "without the addressee's area");
        let personal = [
            "ERIKA MUSTERMANN",
            "Erika Mustermann;Heidestrasse 17;51147 Koeln;+49 221 555017",
            "]d2010400638133393143004300ERIKA\u{1d}4302HEIDESTRASSE17",
            "{\"from\":\"Max Power\",\"to\":\"Erika Mustermann\",\"what\":\"hand-made soap\"}",
            "1ZERIKAMUSTERMANN1",
            "MUSTERMANNERIKA5114",
        ];
        for text in personal {
            let kept = kept(text).to_uppercase();
            for word in ["ERIKA", "MUSTERMANN", "HEIDE", "KOELN", "POWER", "SOAP", "555017"] {
                assert!(!kept.contains(word), "{text}: {kept}");
            }
        }
    }

    #[test]
    fn a_stand_in_is_one_for_each_text_and_another_under_another_key() {
        assert_eq!(kept("Erika Mustermann"), kept("Erika Mustermann"));
        assert_ne!(kept("Erika Mustermann"), kept("Max Power"));
        assert_ne!(CodeRead::text("Erika Mustermann").impersonal(&[8; 32]), CodeRead::text("Erika Mustermann"));
        assert_eq!(CodeRead::Nothing.impersonal(&KEY), CodeRead::Nothing);
    }

    #[test]
    fn a_label_with_a_declaration_beside_its_number_is_that_item() {
        let reads = ["RR473124829GB", "Erika Mustermann;Heidestrasse 17"].map(CodeRead::text);
        let reduced = reads.clone().map(|read| read.impersonal(&KEY));
        assert!(matches!(arbitrate(&reduced), ItemIdentity::Item(item) if item.id == "RR473124829GB"));
        assert_eq!(lookup_keys(&reduced), lookup_keys(&reads));
    }
}
