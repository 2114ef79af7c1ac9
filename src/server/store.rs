//! The store that several servers share: its settings, how a start reaches it, and where the others reach this server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use crate::error::Error;
use crate::etcd::{StoreAccess, StoreAddress};
use crate::serve::{Advertised, Peer, Reached, Shared};
use crate::transport::Logger;

use super::Builder;
use super::ports::Addresses;

/// # A store that servers share
impl Builder {
    /// Keeps the objects in etcd, at `etcd://[USER[:PASSWORD]@]HOST:PORT[,HOST:PORT..]/PREFIX`, or `etcds://` with TLS: servers with the same fixtures and the
    /// same address share them. Several addresses with commas between them are several clusters, each with a part of the worlds. The start waits until etcd answers. With `adopt` these fixtures take the place of
    /// others that the objects there began with; else the start is refused.
    ///
    /// ```
    /// let builder = standin::Server::builder().store("etcd://127.0.0.1:2379/standin", false);
    /// ```
    pub fn store(mut self, address: &str, adopt: bool) -> Self {
        self.store = Some((address.to_owned(), adopt));
        self
    }

    /// Removes what clients have written in a world that no server with this store was asked for in this time; the default
    /// world stays. A day, where nothing is set; `None`: never.
    pub fn store_world_idle(mut self, time: Option<Duration>) -> Self {
        self.store_world_idle = time;
        self
    }

    /// Sets the certificates and the user for the etcd of [`Self::store`].
    pub fn store_access(mut self, access: StoreAccess) -> Self {
        self.store_access = access;
        self
    }

    /// Says where the servers that share the store reach the admin API of this one, to ask it for its journal: a URL, such
    /// as `http://standin-0.standin:8080`. Without it, the address that it listens on; where that stands for all networks,
    /// the one from which this machine reaches etcd.
    ///
    /// ```
    /// let builder = standin::Server::builder()
    ///     .store("etcd://127.0.0.1:2379/standin", false)
    ///     .advertise("http://standin-0.standin:8080");
    /// ```
    pub fn advertise(mut self, url: &str) -> Self {
        self.advertise = Some(url.to_owned());
        self
    }

    /// The store that several servers share, once it answers.
    pub(super) async fn reach_store(&mut self, log: &Logger) -> Result<Option<Reached>, Error> {
        let Some((text, adopt)) = self.store.take() else { return Ok(None) };
        self.advertise.as_deref().map(check).transpose()?;
        let wrong = |why: String| Error::Setting(format!("--store: {why}"));
        let addresses = StoreAddress::list(&text).map_err(|why| wrong(why.to_string()))?;
        let options = std::mem::take(&mut self.store_access);
        let mut clusters = Vec::with_capacity(addresses.len());
        for address in addresses {
            let access = options.clone().of(&address).map_err(wrong)?;
            clusters.push((address, access));
        }
        let reached = Reached::reach(clusters, adopt, Arc::clone(log)).await.map_err(wrong)?;
        Ok(Some(reached.removing(self.store_world_idle)))
    }

    /// Tells the servers that share the store where they reach this one.
    pub(super) fn tell_others(&self, addresses: &Addresses, shared: &Shared) {
        let Addresses { plain, https, admin } = *addresses;
        let (own, is_tls) = match (admin, https) {
            (Some(admin), _) => (admin, false),
            (None, Some(https)) if shared.settings.admin.https_only => (https, true),
            (None, Some(_)) => (plain, false),
            (None, None) => (plain, shared.tls.is_some()),
        };
        let tls = shared.tls.as_ref();
        let told = self.advertise.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        let is_told = told.is_some();
        let url = told.unwrap_or_else(|| url_of(own, is_tls));
        let is_tls = url.starts_with("https://");
        let ca = tls.filter(|_| is_tls).map(|tls| tls.ca_pem()).unwrap_or_default();
        let is_own = tls.is_some_and(|tls| tls.issues());
        let name = (is_tls && is_own && !is_told).then(|| "localhost".to_owned());
        let of_any = (!is_told && own.ip().is_unspecified()).then(|| own.port());
        shared.advertise(Advertised { peer: Peer { url, ca, name }, of_any });
    }
}

fn url_of(address: SocketAddr, is_tls: bool) -> String {
    let scheme = if is_tls { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// Checks a URL that others are to ask.
fn check(url: &str) -> Result<(), Error> {
    let is_fit = url.parse::<Uri>().is_ok_and(|uri| {
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map(http::uri::Authority::as_str);
        is_http && authority.is_some_and(|of| !of.contains('@')) && uri.query().is_none()
    });
    if is_fit {
        return Ok(());
    }
    Err(Error::Setting(format!(
        "--advertise: {url:?} is not a URL that other servers can ask: write http://HOST:PORT or https://HOST:PORT"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_for_others_has_a_scheme_and_a_host() {
        for url in ["http://a:1/", "https://[::1]:2/p/", "http://standin-0.standin"] {
            assert!(check(url).is_ok(), "{url}");
        }
        for url in ["a:1", "ftp://a", "http://", "http://a?b", "http://u:p@a", "/p"] {
            assert!(check(url).is_err(), "{url}");
        }
    }
}
