//! Who may ask at all: the station's own screen, by an address that is the station's, from a page of the station.
//!
//! Until there are accounts this is all the protection there is, and it is said so: a loopback peer is the officer. The
//! check of the host keeps a foreign page from reaching the station under a name that it made point here.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};

/// 64 hexadecimal digits in lower case: the only thing that ever becomes part of an image's address or a look-up.
pub fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the peer sits at the station itself.
pub fn is_here(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

/// Whether the request names the station by an address or as `localhost`; a name from elsewhere may be anybody's.
pub fn names_us(headers: &HeaderMap) -> bool {
    let Some(host) = text(headers, header::HOST) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name == "localhost" || bare.parse::<IpAddr>().is_ok()
}

/// Whether a form was sent by a page of this very address. Every browser says where a form comes from; one that does
/// not is refused.
pub fn is_own_page(headers: &HeaderMap) -> bool {
    let (Some(origin), Some(host)) = (text(headers, header::ORIGIN), text(headers, header::HOST)) else { return false };
    let site = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin");
    site && origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) == Some(host)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_addresses_and_localhost_name_the_station() {
        for host in ["localhost", "localhost:8380", "127.0.0.1:8380", "[::1]:8380", "[::1]", "10.0.0.7:80"] {
            assert!(names_us(&headers(&[("host", host)])), "{host}");
        }
        for host in ["evil.example", "evil.example:8380", "localhost.evil.example", "127.0.0.1.evil.example", "", ":1"]
        {
            assert!(!names_us(&headers(&[("host", host)])), "{host}");
        }
        assert!(!names_us(&HeaderMap::new()));
    }

    #[test]
    fn a_form_must_say_that_it_is_ours() {
        let ours = [("host", "127.0.0.1:8380"), ("origin", "http://127.0.0.1:8380")];
        assert!(is_own_page(&headers(&ours)));
        assert!(is_own_page(&headers(&[ours[0], ours[1], ("sec-fetch-site", "same-origin")])));
        assert!(!is_own_page(&headers(&[ours[0], ours[1], ("sec-fetch-site", "cross-site")])));
        assert!(!is_own_page(&headers(&[ours[0], ("origin", "http://127.0.0.1:8381")])));
        assert!(!is_own_page(&headers(&[ours[0], ("origin", "null")])) && !is_own_page(&headers(&ours[..1])));
    }

    #[test]
    fn loopback_is_here_in_either_notation() {
        assert!(
            ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"]
                .iter()
                .all(|at| is_here(at.parse().unwrap()))
        );
        assert!(!is_here("10.0.0.1:1".parse().unwrap()) && !is_here("[::ffff:10.0.0.1]:1".parse().unwrap()));
    }

    #[test]
    fn a_digest_is_nothing_else() {
        assert!(is_digest(&"0a".repeat(32)));
        for other in [String::new(), "0A".repeat(32), "0a".repeat(33), format!("{}/", "0".repeat(63)), "é".repeat(32)]
        {
            assert!(!is_digest(&other), "{other}");
        }
    }
}
