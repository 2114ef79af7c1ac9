//! Header fields of one connection, which a proxy does not pass on (RFC 9110, section 7.6.1).

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;

const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Removes the header fields of the connection from a request. That the client takes trailers is passed on, and which
/// ones it sends, since trailers are.
pub(super) fn of_request(headers: &mut HeaderMap, takes_trailers: bool) {
    let trailer = headers.get(header::TRAILER).cloned();
    end_to_end(headers);
    if takes_trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    if let Some(trailer) = trailer {
        headers.insert(header::TRAILER, trailer);
    }
}

/// Removes the header fields of the connection from an answer. The names of trailers stay for a client that
/// takes them.
pub(super) fn of_answer(headers: &mut HeaderMap, takes_trailers: bool) {
    let trailer = headers.get(header::TRAILER).filter(|_| takes_trailers).cloned();
    end_to_end(headers);
    if let Some(trailer) = trailer {
        headers.insert(header::TRAILER, trailer);
    }
}

/// Whether a client takes trailers.
pub(super) fn takes_trailers(headers: &HeaderMap) -> bool {
    let tokens = headers.get_all(header::TE).iter().filter_map(|value| value.to_str().ok());
    tokens
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case("trailers"))
}

/// The protocol that a request wants to change to, or an answer changes to (RFC 9110, section 7.8).
pub(super) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let mut words = named.flat_map(|value| value.split(','));
    let upgrades = words.any(|word| word.trim().eq_ignore_ascii_case("upgrade"));
    headers.get(header::UPGRADE).filter(|_| upgrades).cloned()
}

/// Sets the fields that change the protocol.
pub(super) fn set_upgrade(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, protocol);
}

fn end_to_end(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for name in &named {
            headers.remove(name);
        }
    }
    // One look at each of the few fields costs less than a search for each of these names.
    let found: SmallVec<[HeaderName; 4]> =
        headers.keys().filter(|name| HOP_BY_HOP.contains(name)).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn fields_of_the_connection_end_with_it() {
        let sent = [("connection", "x-hop, keep-alive"), ("x-hop", "1"), ("keep-alive", "5")];
        let mut headers =
            fields(&[&sent[..], &[("te", "gzip, Trailers"), ("x-end", "1")]].concat());
        let takes = takes_trailers(&headers);
        of_request(&mut headers, takes);
        assert_eq!(headers, fields(&[("x-end", "1"), ("te", "trailers")]));
        for (takes, left) in [(true, 2), (false, 1)] {
            let mut headers = fields(&[("trailer", "x-sum"), ("x-end", "1"), ("upgrade", "h2c")]);
            of_answer(&mut headers, takes);
            assert_eq!(headers.len(), left, "{headers:?}");
        }
    }

    #[test]
    fn an_upgrade_needs_both_fields() {
        for (list, wanted) in [
            (&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")][..], true),
            (&[("connection", "keep-alive"), ("upgrade", "websocket")], false),
            (&[("connection", "upgrade")], false),
        ] {
            assert_eq!(upgrade(&fields(list)).is_some(), wanted, "{list:?}");
        }
    }
}
