//! A secret → its pseudonym: another value of the same shape, the same one under the same key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A secret with fewer letters and digits, some of them letters, gets a pseudonym of [`LONG`] letters.
const SHORTEST: usize = 4;

/// How many letters they have.
const LONG: usize = 8;

/// The key of pseudonyms. Without it, a pseudonym does not reveal its secret.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// A key from any text.
    pub(crate) fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// A random key.
    pub(crate) fn random() -> Self {
        let bytes: Vec<u8> = (0..2).flat_map(|_| uuid::Uuid::new_v4().into_bytes()).collect();
        Self::of(&bytes)
    }

    /// The pseudonym of a secret. Letters stay letters of their case, digits stay digits, and all else stays
    /// as it is, so that what checks a form still takes it.
    pub(super) fn pseudonym(&self, secret: &str) -> String {
        if let Some(token) = self.json_web_token(secret) {
            return token;
        }
        let characters = secret.chars().filter(|c| c.is_alphanumeric()).count();
        if (1..SHORTEST).contains(&characters) && secret.chars().any(char::is_alphabetic) {
            return self.long(secret);
        }
        self.of_shape(secret)
    }

    /// A pseudonym for a secret of a few letters: those of its shape are few, and two secrets have to stay two.
    fn long(&self, secret: &str) -> String {
        let mut stream = Stream::new(self, secret.as_bytes());
        let first = if secret.chars().any(char::is_lowercase) { b'a' } else { b'A' };
        (0..LONG).map(|_| char::from(first + stream.below(26))).collect()
    }

    /// Other letters and digits in the shape of a secret.
    fn of_shape(&self, secret: &str) -> String {
        let out = drawn(secret, Stream::new(self, secret.as_bytes()));
        // One that comes out as it was says the secret.
        if out == secret {
            drawn(secret, Stream::new(self, &[secret.as_bytes(), b"\0"].concat()))
        } else {
            out
        }
    }

    /// The id of the key, which tells nothing about it.
    pub(crate) fn id(&self) -> String {
        self.digest("key\0", "", 4)
    }

    /// Another key that follows from this one; `purpose` says which.
    #[cfg(feature = "record")]
    pub(super) fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut stream = Stream::new(self, ["derived\0", purpose].concat().as_bytes());
        std::array::from_fn(|_| stream.next())
    }

    /// A hash of a secret: no two secrets have the same, and only the key makes it.
    pub(super) fn tag(&self, secret: &str) -> String {
        self.digest("tag\0", secret, 8)
    }

    /// `bytes` bytes that follow from a text, in hexadecimal.
    fn digest(&self, kind: &str, text: &str, bytes: usize) -> String {
        let mut stream = Stream::new(self, [kind, text].concat().as_bytes());
        (0..bytes).map(|_| format!("{:02x}", stream.next())).collect()
    }

    /// The pseudonym of base64: base64 again, of the pseudonym of what it means.
    pub(super) fn base64(&self, secret: &str) -> String {
        let Ok(bytes) = STANDARD.decode(secret) else { return self.pseudonym(secret) };
        match String::from_utf8(bytes) {
            Ok(text) => STANDARD.encode(self.pseudonym(&text)),
            Err(error) => {
                let bytes = error.into_bytes();
                let mut stream = Stream::new(self, &bytes);
                STANDARD.encode(bytes.iter().map(|_| stream.next()).collect::<Vec<_>>())
            }
        }
    }

    /// A token of three parts (RFC 7519): the header and the times stay, the other claims and the
    /// signature do not.
    fn json_web_token(&self, secret: &str) -> Option<String> {
        let parts: Vec<&str> = secret.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return None };
        if !header.starts_with("eyJ") {
            return None;
        }
        let decoded = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok();
        let decoded = decoded.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let claims = match decoded {
            Some(mut value @ Value::Object(_)) => {
                self.claims(&mut value, "");
                URL_SAFE_NO_PAD.encode(value.to_string())
            }
            _ => self.of_shape(claims),
        };
        Some(format!("{header}.{claims}.{}", self.of_shape(signature)))
    }

    fn claims(&self, value: &mut Value, name: &str) {
        const KEPT: &[&str] = &["iss", "aud", "typ", "token_use", "scope", "azp", "alg"];
        match value {
            Value::String(text) if !KEPT.contains(&name) => *text = self.pseudonym(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.claims(item, name)),
            Value::Object(map) => map.iter_mut().for_each(|(name, value)| self.claims(value, name)),
            _ => {}
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// An endless stream of bytes derived from the key and a secret (HMAC-SHA-256, RFC 2104, over a counter).
struct Stream {
    seed: [u8; 32],
    counter: u64,
    block: [u8; 32],
    at: usize,
}

impl Stream {
    fn new(key: &Key, secret: &[u8]) -> Self {
        let pad = |with: u8| -> Vec<u8> {
            (0..64).map(|at| key.0.get(at).copied().unwrap_or(0) ^ with).collect()
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(secret).finalize();
        let seed = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into();
        Self { seed, counter: 0, block: [0; 32], at: 32 }
    }

    fn next(&mut self) -> u8 {
        if self.at == self.block.len() {
            let block =
                Sha256::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes());
            (self.block, self.at) = (block.finalize().into(), 0);
            self.counter += 1;
        }
        self.at += 1;
        self.block[self.at - 1]
    }

    /// A uniformly distributed number below `count`.
    fn below(&mut self, count: u8) -> u8 {
        let whole = u8::MAX - u8::MAX % count;
        loop {
            let byte = self.next();
            if byte < whole {
                return byte % count;
            }
        }
    }
}

/// Letters and digits of a stream in the shape of a secret.
fn drawn(secret: &str, mut stream: Stream) -> String {
    let mut changed = false;
    // Hexadecimal digits stay such.
    let hex = secret.bytes().all(|byte| byte.is_ascii_hexdigit() || !byte.is_ascii_alphanumeric());
    let letters = if hex { 6 } else { 26 };
    let out: String = secret
        .chars()
        .map(|c| {
            let (first, count) = match c {
                'A'..='Z' => (b'A', letters),
                '0'..='9' => (b'0', 10),
                c if c.is_ascii() && !c.is_ascii_lowercase() => return c,
                _ => (b'a', letters),
            };
            changed = true;
            char::from(first + stream.below(count))
        })
        .collect();
    // One that has neither letters nor digits.
    if changed { out } else { "x".repeat(secret.chars().count()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pseudonym_has_the_shape_of_its_secret() {
        let key = Key::of(b"k");
        let pseudonym = key.pseudonym("sk_live-Ab12.xY/9");
        assert_ne!(pseudonym, "sk_live-Ab12.xY/9");
        let shape = |text: &str| -> String {
            let class = |c: char| match c {
                'a'..='z' => 'a',
                'A'..='Z' => 'A',
                '0'..='9' => '0',
                c => c,
            };
            text.chars().map(class).collect()
        };
        assert_eq!(shape(&pseudonym), shape("sk_live-Ab12.xY/9"));
        assert_eq!(pseudonym, key.pseudonym("sk_live-Ab12.xY/9"), "the same each time");
        assert_ne!(pseudonym, Key::of(b"other").pseudonym("sk_live-Ab12.xY/9"));
        assert_eq!(key.pseudonym("--"), "xx");
        let base64 = key.base64("aHVudGVyMg==");
        assert_eq!(STANDARD.decode(&base64).unwrap().len(), 7);
        assert_ne!(base64, "aHVudGVyMg==");
    }

    #[test]
    fn a_token_keeps_its_times_and_loses_who_it_is() {
        let claims =
            URL_SAFE_NO_PAD.encode(r#"{"exp":1700000000,"iss":"https://i","sub":"alice"}"#);
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJl");
        let pseudonym = Key::of(b"k").pseudonym(&token);
        let parts: Vec<&str> = pseudonym.split('.').collect();
        assert_eq!(parts[0], "eyJhbGciOiJIUzI1NiJ9");
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        assert_eq!(
            (&claims["exp"], &claims["iss"]),
            (&1_700_000_000_i64.into(), &"https://i".into())
        );
        assert_ne!(claims["sub"], "alice");
        assert_ne!(parts[2], "c2lnbmF0dXJl");
    }

    proptest! {
        #[test]
        fn no_pseudonym_is_its_secret(secret in "[a-zA-Z0-9._-]{6,40}[a-z]{6}") {
            let key = Key::of(b"k");
            let pseudonym = key.pseudonym(&secret);
            prop_assert_ne!(&pseudonym, &secret);
            prop_assert_eq!(pseudonym.len(), secret.len());
        }
    }
}
