//! One object at one revision, rendered once.

use std::ops::Range;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::super::golang::write_json;
use super::super::reread;
use super::super::resource::{Column, GroupResource};
use super::Revision;

/// A stored object: its rendered JSON, and the fields that lists and watches select by.
#[derive(Debug)]
pub(crate) struct Object {
    /// The resource it belongs to.
    pub resource: Arc<GroupResource>,
    /// `namespace/name`, or `name` for cluster-scoped objects: its position in a list.
    pub key: Arc<str>,
    /// The fields for selection.
    pub meta: ObjectMeta,
    /// The version in which a custom resource is written.
    pub version: Option<Arc<str>>,
    /// The object's JSON without its opening brace, `apiVersion` and `kind`: these depend on the requested
    /// version and on whether the object is in a list, and are added when it is sent.
    pub rest: Bytes,
    /// The range of the revision's digits in `rest`: the only bytes that change when the object gets another
    /// revision.
    revision_at: Range<usize>,
    /// The range of the metadata in `rest`.
    metadata_at: Range<usize>,
    /// Its cells in tables, made for the first table.
    cells: ArcSwapOption<Cells>,
}

/// The cells of an object for the columns of its type.
#[derive(Debug)]
pub(crate) struct Cells {
    /// The columns.
    pub columns: Arc<[Column]>,
    /// One cell per column.
    pub cells: Box<[Cell]>,
}

/// The cell of an object for one column.
#[derive(Debug)]
pub(crate) enum Cell {
    /// JSON.
    Text(Box<str>),
    /// The time since a timestamp.
    Age(Timestamp),
}

/// The fields of an object that the store, lists and watches use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObjectMeta {
    /// `metadata.name`.
    pub name: Arc<str>,
    /// `metadata.namespace`; empty for cluster-scoped objects.
    pub namespace: Arc<str>,
    /// `metadata.uid`.
    pub uid: Box<str>,
    /// `metadata.resourceVersion`.
    pub revision: Revision,
    /// Whether `metadata.deletionTimestamp` is set.
    pub terminating: bool,
    /// The uids of `metadata.ownerReferences`.
    pub owners: Box<[Box<str>]>,
    /// `metadata.labels`, sorted by key.
    pub labels: Box<[(Box<str>, Box<str>)]>,
    /// The values of the resource type's selectable fields, in the order it declares them.
    pub fields: Box<[Box<str>]>,
}

impl Object {
    /// Renders an object. `value` is the whole object, with its revision in its metadata.
    pub(crate) fn render(
        resource: Arc<GroupResource>,
        mut value: Value,
        selectable: &[Vec<String>],
    ) -> Self {
        let fields = selectable.iter().map(|path| field_text(&value, path).into()).collect();
        let meta = ObjectMeta::read(&value, fields);
        if let Value::Object(map) = &mut value {
            map.remove("apiVersion");
            map.remove("kind");
        }
        let key = if meta.namespace.is_empty() {
            Arc::clone(&meta.name)
        } else {
            format!("{}/{}", meta.namespace, meta.name).into()
        };
        let Written { rest, revision_at, metadata_at } = write(&value);
        let cells = ArcSwapOption::empty();
        let rest = rest.into();
        Self { resource, key, meta, version: None, rest, revision_at, metadata_at, cells }
    }

    /// The object, written in a version.
    #[must_use]
    pub(crate) fn written_in(self, version: Option<Arc<str>>) -> Self {
        Self { version, ..self }
    }

    /// Its metadata as JSON.
    pub(crate) fn metadata(&self) -> &[u8] {
        let text = &self.rest[self.metadata_at.clone()];
        if text.is_empty() { b"{}" } else { text }
    }

    /// Its cells for the columns of its type, made once per version of the columns.
    pub(crate) fn cells(
        &self,
        columns: &Arc<[Column]>,
        make: impl FnOnce() -> Box<[Cell]>,
    ) -> Arc<Cells> {
        if let Some(cells) = &*self.cells.load()
            && Arc::ptr_eq(&cells.columns, columns)
        {
            return Arc::clone(cells);
        }
        let cells = Arc::new(Cells { columns: Arc::clone(columns), cells: make() });
        self.cells.store(Some(Arc::clone(&cells)));
        cells
    }

    /// The same content under another revision.
    #[must_use]
    pub(crate) fn at_revision(&self, revision: Revision) -> Self {
        let digits = revision.to_string();
        let Range { start, end } = self.revision_at.clone();
        let mut rest = Vec::with_capacity(self.rest.len() + digits.len());
        rest.extend_from_slice(&self.rest[..start]);
        rest.extend_from_slice(digits.as_bytes());
        rest.extend_from_slice(&self.rest[end..]);
        let metadata = self.metadata_at.clone();
        let metadata_at = metadata.start..metadata.end - (end - start) + digits.len();
        Self {
            resource: Arc::clone(&self.resource),
            key: Arc::clone(&self.key),
            meta: ObjectMeta { revision, ..self.meta.clone() },
            version: self.version.clone(),
            rest: rest.into(),
            revision_at: start..start + digits.len(),
            metadata_at,
            // A column of a definition may show the revision.
            cells: ArcSwapOption::empty(),
        }
    }

    /// Parses the object into a value, with the given `apiVersion` and `kind`.
    pub(crate) fn value(&self, api_version: &str, kind: &str) -> Value {
        let mut text = Vec::with_capacity(self.rest.len() + 1);
        text.push(b'{');
        text.extend_from_slice(&self.rest);
        let mut value = reread::value(&text);
        if let Value::Object(map) = &mut value {
            map.insert("apiVersion".into(), api_version.into());
            map.insert("kind".into(), kind.into());
        }
        value
    }

    /// The value of a label.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        let labels = &self.meta.labels;
        let found = labels.binary_search_by(|(k, _)| k.as_ref().cmp(key)).ok()?;
        Some(&labels[found].1)
    }
}

/// An object's text without its opening brace, and ranges in it.
struct Written {
    rest: Vec<u8>,
    revision_at: Range<usize>,
    metadata_at: Range<usize>,
}

fn write(value: &Value) -> Written {
    let mut out = Vec::with_capacity(512);
    let (mut revision_at, mut metadata_at) = (0..0, 0..0);
    for (key, value) in value.as_object().into_iter().flatten() {
        entry(&mut out, key);
        if key != "metadata" {
            append(&mut out, value);
            continue;
        }
        let start = out.len();
        out.push(b'{');
        for (key, value) in value.as_object().into_iter().flatten() {
            entry(&mut out, key);
            append(&mut out, value);
            if key == "resourceVersion" {
                // The digits without their quotes.
                let len = value.as_str().unwrap_or_default().len();
                revision_at = out.len() - 1 - len..out.len() - 1;
            }
        }
        out.push(b'}');
        metadata_at = start..out.len();
    }
    out.push(b'}');
    Written { rest: out, revision_at, metadata_at }
}

fn entry(out: &mut Vec<u8>, key: &str) {
    if out.last().is_some_and(|byte| *byte != b'{') {
        out.push(b',');
    }
    append(out, &Value::from(key));
    out.push(b':');
}

fn append(out: &mut Vec<u8>, value: &Value) {
    write_json(out, value);
}

impl ObjectMeta {
    fn read(value: &Value, fields: Box<[Box<str>]>) -> Self {
        let metadata = &value["metadata"];
        let text = |key: &str| metadata[key].as_str().unwrap_or_default();
        let labels = metadata["labels"].as_object().into_iter().flatten();
        // serde_json's map is sorted by key.
        let labels =
            labels.map(|(k, v)| (k.as_str().into(), v.as_str().unwrap_or_default().into()));
        let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
        Self {
            owners: owners.filter_map(|owner| Some(owner["uid"].as_str()?.into())).collect(),
            name: text("name").into(),
            namespace: text("namespace").into(),
            uid: text("uid").into(),
            revision: Revision(text("resourceVersion").parse().unwrap_or_default()),
            terminating: metadata["deletionTimestamp"].is_string(),
            labels: labels.collect(),
            fields,
        }
    }
}

/// A selectable field as text; absent and null are empty, as in upstream.
fn field_text(value: &Value, path: &[String]) -> String {
    let mut found = value;
    for step in path {
        found = &found[step.as_str()];
    }
    match found {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_gets_another_revision_without_being_rendered_again() {
        let resource = Arc::new(GroupResource::new("g", "things"));
        let value = json!({
            "apiVersion": "g/v1", "kind": "Thing", "aaa": {"resourceVersion": "9"},
            "metadata": {
                "annotations": {"resourceVersion": "9"}, "name": "n", "namespace": "s", "resourceVersion": "9",
                "uid": "u",
            },
            "spec": {"resourceVersion": "9"},
        });
        let object = Object::render(resource, value.clone(), &[]);
        assert_eq!(object.value("g/v1", "Thing"), value);
        let later = object.at_revision(Revision(1234));
        let mut expected = value;
        expected["metadata"]["resourceVersion"] = json!("1234");
        assert_eq!(later.value("g/v1", "Thing"), expected);
        assert_eq!(later.at_revision(Revision(9)).rest, object.rest);
        let metadata: Value = serde_json::from_slice(later.metadata()).unwrap();
        assert_eq!(metadata, expected["metadata"]);
        assert_eq!((&*later.key, later.meta.revision), ("s/n", Revision(1234)));
    }
}
