//! Tokens that neither a name nor a prefix gives away: long runs of letters and digits in no order of words, for
//! [`vendors`](super::vendors).
//!
//! Words are told from them by how long their letters go on, digests and numbers by their alphabet, encoded data by
//! its marks and its padding, and identities of data by the name in front of them.

use std::ops::Range;

use super::base64_coding::Base64;
use super::data_names::names_data;
use super::pairs::name_before;

/// A run of letters and digits that is shorter may be an identity: those of 128 and 160 bits have up to 27.
const SHORTEST: usize = 28;

/// A run in groups, or of letters alone, has to be longer.
const SHORTEST_GROUPS: usize = 32;

/// A longer run is data.
const LONGEST: usize = 256;

/// A digest has so many hexadecimal digits one after the other (RFC 1321); what is drawn from all letters has not.
const DIGEST: usize = 32;

/// The lengths of lines of encoded data (RFC 7468, section 2; RFC 2045, section 6.8).
const LINES: [usize; 2] = [64, 76];

/// The runs of a part of a text that are drawn.
pub(super) fn runs(text: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let is_run = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut found = Vec::new();
    let mut at = part.start;
    while at < part.end {
        let length = bytes[at..part.end].iter().take_while(|byte| is_run(**byte)).count();
        let run = at..at + length;
        at += length.max(1);
        if !(SHORTEST..=LONGEST).contains(&length) {
            continue;
        }
        if let Some(drawn) = drawn(&text[run.clone()])
            && !is_data(text, &run)
            && !name_before(text, run.start).is_some_and(names_data)
        {
            found.push(run.start + drawn.start..run.start + drawn.end);
        }
    }
    found
}

/// The part of a run that is drawn: a group of it, or all of its groups.
fn drawn(run: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for group in run.split(['-', '_']) {
        if group.len() >= SHORTEST && Kinds::of(group).are_drawn(group.len()) {
            return Some(start..start + group.len());
        }
        start += group.len() + 1;
    }
    let kinds = Kinds::of(run);
    let groups = run.split(['-', '_']).filter(|group| !group.is_empty()).count();
    let all = run.len() >= SHORTEST_GROUPS
        && groups > 1
        && (run.len() / groups >= 8 && kinds.has_all() && kinds.are_drawn(run.len())
            || is_like_identity(run, &kinds));
    all.then_some(0..run.len())
}

/// Whether a run has the groups of an identity of 128 bits, and letters that one has not.
fn is_like_identity(run: &str, kinds: &Kinds) -> bool {
    run.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && kinds.beyond_hex >= 6
        && kinds.digit_runs >= 5
}

/// The characters of a run, by kind.
#[derive(Debug, Default)]
struct Kinds {
    lower: usize,
    upper: usize,
    digits: usize,
    /// Letters that hexadecimal digits do not have.
    beyond_hex: usize,
    lower_runs: usize,
    digit_runs: usize,
    /// The most hexadecimal digits one after the other.
    hex_run: usize,
}

impl Kinds {
    fn of(run: &str) -> Self {
        let mut kinds = Self::default();
        let (mut before, mut hex_run) = (0_u8, 0);
        for byte in run.bytes() {
            hex_run = if byte.is_ascii_hexdigit() { hex_run + 1 } else { 0 };
            kinds.hex_run = kinds.hex_run.max(hex_run);
            match byte {
                b'a'..=b'z' => {
                    kinds.lower += 1;
                    kinds.lower_runs += usize::from(!before.is_ascii_lowercase());
                }
                b'A'..=b'Z' => kinds.upper += 1,
                b'0'..=b'9' => {
                    kinds.digits += 1;
                    kinds.digit_runs += usize::from(!before.is_ascii_digit());
                }
                _ => {}
            }
            kinds.beyond_hex +=
                usize::from(byte.is_ascii_alphabetic() && !byte.is_ascii_hexdigit());
            before = byte;
        }
        kinds
    }

    fn has_all(&self) -> bool {
        self.lower >= 3 && self.upper >= 3 && self.digits >= 2
    }

    fn are_drawn(&self, length: usize) -> bool {
        // Small letters of words go on for longer.
        let are_mixed = self.lower <= 3 * self.lower_runs;
        // A digest, perhaps with a text behind it, as the lines of Git's protocol have it.
        if self.beyond_hex < 4 || self.hex_run >= DIGEST {
            return false;
        }
        match (self.lower >= 3, self.upper >= 3, self.digits >= 2) {
            (true, true, true) => are_mixed,
            (true, true, false) => are_mixed && length >= SHORTEST_GROUPS,
            (true, false, true) | (false, true, true) => self.digit_runs >= 3,
            _ => false,
        }
    }
}

/// Whether a run is a part of encoded data, a digest, or a text that is encoded.
fn is_data(text: &str, run: &Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let own = &text[run.clone()];
    let before = &text[..run.start];
    let digest = own.split(['-', '_']).next().unwrap_or_default();
    if ["sha", "md5", "blake"].iter().any(|name| digest.starts_with(name) && digest.len() <= 8)
        || before.ends_with("base64,")
        || is_content_id(own)
    {
        return true;
    }
    let is_of_data = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    let mut start = run.start;
    while start > 0 && run.start - start <= LONGEST && is_of_data(bytes[start - 1]) {
        start -= 1;
    }
    // A digest of go.sum.
    if text[..start].ends_with("h1:") {
        return true;
    }
    let mut end = run.end;
    while end < bytes.len() && end - run.end <= LONGEST && is_of_data(bytes[end]) {
        end += 1;
    }
    let padded = bytes[run.end..end].first() == Some(&b'=')
        && !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric)
        && text[run.end..end].bytes().all(|byte| byte == b'=');
    let all = &text[start..end];
    let around = all.len() > own.len();
    around && (all.len() > LONGEST || all.contains('+') || padded || !is_path(all))
        || is_line_of_data(text, run)
        || is_encoded_text(own)
}

/// Whether slashes and equal signs separate words.
fn is_path(text: &str) -> bool {
    let first = text.split(['/', '=']).next().unwrap_or_default();
    first.len() <= 24
        && first.bytes().all(|byte| byte.is_ascii_lowercase() || b"_-".contains(&byte))
        || !text.contains('/')
}

/// Whether a run is one of several lines of base64, as certificates are written.
pub(super) fn is_line_of_data(text: &str, run: &Range<usize>) -> bool {
    let (before, after) = (&text[..run.start], &text[run.end..]);
    let begins = before.is_empty() || before.ends_with('\n');
    let ends = after.is_empty() || after.starts_with(['\n', '\r']);
    let is_data = |line: Option<&str>| {
        line.is_some_and(|line| {
            let line = line.trim();
            LINES.contains(&line.len())
                && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
        })
    };
    begins
        && ends
        && (is_data(before.trim_end().rsplit('\n').next())
            || is_data(after.trim_start().split('\n').next()))
}

/// Whether a run is base64 of a text: what is secret in it is found there.
fn is_encoded_text(run: &str) -> bool {
    let decoded = Base64::of(run).and_then(|coding| coding.decode(run));
    let is_readable = |c: char| !c.is_control() || c.is_whitespace();
    decoded
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .is_some_and(|text| text.chars().all(is_readable))
}

/// Whether a run is a digest of content as IPFS writes it.
fn is_content_id(run: &str) -> bool {
    run.len() == 46 && run.starts_with("Qm") || run.len() >= 56 && run.starts_with("baf")
}

#[cfg(test)]
mod tests;
