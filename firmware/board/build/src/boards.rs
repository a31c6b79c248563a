//! The boards and what they must keep to. A new board is an entry here and a folder beside this one.

pub struct Board {
    /// Its folder, and `gatepost-NAME` its program.
    pub name: &'static str,
    pub target: &'static str,
    /// Features, and what the image is called.
    pub images: &'static [(Option<&'static str>, &'static str)],
    /// Where the processor begins.
    pub entry: &'static str,
    /// Handlers by priority: one of each group may interrupt all groups behind it.
    pub interrupts: &'static [&'static [&'static str]],
    pub flash_max: u32,
    /// Registers that the processor lays on the stack for an interrupt, with the word that aligns them: bytes.
    pub interrupt_frame: u32,
    /// Calls of the panic handler that may be in the image.
    pub panics_max: usize,
    /// The tests boot it. Another one whose compiler or packages cannot be had here is said to be not run, and fails nothing.
    pub is_emulated: bool,
}

/// Eight words and one.
const FRAME: u32 = 36;
/// With the registers of a floating-point unit: 17 words and one more.
const FLOATING_FRAME: u32 = FRAME + 72;

pub const BOARDS: &[Board] = &[LM3S6965, RP2350];

const LM3S6965: Board = Board {
    name: "lm3s6965",
    target: "thumbv7m-none-eabi",
    images: &[(None, "gatepost-lm3s6965.elf"), (Some("hang"), "gatepost-lm3s6965-hanging.elf")],
    entry: "Reset",
    interrupts: &[
        &["HardFault"],
        &["WATCHDOG_TIMER_0"],
        &["SysTick"],
        &["GPIOB", "GPIOC", "GPIOD"],
        &["UART0", "TIMER_0A"],
    ],
    // A quarter of the chip's: what a bootloader and a second image need.
    flash_max: 64 * 1024,
    interrupt_frame: FRAME,
    panics_max: 0,
    is_emulated: true,
};

const RP2350: Board = Board {
    name: "rp2350",
    target: "thumbv8m.main-none-eabihf",
    images: &[(None, "gatepost-rp2350.elf")],
    entry: "Reset",
    interrupts: &[&["HardFault"], &["IO_IRQ_BANK0"], &["UART0_IRQ"], &["SysTick"]],
    flash_max: 64 * 1024,
    interrupt_frame: FLOATING_FRAME,
    panics_max: 0,
    is_emulated: false,
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::Path;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");

    fn text(path: &str) -> String {
        let path = Path::new(ROOT).join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every `Pin(n)` of a constant.
    fn pins(text: &str, constant: &str) -> Vec<String> {
        let after = text.split_once(&format!("const {constant}:")).unwrap().1;
        let value = after.split_once(" =").unwrap().1.split_once(";\n").unwrap().0;
        value.split("Pin(").skip(1).map(|pin| format!("GP{}", pin.split_once(')').unwrap().0)).collect()
    }

    #[test]
    fn the_page_on_the_rp2350_has_the_pins_of_its_firmware() {
        let firmware = text("firmware/board/rp2350/src/pins.rs");
        let eyes = (0..10).map(|eye| format!("EYE{eye}"));
        let encoders = (0..4).flat_map(|encoder| ["A", "B"].map(|channel| format!("ENC{encoder}{channel}")));
        let contacts = ["ESTOP", "GUARD", "RESET", "CHUTE", "RAD", "SMOKE", "BELTSTOP", "FB_EXAM", "FB_RELEASE"];
        let outputs = ["BELT", "GATE", "LAMP_R", "LAMP_A", "LAMP_G", "BUZZER"];
        let terminals = eyes.chain(encoders).chain(contacts.into_iter().chain(outputs).map(str::to_owned));
        let constants = ["EYES", "ENCODERS", "CONTACTS", "GATE_AT_EXAM", "GATE_AT_RELEASE", "OUTPUTS"];
        let wanted: BTreeMap<String, String> =
            terminals.zip(constants.into_iter().flat_map(|constant| pins(&firmware, constant))).collect();
        assert_eq!(wanted.len(), 33);
        let page = text("hardware/wiring/RP2350.md");
        let mut found = BTreeMap::new();
        for row in page.lines().filter(|line| line.starts_with("| ") && line.contains("| GP")) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            found.extend(cells.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())));
        }
        assert_eq!(found, wanted);
        let cable = ["SEND", "HEAR"].map(|constant| pins(&firmware, constant).concat());
        assert!(page.contains(&format!("TX is {}, RX is {}", cable[0], cable[1])));
    }

    #[test]
    fn every_board_has_its_folder() {
        for board in BOARDS {
            let manifest = text(&format!("firmware/board/{}/Cargo.toml", board.name));
            assert!(manifest.contains(&format!("name = \"gatepost-{}\"", board.name)));
        }
    }
}
