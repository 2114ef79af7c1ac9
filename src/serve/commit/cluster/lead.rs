//! Which server runs the controllers: the one that holds a key with a lease. Who loses etcd loses the key in time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::etcd::{Compare, Failure, RequestOp, TxnRequest};

use super::inner::Inner;

/// How long the key outlives its server.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// How often the lease is kept, and how often others look for the key.
const EVERY: Duration = Duration::from_secs(2);

/// Without an answer for so long a server leads no more: the lease may have run out.
const DOUBT: Duration = Duration::from_secs(7);

impl Inner {
    /// Leads whenever no other server does, for as long as the store is open.
    pub(super) async fn lead(self: Arc<Self>) {
        loop {
            // Where etcd is not reached, the next attempt tells.
            if let Ok(Some(lease)) = self.stand().await {
                self.leads.send_replace(true);
                self.say("this server runs the controllers");
                self.keep(lease).await;
                self.leads.send_replace(false);
                self.say("this server does not run the controllers any more");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Takes the key, where nobody has it. Returns its lease.
    async fn stand(&self) -> Result<Option<i64>, Failure> {
        let key = self.keys.leader();
        if !self.members.get(&key, EVERY).await?.kvs.is_empty() {
            return Ok(None);
        }
        let lease = self.members.grant(LEASE).await?;
        let request = TxnRequest {
            compare: vec![Compare::at(key.clone().into(), 0)],
            success: vec![RequestOp::lease(key.into(), Vec::new(), lease)],
        };
        let answer = self.members.transact(request, EVERY).await?;
        Ok(answer.succeeded.then_some(lease))
    }

    /// Keeps a lease until it is lost.
    pub(super) async fn keep(&self, lease: i64) {
        let mut kept = Instant::now();
        while kept.elapsed() < DOUBT {
            tokio::time::sleep(EVERY).await;
            let asked = Instant::now();
            match self.members.keep_alive(lease).await {
                Ok(true) => kept = asked,
                Ok(false) => return,
                // Another member may answer.
                Err(_) => {}
            }
        }
    }
}
