//! Percent-decoding of paths and queries, in one place so that every stage agrees on what was asked.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A request target that cannot be decoded. Answered with 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// A `%` that two hexadecimal digits do not follow.
    #[error("invalid URL escape {0:?}")]
    Escape(String),
    /// Escapes that decode to bytes that are not UTF-8.
    #[error("{0:?} does not decode to UTF-8 text")]
    Utf8(String),
}

/// Decodes one path segment (or a whole path). Borrows when there is nothing to decode.
///
/// # Errors
/// [`TargetError`] for a broken escape or for bytes that are not UTF-8.
pub(crate) fn decode_segment(raw: &str) -> Result<Cow<'_, str>, TargetError> {
    if !raw.contains('%') {
        return Ok(Cow::Borrowed(raw));
    }
    check_escapes(raw)?;
    percent_decode_str(raw).decode_utf8().map_err(|_| TargetError::Utf8(raw.to_owned()))
}

fn check_escapes(raw: &str) -> Result<(), TargetError> {
    let bytes = raw.as_bytes();
    for (at, _) in raw.match_indices('%') {
        let digits = bytes.get(at + 1..at + 3);
        if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
            let shown = raw.get(at..raw.len().min(at + 3)).unwrap_or("%");
            return Err(TargetError::Escape(shown.to_owned()));
        }
    }
    Ok(())
}

/// The decoded parameters of a query, in the order sent. `+` is a space, as in HTML forms and in
/// Go's `net/url`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    /// Decodes a raw query (without its `?`).
    ///
    /// # Errors
    /// [`TargetError`] for the first parameter that cannot be decoded.
    pub(crate) fn parse(raw: Option<&'a str>) -> Result<Self, TargetError> {
        let Some(raw) = raw.filter(|r| !r.is_empty()) else {
            return Ok(Self::default());
        };
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode_form(key)?, decode_form(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// Decodes a raw query as Go's `url.ParseQuery` does for a server that ignores its error: parameters with a broken
    /// escape or a `;` are left out, and bytes that are not UTF-8 are replaced.
    #[must_use]
    pub(crate) fn of_go(raw: Option<&'a str>) -> Self {
        let pairs = raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let readable = pairs.filter(|pair| !pair.contains(';')).filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode_lossy(key)?, decode_lossy(value)?))
        });
        Self(readable.collect())
    }

    /// The first value of a parameter: of duplicates the first counts, as in a Kubernetes API server.
    #[must_use]
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// Returns all values of a parameter, in the order sent.
    pub(crate) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// Returns every parameter, in the order sent.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }
}

fn decode_lossy(raw: &str) -> Option<Cow<'_, str>> {
    match decode_form(raw) {
        Ok(text) => Some(text),
        Err(TargetError::Escape(_)) => None,
        Err(TargetError::Utf8(_)) => {
            let bytes: Vec<u8> = percent_decode_str(&raw.replace('+', " ")).collect();
            Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
        }
    }
}

fn decode_form(raw: &str) -> Result<Cow<'_, str>, TargetError> {
    if raw.contains('+') {
        let spaced = raw.replace('+', " ");
        return decode_segment(&spaced).map(|text| Cow::Owned(text.into_owned()));
    }
    decode_segment(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_decode_like_forms() {
        let query = Query::parse(Some("a=1&b=x+y%2Cz&a=2&flag&=v")).unwrap();
        assert_eq!(query.first("a"), Some("1"));
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.first("b"), Some("x y,z"));
        assert_eq!(query.first("flag"), Some(""));
        assert_eq!(query.first("missing"), None);
    }

    #[test]
    fn what_go_cannot_read_of_a_query_is_left_out() {
        let query = Query::of_go(Some("limit=1;2&a=%zz&%=1&b=%ff&limit=3&c;d=4&e=x+y"));
        assert_eq!(
            query.iter().collect::<Vec<_>>(),
            [("b", "\u{fffd}"), ("limit", "3"), ("e", "x y")]
        );
        assert_eq!(Query::of_go(None), Query::default());
    }

    #[test]
    fn broken_escapes_are_named() {
        assert_eq!(decode_segment("a%zzb"), Err(TargetError::Escape("%zz".into())));
        assert_eq!(decode_segment("a%2"), Err(TargetError::Escape("%2".into())));
        assert_eq!(decode_segment("a%é"), Err(TargetError::Escape("%é".into())));
        assert!(matches!(decode_segment("%ff"), Err(TargetError::Utf8(_))));
        assert_eq!(decode_segment("%E4%BD%A0").unwrap(), "你");
    }
}
