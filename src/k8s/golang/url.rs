//! URLs as Go's `net/url` reads them.

use super::quote;

/// The parts of a URL (`url.Parse`). None of them is decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Url<'t> {
    pub(in super::super) scheme: String,
    pub(in super::super) user: Option<&'t str>,
    pub(in super::super) host: &'t str,
    pub(in super::super) query: &'t str,
    pub(in super::super) fragment: &'t str,
}

/// Reads a URL.
///
/// # Errors
/// Go's message.
pub(in super::super) fn parse_url(text: &str) -> Result<Url<'_>, String> {
    let (whole, fragment) = text.split_once('#').unwrap_or((text, ""));
    let wrong = |why: String| format!("parse {}: {why}", quote(whole));
    let mut url = parts(whole).map_err(wrong)?;
    check_escapes(fragment).map_err(|why| format!("parse {}: {why}", quote(text)))?;
    url.fragment = fragment;
    Ok(url)
}

fn parts(text: &str) -> Result<Url<'_>, String> {
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if text == "*" {
        return Ok(Url::default());
    }
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut url = Url { scheme: scheme.to_lowercase(), query, ..Url::default() };
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok(url);
        }
        if rest.split('/').next().unwrap_or_default().contains(':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let has_authority = !scheme.is_empty() || !rest.starts_with("///");
    let path = match rest.strip_prefix("//").filter(|_| has_authority) {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let (user, host) = match authority.rsplit_once('@') {
                Some((user, host)) => (Some(user), host),
                None => (None, authority),
            };
            check_host(host)?;
            if let Some(user) = user {
                check_user(user)?;
            }
            (url.user, url.host) = (user, host);
            path
        }
        None => rest,
    };
    check_escapes(path)?;
    Ok(url)
}

/// Splits the scheme off (`getScheme`).
fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn check_user(user: &str) -> Result<(), String> {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(is_valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    check_escapes(user)
}

/// Checks a host with its port (`parseHost`).
fn check_host(host: &str) -> Result<(), String> {
    match host.rfind('[') {
        Some(0) => {
            let end = host.rfind(']').ok_or("missing ']' in host")?;
            return check_port(&host[end + 1..]);
        }
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    if let Some(at) = host.rfind(':') {
        check_port(&host[at..])?;
    }
    let wrong = |c: &char| c.is_ascii() && !c.is_ascii_alphanumeric() && !HOST.contains(*c);
    if let Some(at) = host.find('%') {
        let escape: String = host[at..].chars().take(3).collect();
        // Only bytes beyond ASCII are escaped in hosts.
        let is_high = escape.len() == 3
            && u8::from_str_radix(&escape[1..], 16).is_ok_and(|byte| byte >= 0x80);
        if !is_high {
            return Err(format!("invalid URL escape {}", quote(&escape)));
        }
    }
    match host.chars().filter(|c| *c != '%').find(wrong) {
        Some(c) => Err(format!("invalid character {} in host name", quote(&c.to_string()))),
        None => Ok(()),
    }
}

/// The characters of hosts besides letters and digits.
const HOST: &str = "-_.~!$&'()*+,;=:[]<>\"";

fn check_port(port: &str) -> Result<(), String> {
    let is_valid = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()),
        None => port.is_empty(),
    };
    if is_valid {
        return Ok(());
    }
    Err(format!("invalid port {} after host", quote(port)))
}

fn check_escapes(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('%') {
        let escape: String = text[at..].chars().take(3).collect();
        if escape.len() != 3 || !escape[1..].bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!("invalid URL escape {}", quote(&escape)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_parts() {
        let url = parse_url("HTTPS://u:p@h:1/a?b#c").unwrap();
        let expected = Url {
            scheme: "https".to_owned(),
            user: Some("u:p"),
            host: "h:1",
            query: "b",
            fragment: "c",
        };
        assert_eq!(url, expected);
        assert_eq!(parse_url("mailto:a b").unwrap().scheme, "mailto");
        assert_eq!(parse_url("//h/a").unwrap().host, "h");
        assert_eq!(parse_url("///a").unwrap().host, "");
    }

    #[test]
    fn wrong_ones_have_gos_messages() {
        for (text, why) in [
            ("a b://c", "first path segment in URL cannot contain colon"),
            (":a", "missing protocol scheme"),
            ("a\nb", "net/url: invalid control character in URL"),
            ("https://a:b/c", "invalid port \":b\" after host"),
            ("https://a b/c", "invalid character \" \" in host name"),
            ("https://[::1/c", "missing ']' in host"),
            ("https://a/%zz", "invalid URL escape \"%zz\""),
            ("https://a%41/", "invalid URL escape \"%41\""),
        ] {
            assert_eq!(parse_url(text), Err(format!("parse {}: {why}", quote(text))));
        }
    }
}
