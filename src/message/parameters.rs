//! Names and values of a query or a form, decoded leniently for stubs: nothing is rejected.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::decoded::text;

/// Decoded names and values, in the order sent.
pub(crate) type Parameters<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Returns the parameters of a query. A name or value that is a date with an offset stays as it is,
/// so that its `+` is kept (`C/common/Urls.java`). Empty pairs at the end are left out, as by Java's `split`.
pub(crate) fn of_query(raw: &str) -> Parameters<'_> {
    let raw = raw.trim_end_matches('&');
    if raw.is_empty() {
        return Vec::new();
    }
    raw.split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded_query(name), decoded_query(value))
        })
        .collect()
}

/// Returns the parameters of a form. Its escapes stand for bytes in the charset that its type names.
pub(crate) fn of_form(text: &str, content_type: Option<&str>) -> Parameters<'static> {
    let owned = |text: &str| Cow::Owned(decoded_in(text, content_type).into_owned());
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (owned(name), owned(value))
        })
        .collect()
}

fn decoded_query(raw: &str) -> Cow<'_, str> {
    if raw.contains('+') && is_date_with_offset(raw) { Cow::Borrowed(raw) } else { decoded(raw) }
}

/// `+` is a blank and `%41` a byte; what is not an escape stays, and bytes that are not UTF-8 are replaced.
fn decoded(raw: &str) -> Cow<'_, str> {
    decoded_in(raw, None)
}

fn decoded_in<'r>(raw: &'r str, content_type: Option<&str>) -> Cow<'r, str> {
    match (raw.contains('+'), raw.contains('%')) {
        (false, false) => Cow::Borrowed(raw),
        (true, false) => Cow::Owned(raw.replace('+', " ")),
        (_, true) => {
            let spaced = raw.replace('+', " ");
            let bytes: Cow<'_, [u8]> = percent_decode(spaced.as_bytes()).into();
            Cow::Owned(text_of_bytes(content_type, &bytes, &spaced))
        }
    }
}

/// Bytes of an unescaped text. A charset applies to its escapes alone: the rest is decoded already.
fn text_of_bytes(content_type: Option<&str>, bytes: &[u8], raw: &str) -> String {
    if content_type.is_none() {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut out = String::new();
    let mut rest = raw;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let escaped = escapes(&rest[at..]);
        if escaped == 0 {
            out.push('%');
            rest = &rest[at + 1..];
            continue;
        }
        let bytes: Vec<u8> = percent_decode(&rest.as_bytes()[at..at + escaped]).collect();
        out.push_str(&text(content_type, &bytes));
        rest = &rest[at + escaped..];
    }
    out.push_str(rest);
    out
}

/// Returns how many bytes of a text are escapes, from its beginning on.
fn escapes(text: &str) -> usize {
    let (triples, _) = text.as_bytes().as_chunks::<3>();
    let is_escape = |[sign, high, low]: &&[u8; 3]| {
        *sign == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit()
    };
    3 * triples.iter().take_while(is_escape).count()
}

/// Returns whether a text is like `2024-01-31T10:00:00+02:00`: seconds and their decimals may be
/// missing.
fn is_date_with_offset(text: &str) -> bool {
    let digits = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                sign => byte == sign,
            })
    };
    let Some((local, offset)) = text.split_once('+') else {
        return false;
    };
    let seconds = local.split_once('.');
    let (whole, decimals) = seconds.unwrap_or((local, "0"));
    let has_decimals =
        (1..=9).contains(&decimals.len()) && decimals.bytes().all(|b| b.is_ascii_digit());
    let is_local = digits(whole, "0000-00-00T00:00:00")
        || (seconds.is_none() && digits(whole, "0000-00-00T00:00"));
    is_local && has_decimals && (digits(offset, "00:00") || digits(offset, "00:00:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_and_none_is_refused() {
        let table = [
            ("a=1&b=x+y%2Cz&a=2", vec![("a", "1"), ("b", "x y,z"), ("a", "2")]),
            ("flag&=v", vec![("flag", ""), ("", "v")]),
            ("a=%zz&b=%ff", vec![("a", "%zz"), ("b", "\u{fffd}")]),
            ("at=2024-01-31T10:00:00+02:00", vec![("at", "2024-01-31T10:00:00+02:00")]),
            ("at=2024-01-31T10:00:00.5+02:00", vec![("at", "2024-01-31T10:00:00.5+02:00")]),
            ("at=2024-01-31+02:00", vec![("at", "2024-01-31 02:00")]),
            ("", vec![]),
            ("&&", vec![]),
            ("&a=1&", vec![("", ""), ("a", "1")]),
        ];
        for (raw, wanted) in table {
            let found = of_query(raw);
            let found: Vec<_> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(found, wanted, "{raw}");
        }
        let form = of_form("a=1+2&&b", None);
        assert_eq!(form, [("a".into(), "1 2".into()), ("b".into(), "".into())]);
        let latin = of_form("a=%E9é", Some("x; charset=ISO-8859-1"));
        assert_eq!(latin, [("a".into(), "éé".into())]);
    }
}
