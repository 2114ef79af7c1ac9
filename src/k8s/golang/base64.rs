//! Base64 without padding, read as `encoding/base64` reads it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `base64.RawURLEncoding.DecodeString` with its error text.
pub(in super::super) fn decode_base64(text: &str) -> Result<Vec<u8>, String> {
    let illegal = |at: usize| format!("illegal base64 data at input byte {at}");
    // Go skips line breaks everywhere.
    let mut kept = Vec::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\r' | b'\n' => {}
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => kept.push(byte),
            _ => return Err(illegal(at)),
        }
    }
    if kept.len() % 4 == 1 {
        return Err(illegal(text.len() - 1));
    }
    // Go ignores the bits after the last byte; the strict decoder wants them to be zero.
    let loose = match kept.len() % 4 {
        2 => 4,
        3 => 2,
        _ => 0,
    };
    if let (true, Some(last)) = (loose > 0, kept.last_mut()) {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        if let Some(value) = ALPHABET.iter().position(|b| b == last) {
            *last = ALPHABET[(value >> loose) << loose];
        }
    }
    URL_SAFE_NO_PAD.decode(&kept).map_err(|_| illegal(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_base64_has_gos_messages() {
        assert_eq!(decode_base64("e30").unwrap(), b"{}");
        assert_eq!(decode_base64("e31").unwrap(), b"{}");
        assert_eq!(decode_base64("%%%").unwrap_err(), "illegal base64 data at input byte 0");
        assert_eq!(decode_base64("abc=").unwrap_err(), "illegal base64 data at input byte 3");
        assert_eq!(decode_base64("abcde").unwrap_err(), "illegal base64 data at input byte 4");
    }
}
