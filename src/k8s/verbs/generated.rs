//! Generated names (`k8s.io/apiserver/pkg/storage/names/generate.go`).

/// The characters of generated suffixes: no vowels and no look-alikes.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The maximum number of attempts at a generated name.
pub(super) const TRIES: usize = 8;

/// The suffix of a generated name, a different one for each attempt.
pub(super) fn suffix(nonce: u128, attempt: usize) -> String {
    let base = ALPHABET.len() as u128;
    let mut rest = nonce.rotate_left(17 * u32::try_from(attempt).unwrap_or_default());
    let mut out = String::with_capacity(5);
    for _ in 0..5 {
        let index = usize::try_from(rest % base).unwrap_or_default();
        out.push(char::from(ALPHABET[index]));
        rest /= base;
    }
    out
}
