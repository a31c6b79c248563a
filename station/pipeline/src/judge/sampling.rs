//! The keyed random draw that sends clean parcels to exam.
//!
//! Apart from the judge because it needs a key, and a key is not an input. Who holds the key can make every draw again;
//! who does not, cannot foresee one (DESIGN §4.6).

use crate::pass::PassKey;

/// The draw of one pass: 0 to 9,999, even to one part in 10^15. `station` is the station's name.
pub fn draw(key: &[u8; 32], station: &str, pass: PassKey) -> u16 {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"gatepost sampling 1\0");
    hasher.update(station.as_bytes());
    hasher.update(b"\0");
    hasher.update(pass.to_string().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    (u64::from_le_bytes(first) % 10_000) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(number: u32) -> PassKey {
        PassKey::parse(&format!("A/1/{number}")).unwrap()
    }

    #[test]
    fn a_draw_can_be_made_again_and_every_part_of_the_name_counts() {
        let key = [7; 32];
        assert_eq!(draw(&key, "jfk-1", pass(1)), draw(&key, "jfk-1", pass(1)));
        let others = [draw(&[8; 32], "jfk-1", pass(1)), draw(&key, "jfk-2", pass(1)), draw(&key, "jfk-1", pass(2))];
        assert!(others.iter().all(|&other| other != draw(&key, "jfk-1", pass(1))));
    }

    #[test]
    fn draws_are_even() {
        let sampled = (0..20_000).filter(|&number| draw(&[1; 32], "jfk-1", pass(number)) < 500).count();
        assert!((900..1_100).contains(&sampled), "{sampled} of 20,000 at a rate of 5 %");
    }
}
