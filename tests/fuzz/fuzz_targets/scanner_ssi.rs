//! SSI: no bytes panic or outgrow the bound, splits do not matter, only packets with their checksum are delivered, a
//! clean packet after silence is read and acknowledged.
#![no_main]

use gatepost_hardware::scanner::ssi::packet::{self, Packet, decode_data, encode, resent};
use gatepost_hardware::scanner::ssi::{Ssi, SsiConfig};
use gatepost_hardware::scanner::{FRAME_BYTES_MAX, Scan, ScannerProtocol};
use gatepost_hardware::units::Micros;

/// What came over the line, and when: noise, packets whose checksum fits, the last one again, or that one damaged.
fn bursts(mut data: &[u8]) -> Vec<(Micros, Vec<u8>)> {
    let mut bursts = Vec::new();
    let (mut now, mut last) = (Micros(1), Packet::new());
    while let [wait, what, count, rest @ ..] = data {
        now = now + Micros::from_ms(u64::from(*wait) * 30);
        let (bytes, after) = rest.split_at(usize::from(*count).min(rest.len()));
        let burst = match (what & 7, bytes) {
            (0 | 1, [status, text @ ..]) => encode(packet::DECODE_DATA, packet::DECODER, *status & 3, text),
            (2, [operation, status, text @ ..]) => encode(*operation, packet::DECODER, *status, text),
            (3 | 4, _) => resent(&last, true),
            (5, [index, change, ..]) => {
                let mut damaged = last.clone();
                if let Some(byte) = damaged.get_mut(usize::from(*index)) {
                    *byte ^= change;
                }
                bursts.push((now, damaged.to_vec()));
                None
            }
            _ => {
                bursts.push((now, bytes.to_vec()));
                None
            }
        };
        if let Some(packet) = burst {
            bursts.push((now, packet.to_vec()));
            last = packet;
        }
        data = after;
    }
    bursts
}

/// Every byte of it belongs to a packet whose checksum fits.
fn is_packets(mut raw: &[u8]) -> bool {
    while let [length, ..] = raw {
        let Some((packet, after)) = raw.split_at_checked(usize::from(*length) + 2) else { return false };
        let (bytes, checksum) = packet.split_at(packet.len() - 2);
        if packet::checksum(bytes) != checksum || bytes[1] != packet::DECODE_DATA {
            return false;
        }
        raw = after;
    }
    true
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [setup, script @ ..] = data else { return };
    let config = SsiConfig { handshake: setup & 1 == 0, ..SsiConfig::default() };
    let bursts = bursts(script);
    let run = |step: usize| {
        let mut codec = Ssi::new(&config);
        let mut found = Vec::new();
        let mut now = Micros(1);
        let mut keep = |scan: Scan<'_>| {
            assert!(scan.raw().len() <= FRAME_BYTES_MAX);
            let data = matches!(scan, Scan::Read { .. } | Scan::NoRead { .. });
            assert!(!data || is_packets(scan.raw()), "delivered without a checksum");
            found.push(format!("{scan:?}"));
        };
        for (at, bytes) in &bursts {
            now = *at;
            for piece in bytes.chunks(step) {
                codec.feed(now, piece, &mut keep);
                let _ = codec.owed();
            }
        }
        now = now + Micros::from_ms(20_000);
        while let Some(scan) = codec.idle(now) {
            keep(scan);
        }
        let _ = codec.owed();
        let packet = decode_data(0x03, b"RR473124829GB").next().expect("fits");
        codec.feed(now + Micros(1), &packet, &mut keep);
        assert_eq!(codec.owed(), config.handshake.then_some(packet::HOST_ACK));
        assert!(found.last().is_some_and(|scan| scan.starts_with("Read")), "a clean packet was lost");
        found
    };
    assert_eq!(run(usize::MAX), run(usize::from(setup >> 1) + 1));
});
