//! Messages of many packets: whole or a fault.

use super::*;

/// 600 characters in three packets.
fn long() -> (String, Vec<Vec<u8>>) {
    let text: String = (0..600).map(|index| char::from(b'A' + (index % 26) as u8)).collect();
    let packets: Vec<Vec<u8>> = decode_data(0x1C, text.as_bytes()).map(|packet| packet.to_vec()).collect();
    assert_eq!(packets.len(), 3);
    assert!(packets[..2].iter().all(|packet| packet[0] == 255 && packet[3] == MORE) && packets[2][3] == 0);
    (format!("]Q1 {text}"), packets)
}

fn faults(pieces: &[(u64, &[u8])]) -> Vec<String> {
    let found = heard(&config(""), pieces);
    found.into_iter().map(|(_, word)| word).filter(|word| word.starts_with("fault") || word.starts_with(']')).collect()
}

#[test]
fn a_message_of_many_packets_is_one_scan_with_an_ack_for_each() {
    let (read, packets) = long();
    let pieces: Vec<(u64, &[u8])> = packets.iter().zip(0..).map(|(packet, index)| (index * 300, &packet[..])).collect();
    check("", &pieces, &[(0, "ack"), (300, "ack"), (0, &read), (600, "ack")]);
    let whole = packets.concat();
    let mut codec = Ssi::new(&config(""));
    let mut raw = Vec::new();
    codec.feed(Micros(1), &whole, &mut |scan| raw = scan.raw().to_vec());
    assert_eq!(raw, whole);
}

#[test]
fn the_largest_qr_code_fits() {
    let digits = vec![b'7'; 7_089];
    let whole: Vec<u8> = decode_data(0x1C, &digits).flatten().collect();
    assert_eq!(faults(&[(1, &whole)]), [format!("]Q1 {}", String::from_utf8(digits).expect("digits"))]);
}

#[test]
fn a_damaged_packet_of_a_message_is_sent_again_and_the_message_is_whole() {
    let (read, packets) = long();
    for (index, packet) in packets.iter().enumerate() {
        let mut pieces: Vec<(u64, Vec<u8>)> =
            packets.iter().zip(0..).map(|(packet, index)| (index * 300, packet.clone())).collect();
        pieces[index].1 = flipped(packet, 60);
        pieces.insert(index + 1, (index as u64 * 300 + 100, again(packet)));
        let pieces: Vec<(u64, &[u8])> = pieces.iter().map(|(ms, bytes)| (*ms, &bytes[..])).collect();
        let found = heard(&config(""), &pieces);
        assert!(found.contains(&(0, read.clone())), "{index}");
        assert_eq!(found.iter().filter(|(_, word)| word == "ack").count(), 3);
        assert_eq!(found.iter().filter(|(_, word)| word == "nak").count(), 1);
    }
}

#[test]
fn a_message_with_a_hole_is_no_data() {
    let (_, packets) = long();
    let damaged = flipped(&packets[1], 60);
    // Options 2 and 3 go on without waiting.
    assert_eq!(
        faults(&[(0, &packets[0]), (300, &damaged), (600, &packets[2])]),
        ["fault Checksum", "fault PartMissing"]
    );
    let damaged = flipped(&packets[0], 60);
    assert_eq!(
        faults(&[(0, &damaged), (300, &packets[1]), (600, &packets[2])]),
        ["fault Checksum", "fault PartMissing"]
    );
    // Its end alone would look like a label.
    assert_eq!(faults(&[(0, &flipped(&packets[1], 60)), (300, &packets[2])]), ["fault Checksum", "fault PartMissing"]);
}

#[test]
fn noise_between_the_packets_of_a_message_is_no_hole() {
    let (read, packets) = long();
    let noise = [0x55; 20];
    let pieces: [(u64, &[u8]); 5] =
        [(0, &packets[0]), (300, &noise), (600, &packets[1]), (900, &noise), (1_200, &packets[2])];
    assert_eq!(faults(&pieces), ["fault OutsideFrame", "fault OutsideFrame", &read]);
}

#[test]
fn after_two_acks_for_one_packet_of_a_message_it_is_no_data() {
    let (_, packets) = long();
    let repeated = again(&packets[0]);
    // The decoder took the second ACK for the second packet, which nobody heard.
    assert_eq!(faults(&[(0, &packets[0]), (2_000, &repeated), (2_300, &packets[2])]), ["fault PartMissing"]);
}

#[test]
fn a_message_that_stops_is_said_and_the_next_label_is_read() {
    let (_, packets) = long();
    check(
        "",
        &[(0, &packets[0]), (20_000, &label(ITEM))],
        &[(0, "ack"), (0, "fault Unterminated"), (20_000, READ), (20_000, "ack")],
    );
    // Too soon to know that it stopped: another symbology cannot be a part of it.
    assert_eq!(faults(&[(0, &packets[0]), (1_000, &label(ITEM))]), ["fault PartMissing"]);
}

#[test]
fn a_message_without_end_is_bounded() {
    let endless = vec![b'7'; 40_000];
    let whole: Vec<u8> = decode_data(0x1C, &endless).flatten().collect();
    let found = heard(&config(""), &[(1, &whole), (1_000, &label(ITEM))]);
    let words: Vec<&str> = found.iter().map(|(_, word)| word.as_str()).filter(|word| *word != "ack").collect();
    assert_eq!(words, ["fault TooLong", READ]);
}

#[test]
fn a_message_whose_beginning_was_not_heard_is_late() {
    let (_, packets) = long();
    let first = again(&packets[0]);
    assert_eq!(faults(&[(2_000, &first), (2_300, &packets[1]), (2_600, &packets[2])]), ["fault Late"]);
}

#[test]
fn an_event_in_between_does_not_break_a_message() {
    let (read, packets) = long();
    let event = encode(packet::EVENT, packet::DECODER, 0, &[1]).expect("fits");
    let answer = encode(packet::ACK, packet::DECODER, 0, &[]).expect("fits");
    assert_eq!(
        faults(&[(0, &packets[0]), (9, &event), (300, &packets[1]), (309, &answer), (600, &packets[2])]),
        [read]
    );
}
