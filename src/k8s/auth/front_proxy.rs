//! Users that a front proxy names in headers (`k8s.io/apiserver/pkg/authentication/request/headerrequest`).

use std::sync::Arc;

use http::HeaderMap;

use crate::message::ClientCertificate;

use super::impersonation_headers::unescaped;
use super::user::{AUTHENTICATED, User};

/// Which front proxies are trusted, and the headers in which they say who sends a request: `--requestheader-*` of
/// kube-apiserver, for [`Builder::front_proxy`](crate::Builder::front_proxy).
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let mut proxy = standin::FrontProxy::default();
/// proxy.username_headers.push("X-Remote-User".to_owned());
/// let builder = standin::Server::builder().front_proxy("no/such/ca.crt", proxy);
/// assert!(builder.start().await.is_err());
/// # Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrontProxy {
    /// The common names that the certificate of a proxy may have; any where there are none.
    pub allowed_names: Vec<String>,
    /// The headers with the name of the user; the first one that is there counts.
    pub username_headers: Vec<String>,
    /// The headers with the uid.
    pub uid_headers: Vec<String>,
    /// The headers with the groups; all count.
    pub group_headers: Vec<String>,
    /// What the names of headers with extra values begin with.
    pub extra_prefixes: Vec<String>,
}

/// What a certificate says when front proxies are known.
pub(super) enum Seen<'c> {
    /// A proxy says who sends the request.
    User(Arc<User>),
    /// It is no proxy that says anything: the certificate as one of a client.
    Client(Option<&'c ClientCertificate>),
    /// The proxy is not one of those that are allowed.
    NotAllowed(Option<&'c ClientCertificate>),
}

/// What a certificate and headers say, where front proxies may be known.
pub(super) fn see<'c>(
    proxy: Option<&FrontProxy>,
    headers: &HeaderMap,
    certificate: Option<&'c ClientCertificate>,
) -> Seen<'c> {
    match proxy {
        Some(proxy) => proxy.see(headers, certificate),
        None => Seen::Client(certificate),
    }
}

impl FrontProxy {
    /// What a certificate and headers say.
    fn see<'c>(&self, headers: &HeaderMap, certificate: Option<&'c ClientCertificate>) -> Seen<'c> {
        let Some(ClientCertificate::FrontProxy { common_name, as_client }) = certificate else {
            return Seen::Client(certificate);
        };
        let as_client = as_client.as_deref();
        if !self.allowed_names.is_empty() && !self.allowed_names.contains(common_name) {
            return Seen::NotAllowed(as_client);
        }
        match self.user(headers) {
            Some(user) => Seen::User(Arc::new(user)),
            None => Seen::Client(as_client),
        }
    }

    fn user(&self, headers: &HeaderMap) -> Option<User> {
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let values = |names: &[String]| -> Vec<String> {
            let values = names.iter().flat_map(|name| headers.get_all(name.as_str()).iter());
            values.map(text).filter(|text| !text.is_empty()).collect()
        };
        // Of several fields of a header Go reads the first one.
        let first = |names: &[String]| {
            let mut found = names.iter().filter_map(|name| headers.get(name.as_str()).map(text));
            found.find(|text| !text.is_empty()).unwrap_or_default()
        };
        let name = first(&self.username_headers);
        if name.is_empty() {
            return None;
        }
        let mut groups = values(&self.group_headers);
        if !groups.iter().any(|group| group == AUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        let mut user = User { name, uid: first(&self.uid_headers), groups, ..User::default() };
        for prefix in &self.extra_prefixes {
            let prefix = prefix.to_ascii_lowercase();
            for (name, value) in headers {
                if let Some(key) = name.as_str().strip_prefix(&prefix) {
                    user.extra.entry(unescaped(key)).or_default().push(text(value));
                }
            }
        }
        Some(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> FrontProxy {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        FrontProxy {
            allowed_names: list(&["front"]),
            username_headers: list(&["X-Remote-User", "X-User"]),
            uid_headers: list(&["X-Remote-Uid"]),
            group_headers: list(&["X-Remote-Group"]),
            extra_prefixes: list(&["X-Remote-Extra-"]),
        }
    }

    fn certificate(name: &str) -> ClientCertificate {
        let own = ClientCertificate::Refused("unknown".to_owned());
        ClientCertificate::FrontProxy {
            common_name: name.to_owned(),
            as_client: Some(Box::new(own)),
        }
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut all = HeaderMap::new();
        for (name, value) in fields {
            all.append(*name, http::HeaderValue::from_static(value));
        }
        all
    }

    #[test]
    fn a_proxy_names_users_in_headers() {
        let headers = headers(&[
            ("x-remote-user", ""),
            ("x-user", "jane"),
            ("x-remote-uid", "7"),
            ("x-remote-group", "a"),
            ("x-remote-group", "b"),
            ("x-remote-extra-acme.com%2fproject", "p1"),
        ]);
        let front = certificate("front");
        let Seen::User(user) = proxy().see(&headers, Some(&front)) else { panic!("no user") };
        assert_eq!((user.name.as_str(), user.uid.as_str()), ("jane", "7"));
        assert_eq!(user.groups, ["a", "b", "system:authenticated"]);
        assert_eq!(user.extra["acme.com/project"], ["p1"]);
    }

    #[test]
    fn others_are_clients() {
        let named = headers(&[("x-remote-user", "jane")]);
        let (front, other) = (certificate("front"), certificate("other"));
        let refused =
            |seen: &Seen<'_>| matches!(seen, Seen::Client(Some(ClientCertificate::Refused(_))));
        assert!(refused(&proxy().see(&headers(&[]), Some(&front))));
        assert!(matches!(proxy().see(&named, Some(&other)), Seen::NotAllowed(Some(_))));
        let any = FrontProxy { allowed_names: Vec::new(), ..proxy() };
        assert!(matches!(any.see(&named, Some(&other)), Seen::User(_)));
        assert!(matches!(proxy().see(&named, None), Seen::Client(None)));
    }
}
