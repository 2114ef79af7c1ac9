//! Why Go refuses a text as an IP address (`net/netip`).

use std::net::IpAddr;

use super::super::super::super::golang::quote;

/// Reads an address; whether it has a zone.
///
/// # Errors
/// Go's message.
pub(super) fn parse(text: &str) -> Result<(IpAddr, bool), String> {
    let why = match text.find(['.', ':', '%']).map(|at| &text[at..=at]) {
        None => ("unable to parse IP", ""),
        Some("%") => ("missing IPv6 address", ""),
        Some(".") => match text.parse() {
            Ok(ip) => return Ok((IpAddr::V4(ip), false)),
            Err(_) => why_not_v4(text),
        },
        Some(_) => {
            let (address, zone) = text.split_once('%').map_or((text, None), |(a, b)| (a, Some(b)));
            match (zone, address.parse()) {
                (Some(""), _) => ("zone must be a non-empty string", ""),
                (zone, Ok(ip)) => return Ok((IpAddr::V6(ip), zone.is_some())),
                (_, Err(_)) => why_not_v6(address),
            }
        }
    };
    let (why, at) = why;
    let place = if at.is_empty() { String::new() } else { format!(" (at {})", quote(at)) };
    Err(format!("ParseAddr({}): {why}{place}", quote(text)))
}

type Why<'t> = (&'static str, &'t str);

fn why_not_v4(text: &str) -> Why<'_> {
    let (mut value, mut position, mut length) = (0_u32, 0, 0);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if length == 1 && value == 0 {
                    return ("IPv4 field has octet with leading zero", "");
                }
                value = value * 10 + u32::from(byte - b'0');
                length += 1;
                if value > 255 {
                    return ("IPv4 field has value >255", "");
                }
            }
            b'.' => {
                if at == 0 || at == bytes.len() - 1 || bytes[at - 1] == b'.' {
                    return ("IPv4 field must have at least one digit", &text[at..]);
                }
                if position == 3 {
                    return ("IPv4 address too long", "");
                }
                position += 1;
                value = 0;
                length = 0;
            }
            _ => return ("unexpected character", text.get(at..).unwrap_or_default()),
        }
    }
    ("IPv4 address too short", "")
}

fn why_not_v6(text: &str) -> Why<'_> {
    const GROUPS: usize = 8;
    let mut has_ellipsis = text.starts_with("::");
    let mut rest = if has_ellipsis { &text[2..] } else { text };
    let mut groups = 0;
    while groups < GROUPS {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return ("each group must have 4 or less digits", rest);
        }
        if digits == 0 {
            return ("each colon-separated field must have at least one digit", rest);
        }
        if rest[digits..].starts_with('.') {
            if !has_ellipsis && groups != GROUPS - 2 {
                let why = "embedded IPv4 address must replace the final 2 fields of the address";
                return (why, rest);
            }
            if groups > GROUPS - 2 {
                let why = "too many hex fields to fit an embedded IPv4 at the end of the address";
                return (why, rest);
            }
            return why_not_v4(rest);
        }
        groups += 1;
        rest = &rest[digits..];
        if rest.is_empty() {
            break;
        }
        let Some(after) = rest.strip_prefix(':') else {
            return ("unexpected character, want colon", rest);
        };
        if after.is_empty() {
            return ("colon must be followed by more characters", rest);
        }
        rest = after;
        if let Some(after) = rest.strip_prefix(':') {
            if has_ellipsis {
                return ("multiple :: in address", rest);
            }
            has_ellipsis = true;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return ("trailing garbage after address", rest);
    }
    if has_ellipsis {
        return ("the :: must expand to at least one field of zeros", "");
    }
    ("address string too short", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_go() {
        for (text, why) in [
            ("x", "unable to parse IP"),
            ("1.2.3", "IPv4 address too short"),
            ("1.2.3.256", "IPv4 field has value >255"),
            ("01.2.3.4", "IPv4 field has octet with leading zero"),
            ("1.2.3.x", "unexpected character (at \"x\")"),
            ("1::2::3", "multiple :: in address (at \":3\")"),
            ("1:2", "address string too short"),
            ("12345::", "each group must have 4 or less digits (at \"12345::\")"),
            ("1:2:", "colon must be followed by more characters (at \":\")"),
        ] {
            let expected = format!("ParseAddr({text:?}): {why}");
            assert_eq!(parse(text), Err(expected), "{text}");
        }
        assert!(parse("::1%eth0").unwrap().1);
    }
}
