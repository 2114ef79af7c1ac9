//! Bodies: bytes → text, whatever they are encoded in, and back.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::coding::{Coding, Plain};
use super::pass::Pass;

/// Compressed bodies are looked into as a whole up to this size, in bytes of what they hold: several threads do so at
/// once, and each has a few copies.
const MOST_INFLATED: u64 = 8 << 20;

/// Those whose links are rewritten, up to this one.
const MOST_RECODED: u64 = 64 << 20;

/// The first bytes of gzip (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b, 8];

/// The content coding of a body, from its header fields. The type is detected from the bytes: declared types are
/// often missing or wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Media {
    coding: String,
}

/// A body without its secrets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Redacted {
    /// Nothing in it is secret.
    Same,
    /// Other bytes.
    Changed(Vec<u8>),
    /// It cannot be read: why.
    Opaque(String),
}

impl Media {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        Self { coding: coding.unwrap_or_default().trim().to_ascii_lowercase() }
    }
}

/// What a compressed body holds; nothing where the coding is not known, or the body is not whole.
#[cfg(feature = "record")]
pub(crate) fn decoded(coding: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match coding_of(&coding.trim().to_ascii_lowercase(), bytes)?.decode(bytes, MOST_INFLATED) {
        Plain::Whole(plain) => Some(plain),
        Plain::Broken(..) | Plain::Unknown(_) => None,
    }
}

/// Whether a compressed body holds more than is looked into as a whole.
#[cfg(feature = "record")]
pub(crate) fn holds_much(headers: &HeaderMap, bytes: &[u8]) -> bool {
    let named = coding_of(&Media::of(headers).coding, bytes);
    let coding = named.or_else(|| bytes.starts_with(GZIP).then_some(Coding::Gzip));
    coding.is_some_and(|coding| coding.holds_more(bytes, MOST_INFLATED))
}

/// What the beginning of a compressed body holds; nothing where it cannot be told.
#[cfg(feature = "record")]
pub(crate) fn decoded_beginning(headers: &HeaderMap, bytes: &[u8]) -> Vec<u8> {
    let coding = coding_of(&Media::of(headers).coding, bytes);
    match coding.map(|coding| coding.decode(bytes, MOST_INFLATED)) {
        Some(Plain::Whole(plain) | Plain::Broken(plain, _)) => plain,
        Some(Plain::Unknown(_)) | None => Vec::new(),
    }
}

/// A compressed body whose content went through a function, compressed again; nothing where it stays, or where its
/// coding can only be read.
pub(crate) fn recoded(
    headers: &HeaderMap,
    bytes: &[u8],
    change: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let coding = coding_of(&Media::of(headers).coding, bytes)?;
    let Plain::Whole(plain) = coding.decode(bytes, MOST_RECODED) else { return None };
    coding.encode(&change(&plain)?).ok()
}

fn coding_of(name: &str, bytes: &[u8]) -> Option<Coding> {
    Some(match name {
        "gzip" | "x-gzip" => Coding::Gzip,
        "deflate" if bytes.first().is_some_and(|byte| byte & 0x0f == 8) => Coding::Zlib,
        "deflate" => Coding::Deflate,
        "br" => Coding::Brotli,
        "zstd" => Coding::Zstd,
        _ => return None,
    })
}

impl Pass<'_> {
    /// A body without its secrets.
    pub(crate) fn body(&self, of: &Media, bytes: &[u8]) -> Redacted {
        self.coded(of, bytes, &|text| self.changed(text))
    }

    /// A compressed body inside of a value, where something in it is secret that can be read.
    pub(super) fn compressed_again(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self.body(&Media::default(), bytes) {
            Redacted::Changed(new) => Some(new),
            Redacted::Same | Redacted::Opaque(_) => None,
        }
    }

    /// A body, text by text through a function, whatever it is encoded in.
    pub(crate) fn coded(
        &self,
        of: &Media,
        bytes: &[u8],
        change: &dyn Fn(&str) -> Option<String>,
    ) -> Redacted {
        if bytes.is_empty() {
            return Redacted::Same;
        }
        match of.coding.as_str() {
            "" | "identity" => {}
            "gzip" | "x-gzip" => return self.inflated(Coding::Gzip, bytes, change),
            "deflate" if bytes[0] & 0x0f == 8 => return self.inflated(Coding::Zlib, bytes, change),
            "deflate" => return self.inflated(Coding::Deflate, bytes, change),
            "br" => return self.inflated(Coding::Brotli, bytes, change),
            "zstd" => return self.inflated(Coding::Zstd, bytes, change),
            other => return Redacted::Opaque(format!("it is compressed as {other}")),
        }
        if bytes.starts_with(GZIP) {
            // Compressed, whether the header says so or not.
            return self.inflated(Coding::Gzip, bytes, change);
        }
        if self.of_secrets && bytes.starts_with(b"k8s\0") {
            return Redacted::Opaque("it is a Secret as protobuf".to_owned());
        }
        if let Some(wide) = Wide::of(bytes) {
            let Ok(text) = wide.read(bytes) else {
                return Redacted::Opaque("it is no UTF-16".to_owned());
            };
            return change(&text).map_or(Redacted::Same, |new| Redacted::Changed(wide.write(&new)));
        }
        let (text, latin) = match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), false),
            // One character for each byte: what is secret is ASCII, and all else comes back.
            Err(_) => (Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()), true),
        };
        if latin && is_binary(bytes) {
            // What looks drawn in them is data, of which they may have a digest.
            let before = self.of_data.replace(true);
            let redacted = readable_runs(bytes, change);
            self.of_data.set(before);
            return redacted;
        }
        match change(&text) {
            None => Redacted::Same,
            Some(new) if latin => {
                let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'x');
                Redacted::Changed(new.chars().map(byte).collect())
            }
            Some(new) => Redacted::Changed(new.into_bytes()),
        }
    }

    fn inflated(
        &self,
        coding: Coding,
        bytes: &[u8],
        change: &dyn Fn(&str) -> Option<String>,
    ) -> Redacted {
        let plain = match coding.decode(bytes, MOST_INFLATED) {
            Plain::Whole(plain) => plain,
            // What can be read of it tells.
            Plain::Broken(plain, error) => {
                // A text under a wrong name is one that is not compressed.
                let is_text = std::str::from_utf8(bytes).is_ok();
                let seen = [&plain[..], if is_text { bytes } else { &[] }];
                let is_clean = |bytes: &&[u8]| {
                    matches!(self.coded(&Media::default(), bytes, change), Redacted::Same)
                };
                if seen.iter().all(is_clean) {
                    return Redacted::Same;
                }
                return Redacted::Opaque(format!("it cannot be decompressed: {error}"));
            }
            Plain::Unknown(why) => return Redacted::Opaque(why),
        };
        if plain.starts_with(GZIP) {
            return Redacted::Opaque("it is compressed twice".to_owned());
        }
        match self.coded(&Media::default(), &plain, change) {
            Redacted::Changed(new) => match coding.encode(&new) {
                Ok(bytes) => Redacted::Changed(bytes),
                Err(error) => Redacted::Opaque(error.to_string()),
            },
            other => other,
        }
    }
}

/// Bytes of which more are control characters than texts have.
fn is_binary(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 4096;
    let begins = &bytes[..bytes.len().min(LOOKED_AT)];
    let control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    begins.iter().filter(control).count() * 50 > begins.len()
}

/// The readable runs of binary bytes, each through a function.
fn readable_runs(bytes: &[u8], change: &dyn Fn(&str) -> Option<String>) -> Redacted {
    const SHORTEST: usize = 8;
    let readable =
        |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let mut out = Vec::new();
    let (mut done, mut start) = (0, 0);
    while start < bytes.len() {
        let length = bytes[start..].iter().take_while(|byte| readable(byte)).count();
        let run = &bytes[start..start + length];
        if length >= SHORTEST
            && let Some(new) = std::str::from_utf8(run).ok().and_then(change)
        {
            out.extend_from_slice(&bytes[done..start]);
            out.extend_from_slice(new.as_bytes());
            done = start + length;
        }
        start += length.max(1);
    }
    if done == 0 {
        return Redacted::Same;
    }
    out.extend_from_slice(&bytes[done..]);
    Redacted::Changed(out)
}

/// UTF-16, by the order of its bytes.
#[derive(Clone, Copy)]
enum Wide {
    Little,
    Big,
}

impl Wide {
    /// By the mark at the start, or by the zeros of its first characters.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(Self::Little),
            [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(Self::Big),
            _ => None,
        }
    }

    fn read(self, bytes: &[u8]) -> Result<String, std::char::DecodeUtf16Error> {
        let unit = |pair: &[u8]| {
            let pair = [pair[0], pair.get(1).copied().unwrap_or(0)];
            match self {
                Self::Little => u16::from_le_bytes(pair),
                Self::Big => u16::from_be_bytes(pair),
            }
        };
        char::decode_utf16(bytes.chunks(2).map(unit)).collect()
    }

    fn write(self, text: &str) -> Vec<u8> {
        let pair = |unit: u16| match self {
            Self::Little => unit.to_le_bytes(),
            Self::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(pair).collect()
    }
}
