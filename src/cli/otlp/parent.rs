//! The span that a request comes from: `traceparent` and `tracestate` (W3C, Trace Context).

use http::HeaderMap;

/// The longest `tracestate` that is passed on, in bytes (W3C, Trace Context, 3.3.1.5).
const MAX_STATE: usize = 512;

/// The span of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
    pub(super) state: String,
    /// Whether the client records the trace: then its other spans are recorded too.
    pub(super) is_sampled: bool,
}

impl Parent {
    /// The span that the header fields name; nothing where they name none, or are invalid.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (Some(value), None) = (all.next(), all.next()) else { return None };
        let parts: Vec<&str> = value.to_str().ok()?.trim().split('-').collect();
        let [version, trace, span, flags, rest @ ..] = parts.as_slice() else { return None };
        let [version] = hex::<1>(version)?;
        // A later version may have more parts.
        if version == 0xff || (version == 0 && !rest.is_empty()) {
            return None;
        }
        let (trace, span, [flags]) = (hex::<16>(trace)?, hex::<8>(span)?, hex::<1>(flags)?);
        if trace == [0; 16] || span == [0; 8] {
            return None;
        }
        let state: Vec<&str> =
            headers.get_all("tracestate").iter().filter_map(|value| value.to_str().ok()).collect();
        let state = state.join(",");
        let state = if state.len() > MAX_STATE { String::new() } else { state };
        Some(Self { trace, span, state, is_sampled: flags & 1 == 1 })
    }
}

/// Bytes of lower-case hexadecimal digits.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 * N || !text.as_bytes().iter().all(is_digit) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn parent(fields: &[(&'static str, &'static str)]) -> Option<Parent> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Parent::of(&headers)
    }

    #[test]
    fn valid_fields_name_a_span() {
        let value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let found = parent(&[("traceparent", value), ("tracestate", "a=1"), ("tracestate", "b=2")]);
        let found = found.unwrap();
        assert_eq!((found.trace[0], found.span[7]), (0x0a, 0x31));
        assert_eq!((&*found.state, found.is_sampled), ("a=1,b=2", true));
        let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-what-comes";
        assert!(!parent(&[("traceparent", later)]).unwrap().is_sampled);
    }

    #[test]
    fn invalid_fields_name_none() {
        for value in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        ] {
            assert_eq!(parent(&[("traceparent", value)]), None, "{value}");
        }
        let value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(parent(&[("traceparent", value), ("traceparent", value)]), None);
        assert_eq!(parent(&[]), None);
    }
}
