//! The address of a store: `etcd://HOST:PORT[,HOST:PORT..]/PREFIX`.

use std::fmt;
use std::str::FromStr;

/// The port of etcd for its clients.
const PORT: u16 = 2379;

/// The members of an etcd cluster, and the prefix of the keys in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreAddress {
    /// `host:port` of each member.
    pub(crate) members: Vec<String>,
    /// Without a slash at the end.
    pub(crate) prefix: String,
}

/// An address that names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not the address of a store: {why}; write etcd://HOST:PORT[,HOST:PORT..]/PREFIX"
)]
pub(crate) struct BadStoreAddress {
    text: String,
    why: String,
}

impl FromStr for StoreAddress {
    type Err = BadStoreAddress;

    fn from_str(text: &str) -> Result<Self, BadStoreAddress> {
        let wrong = |why: &str| BadStoreAddress { text: text.to_owned(), why: why.to_owned() };
        let rest =
            text.strip_prefix("etcd://").ok_or_else(|| wrong("it does not begin with etcd://"))?;
        let (hosts, prefix) = rest
            .split_once('/')
            .ok_or_else(|| wrong("it has no prefix for the keys after the hosts"))?;
        if hosts.contains('@') {
            return Err(wrong("this version has no user and password of etcd"));
        }
        let prefix = prefix.trim_end_matches('/');
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
        if prefix.is_empty() || !prefix.bytes().all(fits) {
            return Err(wrong("the prefix has one or more letters, digits, '-', '_', '.' and '/'"));
        }
        let member = |host: &str| {
            // A colon after the brackets of an IPv6 address begins the port.
            let at = host.rfind(']').unwrap_or(0);
            let full =
                if host[at..].contains(':') { host.to_owned() } else { format!("{host}:{PORT}") };
            let has_name = !host.is_empty() && !host.starts_with(':');
            let parsed = full.parse::<http::uri::Authority>().ok().filter(|_| has_name);
            parsed.filter(|of| of.port_u16().is_some()).map(|_| full)
        };
        let members: Option<Vec<String>> = hosts.split(',').map(member).collect();
        let members = members.ok_or_else(|| wrong("each member of etcd is HOST or HOST:PORT"))?;
        Ok(Self { members, prefix: format!("/{prefix}") })
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "etcd://{}{}", self.members.join(","), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_members_and_a_prefix() {
        for (text, members, prefix) in [
            ("etcd://a:1/p", &["a:1"][..], "/p"),
            (
                "etcd://a,b:2,[::1]:3,[::1]/p/q/",
                &["a:2379", "b:2", "[::1]:3", "[::1]:2379"],
                "/p/q",
            ),
        ] {
            let address: StoreAddress = text.parse().unwrap();
            assert_eq!(
                (address.members.as_slice(), &*address.prefix),
                (&*members.iter().map(|of| (*of).to_owned()).collect::<Vec<_>>(), prefix)
            );
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        for (text, why) in [
            ("http://a/p", "begin with etcd://"),
            ("etcd://a:1", "no prefix"),
            ("etcd://a:1/", "the prefix has"),
            ("etcd://a:1/a b", "the prefix has"),
            ("etcd://a:x/p", "each member"),
            ("etcd://a,,b/p", "each member"),
            ("etcd://:1/p", "each member"),
            ("etcd://user:word@a:1/p", "user and password"),
        ] {
            let error = text.parse::<StoreAddress>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
