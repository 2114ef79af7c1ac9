//! Which keys there are under the prefix of a store.
//!
//! ```text
//! PREFIX/standin/format                        the format of the data, and when it began
//! PREFIX/standin/fingerprint                   which fixtures every world begins with
//! PREFIX/standin/clusters                      which of several clusters this is; nothing where it is the only one
//! PREFIX/standin/objects/WORLD/RESOURCE/KEY    an object; empty where one of the fixtures was removed
//! PREFIX/standin/floors/WORLD                  up to where the history is compacted
//! PREFIX/standin/ends/WORLD                    a world was deleted
//! PREFIX/standin/heads/WORLD                   written with each of its objects: when was the last write?
//! PREFIX/standin/server/KEY                    what all worlds share besides objects: stubs, settings
//! PREFIX/standin/state/WORLD/KEY               what is of one world besides its objects: clock, scenarios and their state
//! PREFIX/standin/changes                       written with each of these two: when was the last change?
//! PREFIX/heads/WORLD/RESOURCE                  the same for each resource
//! PREFIX/heads/WORLD/:deciding                 the same for all by which others are decided
//! PREFIX/leader                                whose controllers run
//! PREFIX/uses/WORLD                            some server uses the world: with a lease
//! PREFIX/replicas/URL                          where a server is reached: with a lease
//! PREFIX/space                                 written while etcd was full, to see whether it has space again
//! ```
//!
//! Servers watch what is below `standin/`.

use crate::etcd::RequestOp;
use crate::k8s::{GroupResource, Place};

/// The keys of a store.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
}

/// What a key below `standin/` stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'k> {
    Format,
    Fingerprint,
    Clusters,
    Object {
        world: &'k str,
        resource: &'k str,
        key: &'k str,
    },
    Floor {
        world: &'k str,
    },
    End {
        world: &'k str,
    },
    Head {
        world: &'k str,
    },
    /// What all worlds share besides objects.
    Server {
        key: &'k str,
    },
    /// What is of one world besides its objects.
    State {
        world: &'k str,
        key: &'k str,
    },
    Changes,
    /// None of ours.
    Foreign,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// What all watched keys begin with.
    pub(super) fn watched(&self) -> String {
        format!("{}/standin/", self.prefix)
    }

    pub(super) fn format(&self) -> String {
        format!("{}/standin/format", self.prefix)
    }

    pub(super) fn fingerprint(&self) -> String {
        format!("{}/standin/fingerprint", self.prefix)
    }

    /// Which of several clusters this is.
    pub(super) fn clusters(&self) -> String {
        format!("{}/standin/clusters", self.prefix)
    }

    pub(super) fn object(&self, world: &str, place: &Place) -> String {
        format!("{}/standin/objects/{world}/{}/{}", self.prefix, place.0, place.1)
    }

    /// What the keys of all objects of a world begin with.
    pub(super) fn objects(&self, world: &str) -> String {
        format!("{}/standin/objects/{world}/", self.prefix)
    }

    pub(super) fn floor(&self, world: &str) -> String {
        format!("{}/standin/floors/{world}", self.prefix)
    }

    pub(super) fn end(&self, world: &str) -> String {
        format!("{}/standin/ends/{world}", self.prefix)
    }

    pub(super) fn head(&self, world: &str) -> String {
        format!("{}/standin/heads/{world}", self.prefix)
    }

    pub(super) fn head_of(&self, world: &str, resource: &GroupResource) -> String {
        format!("{}{resource}", self.heads_of(world))
    }

    /// Written with each object by which others are decided.
    pub(super) fn deciding(&self, world: &str) -> String {
        format!("{}:deciding", self.heads_of(world))
    }

    /// What the heads of all resources of a world begin with.
    pub(super) fn heads_of(&self, world: &str) -> String {
        format!("{}/heads/{world}/", self.prefix)
    }

    /// A key below `standin/`, such as `server/settings`.
    pub(super) fn below(&self, key: &str) -> String {
        format!("{}/standin/{key}", self.prefix)
    }

    /// What the keys of all that is of a world besides its objects begin with.
    pub(super) fn state(&self, world: &str) -> String {
        format!("{}/standin/state/{world}/", self.prefix)
    }

    pub(super) fn changes(&self) -> String {
        format!("{}/standin/changes", self.prefix)
    }

    pub(super) fn leader(&self) -> String {
        format!("{}/leader", self.prefix)
    }

    /// Written by who uses a world.
    pub(super) fn using(&self, world: &str) -> String {
        format!("{}/uses/{world}", self.prefix)
    }

    /// Where a server is reached.
    pub(super) fn replica(&self, name: &str) -> String {
        format!("{}{name}", self.replicas())
    }

    /// What the keys of all servers begin with.
    pub(super) fn replicas(&self) -> String {
        format!("{}/replicas/", self.prefix)
    }

    pub(super) fn space(&self) -> String {
        format!("{}/space", self.prefix)
    }

    /// What deletes all that was written in a world.
    pub(super) fn erasure(&self, world: &str) -> Vec<RequestOp> {
        vec![
            RequestOp::put(self.end(world).into(), Vec::new()),
            RequestOp::delete_all(self.objects(world).into()),
            RequestOp::delete(self.floor(world).into()),
            RequestOp::delete_all(self.heads_of(world).into()),
            RequestOp::delete_all(self.state(world).into()),
            RequestOp::put(self.changes().into(), Vec::new()),
            RequestOp::put(self.head(world).into(), Vec::new()),
        ]
    }

    /// What a watched key stands for.
    pub(super) fn meaning<'k>(&self, key: &'k [u8]) -> Meaning<'k> {
        let rest = key.strip_prefix(self.watched().as_bytes());
        let Some(rest) = rest.and_then(|rest| std::str::from_utf8(rest).ok()) else {
            return Meaning::Foreign;
        };
        match rest.split_once('/') {
            None if rest == "format" => Meaning::Format,
            None if rest == "fingerprint" => Meaning::Fingerprint,
            None if rest == "clusters" => Meaning::Clusters,
            None if rest == "changes" => Meaning::Changes,
            Some(("server", key)) => Meaning::Server { key },
            Some(("state", rest)) => match rest.split_once('/') {
                Some((world, key)) => Meaning::State { world, key },
                None => Meaning::Foreign,
            },
            Some(("floors", world)) if !world.contains('/') => Meaning::Floor { world },
            Some(("heads", world)) if !world.contains('/') => Meaning::Head { world },
            Some(("ends", world)) if !world.contains('/') => Meaning::End { world },
            Some(("objects", rest)) => {
                let mut parts = rest.splitn(3, '/');
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(world), Some(resource), Some(key)) => {
                        Meaning::Object { world, resource, key }
                    }
                    _ => Meaning::Foreign,
                }
            }
            _ => Meaning::Foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn keys_are_read_back() {
        let keys = Keys::new("/p/q");
        let jobs = GroupResource::new("batch", "jobs");
        for (resource, key) in [(jobs, "a/b"), (GroupResource::new("", "nodes"), "x:y")] {
            let name = resource.to_string();
            let place: Place = (Arc::new(resource), key.into());
            let text = keys.object("w", &place);
            let expected = Meaning::Object { world: "w", resource: &name, key };
            assert_eq!(keys.meaning(text.as_bytes()), expected);
            assert!(text.starts_with(&keys.objects("w")) && text.starts_with(&keys.watched()));
            assert!(keys.head_of("w", &place.0).starts_with(&keys.heads_of("w")));
        }
        assert_eq!(keys.meaning(keys.format().as_bytes()), Meaning::Format);
        assert_eq!(keys.meaning(keys.fingerprint().as_bytes()), Meaning::Fingerprint);
        assert_eq!(keys.meaning(keys.clusters().as_bytes()), Meaning::Clusters);
        assert_eq!(keys.meaning(keys.floor("w").as_bytes()), Meaning::Floor { world: "w" });
        assert_eq!(keys.meaning(keys.end("w").as_bytes()), Meaning::End { world: "w" });
        assert_eq!(keys.meaning(keys.head("w").as_bytes()), Meaning::Head { world: "w" });
        let settings = keys.below("server/settings");
        assert_eq!(keys.meaning(settings.as_bytes()), Meaning::Server { key: "settings" });
        let clock = keys.below("state/w/a/b");
        assert!(clock.starts_with(&keys.state("w")));
        assert_eq!(keys.meaning(clock.as_bytes()), Meaning::State { world: "w", key: "a/b" });
        assert_eq!(keys.meaning(keys.changes().as_bytes()), Meaning::Changes);
        for foreign in [
            "/p/q/standin/other",
            "/p/q/standin/state/w",
            "/p/q/standin/objects/w",
            "/other",
            "/p/q/standin/",
        ] {
            assert_eq!(keys.meaning(foreign.as_bytes()), Meaning::Foreign, "{foreign}");
        }
    }
}
