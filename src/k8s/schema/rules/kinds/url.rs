//! URLs (`k8s.io/apiserver/pkg/cel/library/urls.go`).

use std::collections::BTreeMap;

use super::super::super::super::golang::quote;
use super::super::super::validate::is_uri;

/// An absolute URI or an absolute path.
#[derive(Debug, Clone)]
pub(in super::super) struct Url {
    pub(in super::super) text: String,
    pub(in super::super) scheme: String,
    pub(in super::super) host: String,
    pub(in super::super) path: String,
    query: String,
}

/// A path with escapes for what is no ASCII (`URL.EscapedPath`).
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Url {
    /// Reads a URL as Go's `ParseRequestURI` does.
    ///
    /// # Errors
    /// Upstream's message.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        if !is_uri(text) {
            return Err(format!("parse {}: {}", quote(text), why_not(text)));
        }
        let (rest, _) = text.split_once('#').unwrap_or((text, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, rest)) if !scheme.contains('/') => (scheme.to_lowercase(), rest),
            _ => (String::new(), rest),
        };
        let (host, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.find('/').map_or((rest, ""), |at| rest.split_at(at)),
            None => ("", rest),
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        // What is no path behind the scheme is opaque: it has none.
        let path = if path.starts_with('/') { path } else { "" };
        Ok(Self {
            text: text.to_owned(),
            scheme,
            host: host.to_owned(),
            path: escaped(path),
            query: query.to_owned(),
        })
    }

    /// Where the port begins in the host.
    fn colon(&self) -> Option<usize> {
        self.host.rfind(':').filter(|at| !self.host[*at..].contains(']'))
    }

    /// The host without its port, and without brackets.
    pub(in super::super) fn hostname(&self) -> &str {
        let name = self.colon().map_or(self.host.as_str(), |at| &self.host[..at]);
        name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name)
    }

    pub(in super::super) fn port(&self) -> &str {
        self.colon().map_or("", |at| &self.host[at + 1..])
    }

    /// The parameters, each with its values.
    pub(in super::super) fn parameters(&self) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        };
        for part in self.query.split('&').filter(|part| !part.is_empty() && !part.contains(';')) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            found.entry(decode(name)).or_default().push(decode(value));
        }
        found
    }
}

/// Why Go refuses a text as a URL.
fn why_not(text: &str) -> String {
    if text.is_empty() {
        return "empty url".to_owned();
    }
    if text.chars().any(|c| c.is_ascii_control()) {
        return "net/url: invalid control character in URL".to_owned();
    }
    if text.starts_with(':') {
        return "missing protocol scheme".to_owned();
    }
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let escape: String = rest[at..].chars().take(3).collect();
        if escape.len() < 3 || !escape[1..].bytes().all(|b| b.is_ascii_hexdigit()) {
            return format!("invalid URL escape {}", quote(&escape));
        }
        rest = &rest[at + 1..];
    }
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        if let Some(bad) = host
            .chars()
            .find(|c| matches!(c, ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}'))
        {
            return format!("invalid character {} in host name", quote(&bad.to_string()));
        }
        if let Some(at) = host.rfind(':') {
            return format!("invalid port {} after host", quote(&host[at..]));
        }
    }
    "invalid URI for request".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_parts() {
        let url = Url::parse("https://u@example.com:80/a%20b?k=1&k=2&e").unwrap();
        let parts = (&*url.scheme, &*url.host, url.hostname(), url.port(), &*url.path);
        assert_eq!(parts, ("https", "example.com:80", "example.com", "80", "/a%20b"));
        assert_eq!(url.parameters()["k"], ["1", "2"]);
        assert_eq!(Url::parse("https://[::1]:80/").unwrap().hostname(), "::1");
        let why = "parse \"a/b\": invalid URI for request";
        assert_eq!(Url::parse("a/b").unwrap_err(), why);
    }
}
