//! The built-in groups, versions and resources, as discovery shows them. Source: `data/discovery.txt`, made by
//! `data/generate` from `api/discovery` of `k8s.io/kubernetes`.

use std::sync::LazyLock;

/// A group and version with its resources.
#[derive(Debug)]
pub(in super::super) struct GroupVersion {
    /// The group; empty for the core group.
    pub(in super::super) group: &'static str,
    pub(in super::super) version: &'static str,
    /// In the order of names.
    pub(in super::super) resources: Vec<Resource>,
}

/// A resource, or a subresource.
#[derive(Debug)]
pub(in super::super) struct Resource {
    /// The plural.
    pub(in super::super) name: &'static str,
    /// Empty for a subresource.
    pub(in super::super) singular: &'static str,
    pub(in super::super) kind: &'static str,
    /// The group and version of the Kind, where they are others.
    pub(in super::super) of: Option<(&'static str, &'static str)>,
    pub(in super::super) namespaced: bool,
    /// `storageVersionHash`; empty where nothing is stored.
    pub(in super::super) hash: &'static str,
    pub(in super::super) verbs: Box<[&'static str]>,
    pub(in super::super) short_names: Box<[&'static str]>,
    pub(in super::super) categories: Box<[&'static str]>,
    pub(in super::super) subresources: Vec<Resource>,
}

static ALL: LazyLock<Vec<GroupVersion>> =
    LazyLock::new(|| read(include_str!("data/discovery.txt")));

/// All groups and versions, in the order of priority.
pub(in super::super) fn all() -> &'static [GroupVersion] {
    &ALL
}

/// A resource by group, version and plural.
pub(in super::super) fn find(
    group: &str,
    version: &str,
    plural: &str,
) -> Option<&'static Resource> {
    let found = ALL.iter().find(|found| found.group == group && found.version == version)?;
    let at = found.resources.binary_search_by(|resource| resource.name.cmp(plural)).ok()?;
    found.resources.get(at)
}

impl Resource {
    /// A subresource by its name.
    pub(in super::super) fn subresource(&self, name: &str) -> Option<&Resource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    /// Whether objects are stored: reviews and bindings are only created.
    pub(in super::super) fn is_stored(&self) -> bool {
        self.verbs.contains(&"list")
    }
}

fn read(text: &'static str) -> Vec<GroupVersion> {
    let mut all: Vec<GroupVersion> = Vec::new();
    for line in text.lines() {
        if let Some(line) = line.strip_prefix('\t') {
            let Some(found) = all.last_mut() else { continue };
            if let Some((parent, resource)) = resource(line) {
                match found.resources.last_mut().filter(|last| last.name == parent) {
                    Some(last) if parent != resource.name => last.subresources.push(resource),
                    _ => found.resources.push(resource),
                }
            }
        } else if let Some((group, version)) = line.split_once(' ') {
            all.push(GroupVersion { group, version, resources: Vec::new() });
        }
    }
    all
}

/// The resource of a line, with the name of the one that it is below.
fn resource(line: &'static str) -> Option<(&'static str, Resource)> {
    let words: Vec<&'static str> = line.split(' ').collect();
    let [name, singular, kind, of, scope, hash, verbs, short_names, categories] = *words else {
        return None;
    };
    let or_empty = |word: &'static str| if word == "-" { "" } else { word };
    let list =
        |word: &'static str| or_empty(word).split(',').filter(|word| !word.is_empty()).collect();
    let (parent, own) = name.split_once('/').unwrap_or((name, name));
    Some((
        parent,
        Resource {
            name: own,
            singular: or_empty(singular),
            kind,
            of: of.split_once('/'),
            namespaced: scope == "namespaced",
            hash: or_empty(hash),
            verbs: list(verbs),
            short_names: list(short_names),
            categories: list(categories),
            subresources: Vec::new(),
        },
    ))
}
