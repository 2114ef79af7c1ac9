//! Which servers proxied requests and webhooks may reach (`C/common/NetworkAddressRules.java`).

use std::net::{IpAddr, Ipv4Addr};

/// Rules for targets: what one of `allow` takes and none of `deny`; without `allow` everything is taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets {
    allow: Vec<Range>,
    deny: Vec<Range>,
}

/// Addresses or names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Range {
    /// From one address to another, both included.
    Addresses(Ipv4Addr, Ipv4Addr),
    /// Names: `*` stands for at least one character.
    Names(String),
}

impl Targets {
    /// Rules from their texts: `10.1.2.3`, `10.1.1.1-10.2.2.2` or `*.example.com`.
    pub(crate) fn new(allow: &[String], deny: &[String]) -> Self {
        let ranges = |texts: &[String]| texts.iter().map(|text| Range::new(text.trim())).collect();
        Self { allow: ranges(allow), deny: ranges(deny) }
    }

    /// Whether a host may be reached: its name, and every address that it has.
    pub(super) async fn allow(&self, host: &str) -> bool {
        if self.allow.is_empty() && self.deny.is_empty() {
            return true;
        }
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<IpAddr> = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => match tokio::net::lookup_host((host, 0)).await {
                Ok(found) => found.map(|address| address.ip()).collect(),
                // It is not reached anyway.
                Err(_) => Vec::new(),
            },
        };
        self.allow_addresses(host, &addresses)
    }

    fn allow_addresses(&self, host: &str, addresses: &[IpAddr]) -> bool {
        let takes =
            |ranges: &[Range], address| ranges.iter().any(|range| range.takes(host, address));
        let allowed = |address| {
            (self.allow.is_empty() || takes(&self.allow, address)) && !takes(&self.deny, address)
        };
        if addresses.is_empty() {
            return allowed(None);
        }
        addresses.iter().all(|address| allowed(Some(*address)))
    }
}

impl Range {
    fn new(text: &str) -> Self {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        match (from.parse(), to.parse()) {
            (Ok(from), Ok(to)) => Self::Addresses(from, to),
            _ => Self::Names(text.to_ascii_lowercase()),
        }
    }

    fn takes(&self, host: &str, address: Option<IpAddr>) -> bool {
        match self {
            Self::Names(pattern) => {
                let parts: Vec<&str> = pattern.split('*').collect();
                is_like(&parts, &host.to_ascii_lowercase())
            }
            Self::Addresses(from, to) => {
                let address = match address {
                    Some(IpAddr::V4(address)) => Some(address),
                    Some(IpAddr::V6(address)) => address.to_ipv4_mapped(),
                    None => None,
                };
                address.is_some_and(|address| (*from..=*to).contains(&address))
            }
        }
    }
}

/// Whether a text has these parts in their order, with at least one character between two of them.
fn is_like(parts: &[&str], text: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let Some((last, middle)) = rest.split_last() else { return text.is_empty() };
    for part in middle {
        // The first place is the best: it leaves the most for what follows.
        let from = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
        let Some(at) = text[from..].find(part).filter(|_| !text.is_empty()) else { return false };
        text = &text[from + at + part.len()..];
    }
    text.len() > last.len() && text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(allow: &[&str], deny: &[&str]) -> Targets {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Targets::new(&texts(allow), &texts(deny))
    }

    #[tokio::test]
    async fn addresses_are_allowed_and_denied() {
        for (allow, deny, host, allowed) in [
            (&[][..], &[][..], "127.0.0.1", true),
            (&[], &["127.0.0.1"], "127.0.0.1", false),
            (&[], &["127.0.0.1"], "127.0.0.2", true),
            (&[], &["127.0.0.1"], "localhost", false),
            (&["10.1.1.1-10.2.2.2"], &[], "10.1.200.9", true),
            (&["10.1.1.1-10.2.2.2"], &[], "10.2.2.3", false),
            (&["10.1.1.1-10.2.2.2"], &["10.2.0.0-10.2.0.9"], "10.2.0.5", false),
            (&[], &["127.0.0.1"], "[::ffff:127.0.0.1]", false),
        ] {
            assert_eq!(targets(allow, deny).allow(host).await, allowed, "{host}");
        }
    }

    #[test]
    fn names_may_have_wildcards() {
        for (pattern, host, like) in [
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.Example.com", true),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "example.com", false),
            ("api*.x", "api-1.x", true),
            ("a*b*c", "axbxbxc", true),
            ("a*b*c", "axbc", false),
            ("local", "localhost", false),
        ] {
            let rules = targets(&[pattern], &[]);
            assert_eq!(rules.allow_addresses(host, &[]), like, "{pattern} {host}");
        }
    }
}
