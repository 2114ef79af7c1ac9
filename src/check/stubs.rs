//! Stubs that never answer, objects that are never seen, since a stub answers before them, and recorded sequences that
//! lack an answer.

use std::collections::{HashMap, HashSet};

use crate::document::{Diagnostic, Diagnostics, Format, MAX_FILE_BYTES, Source, disk};
use crate::matching::{Stub, StubSet};

/// Below this path the admin API answers.
const ADMIN: &str = "/__admin";

/// How many stubs are reported with their line: their files are read again.
const MOST_PLACED: usize = 100;

/// What is warned about.
pub(super) fn unreachable(stubs: &StubSet, has_objects: bool) -> Diagnostics {
    let mut found = Vec::new();
    let shared_paths = shared_paths(stubs);
    let mut first: HashMap<String, &Stub> = HashMap::new();
    let mut all: Option<&Stub> = None;
    for stub in stubs.stubs().map(|stub| &**stub) {
        let path = stub.literal_path().unwrap_or_default();
        let of_admin =
            path.strip_prefix(ADMIN).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if of_admin {
            let message = format!("{} never answers: the admin API owns {path}", name(stub));
            let hint = "give the stub another URL".to_owned();
            found.push((stub, "unreachable-stub", message, hint));
            continue;
        }
        if let Some(by) = all {
            let message =
                format!("{} never answers: {} answers all requests", name(stub), name(by));
            found.push((stub, "shadowed-stub", message, remedy(by)));
            continue;
        }
        // A stub that alone names its path has no equal: its pattern need not be rendered.
        if stub.literal_path().is_some_and(|path| !shared_paths.contains(path)) {
            continue;
        }
        // What it depends on besides the request is not compared.
        let Some(request) = stub.sole_request() else { continue };
        if stub.takes_all() {
            all = Some(stub);
        }
        if let Some(by) = first.get(&request) {
            let message =
                format!("{} never answers: {} is for the same requests", name(stub), name(by));
            found.push((stub, "shadowed-stub", message, remedy(by)));
        } else {
            first.insert(request, stub);
        }
    }
    if let Some(by) = all.filter(|_| has_objects) {
        let message = format!("no object is ever seen: {} answers all requests", name(by));
        let hint = "give the stub a URL, or a method".to_owned();
        found.push((by, "unreachable-objects", message, hint));
    }
    found.extend(broken_sequences(stubs));
    let found = found.into_iter().enumerate();
    let found = found.map(|(number, (stub, code, message, hint))| {
        let warning = Diagnostic::warning(stub.source(), message).code(code).hint(hint);
        if number < MOST_PLACED { placed(warning, stub) } else { warning }
    });
    Diagnostics(found.collect()).sorted()
}

/// The states of a recorded sequence begin so; those of other scenarios may be set by a client.
const RECORDED_STATE: &str = "answer-";

/// A finding: the stub, the code, the message and what to do.
type Finding<'s> = (&'s Stub, &'static str, String, String);

/// The stubs of recorded sequences of which somebody removed an answer.
fn broken_sequences(stubs: &StubSet) -> Vec<Finding<'_>> {
    let scenarios = || stubs.stubs().filter_map(|stub| Some((&**stub, stub.scenario()?)));
    let (mut asked, mut reached) = (HashSet::new(), HashSet::new());
    for (_, scenario) in scenarios() {
        asked.extend(scenario.required_state.as_deref().map(|state| (&*scenario.name, state)));
        reached.extend(scenario.new_state.as_deref().map(|state| (&*scenario.name, state)));
    }
    let mut found = Vec::new();
    for (stub, scenario) in scenarios() {
        let lacks = |state: &Option<Box<str>>, known: &HashSet<(&str, &str)>| {
            let state = state.as_deref().filter(|state| state.starts_with(RECORDED_STATE))?;
            (!known.contains(&(&*scenario.name, state))).then(|| state.to_owned())
        };
        let mut add = |message: String| {
            let hint = "an answer of the recorded sequence is missing: restore its file, record the request again, or change the states of the other answers".to_owned();
            found.push((stub, "broken-sequence", message, hint));
        };
        if let Some(state) = lacks(&scenario.required_state, &reached) {
            add(format!("{} never answers: no stub leads to the state {state:?}", name(stub)));
        }
        if let Some(state) = lacks(&scenario.new_state, &asked) {
            add(format!(
                "after {} nothing answers: no stub is for the state {state:?}",
                name(stub)
            ));
        }
    }
    found
}

/// The paths that several stubs name literally.
fn shared_paths(stubs: &StubSet) -> HashSet<&str> {
    let mut named = HashSet::new();
    stubs
        .stubs()
        .filter_map(|stub| stub.literal_path())
        .filter(|path| !named.insert(*path))
        .collect()
}

/// How people know a stub.
fn name(stub: &Stub) -> String {
    match stub.name() {
        Some(name) => format!("the stub {name:?}"),
        None => format!("the stub {}", stub.id),
    }
}

/// What lets a stub answer that comes behind another one.
fn remedy(by: &Stub) -> String {
    let file = by.source().display();
    format!(
        "of equal priority the stub that was added last answers: remove one of them, give this one a lower priority number, or narrow the one of {file}"
    )
}

/// The warning at the stub's place in its file.
fn placed(warning: Diagnostic, stub: &Stub) -> Diagnostic {
    let path = stub.source();
    let source = Format::of(path).and_then(|format| {
        let bytes = disk::read(path, MAX_FILE_BYTES).ok()?;
        Source::from_bytes(path.to_owned(), format, bytes).ok()
    });
    let place =
        source.as_ref().and_then(|source| source.place(stub.document(), &stub.pointer(), false));
    match place {
        Some(place) => warning.at(place),
        None => warning,
    }
}
