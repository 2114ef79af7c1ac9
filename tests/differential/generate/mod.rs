//! The generators: each draws rounds that try one kind of rule.

mod bodies;
mod delete_options;
mod forms;
mod media;
mod metadata;
mod mutate;
mod options;
mod patches;
mod paths;
mod preconditions;
mod protobuf;
mod rbac;
mod selectors;
mod watches;

use crate::draw::Draw;
use crate::kinds::{self, Kind};
use crate::step::Step;

/// A generator of rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generator {
    pub(crate) name: &'static str,
    /// The steps after those that make objects.
    steps: fn(&mut Draw, &Kind) -> Vec<Step>,
    /// The most objects that are made first.
    objects: usize,
}

/// All generators.
const ALL: &[Generator] = &[
    Generator { name: "bodies", steps: bodies::steps, objects: 1 },
    Generator { name: "delete_options", steps: delete_options::steps, objects: 2 },
    Generator { name: "forms", steps: forms::steps, objects: 2 },
    Generator { name: "media", steps: media::steps, objects: 1 },
    Generator { name: "metadata", steps: metadata::steps, objects: 1 },
    Generator { name: "options", steps: options::steps, objects: 3 },
    Generator { name: "patches", steps: patches::steps, objects: 1 },
    Generator { name: "paths", steps: paths::steps, objects: 1 },
    Generator { name: "preconditions", steps: preconditions::steps, objects: 1 },
    Generator { name: "protobuf", steps: protobuf::steps, objects: 2 },
    Generator { name: "rbac", steps: rbac::steps, objects: 0 },
    Generator { name: "selectors", steps: selectors::steps, objects: 2 },
    Generator { name: "watches", steps: watches::steps, objects: 2 },
];

/// The names of the objects that are made first.
pub(crate) const NAMES: [&str; 3] = ["one", "two", "three"];

/// The generators of a list of names; all for an empty one, with that of roles where the servers have RBAC.
pub(crate) fn chosen(names: &str, with_rbac: bool) -> Result<Vec<Generator>, String> {
    if names.is_empty() {
        let all = ALL.iter().filter(|generator| generator.name != "rbac" || with_rbac);
        return Ok(all.copied().collect());
    }
    let find = |name: &str| {
        let found = ALL.iter().find(|generator| generator.name == name).copied();
        let known: Vec<&str> = ALL.iter().map(|generator| generator.name).collect();
        found.ok_or_else(|| format!("no generator {name:?}: there are {}", known.join(", ")))
    };
    names.split(',').map(find).collect()
}

impl Generator {
    /// Draws a round.
    pub(crate) fn round(&self, draw: &mut Draw) -> Vec<Step> {
        let kind = draw.one(kinds::ALL);
        let mut steps = Vec::new();
        let objects = if self.objects == 0 { 0 } else { 1 + draw.below(self.objects) };
        for name in NAMES.iter().take(objects) {
            let object = kind.object(draw, name);
            steps.push(Step::new("POST", kind.collection()).body(object));
        }
        steps.extend((self.steps)(draw, &kind));
        if objects > 0 && steps.last().is_some_and(|step| step.method != "GET") {
            steps.push(Step::get(kind.collection()));
        }
        steps
    }
}

/// The path of an object that was made first, or now and then of another.
fn some_path(draw: &mut Draw, kind: &Kind) -> String {
    let name = if draw.chance(92) { NAMES[0] } else { "missing" };
    kind.path(name)
}

/// A write that is valid without further parameters, or a read.
fn valid(draw: &mut Draw, kind: &Kind) -> Step {
    let verb = draw.one(&["GET", "LIST", "POST", "PUT", "PATCH", "DELETE", "DELETECOLLECTION"]);
    let path = some_path(draw, kind);
    match verb {
        "LIST" => Step::get(kind.collection()),
        "POST" => Step::new("POST", kind.collection()).body(kind.object(draw, "new")),
        "PUT" => Step::new("PUT", path).body(kind.object(draw, NAMES[0])),
        "PATCH" => Step::new("PATCH", path)
            .header("content-type", "application/merge-patch+json")
            .body(r#"{"metadata":{"annotations":{"p":"q"}}}"#),
        "DELETECOLLECTION" => Step::new("DELETE", kind.collection()),
        verb => Step::new(verb, path),
    }
}

/// Percent-encodes what a query cannot hold.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b'@'
            | b'='
            | b','
            | b'/'
            | b'!' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
