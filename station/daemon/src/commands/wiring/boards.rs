//! Boards whose firmware is here, and which pin each terminal is.
//!
//! The board's own `pins.rs` is the source and needs the board's registers to compile; here stand names alone, and a test
//! holds the two together.

use super::terminals::Board;

const LM3S6965: [(&str, &str); 33] = [
    ("EYE0", "PB0"),
    ("EYE1", "PB1"),
    ("EYE2", "PB2"),
    ("EYE3", "PB3"),
    ("EYE4", "PB4"),
    ("EYE5", "PB5"),
    ("EYE6", "PB6"),
    ("EYE7", "PC4"),
    ("EYE8", "PC5"),
    ("EYE9", "PC6"),
    ("ENC0A", "PD0"),
    ("ENC0B", "PD1"),
    ("ENC1A", "PD2"),
    ("ENC1B", "PD3"),
    ("ENC2A", "PD4"),
    ("ENC2B", "PD5"),
    ("ENC3A", "PD6"),
    ("ENC3B", "PD7"),
    ("ESTOP", "PE0"),
    ("GUARD", "PE1"),
    ("RESET", "PE2"),
    ("CHUTE", "PE3"),
    ("RAD", "PF0"),
    ("SMOKE", "PF1"),
    ("BELTSTOP", "PC7"),
    ("FB_EXAM", "PF2"),
    ("FB_RELEASE", "PF3"),
    ("BELT", "PA2"),
    ("GATE", "PA3"),
    ("LAMP_R", "PA4"),
    ("LAMP_A", "PA5"),
    ("LAMP_G", "PA6"),
    ("BUZZER", "PA7"),
];

const RP2350: [(&str, &str); 33] = [
    ("EYE0", "GP32"),
    ("EYE1", "GP33"),
    ("EYE2", "GP34"),
    ("EYE3", "GP35"),
    ("EYE4", "GP36"),
    ("EYE5", "GP37"),
    ("EYE6", "GP38"),
    ("EYE7", "GP39"),
    ("EYE8", "GP40"),
    ("EYE9", "GP41"),
    ("ENC0A", "GP8"),
    ("ENC0B", "GP9"),
    ("ENC1A", "GP10"),
    ("ENC1B", "GP11"),
    ("ENC2A", "GP12"),
    ("ENC2B", "GP13"),
    ("ENC3A", "GP14"),
    ("ENC3B", "GP15"),
    ("ESTOP", "GP16"),
    ("GUARD", "GP17"),
    ("RESET", "GP18"),
    ("CHUTE", "GP19"),
    ("RAD", "GP20"),
    ("SMOKE", "GP21"),
    ("BELTSTOP", "GP22"),
    ("FB_EXAM", "GP26"),
    ("FB_RELEASE", "GP27"),
    ("BELT", "GP2"),
    ("GATE", "GP3"),
    ("LAMP_R", "GP4"),
    ("LAMP_A", "GP5"),
    ("LAMP_G", "GP6"),
    ("BUZZER", "GP7"),
];

const ALL: [(&str, &[(&str, &str)]); 2] = [("lm3s6965", &LM3S6965), ("rp2350", &RP2350)];

/// A board by its name.
///
/// # Errors
/// The names there are.
pub fn named(name: &str) -> Result<Board, String> {
    let found = ALL.iter().find(|(one, _)| *one == name);
    let (_, pins) = found.ok_or_else(|| ALL.map(|(one, _)| one).join(", "))?;
    let pins = pins.iter().map(|(terminal, pin)| ((*terminal).to_owned(), (*pin).to_owned()));
    Ok(Board { name: name.to_owned(), pins: pins.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    /// Every `Pin(Port::X, n)` of a constant in the board's file.
    fn pins(text: &str, constant: &str) -> Vec<String> {
        let after = text.split_once(&format!("const {constant}:")).unwrap().1;
        let value = after.split_once(" =").unwrap().1.split_once(";\n").unwrap().0;
        let pins = value.split("Pin(Port::").skip(1);
        pins.map(|pin| format!("P{}{}", &pin[..1], &pin[3..pin.find(')').unwrap()])).collect()
    }

    #[test]
    fn the_firmware_has_the_same_pins() {
        let text = std::fs::read_to_string(format!("{ROOT}/firmware/board/lm3s6965/src/pins.rs")).unwrap();
        let reset = format!(
            "Pin(Port::{}",
            text.split_once("const RESET: Pin = Pin(Port::").unwrap().1.split_once(';').unwrap().0
        );
        let text = text.replace(" RESET,", &format!(" {reset},"));
        let mut names: Vec<String> = (0..10).map(|index| format!("EYE{index}")).collect();
        names.extend((0..4).flat_map(|index| ["A", "B"].map(|channel| format!("ENC{index}{channel}"))));
        names.extend(
            ["ESTOP", "GUARD", "RESET", "CHUTE", "RAD", "SMOKE", "BELTSTOP", "FB_EXAM", "FB_RELEASE"]
                .map(str::to_owned),
        );
        let inputs = ["EYES", "ENCODERS", "CONTACTS", "GATE_AT_EXAM", "GATE_AT_RELEASE"];
        let mut found: Vec<(String, String)> =
            names.into_iter().zip(inputs.into_iter().flat_map(|constant| pins(&text, constant))).collect();
        let port = text.split_once("const OUTPUTS: Port = Port::").unwrap().1[..1].to_owned();
        for (constant, terminal) in [
            ("BELT_PERMIT", "BELT"),
            ("GATE_RELEASE", "GATE"),
            ("RED", "LAMP_R"),
            ("AMBER", "LAMP_A"),
            ("GREEN", "LAMP_G"),
            ("BUZZER", "BUZZER"),
        ] {
            let bit = text.split_once(&format!("const {constant}: u8 = 1 << ")).unwrap().1.split_once(';').unwrap().0;
            found.push((terminal.to_owned(), format!("P{port}{bit}")));
        }
        let here: Vec<(String, String)> =
            LM3S6965.map(|(terminal, pin)| (terminal.to_owned(), pin.to_owned())).to_vec();
        assert_eq!(found, here);
    }

    /// The page of the board is held to its firmware by the tool that builds it (`firmware/board/build`).
    #[test]
    fn the_page_of_the_rp2350_has_the_same_pins() {
        let page = std::fs::read_to_string(format!("{ROOT}/hardware/wiring/RP2350.md")).unwrap();
        let cells: Vec<&str> = page.split('|').map(str::trim).collect();
        for (terminal, pin) in RP2350 {
            assert!(cells.windows(2).any(|pair| pair == [terminal, pin]), "{terminal} is not {pin} there");
        }
    }

    /// The table in hardware/wiring/README.md; `UPDATE=1` writes it anew.
    #[test]
    fn the_shipped_pins_are_these() {
        let path = format!("{ROOT}/hardware/wiring/README.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once("shipped_pins_are_these` -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- end of pins -->").unwrap();
        let mut table =
            "\n| terminal | pin | terminal | pin | terminal | pin |\n|---|---|---|---|---|---|\n".to_owned();
        for row in 0..LM3S6965.len() / 3 {
            let cells = [row, row + 11, row + 22].map(|at| format!("| {} | {} ", LM3S6965[at].0, LM3S6965[at].1));
            table += &format!("{}|\n", cells.concat());
        }
        let now = format!("{before}shipped_pins_are_these` -->\n{table}\n<!-- end of pins -->{after}");
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(&path, &now).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap() == now, "{path}: other pins (UPDATE=1 writes them)");
    }
}
