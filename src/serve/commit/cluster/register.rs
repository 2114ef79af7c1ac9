//! Which servers share the store: each holds a key with a lease, which says where the others reach its admin API.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::UdpSocket;

use crate::etcd::{Failure, RequestOp, TxnRequest};

use super::super::peer::{Advertised, Peer};
use super::super::proposal::ShareError;
use super::inner::{Inner, PATIENCE};
use super::lead::LEASE;
use super::store::Cluster;

/// How long to wait before the key is written again.
const PAUSE: Duration = Duration::from_secs(1);

impl Cluster {
    /// Tells the other servers where they reach this one, for as long as it runs.
    pub(crate) fn advertise(&self, advertised: Advertised) {
        let inner = Arc::clone(&self.inner);
        self.driver.spawn(async move {
            loop {
                // Where etcd is not reached, the next attempt tells.
                if let Ok(lease) = inner.register(&advertised).await {
                    inner.keep(lease).await;
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    /// Where the other servers are reached.
    ///
    /// # Errors
    /// [`ShareError::Failed`].
    pub(crate) async fn peers(&self) -> Result<Vec<Peer>, ShareError> {
        let inner = Arc::clone(&self.inner);
        Ok(self.run(async move { inner.peers().await }).await?)
    }
}

impl Inner {
    /// Writes where this server is reached. A server that starts again at the same place takes the place of itself.
    async fn register(&self, advertised: &Advertised) -> Result<i64, Failure> {
        let mut peer = advertised.peer.clone();
        if let Some(port) = advertised.of_any {
            let address = own_address(self.members.current()).await;
            let address = address.ok_or_else(|| {
                Failure::Unavailable("no address of this machine leads to etcd".to_owned())
            })?;
            let scheme = peer.url.split("://").next().unwrap_or("http").to_owned();
            peer.url = format!("{scheme}://{}", SocketAddr::new(address, port));
        }
        let value = serde_json::to_vec(&peer).unwrap_or_default();
        let own = self.replica.get_or_init(|| self.keys.replica(&name(&peer.url))).clone();
        let lease = self.members.grant(LEASE).await?;
        let request = TxnRequest {
            compare: Vec::new(),
            success: vec![RequestOp::lease(own.into(), value, lease)],
        };
        self.members.transact(request, PATIENCE).await?;
        Ok(lease)
    }

    async fn peers(&self) -> Result<Vec<Peer>, Failure> {
        let own = self.replica.get().map(String::as_bytes);
        let all = self.members.read(&self.keys.replicas(), 0, PATIENCE).await?;
        let others = all.into_iter().filter(|kv| Some(&*kv.key) != own);
        Ok(others.filter_map(|kv| serde_json::from_slice(&kv.value).ok()).collect())
    }
}

/// A URL as the last part of a key.
fn name(url: &str) -> String {
    utf8_percent_encode(url, NON_ALPHANUMERIC).to_string()
}

/// The address of this machine from which packets go to a member. Nothing is sent.
async fn own_address(member: &str) -> Option<IpAddr> {
    let target = tokio::net::lookup_host(member).await.ok()?.next()?;
    let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.ok()?;
    socket.connect(target).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_own_address_is_that_towards_a_member() {
        assert_eq!(own_address("127.0.0.1:2379").await, Some(IpAddr::from([127, 0, 0, 1])));
        assert_eq!(own_address("no such host:1").await, None);
    }

    #[test]
    fn the_name_of_a_server_is_one_part_of_a_key() {
        assert!(!name("http://[::1]:80/a").contains('/'));
    }
}
