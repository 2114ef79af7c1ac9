//! Objects → YAML files: one for each type and namespace, the objects sorted by their names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::document::{Format, Source};
use crate::k8s::render_yaml;

use super::collection::ObjectCollection;

/// The name of the file with objects that are in no namespace.
const CLUSTER: &str = "cluster";

/// Returns the files of objects. Folders are named after the resources if `kinds` (Kind and group
/// to `plural.group`) contains them.
pub(crate) fn to_files(
    collection: &ObjectCollection,
    kinds: &HashMap<(String, String), String>,
) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files: BTreeMap<PathBuf, Vec<&Value>> = BTreeMap::new();
    for object in collection.objects() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let group = text(&object["apiVersion"]);
        let group = group.split_once('/').map_or("", |(group, _)| group).to_owned();
        let kind = text(&object["kind"]);
        let folder = kinds.get(&(kind.clone(), group.clone())).cloned().unwrap_or_else(|| {
            let dot = if group.is_empty() { "" } else { "." };
            format!("{}{dot}{group}", kind.to_lowercase())
        });
        let namespace = text(&object["metadata"]["namespace"]);
        let name = if namespace.is_empty() { CLUSTER.to_owned() } else { namespace };
        files.entry(PathBuf::from(plain(&folder)).join(plain(&name))).or_default().push(object);
    }
    files.into_iter().map(|(path, objects)| file(&path, &objects)).collect()
}

/// Returns a safe file name for a name from a server.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    // A leading dot would hide it.
    name.trim_start_matches('.').to_owned()
}

/// Renders a file as YAML, or as JSON if the YAML does not read back as equal.
fn file(path: &Path, objects: &[&Value]) -> (PathBuf, Vec<u8>) {
    let extended = |extension: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(extension);
        PathBuf::from(name)
    };
    let documents: Vec<String> = objects.iter().map(|object| render_yaml(object)).collect();
    let text = documents.join("---\n");
    let source = Source { path: extended(".yaml"), format: Format::Yaml, text };
    let same = source.parse().is_ok_and(|read| {
        read.len() == objects.len() && read.iter().zip(objects).all(|(a, b)| a == *b)
    });
    if same {
        return (source.path, source.text.into_bytes());
    }
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
    (extended(".json"), format!("{list:#}\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_are_named_by_resource_and_namespace_and_read_back() {
        let mut collection = ObjectCollection::default();
        for (kind, namespace, name, data) in [
            ("ConfigMap", "b", "two", "plain"),
            ("ConfigMap", "b", "one", "x: y\n  z\n"),
            ("ConfigMap", "../a", "odd", "\u{85}\u{2028}\ttab\n trailing \n\n"),
        ] {
            collection.add(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "data": {"k": data}}));
        }
        collection.add(json!({"apiVersion": "x.io/v1", "kind": "Box", "metadata": {"name": "c"}}));
        let kinds =
            HashMap::from([(("ConfigMap".to_owned(), String::new()), "configmaps".to_owned())]);
        let files = to_files(&collection, &kinds);
        let stems: Vec<String> =
            files.keys().map(|path| path.with_extension("").display().to_string()).collect();
        assert_eq!(stems, ["box.x.io/cluster", "configmaps/_a", "configmaps/b"]);
        let directory = tempfile::tempdir().unwrap();
        for (path, content) in &files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let loaded = crate::fixtures::load(&[directory.path().to_path_buf()]).unwrap();
        assert_eq!(loaded.set.objects.objects.len(), 4);
    }
}
