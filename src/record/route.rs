//! The URL of a backend → the way to it: scheme, host, unix socket, and a proxy of the environment.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use http::Uri;
use http::header::HeaderValue;
use http::uri::{Authority, PathAndQuery, Scheme};
use hyper_util::client::proxy::matcher::Matcher;

use super::connect::Route;

/// How a backend's URL looks, for messages.
const EXAMPLES: &str =
    "write it like http://127.0.0.1:8001, h2c://127.0.0.1:9090 or unix:/run/api.sock";

/// The host of requests to a unix socket.
const LOCAL: &str = "localhost";

/// Which proxies of the environment apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvProxies {
    Ignored,
    All,
    /// All but the one that listens here: a forward proxy that is started where its clients are has itself in its
    /// environment.
    ButOwn(SocketAddr),
}

impl EnvProxies {
    fn is_own(self, proxy: &Uri) -> bool {
        let Self::ButOwn(own) = self else { return false };
        let host = proxy.host().unwrap_or_default().trim_matches(['[', ']']);
        let address: Option<IpAddr> = match host {
            "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
            host => host.parse().ok(),
        };
        let is_here = |address: IpAddr| {
            address.is_loopback() && (own.ip().is_loopback() || own.ip().is_unspecified())
                || address == own.ip()
        };
        proxy.port_u16() == Some(own.port()) && address.is_some_and(is_here)
    }
}

/// Where a backend is, by its URL.
#[derive(Debug)]
pub(super) struct Place {
    /// `http` or `https`.
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    /// The path of the URL without its last slash.
    pub(super) base: String,
    /// Whether the backend speaks HTTP/2 without being asked (`h2c://`).
    pub(super) http2_only: bool,
    pub(super) route: Route,
    /// What a proxy that passes requests on asks for.
    pub(super) proxy_credentials: Option<HeaderValue>,
}

impl Place {
    /// Reads a URL: `http://`, `https://`, `h2c://` for HTTP/2 without TLS, or `unix:` with the path of a socket.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(url: &str, proxies: EnvProxies) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("unix:") {
            return Self::unix(path);
        }
        let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or("http:// or https:// is missing")?;
        let (scheme, http2_only) = match scheme.as_str() {
            "http" | "https" => (scheme, false),
            "h2c" => (Scheme::HTTP, true),
            _ => return Err("only http, https, h2c and unix are supported".to_owned()),
        };
        let authority = parts.authority.ok_or("the host is missing")?;
        if authority.as_str().contains('@') {
            return Err("credentials do not belong there; clients send their own".to_owned());
        }
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err("it has a query".to_owned());
        }
        let base = path.path().trim_end_matches('/').to_owned();
        let to = Uri::builder()
            .scheme(scheme.clone())
            .authority(authority.clone())
            .path_and_query("/")
            .build()
            .map_err(|error| error.to_string())?;
        let mut place = Self {
            scheme,
            authority,
            base,
            http2_only,
            route: Route::Tcp(to.clone()),
            proxy_credentials: None,
        };
        if proxies != EnvProxies::Ignored {
            place.through_proxy(&Matcher::from_env(), to, proxies)?;
        }
        Ok(place)
    }

    fn unix(path: &str) -> Result<Self, String> {
        // As `unix:///run/api.sock` too.
        let path = path.strip_prefix("//").unwrap_or(path);
        if !path.starts_with('/') {
            return Err("a unix socket has an absolute path".to_owned());
        }
        Ok(Self {
            scheme: Scheme::HTTP,
            authority: Authority::from_static(LOCAL),
            base: String::new(),
            http2_only: false,
            route: Route::Unix(PathBuf::from(path)),
            proxy_credentials: None,
        })
    }

    /// Goes through a proxy where the environment has one for this backend.
    fn through_proxy(
        &mut self,
        proxies: &Matcher,
        to: Uri,
        which: EnvProxies,
    ) -> Result<(), String> {
        let Some(found) = proxies.intercept(&to) else { return Ok(()) };
        let proxy = found.uri().clone();
        if which.is_own(&proxy) {
            return Ok(());
        }
        if proxy.scheme() != Some(&Scheme::HTTP) {
            let at = proxy.authority().map_or("", Authority::as_str);
            return Err(format!(
                "the environment names a proxy for it ({at}) that is not an http:// one; set NO_PROXY, or another proxy"
            ));
        }
        let credentials = found.basic_auth().cloned().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        // A proxy that passes requests on speaks HTTP/1.1.
        if self.scheme == Scheme::HTTP && !self.http2_only {
            self.proxy_credentials = credentials;
            self.route = Route::Forwarded { proxy };
        } else {
            self.route = Route::Tunnelled { proxy, credentials, to };
        }
        Ok(())
    }

    /// The proxy on the way, without credentials; nothing where there is none.
    pub(super) fn proxy(&self) -> Option<&Authority> {
        match &self.route {
            Route::Forwarded { proxy } | Route::Tunnelled { proxy, .. } => proxy.authority(),
            Route::Tcp(_) | Route::Unix(_) => None,
        }
    }
}

/// What is wrong with a URL, with examples of good ones.
pub(super) fn advice(why: &str) -> String {
    format!("{why}; {EXAMPLES}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_how_a_backend_is_reached() {
        let h2c = Place::of("h2c://127.0.0.1:9090/base/", EnvProxies::Ignored).unwrap();
        assert!(h2c.http2_only && h2c.scheme == Scheme::HTTP && h2c.base == "/base");
        for url in ["unix:/run/x.sock", "unix:///run/x.sock"] {
            let place = Place::of(url, EnvProxies::Ignored).unwrap();
            assert!(
                matches!(&place.route, Route::Unix(path) if path.ends_with("run/x.sock")),
                "{url}"
            );
            assert_eq!(place.authority, LOCAL);
        }
        for (url, why) in [
            ("127.0.0.1:8001", ""),
            ("ftp://x", "only http"),
            ("unix:run/x.sock", "absolute"),
            ("http://user:password@x", "credentials"),
            ("http://x/?q", "query"),
        ] {
            let error = Place::of(url, EnvProxies::Ignored).unwrap_err();
            assert!(error.contains(why), "{url}: {error}");
        }
    }

    #[test]
    fn proxies_of_the_environment_apply_as_for_curl() {
        let proxies = Matcher::builder()
            .all("http://user:secret-1@proxy.test:3128")
            .no("10.0.0.0/8,.internal.test")
            .build();
        let through = |url: &str| {
            let mut place = Place::of(url, EnvProxies::Ignored).unwrap();
            let Route::Tcp(to) = place.route.clone() else { panic!("{url}") };
            place.through_proxy(&proxies, to, EnvProxies::All).unwrap();
            place
        };
        let plain = through("http://api.test");
        assert!(matches!(plain.route, Route::Forwarded { .. }));
        assert!(plain.proxy_credentials.is_some_and(|value| value.is_sensitive()));
        let tls = through("https://api.test");
        assert!(matches!(&tls.route, Route::Tunnelled { credentials: Some(_), .. }));
        assert!(!format!("{tls:?}").contains("secret-1"), "{tls:?}");
        assert_eq!(tls.proxy().unwrap().as_str(), "proxy.test:3128");
        for url in ["http://10.1.2.3", "https://a.internal.test"] {
            assert!(matches!(through(url).route, Route::Tcp(_)), "{url}");
        }
        let socks = Matcher::builder().all("socks5://user:secret-1@p.test").build();
        let to = Uri::from_static("http://api.test/");
        let error = Place::of("http://api.test", EnvProxies::Ignored).unwrap().through_proxy(
            &socks,
            to,
            EnvProxies::All,
        );
        let error = error.unwrap_err();
        assert!(error.contains("p.test") && !error.contains("secret-1"), "{error}");
    }

    #[test]
    fn a_forward_proxy_does_not_go_through_itself() {
        let own = |text: &str| EnvProxies::ButOwn(text.parse().unwrap());
        for (listen, proxy, is_own) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("0.0.0.0:8080", "http://localhost:8080", true),
            ("[::1]:8080", "http://[::1]:8080/", true),
            ("10.1.2.3:8080", "http://10.1.2.3:8080", true),
            ("127.0.0.1:8080", "http://127.0.0.1:3128", false),
            ("127.0.0.1:8080", "http://proxy.corp.test:8080", false),
            ("10.1.2.3:8080", "http://10.1.2.4:8080", false),
        ] {
            assert_eq!(own(listen).is_own(&proxy.parse().unwrap()), is_own, "{listen} {proxy}");
        }
        assert!(!EnvProxies::All.is_own(&Uri::from_static("http://127.0.0.1:8080")));
    }
}
