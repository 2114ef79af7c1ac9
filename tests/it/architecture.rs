//! The structure of the source, from its `use` lines: no import cycles between files, and no module
//! that uses a higher layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The layers, lowest first. A top-level module uses modules of lower layers, and of its own layer only those
/// that are before it.
const LAYERS: &[&[&str]] = &[
    &["java", "parallel", "document", "message", "links", "redact"],
    &["tls", "etcd", "transport", "template", "matching", "scenario", "k8s", "grade"],
    &["fixtures", "exchange", "record", "profile", "kubeconfig"],
    &["error"],
    &["serve"],
    &["explain", "check"],
    &["server"],
    &["lib"],
    &["drill", "import", "recorded", "observed", "export", "drift", "objects"],
    &["cli"],
    &["internals"],
    &["main"],
];

/// A module of the crate: its path below `crate`, and its file.
type Module = Vec<String>;

/// All modules that are not tests, with the text of their files outside of tests.
fn modules() -> BTreeMap<Module, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let Some(module) = module_of(path.strip_prefix(&root).unwrap()) else { continue };
                let text = fs::read_to_string(&path).unwrap();
                found.insert(module, without_tests(&text));
            }
        }
    }
    found
}

/// The module of a file; `None` for files that contain only tests.
fn module_of(path: &Path) -> Option<Module> {
    let mut parts: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let last = parts.last()?.clone();
    if parts.iter().any(|part| part == "tests") || last == "testing" || last.ends_with("_tests") {
        return None;
    }
    if last == "mod" {
        parts.pop();
    }
    Some(parts)
}

/// The text without comments and without modules of tests.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let attribute = line.trim_start();
        if attribute == "#[cfg(test)]" || attribute.starts_with("#[cfg(all(test,") {
            // Skips one item: to the line that closes it, at the same depth.
            let indent = line.len() - line.trim_start().len();
            let close = format!("{}}}", " ".repeat(indent));
            for line in lines.by_ref() {
                if line == close
                    || (line.ends_with(';')
                        && !line.starts_with(&format!("{} ", " ".repeat(indent))))
                {
                    break;
                }
            }
            continue;
        }
        kept.push_str(line.split("//").next().unwrap_or_default());
        kept.push('\n');
    }
    kept
}

/// The paths in a text: those of its `use` items, with braces expanded, and those in its code that
/// begin with `crate::` or `super::`. Each says whether it is re-exported (`pub use`).
fn paths(text: &str) -> Vec<(Vec<String>, bool)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut code = String::new();
    while let Some(at) = rest.find("use ") {
        let before = &rest[..at];
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        let is_item =
            line.is_empty() || line == "pub" || (line.starts_with("pub(") && line.ends_with(')'));
        code.push_str(before);
        rest = &rest[at + 4..];
        if !is_item {
            continue;
        }
        let end = rest.find(';').unwrap_or(rest.len());
        let mut spread = Vec::new();
        expand(&[], &rest[..end].split_whitespace().collect::<Vec<_>>().join(" "), &mut spread);
        found.extend(spread.into_iter().map(|path| (path, line.starts_with("pub"))));
        rest = &rest[end..];
    }
    code.push_str(rest);
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let named = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            if code[..at].ends_with(named) {
                continue;
            }
            let path = code[at..].split(|c| !named(c)).next().unwrap_or_default();
            let parts = path.split("::").filter(|part| !part.is_empty());
            found.push((parts.map(str::to_owned).collect(), false));
        }
    }
    found
}

/// Expands a `use` tree.
fn expand(prefix: &[String], tree: &str, into: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let mut prefix = prefix.to_vec();
        prefix.extend(
            tree[..open]
                .split("::")
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned),
        );
        let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
        let (mut depth, mut start) = (0, 0);
        for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !inner[start..at].trim().is_empty() {
                        expand(&prefix, &inner[start..at], into);
                    }
                    start = (at + 1).min(inner.len());
                }
                _ => {}
            }
        }
        return;
    }
    let path = tree.split(" as ").next().unwrap_or_default();
    let mut whole = prefix.to_vec();
    whole.extend(
        path.split("::")
            .map(|part| part.trim().to_owned())
            .filter(|part| part != "self" || prefix.is_empty()),
    );
    into.push(whole);
}

/// The structure: which module uses which.
struct House {
    modules: BTreeMap<Module, Vec<(Vec<String>, bool)>>,
}

impl House {
    fn read() -> Self {
        let modules = modules();
        Self { modules: modules.into_iter().map(|(module, text)| (module, paths(&text))).collect() }
    }

    /// Returns the path below `crate` that a path refers to; `None` for other crates.
    fn absolute(&self, at: &Module, path: &[String]) -> Option<Vec<String>> {
        let mut base: Module;
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" | "standin" => {
                base = Vec::new();
                rest = &rest[1..];
            }
            "self" => {
                base = at.clone();
                rest = &rest[1..];
            }
            "super" => {
                base = at.clone();
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                base = at.clone();
                let mut module = at.clone();
                module.push(child.to_owned());
                if !self.modules.contains_key(&module) {
                    return None;
                }
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The module that defines a path: re-exported names are resolved to their origin.
    fn target(&self, path: &[String], steps: usize) -> Module {
        let mut length = path.len();
        while length > 0 && !self.modules.contains_key(&path[..length]) {
            length -= 1;
        }
        let module = path[..length].to_vec();
        let Some(name) = path.get(length).filter(|_| steps > 0) else { return module };
        let Some(uses) = self.modules.get(&module) else { return module };
        let handed = uses.iter().find(|(used, public)| *public && used.last() == Some(name));
        match handed.and_then(|(used, _)| self.absolute(&module, used)) {
            Some(next) if next != path => self.target(&next, steps - 1),
            _ => module,
        }
    }

    /// Module → the modules it uses, without itself and its re-exports.
    fn arrows(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let mut arrows = BTreeMap::new();
        for (module, uses) in &self.modules {
            let used = uses.iter().filter(|(_, public)| !public);
            let used = used.filter_map(|(path, _)| self.absolute(module, path));
            // `use super::*` and the like name no module of their own.
            let targets: BTreeSet<Module> =
                used.map(|path| self.target(&path, 8)).filter(|target| target != module).collect();
            arrows.insert(module.clone(), targets);
        }
        arrows
    }
}

/// The cycles of a graph: its strongly connected components of more than one node.
fn circles(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<Module>> {
    let reached = |from: &Module| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from.clone()];
        while let Some(module) = next.pop() {
            for target in arrows.get(&module).into_iter().flatten() {
                if seen.insert(target.clone()) {
                    next.push(target.clone());
                }
            }
        }
        seen
    };
    let all: BTreeMap<&Module, BTreeSet<Module>> =
        arrows.keys().map(|module| (module, reached(module))).collect();
    let mut circles: BTreeSet<Vec<Module>> = BTreeSet::new();
    for (module, reach) in &all {
        if reach.contains(*module) {
            let part = reach
                .iter()
                .filter(|other| all.get(other).is_some_and(|back| back.contains(*module)));
            circles.insert(part.cloned().collect());
        }
    }
    circles.into_iter().collect()
}

fn name(module: &Module) -> String {
    if module.is_empty() { "lib".to_owned() } else { module.join("/") }
}

#[test]
fn no_files_import_each_other_in_a_cycle() {
    let arrows = House::read().arrows();
    let mut text = String::new();
    for circle in circles(&arrows) {
        text.push_str("a circle:\n");
        for module in &circle {
            let targets = arrows[module].iter().filter(|target| circle.contains(target));
            let targets: Vec<String> = targets.map(name).collect();
            text.push_str(&format!("  {} -> {}\n", name(module), targets.join(", ")));
        }
    }
    assert!(text.is_empty(), "move what ties them to a file of its own:\n{text}");
}

#[test]
fn no_module_uses_a_higher_layer() {
    let order: Vec<&str> = LAYERS.iter().copied().flatten().copied().collect();
    let place = |module: &Module| {
        let top = module.first().map_or("lib", String::as_str);
        order.iter().position(|known| *known == top)
    };
    let mut wrong = BTreeSet::new();
    for (module, targets) in House::read().arrows() {
        let Some(own) = place(&module) else {
            wrong.insert(format!("{} is in no layer", name(&module)));
            continue;
        };
        for target in targets {
            if place(&target).is_some_and(|other| other > own) {
                wrong.insert(format!("{} uses {}", name(&module), name(&target)));
            }
        }
    }
    let lines: Vec<String> = wrong.into_iter().collect();
    assert!(lines.is_empty(), "lower layers do not know higher ones:\n{}", lines.join("\n"));
}

#[test]
fn the_reader_of_use_lines_reads_them() {
    let text = without_tests(
        "use crate::a::{b, c::{D, e}};\npub(crate) use super::f::G as H;\nlet x = crate::i::j();\n#[cfg(test)]\nmod tests {\n    use crate::k;\n}\n",
    );
    let found: Vec<String> = paths(&text)
        .into_iter()
        .map(|(path, public)| format!("{}{}", path.join("::"), if public { "+" } else { "" }))
        .collect();
    assert_eq!(
        found,
        ["crate::a::b", "crate::a::c::D", "crate::a::c::e", "super::f::G+", "crate::i::j"]
    );
    let circle = BTreeMap::from([
        (vec!["a".to_owned()], BTreeSet::from([vec!["b".to_owned()]])),
        (vec!["b".to_owned()], BTreeSet::from([vec!["a".to_owned()]])),
        (vec!["c".to_owned()], BTreeSet::from([vec!["a".to_owned()]])),
    ]);
    assert_eq!(circles(&circle), [[vec!["a".to_owned()], vec!["b".to_owned()]]]);
}
