//! The address of a store: `etcd://[USER[:PASSWORD]@]HOST:PORT[,HOST:PORT..]/PREFIX`, or `etcds://` with TLS.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::credentials::Password;

/// The port of etcd for its clients.
const PORT: u16 = 2379;

/// The members of an etcd cluster, and the prefix of the keys in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreAddress {
    /// Whether it asks for TLS.
    pub(crate) tls: bool,
    /// The name of the user of etcd, where the address has one.
    pub(crate) user: Option<String>,
    /// The user's password, where the address has one.
    pub(crate) password: Option<Password>,
    /// `host:port` of each member.
    pub(crate) members: Vec<String>,
    /// Without a slash at the end.
    pub(crate) prefix: String,
}

/// An address that names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not the address of a store: {why}; write etcd://HOST:PORT[,HOST:PORT..]/PREFIX, or etcds:// with TLS"
)]
pub(crate) struct BadStoreAddress {
    /// Without what may be a password.
    text: String,
    why: String,
}

/// A text without the user and password of a URL.
fn masked(text: &str) -> String {
    let begin = text.find("://").map_or(0, |at| at + "://".len());
    match text.rfind('@').filter(|at| *at >= begin) {
        Some(at) => format!("{}***{}", &text[..begin], &text[at..]),
        None => text.to_owned(),
    }
}

/// The name and the password before the host of a URL (RFC 3986, 3.2.1).
fn user_info(text: &str) -> Option<(String, Option<Password>)> {
    let decoded = |text| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
    let (name, password) = match text.split_once(':') {
        Some((name, password)) => (name, Some(Password::new(decoded(password)?))),
        None => (text, None),
    };
    decoded(name).filter(|name| !name.is_empty()).map(|name| (name, password))
}

/// What addresses begin with.
const SCHEMES: [&str; 2] = ["etcd://", "etcds://"];

impl StoreAddress {
    /// The addresses of one or several clusters, with commas or white space between them.
    ///
    /// # Errors
    /// The first one that names no store; two that are the same.
    pub(crate) fn list(text: &str) -> Result<Vec<Self>, BadStoreAddress> {
        let separates = |c: char| c == ',' || c.is_whitespace();
        let text = text.trim_matches(separates);
        let begins = |(at, c): (usize, char)| {
            let rest = &text[at + c.len_utf8()..];
            let is_next = SCHEMES.iter().any(|scheme| rest.starts_with(scheme));
            (separates(c) && is_next).then_some(at)
        };
        let (mut addresses, mut from) = (Vec::<Self>::new(), 0);
        let ends = text.char_indices().filter_map(begins).chain([text.len()]);
        for end in ends.collect::<Vec<_>>() {
            let one = text[from..end].trim_matches(separates);
            let address: Self = one.parse()?;
            let same =
                |other: &Self| other.members == address.members && other.prefix == address.prefix;
            if addresses.iter().any(same) {
                let why = "the same cluster is named twice".to_owned();
                return Err(BadStoreAddress { text: masked(one), why });
            }
            addresses.push(address);
            from = end;
        }
        Ok(addresses)
    }
}

impl FromStr for StoreAddress {
    type Err = BadStoreAddress;

    fn from_str(text: &str) -> Result<Self, BadStoreAddress> {
        let wrong = |why: &str| BadStoreAddress { text: masked(text), why: why.to_owned() };
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let tls = match scheme {
            "etcd" => false,
            "etcds" => true,
            _ => return Err(wrong("it does not begin with etcd:// or etcds://")),
        };
        let (hosts, prefix) = rest
            .split_once('/')
            .ok_or_else(|| wrong("it has no prefix for the keys after the hosts"))?;
        let (user, hosts) = match hosts.rsplit_once('@') {
            Some((user, hosts)) => {
                let why = "the user before the '@' is NAME or NAME:PASSWORD, percent-encoded";
                (Some(user_info(user).ok_or_else(|| wrong(why))?), hosts)
            }
            None => (None, hosts),
        };
        let (user, password) = user.unzip();
        let password = password.flatten();
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
        Ok(Self { tls, user, password, members, prefix: format!("/{prefix}") })
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "etcds" } else { "etcd" };
        write!(f, "{scheme}://{}{}", self.members.join(","), self.prefix)
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
            ("etcd://:hush7@a:1/p", "the user before"),
            ("etcd://user:hush7%ff@a:1/p", "the user before"),
            ("etcd://user:hush7/@a:1/p", "the prefix has"),
        ] {
            let error = text.parse::<StoreAddress>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("hush"), "a password is not shown: {error}");
        }
    }

    #[test]
    fn several_clusters_are_a_list() {
        let of = |text: &str| -> Result<Vec<String>, String> {
            let list = StoreAddress::list(text).map_err(|error| error.to_string())?;
            Ok(list.iter().map(ToString::to_string).collect())
        };
        let both = Ok(vec!["etcd://a:2379,b:2379/p".to_owned(), "etcds://c:2379/q".to_owned()]);
        for text in [
            "etcd://a,b/p,etcds://c/q",
            " etcd://a,b/p\n etcds://c/q ",
            "etcd://a,b/p, etcds://c/q,",
        ] {
            assert_eq!(of(text), both, "{text:?}");
        }
        assert_eq!(of("etcd://a/p"), Ok(vec!["etcd://a:2379/p".to_owned()]));
        for (text, why) in [
            ("", "begin with etcd://"),
            ("etcd://a/p etcd://a:2379/p", "named twice"),
            ("etcd://u:hush@a/p,etcd://u:hush@b", "no prefix"),
            ("etcd://a/p,b/q", "the prefix has"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("hush"), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_user_and_tls_are_parts_of_an_address() {
        let address: StoreAddress = "etcds://u%40x:p%2F:w@a,b/p".parse().unwrap();
        assert!(address.tls);
        assert_eq!(address.user.as_deref(), Some("u@x"));
        assert_eq!(address.password.as_ref().map(Password::text), Some("p/:w"));
        assert_eq!(address.members, ["a:2379", "b:2379"]);
        assert_eq!(address.to_string(), "etcds://a:2379,b:2379/p");
        assert!(!format!("{address:?}").contains("p/:w"));
        let address: StoreAddress = "etcd://u@a/p".parse().unwrap();
        assert_eq!(
            (address.tls, address.user.as_deref(), address.password),
            (false, Some("u"), None)
        );
    }
}
