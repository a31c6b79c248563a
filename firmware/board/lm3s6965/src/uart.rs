//! The cable: UART0 at 115,200 baud 8N1, a bounded ring each way, filled and emptied by its interrupt.
//!
//! A byte that finds no room, or came damaged, is lost, as on any wire: the frame's checksum finds out, the statistics
//! count the frame, and it is said again.

use crate::clock::HERTZ;
use crate::pins::CABLE;
use crate::registers::{Port, uart};
use crate::shared::Shared;
use gatepost_hardware::link::frame::FRAME_MAX;
use heapless::Deque;
use lm3s6965::interrupt;

pub const BAUD: u32 = 115_200;
/// 22 ms of words at full speed: the main loop comes by every few.
const HEARD_MAX: usize = 256;
const SAID_MAX: usize = 2 * FRAME_MAX;
/// In 64ths of a bit's sixteenth.
const DIVISOR: u32 = (HERTZ * 4 + BAUD / 2) / BAUD;

const RECEIVE_EMPTY: u32 = 1 << 4; // of FR: receive FIFO empty
const SEND_FULL: u32 = 1 << 5; // of FR: transmit FIFO full
const RECEIVED: u32 = 1 << 4 | 1 << 6; // a level reached, or a pause behind some bytes
const SENT: u32 = 1 << 5;

struct Rings {
    heard: Deque<u8, HEARD_MAX>,
    said: Deque<u8, SAID_MAX>,
}

static RINGS: Shared<Rings> = Shared::new(Rings { heard: Deque::new(), said: Deque::new() });

pub fn start() {
    Port::A.alternate().set(u32::from(CABLE));
    Port::A.digital().set(u32::from(CABLE));
    uart::CTL.write(0);
    uart::IBRD.write(DIVISOR >> 6);
    uart::FBRD.write(DIVISOR & 0x3F);
    uart::LCRH.write(0b11 << 5 | 1 << 4); // eight bits, FIFOs on
    uart::IFLS.write(0b001 << 3 | 0b010); // receive at a quarter, send below half
    uart::IM.write(RECEIVED);
    uart::CTL.write(1 << 9 | 1 << 8 | 1);
}

pub fn hear(into: &mut [u8]) -> usize {
    RINGS.with(|rings| {
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
pub fn is_quiet() -> bool {
    RINGS.with(|rings| rings.heard.is_empty())
}

pub fn room() -> usize {
    RINGS.with(|rings| SAID_MAX - rings.said.len())
}

pub fn say(bytes: &[u8]) {
    for &byte in bytes {
        RINGS.with(|rings| {
            let _ = rings.said.push_back(byte); // the caller asked for room
        });
    }
    RINGS.with(send);
}

/// Fills the FIFO; asks to be called again while there is more.
fn send(rings: &mut Rings) {
    while uart::FR.read() & SEND_FULL == 0 {
        let Some(byte) = rings.said.pop_front() else { break };
        uart::DR.write(u32::from(byte));
    }
    if rings.said.is_empty() {
        uart::IM.clear(SENT);
    } else {
        uart::IM.set(SENT);
    }
}

#[interrupt]
fn UART0() {
    uart::ICR.write(uart::MIS.read());
    RINGS.with(|rings| {
        while uart::FR.read() & RECEIVE_EMPTY == 0 {
            let word = uart::DR.read();
            let bad = word >> 8 & 0xF != 0; // framing, parity, break, overrun
            if bad {
                uart::RSR.write(0);
            } else {
                let _ = rings.heard.push_back(word as u8); // lost where there is no room
            }
        }
        send(rings);
    });
}
