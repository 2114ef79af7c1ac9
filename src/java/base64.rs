//! Base64 as Java's basic decoder reads it (`java.util.Base64.Decoder`): padding may be missing,
//! and the bits after the last byte are ignored.

/// Returns the bytes of a text.
///
/// # Errors
/// The text is not base64: the message is Java's.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, String> {
    // A text becomes bytes of ISO 8859-1; what that does not have becomes a question mark.
    let source: Vec<u8> =
        text.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect();
    if source.len() == 1 {
        return Err("Input byte[] should at least have 2 bytes for base64 bytes".to_owned());
    }
    let mut out = Vec::with_capacity(source.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut at = 0;
    while let Some(&byte) = source.get(at) {
        at += 1;
        if byte == b'=' {
            // The unit has one or two bytes; with one, a second sign of padding follows.
            let is_complete = match held {
                3 => true,
                2 => {
                    at += 1;
                    source.get(at - 1) == Some(&b'=')
                }
                _ => held != 0,
            };
            if !is_complete {
                return Err("Input byte array has wrong 4-byte ending unit".to_owned());
            }
            break;
        }
        let Some(value) = value_of(byte) else {
            return Err(format!("Illegal base64 character {}", signed(byte)));
        };
        bits = bits << 6 | value;
        held += 1;
        if held == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, held) = (0, 0);
        }
    }
    match held {
        1 => return Err("Last unit does not have enough valid bits".to_owned()),
        2 => out.push((bits << 12).to_be_bytes()[1]),
        3 => out.extend_from_slice(&(bits << 6).to_be_bytes()[1..3]),
        _ => {}
    }
    if at < source.len() {
        return Err(format!("Input byte array has incorrect ending byte at {at}"));
    }
    Ok(out)
}

fn value_of(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// Returns a byte as Java writes it in base 16: with a sign.
fn signed(byte: u8) -> String {
    let byte = byte.cast_signed();
    let sign = if byte < 0 { "-" } else { "" };
    format!("{sign}{:x}", byte.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    /// The expected results were taken from Java.
    #[test]
    fn texts_that_other_decoders_refuse() {
        for (text, bytes) in [
            ("", &[][..]),
            ("AB", &[0]),
            ("ABC", &[0, 16]),
            ("AB==", &[0]),
            ("AAB=", &[0, 0]),
            ("AAAA", &[0, 0, 0]),
        ] {
            assert_eq!(decode(text).as_deref(), Ok(bytes), "{text}");
        }
        for (text, why) in [
            ("A", "Input byte[] should at least have 2 bytes for base64 bytes"),
            ("é", "Input byte[] should at least have 2 bytes for base64 bytes"),
            ("AA=", "Input byte array has wrong 4-byte ending unit"),
            ("==AA", "Input byte array has wrong 4-byte ending unit"),
            ("====", "Input byte array has wrong 4-byte ending unit"),
            ("AAAA=", "Input byte array has wrong 4-byte ending unit"),
            ("AAAAA", "Last unit does not have enough valid bits"),
            ("AA==AA", "Input byte array has incorrect ending byte at 4"),
            ("AA==\n", "Input byte array has incorrect ending byte at 4"),
            ("A A=", "Illegal base64 character 20"),
            ("AA-_", "Illegal base64 character 2d"),
            ("éé", "Illegal base64 character -17"),
        ] {
            assert_eq!(decode(text), Err(why.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = STANDARD.encode(&bytes);
            prop_assert_eq!(decode(&text), Ok(bytes.clone()));
            prop_assert_eq!(decode(text.trim_end_matches('=')).ok(), Some(bytes).filter(|_| text.trim_end_matches('=').len() != 1));
        }
    }
}
