//! The start on a store: wait until etcd answers, agree on its format, and join with the own fixtures.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::etcd::{
    Access, Compare, Failure, Members, RequestOp, StoreAddress, TxnRequest, revision_of,
};
use crate::k8s::{Revision, State};
use crate::message::WorldName;
use crate::transport::Logger;

use super::driver::Driver;
use super::fingerprint::fingerprint;
use super::inner::{Inner, Log, PATIENCE, Signals};
use super::keys::Keys;
use super::park;
use super::several::{self, Membership};
use super::store::Cluster;

/// The format of the data that this version writes.
const FORMAT: u32 = 1;

/// How often a start says that it waits.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// How long one attempt to reach etcd takes.
const ATTEMPT: Duration = Duration::from_secs(3);

/// What is written once, by the first server.
#[derive(Debug, Serialize, Deserialize)]
struct Format {
    format: u32,
    /// The creation time of objects that have none in the fixtures: the same for all servers.
    began: String,
}

/// A store that was reached, before the fixtures are known.
#[derive(Debug)]
pub(crate) struct Reached {
    /// The first one has what all worlds share.
    clusters: Vec<ReachedCluster>,
    adopt: bool,
    idle: Option<Duration>,
    log: Log,
}

/// A cluster that was reached.
#[derive(Debug)]
struct ReachedCluster {
    address: StoreAddress,
    members: Arc<Members>,
    driver: Driver,
    keys: Keys,
    began: Timestamp,
}

impl Reached {
    /// Waits until each cluster answers, and agrees which of them it is. With `adopt` the objects of other fixtures are
    /// replaced.
    ///
    /// # Errors
    /// What is there is not for this version, or etcd refuses to answer.
    pub(crate) async fn reach(
        addresses: Vec<(StoreAddress, Access)>,
        adopt: bool,
        log: Logger,
    ) -> Result<Self, String> {
        let mut clusters = Vec::with_capacity(addresses.len());
        for (address, access) in addresses {
            clusters.push(ReachedCluster::reach(address, access, &log).await?);
        }
        let of = clusters.first().map(|first| first.began.to_string()).unwrap_or_default();
        for (at, cluster) in clusters.iter().enumerate() {
            let own = Membership::new(&of, clusters.len(), at);
            let (members, keys) = (Arc::clone(&cluster.members), cluster.keys.clone());
            let agreeing = async move { several::agree(&members, &keys, own.as_ref()).await };
            let agreed = cluster.driver.spawn(agreeing).await.map_err(|error| error.to_string())?;
            agreed.map_err(|failure| format!("{}: {failure}", cluster.address))?;
        }
        Ok(Self { clusters, adopt, idle: None, log: Log(log) })
    }

    /// The same, which removes the worlds that no server has used for a time.
    pub(crate) fn removing(self, idle: Option<Duration>) -> Self {
        Self { idle, ..self }
    }

    /// The creation time of objects that have none in the fixtures.
    pub(crate) fn began(&self) -> Timestamp {
        self.clusters.first().map_or_else(Timestamp::now, |first| first.began)
    }

    /// Joins with a first state, that of the fixtures: the store, and the state of a world in which nothing was
    /// written.
    ///
    /// # Errors
    /// Other servers have other fixtures; etcd refuses to answer.
    pub(crate) fn join(self, first: &State) -> Result<(Arc<Cluster>, State), String> {
        let Self { clusters, adopt, idle, log } = self;
        let (fingerprint, signals) = (fingerprint(first), Signals::default());
        let mut joined = Vec::with_capacity(clusters.len());
        for cluster in clusters {
            joined.push(cluster.join(first, &fingerprint, adopt, idle, &signals, &log)?);
        }
        let mut joined = joined.into_iter();
        let home = joined.next().ok_or("there is no cluster")?;
        let home = Cluster { others: joined.map(Arc::new).collect(), ..home };
        // It is there for the first request.
        home.inner.published(&WorldName::default());
        let layer = home.inner.layer.clone();
        Ok((Arc::new(home), layer))
    }
}

impl ReachedCluster {
    async fn reach(address: StoreAddress, access: Access, log: &Logger) -> Result<Self, String> {
        let driver = Driver::start()?;
        let members = Arc::new(driver.within(|| Members::new(&address, access))?);
        let keys = Keys::new(&address.prefix);
        let agreeing = agree(Arc::clone(&members), keys.clone(), address.clone(), Arc::clone(log));
        let agreed = driver.spawn(agreeing).await;
        let began = agreed.map_err(|error| error.to_string()).and_then(|agreed| agreed)?;
        Ok(Self { address, members, driver, keys, began })
    }

    fn join(
        self,
        first: &State,
        fingerprint: &str,
        adopt: bool,
        idle: Option<Duration>,
        signals: &Signals,
        log: &Log,
    ) -> Result<Cluster, String> {
        let Self { address, members, driver, keys, began } = self;
        let text = fingerprint.to_owned();
        let joining = join(Arc::clone(&members), keys.clone(), address, text.clone(), adopt);
        let joined = park::wait(&driver, driver.spawn(joining));
        let revision = joined.map_err(|error| error.to_string()).and_then(|joined| joined)?;
        let layer = first.at_revision(revision);
        let (signals, log) = (signals.clone(), log.clone());
        let handle = driver.handle().ok_or("the thread for etcd has ended")?;
        let inner = Arc::new(Inner::new(members, keys, layer, began, signals, handle, log));
        let loading = Arc::clone(&inner);
        let loaded = park::wait(&driver, driver.spawn(async move { loading.begin(idle).await }));
        loaded.map_err(|error| error.to_string()).and_then(|loaded| loaded)?;
        Ok(Cluster { inner, driver, began, fingerprint: text, others: Vec::new() })
    }
}

/// Waits until etcd answers; returns when the data began.
async fn agree(
    members: Arc<Members>,
    keys: Keys,
    address: StoreAddress,
    log: Logger,
) -> Result<Timestamp, String> {
    let mut said: Option<tokio::time::Instant> = None;
    loop {
        match agree_once(&members, &keys, &address).await {
            Ok(began) => {
                if said.is_some() {
                    log(&format!("etcd answers at {}", members.current()));
                }
                return Ok(began);
            }
            Err(Failure::Unavailable(why)) => {
                if said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
                    log(&format!("waiting for etcd at {}: {why}", address.members.join(", ")));
                    said = Some(tokio::time::Instant::now());
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(failure) => return Err(format!("{address}: {failure}")),
        }
    }
}

async fn agree_once(
    members: &Members,
    keys: &Keys,
    address: &StoreAddress,
) -> Result<Timestamp, Failure> {
    let key = keys.format();
    loop {
        if let Some(found) = members.get(&key, ATTEMPT).await?.kvs.first() {
            return known_format(&found.value, address);
        }
        let format = Format { format: FORMAT, began: Timestamp::now().to_string() };
        let value = serde_json::to_vec(&format).unwrap_or_default();
        let request = TxnRequest {
            compare: vec![Compare::at(key.clone().into(), 0)],
            success: vec![RequestOp::put(key.clone().into(), value)],
        };
        // Another server may have been faster: then that one's holds.
        members.transact(request, ATTEMPT).await?;
    }
}

/// When the data of this format began.
///
/// # Errors
/// [`Failure::Refused`]: it has another format.
pub(super) fn known_format(text: &[u8], address: &StoreAddress) -> Result<Timestamp, Failure> {
    began(text).ok_or_else(|| {
        let (prefix, text) = (&address.prefix, String::from_utf8_lossy(text));
        Failure::Refused(format!(
            "what is at {prefix} was written by another version ({text}; this one writes format {FORMAT}); use another prefix, and bring its objects there with `standin store export --to DIR` of that version and `import` of this one; or delete the keys"
        ))
    })
}

/// Whether data has this format.
#[cfg(feature = "cli")]
pub(super) fn is_known(text: &[u8]) -> bool {
    began(text).is_some()
}

fn began(text: &[u8]) -> Option<Timestamp> {
    let known = serde_json::from_slice::<Format>(text).ok();
    known.filter(|known| known.format == FORMAT).and_then(|known| known.began.parse().ok())
}

/// Joins with a fingerprint; returns the revision at which it was written.
async fn join(
    members: Arc<Members>,
    keys: Keys,
    address: StoreAddress,
    text: String,
    adopt: bool,
) -> Result<Revision, String> {
    let key = keys.fingerprint();
    let failed = |failure: Failure| format!("{address}: {failure}");
    loop {
        let found = members.get(&key, PATIENCE).await.map_err(failed)?.kvs.into_iter().next();
        let at = revision_of(found.as_ref().map(|found| found.mod_revision));
        if let Some(found) = found {
            if *found.value == *text.as_bytes() {
                return Ok(Revision(at));
            }
            if !adopt {
                return Err(format!(
                    "the worlds at {address} begin with other objects (fingerprint {}, these have {text}): serve the same fixtures with the same options, name another prefix, or put these in place of the others with --adopt",
                    String::from_utf8_lossy(&found.value)
                ));
            }
        }
        let request = TxnRequest {
            compare: vec![Compare::at(key.clone().into(), at)],
            success: vec![RequestOp::put(key.clone().into(), text.clone().into())],
        };
        members.transact(request, PATIENCE).await.map_err(failed)?;
    }
}
