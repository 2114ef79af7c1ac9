//! The kinds of secrets, filled with values.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// Header fields with their line ends, and a body.
pub(super) type Answer = (String, Vec<u8>);

/// A planted secret.
pub(super) struct Case {
    pub(super) kind: String,
    pub(super) place: String,
    pub(super) text: String,
    pub(super) secrets: Vec<String>,
}

/// All kinds, each with its own values.
pub(super) fn cases() -> Vec<Case> {
    let kinds: Value = serde_json::from_str(include_str!("kinds.json")).expect("a list of kinds");
    let mut values = Values(7);
    let listed = kinds.as_array().expect("a list").iter().map(|kind| {
        let text_of = |at: usize| kind[at].as_str().expect("a text").to_owned();
        (text_of(0), text_of(1), text_of(2))
    });
    let case = |(kind, place, text): (String, String, String)| {
        let mut secrets = Vec::new();
        let text = values.fill(&text, &mut secrets);
        Case { kind, place, text, secrets }
    };
    listed.chain(super::unnamed::kinds()).map(case).collect()
}

impl Case {
    /// The request: method, target, header fields, body.
    pub(super) fn request(
        &self,
        at: usize,
    ) -> (&'static str, String, Vec<(String, String)>, String) {
        let path = format!("/k{at}");
        let text = self.text.clone();
        let typed = |media: &str| vec![("content-type".to_owned(), media.to_owned())];
        if let Some(name) = self.place.strip_prefix("request header ") {
            return ("GET", path, vec![(name.to_ascii_lowercase(), text)], String::new());
        }
        match self.place.as_str() {
            "query" => ("GET", format!("{path}?a=b&{text}"), Vec::new(), String::new()),
            "path" => ("GET", path + &text, Vec::new(), String::new()),
            "form" => ("POST", path, typed("application/x-www-form-urlencoded"), text),
            place => match place.strip_prefix("body ") {
                Some(media) => ("POST", path, typed(media), text),
                None if place.starts_with("echo ") => (
                    "POST",
                    path,
                    typed("application/json"),
                    serde_json::json!({"password": text}).to_string(),
                ),
                None => ("GET", path, Vec::new(), String::new()),
            },
        }
    }

    /// What the backend answers.
    pub(super) fn answer(&self) -> Answer {
        let typed = |media: &str| format!("content-type: {media}\r\n");
        if let Some(name) = self.place.strip_prefix("answer header ") {
            return (format!("{name}: {}\r\n{}", self.text, typed("text/plain")), b"ok".to_vec());
        }
        if let Some(media) = self.place.strip_prefix("answer ") {
            let text = self.text.as_bytes();
            if let Some(media) = media.strip_suffix("+gzip") {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(text).expect("memory");
                return (
                    typed(media) + "content-encoding: gzip\r\n",
                    encoder.finish().expect("memory"),
                );
            }
            if let Some(media) = media.strip_suffix("+deflate") {
                let mut encoder =
                    flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(text).expect("memory");
                return (
                    typed(media) + "content-encoding: deflate\r\n",
                    encoder.finish().expect("memory"),
                );
            }
            return (typed(media), text.to_vec());
        }
        match self.place.strip_prefix("echo ") {
            Some(encoding) => (
                typed("text/plain"),
                format!("you sent {} to me", encoded(&self.text, encoding)).into_bytes(),
            ),
            None => (typed("text/plain"), b"ok".to_vec()),
        }
    }
}

/// A text in an encoding.
fn encoded(text: &str, encoding: &str) -> String {
    let percent = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    match encoding {
        "percent" => percent(text),
        "percent2" => percent(&percent(text)),
        "base64" => STANDARD.encode(text),
        "base64url" => URL_SAFE_NO_PAD.encode(text),
        "basic" => STANDARD.encode(format!("me:{text}")),
        "hex" => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        "unicode" => text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        "json" => Value::from(text).to_string(),
        "upper-percent" => text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        "html" => text.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#x27;"),
        _ => text.to_owned(),
    }
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Values that no other text has, the same ones in each run.
struct Values(u64);

impl Values {
    fn next(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % below
    }

    fn of(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.next(alphabet.len())])).collect()
    }

    fn token(&mut self, length: usize) -> String {
        self.of(LETTERS, length - 4) + "aB" + &self.of(b"0123456789", 2)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.next(256)).expect("a byte")).collect()
    }

    fn word(&mut self) -> String {
        format!("S3cr{}9x", self.of(LETTERS, 8))
    }

    /// A text with values in place of `{s}` and the like.
    fn fill(&mut self, text: &str, secrets: &mut Vec<String>) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            let name = rest[at + 1..].split('}').next().unwrap_or_default();
            let value = self.value(name, secrets).filter(|_| rest[at + 1..].contains('}'));
            if let Some(value) = value {
                out.push_str(&value);
                rest = &rest[at + name.len() + 2..];
            } else {
                out.push('{');
                rest = &rest[at + 1..];
            }
        }
        out + rest
    }

    fn value(&mut self, name: &str, secrets: &mut Vec<String>) -> Option<String> {
        let length =
            |of: char| name.strip_prefix(of).and_then(|digits| digits.parse::<usize>().ok());
        let value = match name {
            "s" => self.word(),
            "A" => self.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 14) + "7Q",
            "a" => self.token(36),
            "x" => self.of(b"0123456789abcdef", 39) + "7",
            "b" => STANDARD.encode(self.bytes(30)),
            "b64u" | "b64u2" => URL_SAFE_NO_PAD.encode(self.bytes(31)) + "a7",
            "d" | "d2" => format!("7{}", self.of(b"0123456789", 8)),
            "low43" => self.of(b"abcdefghijklmnopqrstuvwxyz0123456789", 42) + "7",
            "u" | "u2" => uuid_of(&self.of(b"0123456789abcdef", 32)),
            "p" => {
                let value = STANDARD.encode(self.bytes(20));
                secrets.push(value.clone());
                return Some(value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
            }
            "j" => {
                let (subject, signature) = (self.word(), URL_SAFE_NO_PAD.encode(self.bytes(32)));
                let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{subject}"}}"#));
                secrets.extend([subject, signature.clone()]);
                return Some(format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.{signature}"));
            }
            "basic" | "b64s" | "b64json" | "b64ujson" | "b64pem" | "b64docker" => {
                let secret = self.word();
                let whole = match name {
                    "basic" => format!("user:{secret}"),
                    "b64s" => secret.clone(),
                    "b64pem" => format!(
                        "-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n"
                    ),
                    "b64docker" => format!(
                        r#"{{"auths":{{"r":{{"auth":"{}"}}}}}}"#,
                        STANDARD.encode(format!("u:{secret}"))
                    ),
                    _ => format!(r#"{{"password":"{secret}","a":"?>~"}}"#),
                };
                let url_safe = name == "b64ujson";
                let value =
                    if url_safe { URL_SAFE_NO_PAD.encode(whole) } else { STANDARD.encode(whole) };
                secrets.extend([secret, value.clone()]);
                return Some(value);
            }
            _ => match (length('a'), length('x')) {
                (Some(length), _) => self.token(length),
                (_, Some(length)) => self.of(b"0123456789abcdef", length - 1) + "7",
                _ => return None,
            },
        };
        secrets.push(value.clone());
        Some(value)
    }
}

fn uuid_of(hex: &str) -> String {
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
