//! How base64 is written: both alphabets, with and without padding.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// How a value is encoded (RFC 4648, sections 4 and 5).
#[derive(Debug, Clone, Copy)]
pub(super) struct Base64 {
    is_url_safe: bool,
    is_padded: bool,
}

impl Base64 {
    /// The coding of a text that may be base64.
    pub(super) fn of(text: &str) -> Option<Self> {
        let inner = text.trim_end_matches('=');
        let padding = text.len() - inner.len();
        let (mut standard, mut safe) = (false, false);
        for byte in inner.bytes() {
            match byte {
                b'+' | b'/' => standard = true,
                b'-' | b'_' => safe = true,
                byte if byte.is_ascii_alphanumeric() => {}
                _ => return None,
            }
        }
        let fits = inner.len() % 4 != 1 && (padding == 0 || text.len().is_multiple_of(4));
        let is_padded = padding > 0 || inner.len().is_multiple_of(4);
        (fits && !(standard && safe) && padding <= 2)
            .then_some(Self { is_url_safe: safe, is_padded })
    }

    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        self.engine().decode(text).ok()
    }

    pub(super) fn encode(self, bytes: &[u8]) -> String {
        self.engine().encode(bytes)
    }

    fn engine(self) -> GeneralPurpose {
        let alphabet: &Alphabet = if self.is_url_safe { &URL_SAFE } else { &STANDARD };
        let config = GeneralPurposeConfig::new()
            .with_encode_padding(self.is_padded)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        GeneralPurpose::new(alphabet, config)
    }
}
