//! Tables, and objects reduced to their metadata
//! (`k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor`).

use std::cell::OnceCell;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use serde_json_path::JsonPath;

use crate::document::json_path;

use super::conversion;
use super::core::{cells, columns};
use super::golang::write_json;
use super::list::Items;
use super::output::{Include, Shape};
use super::resource::{Column, Served};
use super::store::{Cell, Object, Revision};
use super::table_time::{human_duration, next_change};

const NAME_DESCRIPTION: &str = "Name must be unique within a namespace. Is required when creating resources, although \
     some resources may allow a client to request the generation of an appropriate name automatically. Name is \
     primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: \
     https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const AGE_DESCRIPTION: &str = "CreationTimestamp is a timestamp representing the server time when this object was \
     created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set \
     this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for \
     lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// How objects are rendered.
#[derive(Clone, Copy)]
pub(super) struct Rendering<'s> {
    /// Their type and version.
    pub(super) served: &'s Served,
    /// The shape: a table or metadata.
    pub(super) shape: Shape,
    /// Whether a table has column definitions: in a watch only the first one has.
    pub(super) with_columns: bool,
    /// The time for ages.
    pub(super) now: Timestamp,
}

impl Rendering<'_> {
    /// Renders one object. A table gets the given revision.
    pub(super) fn one(&self, object: &Object, revision: Revision) -> Vec<u8> {
        match self.shape {
            Shape::Table { .. } => {
                self.list([object].into_iter(), &json!({"resourceVersion": revision.to_string()}))
            }
            shape => {
                let mut out = Vec::with_capacity(object.metadata().len() + 96);
                partial(&mut out, object, version(shape));
                out
            }
        }
    }

    /// Renders a list of objects, with its metadata.
    pub(super) fn list<'o>(
        &self,
        objects: impl Iterator<Item = &'o Object>,
        metadata: &Value,
    ) -> Vec<u8> {
        let mut objects = objects.peekable();
        let (head, tail) = self.frame(metadata, objects.peek().is_none());
        let mut out = head.into_bytes();
        self.write(&mut out, objects);
        put(&mut out, &tail);
        out
    }

    /// What a list has before and behind its objects; of an empty one also what is in their place.
    pub(super) fn frame(&self, metadata: &Value, empty: bool) -> (String, String) {
        let version = version(self.shape);
        if matches!(self.shape, Shape::Table { .. }) {
            let definitions = if self.with_columns {
                definitions(self.served, &columns(self.served))
            } else {
                Value::Null
            };
            let head = format!(
                "{{\"apiVersion\":\"{version}\",\"columnDefinitions\":{definitions},\"kind\":\"Table\",\"metadata\":{metadata},\"rows\":["
            );
            return (head, "]}".to_owned());
        }
        // A list of metadata is made item by item (`asPartialObjectMetadataList`): without any it stays nil.
        let (open, close) = if empty { ("null", "") } else { ("[", "]") };
        let head = format!("{{\"apiVersion\":\"{version}\",\"items\":{open}");
        (head, format!("{close},\"kind\":\"PartialObjectMetadataList\",\"metadata\":{metadata}}}"))
    }

    /// The objects of a list, with a comma between them.
    pub(super) fn items<'o>(&self, objects: impl Iterator<Item = &'o Object>) -> Items {
        let mut out = Vec::new();
        let until = self.write(&mut out, objects);
        let text = Bytes::from(out);
        match until {
            Some(until) => Items { text, valid: self.now.as_second()..until },
            None => Items::timeless(text),
        }
    }

    /// Writes the objects of a list. Returns the second at which the first of the ages changes that are shown.
    fn write<'o>(
        &self,
        out: &mut Vec<u8>,
        objects: impl Iterator<Item = &'o Object>,
    ) -> Option<i64> {
        let version = version(self.shape);
        if !matches!(self.shape, Shape::Table { .. }) {
            for (index, object) in objects.enumerate() {
                put(out, if index > 0 { "," } else { "" });
                partial(out, object, version);
            }
            return None;
        }
        let columns = columns(self.served);
        let named = begins_with_name(&columns);
        // Compiled for the first object without cells.
        let paths = OnceCell::new();
        let mut until: Option<i64> = None;
        for (index, object) in objects.enumerate() {
            put(out, if index > 0 { ",{\"cells\":[" } else { "{\"cells\":[" });
            if named {
                append(out, &object.meta.name);
            }
            let made = object.cells(&columns, || self.cells(object, &columns, &paths));
            for (at, cell) in made.cells.iter().enumerate() {
                put(out, if named || at > 0 { "," } else { "" });
                match cell {
                    Cell::Text(text) => put(out, text),
                    Cell::Age(since) => {
                        let seconds = self.now.as_second() - since.as_second();
                        append(out, &human_duration(seconds));
                        let change = since.as_second().saturating_add(next_change(seconds));
                        until = Some(until.map_or(change, |until| until.min(change)));
                    }
                }
            }
            put(out, "],\"object\":");
            let converted = conversion::in_form(self.served, object);
            let object = converted.as_ref().unwrap_or(object);
            match self.shape {
                Shape::Table { include: Include::None, .. } => put(out, "null"),
                Shape::Table { include: Include::Object, .. } => {
                    put(out, &self.served.prefix());
                    out.extend_from_slice(&object.rest);
                }
                _ => partial(out, object, version),
            }
            out.push(b'}');
        }
        until
    }

    fn cells(
        &self,
        object: &Object,
        columns: &[Column],
        paths: &OnceCell<Vec<Option<JsonPath>>>,
    ) -> Box<[Cell]> {
        let paths =
            paths.get_or_init(|| columns.iter().map(|column| compile(&column.json_path)).collect());
        let whole = object.value(&self.served.api_version, &self.served.of.kind);
        if self.served.of.is_built_in() {
            return cells::of(self.served.of.group(), &self.served.of.kind, &whole, columns);
        }
        let cells = columns.iter().zip(paths).map(|(column, path)| {
            let found = path.as_ref().and_then(|path| path.query(&whole).first());
            found.map_or_else(|| Cell::Text("null".into()), |found| cell(column, found))
        });
        cells.collect()
    }
}

fn version(shape: Shape) -> &'static str {
    match shape {
        Shape::Table { beta: true, .. }
        | Shape::Metadata { beta: true }
        | Shape::MetadataList { beta: true } => "meta.k8s.io/v1beta1",
        _ => "meta.k8s.io/v1",
    }
}

fn partial(out: &mut Vec<u8>, object: &Object, version: &str) {
    put(out, "{\"apiVersion\":\"");
    put(out, version);
    put(out, "\",\"kind\":\"PartialObjectMetadata\",\"metadata\":");
    out.extend_from_slice(object.metadata());
    out.push(b'}');
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn append(out: &mut Vec<u8>, text: &str) {
    write_json(out, text);
}

/// The columns of a type; the age for a type without columns.
pub(super) fn columns(served: &Served) -> Arc<[Column]> {
    static AGE: LazyLock<Arc<[Column]>> = LazyLock::new(|| Arc::from([created("Age")]));
    static CREATED: LazyLock<Arc<[Column]>> = LazyLock::new(|| Arc::from([created("Created At")]));
    if served.of.is_built_in() {
        return built_in_columns(served).unwrap_or_else(|| Arc::clone(&CREATED));
    }
    let declared = &served.version().columns;
    Arc::clone(if declared.is_empty() { &AGE } else { declared })
}

/// The columns of a built-in type.
fn built_in_columns(served: &Served) -> Option<Arc<[Column]>> {
    columns::of(served.of.group(), &served.of.kind)
}

/// A column with the time of creation.
pub(super) fn created(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: "date".to_owned(),
        format: String::new(),
        description: AGE_DESCRIPTION.to_owned(),
        priority: 0,
        json_path: ".metadata.creationTimestamp".to_owned(),
    }
}

/// Whether the name is a column of its own, before the others.
fn begins_with_name(columns: &[Column]) -> bool {
    columns.iter().all(|column| column.format != "name")
}

fn definitions(served: &Served, columns: &[Column]) -> Value {
    // The printer of a Scale says nothing of its name.
    let plain = served.of.is_built_in() && *served.of.kind == *"Scale";
    let format = if plain { "" } else { "name" };
    let name = json!({
        "name": "Name", "type": "string", "format": format, "description": NAME_DESCRIPTION, "priority": 0,
    });
    let others = columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.kind,
            "format": column.format,
            "description": match &*column.description {
                "" if column.name == "Age" => AGE_DESCRIPTION,
                "" if column.format == "name" => NAME_DESCRIPTION,
                text => text,
            },
            "priority": column.priority,
        })
    });
    std::iter::once(name).filter(|_| begins_with_name(columns)).chain(others).collect()
}

/// Compiles a column's path: the Kubernetes dialect omits the `$` and escapes dots in keys.
fn compile(path: &str) -> Option<JsonPath> {
    let mut text = String::from("$");
    let mut rest = path;
    while let Some(at) = rest.find("\\.") {
        let start = rest[..at].rfind('.').map_or(0, |dot| dot + 1);
        text.push_str(rest[..start].trim_end_matches('.'));
        let mut key = String::new();
        let mut after = &rest[start..];
        while let Some(at) = after.find(['.', '[']) {
            if at > 0 && after.as_bytes()[at - 1] == b'\\' {
                key.push_str(&after[..at - 1]);
                key.push('.');
                after = &after[at + 1..];
                continue;
            }
            key.push_str(&after[..at]);
            after = &after[at..];
            text.push_str(&format!("[{}]", Value::from(key.as_str())));
            key.clear();
            break;
        }
        if !key.is_empty() || !after.starts_with(['.', '[']) {
            key.push_str(after);
            text.push_str(&format!("[{}]", Value::from(key.as_str())));
            after = "";
        }
        rest = after;
    }
    text.push_str(rest);
    json_path::parse(&text).ok()
}

fn cell(column: &Column, found: &Value) -> Cell {
    let is_age = column.json_path == ".metadata.creationTimestamp";
    let text = |value: Value| Cell::Text(value.to_string().into());
    match (column.kind.as_str(), found) {
        ("date", Value::String(since)) => Cell::of_time(since),
        ("string", Value::String(since)) if is_age => Cell::of_time(since),
        ("string", Value::String(found)) => text(found.as_str().into()),
        ("string", found) if !found.is_null() => text(found.to_string().into()),
        ("integer", Value::Number(number)) => text(match number.as_i64() {
            Some(whole) => whole.into(),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "Go's int64(float64) does the same"
            )]
            None => number.as_f64().map_or(Value::Null, |number| (number as i64).into()),
        }),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => text(found.clone()),
        _ => text(Value::Null),
    }
}

impl Cell {
    fn of_time(since: &str) -> Self {
        match since.parse() {
            Ok(since) => Self::Age(since),
            Err(_) => Self::Text("\"<invalid>\"".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_paths_have_the_kubernetes_dialect() {
        let whole = json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "x"}},
            "status": {"conditions": [{"type": "A", "status": "1"}, {"type": "B", "status": "2"}]},
        });
        for (path, expected) in [
            (".status.conditions[-1:].type", json!("B")),
            (".status.conditions[?(@.type==\"A\")].status", json!("1")),
            (".metadata.labels.app\\.kubernetes\\.io/name", json!("x")),
        ] {
            let compiled = compile(path).unwrap();
            assert_eq!(compiled.query(&whole).first(), Some(&expected), "{path}");
        }
    }
}
