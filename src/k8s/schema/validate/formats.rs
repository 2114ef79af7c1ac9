//! The formats of texts (`k8s.io/kube-openapi/pkg/validation/strfmt`), of those that upstream knows
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go`); others are not looked at.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

use super::super::super::golang::parse_duration;

/// The formats of texts, without their dashes.
const KNOWN: [&str; 26] = [
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "datetime",
    "duration",
    "email",
    "hexcolor",
    "hostname",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "k8slongname",
    "k8sshortname",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
    "uuid",
    "uuid3",
    "uuid4",
    "uuid5",
];

/// Whether a format is one that upstream keeps for a type.
pub(crate) fn is_known(kind: Option<&str>, format: &str) -> bool {
    match kind {
        None | Some("" | "string") => KNOWN.contains(&format.replace('-', "").as_str()),
        Some("integer") => matches!(format, "int32" | "int64"),
        Some("number") => matches!(format, "float" | "double"),
        Some(_) => false,
    }
}

/// Whether texts are checked against a format.
pub(super) fn is_registered(format: &str) -> bool {
    !format.is_empty() && KNOWN.contains(&format.replace('-', "").as_str())
}

/// Whether a text has a format.
pub(in super::super) fn fits(format: &str, text: &str) -> bool {
    match format.replace('-', "").as_str() {
        "bsonobjectid" => text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()),
        "byte" => is_base64(text),
        "cidr" => is_cidr(text),
        "creditcard" => is_credit_card(text),
        "date" => is_date(text),
        "datetime" => is_date_time(text),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "hexcolor" => {
            let digits = text.strip_prefix('#').unwrap_or(text);
            matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit())
        }
        "hostname" => is_hostname(text),
        "ipv4" => text.contains('.') && is_ip(text),
        "ipv6" => text.contains(':') && text.parse::<Ipv6Addr>().is_ok(),
        "isbn" => is_isbn10(text) || is_isbn13(text),
        "isbn10" => is_isbn10(text),
        "isbn13" => is_isbn13(text),
        "k8sshortname" => text.len() <= 63 && is_label(text),
        "k8slongname" => text.len() <= 253 && text.split('.').all(is_label),
        "mac" => is_mac(text),
        "rgbcolor" => is_rgb(text),
        "ssn" => is_ssn(text),
        "uri" => is_uri(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some(b'3')),
        "uuid4" => is_uuid(text, Some(b'4')),
        "uuid5" => is_uuid(text, Some(b'5')),
        _ => true,
    }
}

fn is_base64(text: &str) -> bool {
    let kept = text.trim_end_matches('=');
    let padding = text.len() - kept.len();
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && padding <= 2
        && kept.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

/// An address as Go's forgiving parser reads it: numbers may begin with zeros.
fn is_ip(text: &str) -> bool {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().is_ok();
    }
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.trim_start_matches('0').len() <= 3
            && part.parse::<u32>().is_ok_and(|number| number < 256)
    };
    parts.len() == 4 && parts.iter().all(number)
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let most = if address.contains(':') { 128 } else { 32 };
    let digits = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
    is_ip(address) && digits && bits.parse::<u32>().is_ok_and(|bits| bits <= most)
}

fn is_credit_card(text: &str) -> bool {
    static CARD: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = "^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|\
                       3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})$";
        Regex::new(pattern).expect("a valid pattern")
    });
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let sum = digits.bytes().rev().enumerate().map(|(at, digit)| {
        let digit = u32::from(digit - b'0') * if at % 2 == 1 { 2 } else { 1 };
        if digit >= 10 { digit % 10 + 1 } else { digit }
    });
    CARD.is_match(&digits) && sum.sum::<u32>().is_multiple_of(10)
}

fn is_date(text: &str) -> bool {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    shape && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = "^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$";
        Regex::new(pattern).expect("a valid pattern")
    });
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    let Some(found) = TIME.captures(time).filter(|_| is_date(date)) else { return false };
    &found[1] <= "23" && &found[2] <= "59" && &found[3] <= "59"
}

/// A duration of Go, or a number with a word for a unit.
fn is_duration(text: &str) -> bool {
    static PART: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("([0-9]+)\\s*([A-Za-zµ]+)").expect("a valid pattern"));
    const EXACT: [&str; 8] = ["ns", "us", "µs", "ms", "s", "m", "h", "hr"];
    const DAYS: [&str; 3] = ["d", "w", "wk"];
    const BEGIN: [&str; 8] = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];
    if parse_duration(text).is_ok() {
        return true;
    }
    let mut known = false;
    for part in PART.captures_iter(text) {
        if part[1].parse::<i64>().is_err() {
            return false;
        }
        let unit = part[2].to_lowercase();
        known |= EXACT.contains(&unit.as_str())
            || DAYS.contains(&unit.as_str())
            || BEGIN.iter().any(|begin| unit.starts_with(begin));
    }
    known
}

/// `mail.ParseAddress`, as far as addresses are written.
fn is_email(text: &str) -> bool {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(rest) => match rest.rsplit_once('<') {
            Some((_, address)) => address,
            None => return false,
        },
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let atom = |text: &str| {
        let is_atext =
            |c: char| c.is_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        !text.is_empty()
            && text.split('.').all(|part| !part.is_empty() && part.chars().all(is_atext))
    };
    let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
    (quoted || atom(local)) && (atom(domain) || domain.starts_with('[') && domain.ends_with(']'))
}

fn is_hostname(text: &str) -> bool {
    static HOST: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = "^([a-zA-Z0-9\\p{S}\\p{L}]((-?[a-zA-Z0-9\\p{S}\\p{L}]{0,62})?)|\
                       ([a-zA-Z0-9\\p{S}\\p{L}](([a-zA-Z0-9-\\p{S}\\p{L}]{0,61}[a-zA-Z0-9\\p{S}\\p{L}])?)(\\.)){1,}\
                       ([a-zA-Z\\p{L}]){2,63})$";
        Regex::new(pattern).expect("a valid pattern")
    });
    text.len() <= 255 && text.split('.').all(|part| part.len() <= 63) && HOST.is_match(text)
}

fn without_dashes(text: &str) -> Vec<u8> {
    text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'-').collect()
}

fn is_isbn10(text: &str) -> bool {
    let digits = without_dashes(text);
    let shape = digits.len() == 10
        && digits[..9].iter().all(u8::is_ascii_digit)
        && (digits[9].is_ascii_digit() || digits[9] == b'X');
    let value = |b: u8| if b == b'X' { 10 } else { u32::from(b - b'0') };
    shape && digits.iter().zip(1..).map(|(b, at)| at * value(*b)).sum::<u32>().is_multiple_of(11)
}

fn is_isbn13(text: &str) -> bool {
    let digits = without_dashes(text);
    let shape = digits.len() == 13 && digits.iter().all(u8::is_ascii_digit);
    let weighted = digits
        .iter()
        .enumerate()
        .map(|(at, b)| u32::from(b - b'0') * if at % 2 == 0 { 1 } else { 3 });
    shape && weighted.sum::<u32>().is_multiple_of(10)
}

fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && inner(bytes[0])
        && inner(bytes[bytes.len() - 1])
        && bytes.iter().all(|b| inner(*b) || *b == b'-')
}

/// `net.ParseMAC`: 6, 8 or 20 bytes, in pairs of digits or with dots in fours.
fn is_mac(text: &str) -> bool {
    let groups = |separator: char, digits: usize, counts: [usize; 3]| {
        let parts: Vec<&str> = text.split(separator).collect();
        let is_group =
            |part: &&str| part.len() == digits && part.bytes().all(|b| b.is_ascii_hexdigit());
        counts.contains(&parts.len()) && parts.iter().all(is_group)
    };
    groups(':', 2, [6, 8, 20]) || groups('-', 2, [6, 8, 20]) || groups('.', 4, [3, 4, 10])
}

fn is_rgb(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("rgb(").and_then(|text| text.strip_suffix(')')) else {
        return false;
    };
    let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
    let number = |part: &&str| part.parse::<u8>().is_ok_and(|number| number.to_string() == **part);
    parts.len() == 3 && parts.iter().all(number)
}

fn is_ssn(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes.iter().enumerate().all(|(at, b)| match at {
            3 | 6 => matches!(b, b'-' | b' '),
            _ => b.is_ascii_digit(),
        })
}

/// `url.ParseRequestURI`: an absolute URI, or an absolute path.
pub(crate) fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.chars().any(|c| c.is_ascii_control()) {
        return false;
    }
    if text == "*" {
        return true;
    }
    let scheme = text.split_once(':').filter(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    let rest = match scheme {
        Some((_, rest)) => rest,
        None if text.starts_with('/') => text,
        None => return false,
    };
    let escapes = |text: &str| {
        text.match_indices('%').all(|(at, _)| {
            text.get(at + 1..at + 3).is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
        })
    };
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        return true;
    }
    let Some(authority) = rest.strip_prefix("//").filter(|_| scheme.is_some()) else {
        return escapes(rest);
    };
    let (authority, path) =
        authority.find('/').map_or((authority, ""), |at| authority.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = match host.rfind(':').filter(|at| !host[*at..].contains(']')) {
        Some(at) => (&host[..at], &host[at + 1..]),
        None => (host, ""),
    };
    let in_host = |c: char| {
        !c.is_ascii() || c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:[]<>\"%".contains(c)
    };
    escapes(path) && port.bytes().all(|b| b.is_ascii_digit()) && name.chars().all(in_host)
}

/// A UUID, with or without dashes.
fn is_uuid(text: &str, version: Option<u8>) -> bool {
    let mut at = 0;
    let mut digits = Vec::with_capacity(32);
    let bytes = text.as_bytes();
    for (length, last) in [(8, false), (4, false), (4, false), (4, false), (12, true)] {
        let Some(group) = bytes.get(at..at + length) else { return false };
        digits.extend_from_slice(group);
        at += length;
        if !last && bytes.get(at) == Some(&b'-') {
            at += 1;
        }
    }
    let is_variant = matches!(digits[16].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b');
    at == bytes.len()
        && digits.iter().all(u8::is_ascii_hexdigit)
        && version.is_none_or(|version| digits[12] == version && (version == b'3' || is_variant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_formats_as_upstream_sees_them() {
        for (format, right, wrong) in [
            ("byte", vec!["aGk=", "AAAA"], vec!["", "!!", "aGk"]),
            (
                "cidr",
                vec!["10.0.0.0/8", "::/0", "010.0.0.0/08"],
                vec!["10.0.0.0", "10.0.0.0/33", "a/8"],
            ),
            ("creditcard", vec!["4111 1111 1111 1111"], vec!["4111 1111 1111 1112", "1"]),
            ("date", vec!["2020-02-29"], vec!["2021-02-29", "2020-13-01", "2020-1-01"]),
            (
                "date-time",
                vec!["2020-01-01T00:00:00Z", "2020-01-01t23:59:59.5+02:00"],
                vec!["yesterday", "2020-01-01T00:00:00", "2020-01-01 00:00:00Z"],
            ),
            ("duration", vec!["5m", "5 minutes", "1 day", "2wk", "-1.5h"], vec!["5", "x", "5 q"]),
            ("email", vec!["a@b", "A <a.b@c.d>", "\"x y\"@z"], vec!["x", "a@", "@b", "a b@c"]),
            ("hexcolor", vec!["#fff", "A0B0C0"], vec!["#ffff", "#ggg"]),
            ("hostname", vec!["a", "a-b.example.com"], vec!["", "a_b", "-a", "a..b"]),
            (
                "ipv4",
                vec!["1.2.3.4", "01.2.3.4", "::ffff:1.2.3.4"],
                vec!["1.2.3", "256.1.1.1", "::1"],
            ),
            ("ipv6", vec!["::1", "fe80::1"], vec!["1.2.3.4", "g::"]),
            ("isbn", vec!["0321751043", "978-0321751041"], vec!["0321751044", "978-0321751040"]),
            ("k8s-short-name", vec!["a-b"], vec!["A", "a.b", "a-"]),
            ("k8s-long-name", vec!["a.b-c"], vec!["a..b", "A"]),
            (
                "mac",
                vec!["00:00:5e:00:53:01", "0000.5e00.5301"],
                vec!["00:00:5e:00:53", "zz:00:5e:00:53:01"],
            ),
            ("rgbcolor", vec!["rgb(0, 1,255)"], vec!["rgb(0,1,256)", "rgb(0,1)", "rgb(00,1,2)"]),
            ("ssn", vec!["123-45-6789"], vec!["123456789", "123-45-678"]),
            (
                "uri",
                vec!["http://a/b", "/a", "mailto:x", "*"],
                vec!["", "a", "http://a b/", "/%zz"],
            ),
            (
                "uuid",
                vec!["0A0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"],
                vec!["x", "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0"],
            ),
            (
                "uuid4",
                vec!["0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"],
                vec!["0a0a0a0a-0a0a-3a0a-8a0a-0a0a0a0a0a0a"],
            ),
        ] {
            for text in right {
                assert!(fits(format, text), "{format} {text:?}");
            }
            for text in wrong {
                assert!(!fits(format, text), "{format} {text:?}");
            }
        }
    }
}
