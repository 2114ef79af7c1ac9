//! Base64, read as `encoding/base64` reads it.

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

/// `base64.StdEncoding.DecodeString` with its error text.
pub(in super::super) fn decode_base64_padded(text: &str) -> Result<Vec<u8>, String> {
    let illegal = |at: usize| format!("illegal base64 data at input byte {at}");
    let bytes = text.as_bytes();
    let skip = |mut at: usize| {
        while matches!(bytes.get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        at
    };
    let (mut out, mut bits, mut count, mut at) = (Vec::with_capacity(text.len()), 0_u32, 0, 0);
    loop {
        at = skip(at);
        let Some(byte) = bytes.get(at) else {
            // Padding is required: the error is at the start of the unfinished group.
            return if count == 0 { Ok(out) } else { Err(illegal(at - count)) };
        };
        at += 1;
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if count >= 2 => break,
            _ => return Err(illegal(at - 1)),
        };
        bits = bits << 6 | u32::from(value);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    if count == 2 {
        at = skip(at);
        match bytes.get(at) {
            None => return Err(illegal(bytes.len())),
            Some(b'=') => at += 1,
            Some(_) => return Err(illegal(at - 1)),
        }
    }
    at = skip(at);
    if at < bytes.len() {
        return Err(illegal(at));
    }
    bits <<= 6 * (4 - count);
    out.extend_from_slice(&bits.to_be_bytes()[1..count]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_base64_has_gos_messages() {
        assert_eq!(decode_base64_padded("e30=").unwrap(), b"{}");
        assert_eq!(decode_base64_padded("YQ==\n").unwrap(), b"a");
        assert_eq!(decode_base64_padded("YWJj").unwrap(), b"abc");
        for (text, at) in
            [("!", 0), ("not base64!", 3), ("YQ", 0), ("YQ=", 3), ("YQ=x", 2), ("YQ==YQ==", 4)]
        {
            let message = format!("illegal base64 data at input byte {at}");
            assert_eq!(decode_base64_padded(text).unwrap_err(), message, "{text}");
        }
    }

    #[test]
    fn invalid_base64_has_gos_messages() {
        assert_eq!(decode_base64("e30").unwrap(), b"{}");
        assert_eq!(decode_base64("e31").unwrap(), b"{}");
        assert_eq!(decode_base64("%%%").unwrap_err(), "illegal base64 data at input byte 0");
        assert_eq!(decode_base64("abc=").unwrap_err(), "illegal base64 data at input byte 3");
        assert_eq!(decode_base64("abcde").unwrap_err(), "illegal base64 data at input byte 4");
    }
}
