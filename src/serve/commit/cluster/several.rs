//! Several clusters of etcd, where one does not carry all worlds: the first one has what all worlds share, and the default
//! world; each other world is in the one that its name chooses.
//!
//! ```text
//! [Cluster::of]: a world → its cluster, which has the world's objects, clock, scenarios and controllers
//! [agree]: each cluster says how many there are, and which of them it is
//! ```

use std::sync::Arc;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

#[cfg(feature = "metrics")]
use super::super::numbers::StoreNumbers;
use super::super::proposal::ShareError;
use super::inner::PATIENCE;
use super::keys::Keys;
use super::store::Cluster;
use crate::etcd::{Compare, Failure, Members, RequestOp, TxnRequest, revision_of};
use crate::k8s::State;
use crate::message::WorldName;

/// Which of several clusters one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Membership {
    /// When the data of the first one began: it tells sets of clusters apart.
    of: String,
    /// How many there are.
    clusters: usize,
    /// From 1.
    number: usize,
}

impl Membership {
    /// The place of one of several clusters, counted from 0; nothing where it is alone.
    pub(super) fn new(of: &str, clusters: usize, at: usize) -> Option<Self> {
        (clusters > 1).then(|| Self { of: of.to_owned(), clusters, number: at + 1 })
    }

    fn has(&self, world: &WorldName) -> bool {
        place_of(world, self.clusters) + 1 == self.number
    }

    /// Whether it is a certain one, of the same set as the first.
    #[cfg(feature = "cli")]
    pub(super) fn is_beside(&self, first: &Self, at: usize, clusters: usize) -> bool {
        self.of == first.of && self.clusters == clusters && self.number == at + 1
    }

    pub(super) fn text(&self) -> String {
        format!("number {} of {} clusters", self.number, self.clusters)
    }
}

/// Which of several clusters a world is in, from 0: the one whose hash with the world's name is the highest, so that one
/// more cluster takes over a part of the worlds, and no others move.
pub(super) fn place_of(world: &WorldName, clusters: usize) -> usize {
    if clusters < 2 || world.is_default() {
        return 0;
    }
    let score = |at: &usize| Sha256::digest(format!("{at} {}", &**world));
    (0..clusters).max_by_key(score).unwrap_or_default()
}

/// Agrees with a cluster about which of several it is.
///
/// # Errors
/// It is another one, or has worlds that belong to others.
pub(super) async fn agree(
    members: &Members,
    keys: &Keys,
    own: Option<&Membership>,
) -> Result<(), Failure> {
    let key = keys.clusters();
    let found = members.get(&key, PATIENCE).await?;
    let known = found.kvs.first().map(|kv| serde_json::from_slice::<Membership>(&kv.value));
    let known = known
        .transpose()
        .map_err(|error| Failure::Refused(format!("what is at {key} cannot be read: {error}")))?;
    match (known, own) {
        (None, None) => Ok(()),
        (Some(known), Some(own)) if known == *own => Ok(()),
        (Some(known), own) => {
            let asked = own.map_or_else(|| "the only cluster".to_owned(), Membership::text);
            Err(Failure::Refused(format!(
                "it is {}, and was named as {asked}{}: name the same clusters in the same order",
                known.text(),
                if own.is_some_and(|own| own.of != known.of) { " of other ones" } else { "" },
            )))
        }
        (None, Some(own)) => begin(members, keys, own).await,
    }
}

/// Writes which of several clusters one is, for the first time.
async fn begin(members: &Members, keys: &Keys, own: &Membership) -> Result<(), Failure> {
    let heads = keys.head("");
    for kv in members.read(&heads, 0, PATIENCE).await? {
        let name = std::str::from_utf8(&kv.key).ok().and_then(|key| key.strip_prefix(&heads));
        let world = name.and_then(|name| WorldName::parse(name).ok());
        if let Some(world) = world.filter(|world| !own.has(world)) {
            return Err(Failure::Refused(format!(
                "it has the world {world}, which belongs to number {} of {} clusters: bring the worlds there with `standin store export --raw` of this one alone, and `import --raw` with all of them named, under new prefixes",
                place_of(&world, own.clusters) + 1,
                own.clusters
            )));
        }
    }
    let key = keys.clusters();
    let value = serde_json::to_vec(own).unwrap_or_default();
    let request = TxnRequest {
        compare: vec![Compare::at(key.clone().into(), 0)],
        success: vec![RequestOp::put(key.clone().into(), value)],
    };
    if members.transact(request, PATIENCE).await?.succeeded {
        return Ok(());
    }
    // Another server was faster.
    let found = members.get(&key, PATIENCE).await?;
    let is_same = found.kvs.first().is_some_and(|kv| {
        serde_json::from_slice::<Membership>(&kv.value).is_ok_and(|known| known == *own)
    });
    let at = revision_of(found.header.map(|header| header.revision));
    let why = || format!("another server has made it another cluster at revision {at}");
    if is_same { Ok(()) } else { Err(Failure::Refused(why())) }
}

impl Cluster {
    /// The cluster that a world is in.
    pub(crate) fn of(self: &Arc<Self>, world: &WorldName) -> Arc<Self> {
        match place_of(world, self.others.len() + 1).checked_sub(1) {
            Some(other) => Arc::clone(&self.others[other]),
            None => Arc::clone(self),
        }
    }

    /// All clusters, this one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.others.iter().map(|other| &**other))
    }

    /// What a world begins with: the objects of the fixtures.
    pub(crate) fn layer(&self, world: &WorldName) -> &State {
        match place_of(world, self.others.len() + 1).checked_sub(1) {
            Some(other) => &self.others[other].inner.layer,
            None => &self.inner.layer,
        }
    }

    /// The worlds that some server has written to, or that this one has been asked for.
    pub(crate) fn worlds(&self) -> Vec<WorldName> {
        self.all().flat_map(|of| of.inner.worlds().keys().cloned().collect::<Vec<_>>()).collect()
    }

    /// Waits until the local copies have all that was changed before, by any server, of what all worlds share and of a
    /// world.
    ///
    /// # Errors
    /// [`ShareError::Failed`].
    pub(crate) async fn refresh_with(
        self: &Arc<Self>,
        world: &WorldName,
    ) -> Result<(), ShareError> {
        let other = self.of(world);
        if Arc::ptr_eq(self, &other) {
            return self.refresh().await;
        }
        let (own, of_world) = tokio::join!(self.refresh(), other.refresh());
        own.and(of_world)
    }

    /// The same, of all worlds.
    ///
    /// # Errors
    /// [`ShareError::Failed`].
    pub(crate) async fn refresh_all(&self) -> Result<(), ShareError> {
        join_all(self.all().map(Self::refresh)).await.into_iter().collect()
    }

    /// Whether a world is where that is what all worlds share.
    pub(crate) fn is_home_of(&self, world: &WorldName) -> bool {
        place_of(world, self.others.len() + 1) == 0
    }

    /// Why the server is not ready, where it is not.
    pub(super) fn not_ready(&self) -> Option<String> {
        self.all().find_map(|of| of.inner.not_ready())
    }

    /// What is counted, now, of all clusters.
    #[cfg(feature = "metrics")]
    pub(crate) fn numbers(&self) -> StoreNumbers {
        let all = self.all().map(|of| of.inner.numbers());
        all.reduce(StoreNumbers::and).unwrap_or_else(|| self.inner.numbers())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_in_one_cluster_and_one_more_takes_over_its_part_alone() {
        let worlds: Vec<_> =
            (0..3000).map(|n| WorldName::parse(&format!("w{n}")).unwrap()).collect();
        let places = |clusters| worlds.iter().map(move |world| place_of(world, clusters));
        assert!(places(1).all(|at| at == 0));
        for at in 0..3 {
            let share = places(3).filter(|place| *place == at).count();
            assert!((850..1150).contains(&share), "{at} has {share}");
        }
        for (before, after) in places(3).zip(places(4)) {
            assert!(before == after || after == 3, "{before} {after}");
        }
        assert_eq!(place_of(&WorldName::default(), 7), 0);
    }

    #[test]
    fn one_cluster_alone_has_no_number() {
        assert_eq!(Membership::new("t", 1, 0), None);
        let second = Membership::new("t", 2, 1).unwrap();
        assert_eq!(second.text(), "number 2 of 2 clusters");
        let names: Vec<_> = (0..20).map(|n| WorldName::parse(&format!("w{n}")).unwrap()).collect();
        assert!(names.iter().any(|world| second.has(world)) && !second.has(&WorldName::default()));
    }
}
