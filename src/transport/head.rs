//! The facts about a request's head that the transport needs, collected in one pass over its header
//! fields.

use http::header::{CONNECTION, HOST, HeaderValue, UPGRADE};
use http::{HeaderMap, Version, request};

/// The properties of a connection that a request's header fields determine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeadFacts {
    /// The problem of its `Host`, if any.
    pub(super) wrong_host: Option<&'static str>,
    /// Whether the client will send no further request.
    pub(super) closes: bool,
    /// Whether it requests another protocol.
    pub(super) upgrades: bool,
}

impl HeadFacts {
    pub(super) fn of(headers: &HeaderMap, version: Version) -> Self {
        let mut facts = Self::default();
        let mut hosts = 0;
        for (name, value) in headers {
            if *name == HOST {
                hosts += 1;
                if !is_host(value) {
                    facts.wrong_host = Some("400 Bad Request: malformed Host header");
                }
            } else if *name == CONNECTION {
                facts.closes |= says_close(value);
            } else if *name == UPGRADE {
                facts.upgrades = true;
            }
        }
        // RFC 9112, section 3.2, with the texts of Go's server.
        match hosts {
            0 if version == Version::HTTP_11 => {
                facts.wrong_host = Some("400 Bad Request: missing required Host header");
            }
            0 | 1 => {}
            _ => facts.wrong_host = Some("400 Bad Request: too many Host headers"),
        }
        facts
    }
}

fn says_close(value: &HeaderValue) -> bool {
    let words = value.as_bytes().split(|byte| *byte == b',');
    words.map(<[u8]>::trim_ascii).any(|word| word.eq_ignore_ascii_case(b"close"))
}

/// The bytes allowed in a host: those of `golang.org/x/net/http/httpguts.ValidHostHeader`, without
/// the ones that end a host in a URL.
const HOST_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    let others = b"!$%&'()*+,-.:;=[]_~";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
};

fn is_host(value: &HeaderValue) -> bool {
    value.as_bytes().iter().all(|byte| HOST_BYTES[usize::from(*byte)])
}

/// Adds `Host` to an HTTP/2 request, which has it in its own field (RFC 9113, section 8.3.1): stubs
/// match `Host`.
pub(super) fn name_host(head: &mut request::Parts) {
    if let Some(authority) = head.uri.authority()
        && !head.headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        head.headers.insert(HOST, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_tell_about_the_connection() {
        let of = |fields: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                let name: http::HeaderName = name.parse().unwrap();
                headers.append(name, value.parse().unwrap());
            }
            HeadFacts::of(&headers, Version::HTTP_11)
        };
        let host = ("host", "a:80");
        assert!(of(&[host]).wrong_host.is_none());
        for (fields, why) in [
            (&[][..], "missing"),
            (&[host, host], "too many"),
            (&[("host", "a/b")], "malformed"),
            (&[("host", "a b")], "malformed"),
            (&[("host", "\u{e4}")], "malformed"),
        ] {
            assert!(of(fields).wrong_host.unwrap().contains(why), "{fields:?}");
        }
        for (value, closes) in
            [("close", true), ("keep-alive, Close", true), ("keep-alive", false), ("closed", false)]
        {
            assert_eq!(of(&[host, ("connection", value)]).closes, closes, "{value}");
        }
        assert!(of(&[host, ("upgrade", "websocket")]).upgrades && !of(&[host]).upgrades);
    }
}
