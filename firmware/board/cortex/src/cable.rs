//! The cable: a PrimeCell UART (PL011, which many makers put into their chips) at 115,200 baud 8N1, with a bounded ring each
//! way, filled and emptied by its interrupt.
//!
//! A byte that finds no room, or came damaged, is lost, as on any wire: the frame's checksum finds out, the statistics
//! count the frame, and it is said again. It knows nothing of pins and clocks.

use crate::register::Register;
use crate::shared::Shared;
use gatepost_hardware::link::frame::FRAME_MAX;
use heapless::Deque;

pub const BAUD: u32 = 115_200;
/// 22 ms of words at full speed: the main loop comes by every few.
const HEARD_MAX: usize = 256;
const SAID_MAX: usize = 2 * FRAME_MAX;

const RECEIVE_EMPTY: u32 = 1 << 4; // of FR: receive FIFO empty
const SEND_FULL: u32 = 1 << 5; // of FR: transmit FIFO full
const RECEIVED: u32 = 1 << 4 | 1 << 6; // a level reached, or a pause behind some bytes
const SENT: u32 = 1 << 5;

/// The UART's registers, by the names of Arm's manual (DDI 0183).
#[derive(Clone, Copy)]
struct Uart {
    data: Register,
    errors: Register,
    flags: Register,
    divisor: Register,
    fraction: Register,
    line: Register,
    control: Register,
    levels: Register,
    mask: Register,
    asked: Register,
    clear: Register,
}

struct Rings {
    heard: Deque<u8, HEARD_MAX>,
    said: Deque<u8, SAID_MAX>,
}

pub struct Cable {
    uart: Uart,
    rings: Shared<Rings>,
}

impl Cable {
    /// # Safety
    /// A PL011 is at this address whenever the cable is used, and nobody else uses it.
    #[allow(unsafe_code, reason = "see above")]
    pub const unsafe fn at(base: u32) -> Self {
        // SAFETY: as this function's own.
        let uart = unsafe {
            Uart {
                data: Register::at(base),
                errors: Register::at(base + 0x004),
                flags: Register::at(base + 0x018),
                divisor: Register::at(base + 0x024),
                fraction: Register::at(base + 0x028),
                line: Register::at(base + 0x02C),
                control: Register::at(base + 0x030),
                levels: Register::at(base + 0x034),
                mask: Register::at(base + 0x038),
                asked: Register::at(base + 0x040),
                clear: Register::at(base + 0x044),
            }
        };
        Self { uart, rings: Shared::new(Rings { heard: Deque::new(), said: Deque::new() }) }
    }

    /// `hertz`: of the clock that feeds the UART.
    pub fn start(&self, hertz: u32) {
        let divisor = (hertz * 4 + BAUD / 2) / BAUD; // in 64ths of a bit's sixteenth
        self.uart.control.write(0);
        self.uart.divisor.write(divisor >> 6);
        self.uart.fraction.write(divisor & 0x3F);
        self.uart.line.write(0b11 << 5 | 1 << 4); // eight bits, FIFOs on
        self.uart.levels.write(0b001 << 3 | 0b010); // receive at a quarter, send below half
        self.uart.mask.write(RECEIVED);
        self.uart.control.write(1 << 9 | 1 << 8 | 1);
    }

    pub fn hear(&self, into: &mut [u8]) -> usize {
        self.rings.with(|rings| {
            let mut count = 0;
            for place in into {
                let Some(byte) = rings.heard.pop_front() else { break };
                *place = byte;
                count += 1;
            }
            count
        })
    }

    /// Nothing waits to be heard.
    pub fn is_quiet(&self) -> bool {
        self.rings.with(|rings| rings.heard.is_empty())
    }

    pub fn room(&self) -> usize {
        self.rings.with(|rings| SAID_MAX - rings.said.len())
    }

    pub fn say(&self, bytes: &[u8]) {
        for &byte in bytes {
            self.rings.with(|rings| {
                let _ = rings.said.push_back(byte); // the caller asked for room
            });
        }
        self.rings.with(|rings| self.uart.send(rings));
    }

    /// What the UART's interrupt does.
    pub fn attend(&self) {
        self.uart.clear.write(self.uart.asked.read());
        self.rings.with(|rings| {
            self.uart.receive(rings);
            self.uart.send(rings);
        });
    }
}

impl Uart {
    fn receive(&self, rings: &mut Rings) {
        while self.flags.read() & RECEIVE_EMPTY == 0 {
            let word = self.data.read();
            let bad = word >> 8 & 0xF != 0; // framing, parity, break, overrun
            if bad {
                self.errors.write(0);
            } else {
                let _ = rings.heard.push_back(word as u8); // lost where there is no room
            }
        }
    }

    /// Fills the FIFO; asks to be called again while there is more.
    fn send(&self, rings: &mut Rings) {
        while self.flags.read() & SEND_FULL == 0 {
            let Some(byte) = rings.said.pop_front() else { break };
            self.data.write(u32::from(byte));
        }
        if rings.said.is_empty() {
            self.mask.clear(SENT);
        } else {
            self.mask.set(SENT);
        }
    }
}
