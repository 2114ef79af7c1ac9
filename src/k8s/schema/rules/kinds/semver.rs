//! Semantic versions (`k8s.io/apiserver/pkg/cel/library/semverlib.go`, `github.com/blang/semver/v4`).

use std::cmp::Ordering;

use super::super::super::super::golang::quote;

/// A version: its numbers, and what stands behind a dash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Semver {
    pub(in super::super) numbers: [u64; 3],
    before: Vec<String>,
}

/// The numbers of a version, as messages name them.
const NUMBERS: [&str; 3] = ["major", "minor", "patch"];

impl Semver {
    /// Reads a version; with `loose` it may begin with `v`, lack numbers, and have zeros before them.
    ///
    /// # Errors
    /// Upstream's message.
    pub(in super::super) fn parse(text: &str, loose: bool) -> Result<Self, String> {
        if loose { Self::strict(&normalized(text)?) } else { Self::strict(text) }
    }

    fn strict(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("Version string empty".to_owned());
        }
        let parts: Vec<&str> = text.splitn(3, '.').collect();
        let [major, minor, rest] = parts.as_slice() else {
            return Err("No Major.Minor.Patch elements found".to_owned());
        };
        let (rest, build) = cut(rest, '+');
        let (patch, before) = cut(rest, '-');
        let mut numbers = [0; 3];
        for ((number, text), name) in numbers.iter_mut().zip([major, minor, patch]).zip(NUMBERS) {
            *number = read_number(text, name)?;
        }
        let before: Vec<String> =
            before.map(|text| text.split('.').map(str::to_owned).collect()).unwrap_or_default();
        for word in &before {
            check_word(word)?;
        }
        for word in build.into_iter().flat_map(|text| text.split('.')) {
            if word.is_empty() {
                return Err("Build meta data is empty".to_owned());
            }
            if !is_word(word) {
                let shown = quote(word);
                return Err(format!("Invalid character(s) found in build meta data {shown}"));
            }
        }
        Ok(Self { numbers, before })
    }

    pub(in super::super) fn compare(&self, other: &Self) -> Ordering {
        let is_release = |of: &Self| of.before.is_empty();
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| is_release(self).cmp(&is_release(other)))
            .then_with(|| {
                let mut pairs = self.before.iter().zip(&other.before);
                let first = pairs.find_map(|(a, b)| {
                    let order = compare_words(a, b);
                    order.is_ne().then_some(order)
                });
                first.unwrap_or_else(|| self.before.len().cmp(&other.before.len()))
            })
    }
}

/// A text before a sign and behind it.
fn cut(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign).map_or((text, None), |(text, rest)| (text, Some(rest)))
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_padded(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0')
}

fn read_number(text: &str, name: &str) -> Result<u64, String> {
    let shown = quote(text);
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("Invalid character(s) found in {name} number {shown}"));
    }
    if is_padded(text) {
        let name = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        return Err(format!("{name} number must not contain leading zeroes {shown}"));
    }
    let why = if text.is_empty() { "invalid syntax" } else { "value out of range" };
    text.parse().map_err(|_| format!("strconv.ParseUint: parsing {shown}: {why}"))
}

/// Checks a word behind the dash.
fn check_word(word: &str) -> Result<(), String> {
    let shown = quote(word);
    if word.is_empty() {
        return Err("Prerelease is empty".to_owned());
    }
    if word.bytes().all(|b| b.is_ascii_digit()) {
        if is_padded(word) {
            return Err(format!(
                "Numeric PreRelease version must not contain leading zeroes {shown}"
            ));
        }
    } else if !is_word(word) {
        return Err(format!("Invalid character(s) found in prerelease {shown}"));
    }
    Ok(())
}

/// A loose version as a strict one (`normalizeAndParse`).
fn normalized(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text
        .splitn(3, '.')
        .map(|part| {
            if part.len() <= 1 {
                return part.to_owned();
            }
            let kept = part.trim_start_matches('0');
            let zero = if kept.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
            format!("{zero}{kept}")
        })
        .collect();
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return Err("short version cannot contain PreRelease/Build meta data".to_owned());
    }
    parts.resize(3.max(parts.len()), "0".to_owned());
    Ok(parts.join("."))
}

/// Numbers stand before words.
fn compare_words(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order() {
        let of = |text: &str| Semver::parse(text, false).unwrap();
        for (less, more) in [
            ("1.0.0", "1.0.1"),
            ("1.0.0-a", "1.0.0"),
            ("1.0.0-1", "1.0.0-a"),
            ("1.0.0-a", "1.0.0-a.1"),
        ] {
            assert_eq!(of(less).compare(&of(more)), Ordering::Less, "{less} {more}");
        }
        assert_eq!(Semver::parse("v1.02", true).unwrap().numbers, [1, 2, 0]);
        for (wrong, why) in [
            ("", "Version string empty"),
            ("1.2", "No Major.Minor.Patch elements found"),
            ("v1.2.3", "Invalid character(s) found in major number \"v1\""),
            ("01.2.3", "Major number must not contain leading zeroes \"01\""),
            ("1.2.3-", "Prerelease is empty"),
            ("1.2.3+", "Build meta data is empty"),
        ] {
            assert_eq!(Semver::parse(wrong, false), Err(why.to_owned()), "{wrong}");
        }
    }
}
