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
use super::inner::{Inner, Log, PATIENCE};
use super::keys::Keys;
use super::park;
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
    address: StoreAddress,
    members: Arc<Members>,
    driver: Driver,
    keys: Keys,
    began: Timestamp,
    adopt: bool,
    idle: Option<Duration>,
    log: Log,
}

impl Reached {
    /// Waits until etcd answers. With `adopt` the objects of other fixtures are replaced.
    ///
    /// # Errors
    /// What is there is not for this version, or etcd refuses to answer.
    pub(crate) async fn reach(
        address: StoreAddress,
        access: Access,
        adopt: bool,
        log: Logger,
    ) -> Result<Self, String> {
        let driver = Driver::start()?;
        let members = Arc::new(driver.within(|| Members::new(&address, access))?);
        let keys = Keys::new(&address.prefix);
        let agreeing = agree(Arc::clone(&members), keys.clone(), address.clone(), Arc::clone(&log));
        let agreed = driver.spawn(agreeing).await;
        let began = agreed.map_err(|error| error.to_string()).and_then(|agreed| agreed)?;
        Ok(Self { address, members, driver, keys, began, adopt, idle: None, log: Log(log) })
    }

    /// The same, which removes the worlds that no server has used for a time.
    pub(crate) fn removing(self, idle: Option<Duration>) -> Self {
        Self { idle, ..self }
    }

    /// The creation time of objects that have none in the fixtures.
    pub(crate) fn began(&self) -> Timestamp {
        self.began
    }

    /// Joins with a first state, that of the fixtures: the store, and the state of a world in which nothing was
    /// written.
    ///
    /// # Errors
    /// Other servers have other fixtures; etcd refuses to answer.
    pub(crate) fn join(self, first: &State) -> Result<(Arc<Cluster>, State), String> {
        let Self { address, members, driver, keys, began, adopt, idle, log } = self;
        let fingerprint = fingerprint(first);
        let joining = join(Arc::clone(&members), keys.clone(), address, fingerprint.clone(), adopt);
        let joined = park::wait(&driver, driver.spawn(joining));
        let revision = joined.map_err(|error| error.to_string()).and_then(|joined| joined)?;
        let layer = first.at_revision(revision);
        let inner = Arc::new(Inner::new(members, keys, layer.clone(), began, log));
        let loading = Arc::clone(&inner);
        let loaded = park::wait(&driver, driver.spawn(async move { loading.begin(idle).await }));
        loaded.map_err(|error| error.to_string()).and_then(|loaded| loaded)?;
        // It is there for the first request.
        inner.published(&WorldName::default());
        Ok((Arc::new(Cluster { inner, driver, began, fingerprint }), layer))
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
    let known = serde_json::from_slice::<Format>(text).ok();
    let known = known.filter(|known| known.format == FORMAT);
    known.and_then(|known| known.began.parse().ok()).ok_or_else(|| {
        let (prefix, text) = (&address.prefix, String::from_utf8_lossy(text));
        Failure::Refused(format!(
            "what is at {prefix} was written by another version ({text}; this one writes format {FORMAT}); use another prefix, and bring its objects there with `standin store export --to DIR` of that version and `import` of this one; or delete the keys"
        ))
    })
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
