//! The token that lets a page act: made with the page, good for a day, worthless after a restart of the station.
//!
//! It proves that a form comes from a page this station made (another site's page cannot read one). It says nothing of
//! who sits before it: accounts come later.

use crate::limits::TOKEN_S_MAX;

#[derive(Debug)]
pub struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn new() -> std::io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(Self { key })
    }

    /// A token for a page made at `now_s`, seconds of the station's run.
    pub fn issue(&self, now_s: u64) -> String {
        let mut nonce = [0; 8];
        // Without fresh bytes tokens of one second are alike; they are no easier to guess.
        let _ = getrandom::fill(&mut nonce);
        let head = format!("{now_s:x}-{:016x}", u64::from_le_bytes(nonce));
        format!("{head}-{}", self.mac(&head).to_hex())
    }

    pub fn is_good(&self, token: &str, now_s: u64) -> bool {
        let Some((head, mac)) = token.rsplit_once('-') else { return false };
        let Ok(mac) = blake3::Hash::from_hex(mac) else { return false };
        // `blake3::Hash` compares in constant time.
        if self.mac(head) != mac {
            return false;
        }
        let issued_s = head.split_once('-').and_then(|(issued, _)| u64::from_str_radix(issued, 16).ok());
        issued_s.is_some_and(|issued_s| now_s.saturating_sub(issued_s) <= TOKEN_S_MAX)
    }

    fn mac(&self, head: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.key, head.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_a_day_at_the_station_that_made_it_and_no_other_text_is() {
        let (ours, theirs) = (Tokens::new().unwrap(), Tokens::new().unwrap());
        let token = ours.issue(7);
        assert!(ours.is_good(&token, 7) && ours.is_good(&token, 7 + TOKEN_S_MAX));
        assert!(!ours.is_good(&token, 8 + TOKEN_S_MAX) && !theirs.is_good(&token, 7));
        let later = token.replacen("7-", "8-", 1);
        for other in ["", "-", "7-0-", &token[1..], &token[..token.len() - 1], &later, "é-é-é"] {
            assert!(!ours.is_good(other, 7), "{other}");
        }
        assert_ne!(ours.issue(7), token);
    }
}
