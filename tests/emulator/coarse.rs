//! A lane as the emulator can be driven: every belt with an encoder, a tick of 5 mm.
//!
//! A pin is set by a command of about 0.1 ms; three belts at half a millimetre a tick would be three thousand a second.
//! And a belt without encoder is counted from time, which an emulator on a busy machine does not keep. Nothing else of
//! the lane changes; the firmware takes what the map says.

/// Micrometres.
pub const TICK: &str = "5000";

/// The lane file's text with coarser ticks and an encoder on every belt.
pub fn coarse(text: &str) -> String {
    let change = |line: &str| match line.split_once('=').map(|(key, _)| key.trim()) {
        Some("tick_um") => format!("tick_um = {TICK}"),
        Some("encoder") => "encoder = true".to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(change).collect::<Vec<_>>().join("\n") + "\n"
}
