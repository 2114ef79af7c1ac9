//! Names and values of a query or a form, decoded leniently for stubs: nothing is rejected.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Decoded names and values, in the order sent.
pub(crate) type Parameters<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Returns the parameters of a query. A name or value that is a date with an offset stays as it is,
/// so that its `+` is kept (`C/common/Urls.java`).
pub(crate) fn of_query(raw: &str) -> Parameters<'_> {
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

/// Returns the parameters of a form.
pub(crate) fn of_form(text: &str) -> Parameters<'static> {
    let owned = |text: &str| Cow::Owned(decoded(text).into_owned());
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
    match (raw.contains('+'), raw.contains('%')) {
        (false, false) => Cow::Borrowed(raw),
        (true, false) => Cow::Owned(raw.replace('+', " ")),
        (_, true) => {
            let spaced = raw.replace('+', " ");
            let bytes: Cow<'_, [u8]> = percent_decode(spaced.as_bytes()).into();
            Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
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
        ];
        for (raw, wanted) in table {
            let found = of_query(raw);
            let found: Vec<_> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(found, wanted, "{raw}");
        }
        let form = of_form("a=1+2&&b");
        assert_eq!(form, [("a".into(), "1 2".into()), ("b".into(), "".into())]);
    }
}
