//! Tables for people, and objects reduced to their metadata
//! (`k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor`).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::document::json_path;

use super::output::Shape;
use super::resource::{Column, Served};
use super::store::{Object, Revision};

const NAME_DESCRIPTION: &str = "Name must be unique within a namespace. Is required when creating resources, although \
     some resources may allow a client to request the generation of an appropriate name automatically. Name is \
     primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: \
     https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const AGE_DESCRIPTION: &str = "CreationTimestamp is a timestamp representing the server time when this object was \
     created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set \
     this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for \
     lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// Renders objects in a shape other than whole; `list` when the answer is to a list.
pub(super) fn render<'o>(
    served: &Served,
    objects: impl Iterator<Item = &'o Object>,
    shape: Shape,
    list: bool,
    revision: Revision,
    now: Timestamp,
) -> Vec<u8> {
    let value = match shape {
        Shape::Table { beta } => table(served, objects, beta, true, revision, now),
        Shape::Metadata { beta } => metadata(served, objects, beta, list, revision),
        Shape::Whole => Value::Null,
    };
    value.to_string().into_bytes()
}

/// Renders one object of a watch event; a table tells its columns only once.
pub(super) fn render_event<'o>(
    served: &Served,
    objects: impl Iterator<Item = &'o Object>,
    shape: Shape,
    columns: bool,
    revision: Revision,
    now: Timestamp,
) -> Vec<u8> {
    let value = match shape {
        Shape::Table { beta } => table(served, objects, beta, columns, revision, now),
        shape => return render(served, objects, shape, false, revision, now),
    };
    value.to_string().into_bytes()
}

fn version(beta: bool) -> &'static str {
    if beta { "meta.k8s.io/v1beta1" } else { "meta.k8s.io/v1" }
}

fn partial(served: &Served, object: &Object, beta: bool) -> Value {
    let whole = object.value(&served.api_version, &served.of.kind);
    json!({"kind": "PartialObjectMetadata", "apiVersion": version(beta), "metadata": whole["metadata"]})
}

fn metadata<'o>(
    served: &Served,
    mut objects: impl Iterator<Item = &'o Object>,
    beta: bool,
    list: bool,
    revision: Revision,
) -> Value {
    if !list {
        return objects.next().map_or(Value::Null, |object| partial(served, object, beta));
    }
    let items: Vec<Value> = objects.map(|object| partial(served, object, beta)).collect();
    json!({
        "kind": "PartialObjectMetadataList",
        "apiVersion": version(beta),
        "metadata": {"resourceVersion": revision.to_string()},
        "items": items,
    })
}

fn table<'o>(
    served: &Served,
    objects: impl Iterator<Item = &'o Object>,
    beta: bool,
    with_columns: bool,
    revision: Revision,
    now: Timestamp,
) -> Value {
    let columns = columns(served);
    let paths: Vec<_> = columns.iter().map(|column| compile(&column.json_path)).collect();
    let rows: Vec<Value> = objects
        .map(|object| {
            let whole = object.value(&served.api_version, &served.of.kind);
            let mut cells = vec![json!(*object.meta.name)];
            for (column, path) in columns.iter().zip(&paths) {
                cells.push(
                    path.as_ref().map_or(Value::Null, |path| cell(column, path, &whole, now)),
                );
            }
            let object = json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": version(beta),
                "metadata": whole["metadata"],
            });
            json!({"cells": cells, "object": object})
        })
        .collect();
    let definitions = if with_columns { definitions(&columns) } else { Value::Null };
    json!({
        "kind": "Table",
        "apiVersion": version(beta),
        "metadata": {"resourceVersion": revision.to_string()},
        "columnDefinitions": definitions,
        "rows": rows,
    })
}

/// A type without columns of its own shows its age.
fn columns(served: &Served) -> Vec<Column> {
    let declared = &served.version().columns;
    if !declared.is_empty() {
        return declared.clone();
    }
    vec![Column {
        name: "Age".to_owned(),
        kind: "date".to_owned(),
        format: String::new(),
        description: AGE_DESCRIPTION.to_owned(),
        priority: 0,
        json_path: ".metadata.creationTimestamp".to_owned(),
    }]
}

fn definitions(columns: &[Column]) -> Value {
    let name = json!({
        "name": "Name", "type": "string", "format": "name", "description": NAME_DESCRIPTION, "priority": 0,
    });
    let others = columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.kind,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        })
    });
    std::iter::once(name).chain(others).collect()
}

/// A column's path: Kubernetes' dialect leaves the `$` out and escapes dots in keys.
fn compile(path: &str) -> Option<serde_json_path::JsonPath> {
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

fn cell(column: &Column, path: &serde_json_path::JsonPath, whole: &Value, now: Timestamp) -> Value {
    let Some(found) = path.query(whole).first() else {
        return Value::Null;
    };
    let age = column.json_path == ".metadata.creationTimestamp";
    match (column.kind.as_str(), found) {
        (_, Value::Null) => Value::Null,
        ("date", Value::String(text)) => human_age(text, now).into(),
        ("string", Value::String(text)) if age => human_age(text, now).into(),
        ("string", Value::String(text)) => text.as_str().into(),
        ("string", other) => other.to_string().into(),
        ("integer", Value::Number(number)) => match number.as_i64() {
            Some(whole) => whole.into(),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "Go's int64(float64) does the same"
            )]
            None => number.as_f64().map_or(Value::Null, |number| (number as i64).into()),
        },
        ("number", Value::Number(number)) => number.clone().into(),
        ("boolean", Value::Bool(value)) => (*value).into(),
        _ => Value::Null,
    }
}

fn human_age(created: &str, now: Timestamp) -> String {
    match created.parse::<Timestamp>() {
        Ok(created) => human_duration(now.as_second() - created.as_second()),
        Err(_) => "<invalid>".to_owned(),
    }
}

/// `k8s.io/apimachinery/pkg/util/duration.HumanDuration`.
fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |first: i64, unit: char, second: i64, small: char| {
        if second == 0 { format!("{first}{unit}") } else { format!("{first}{unit}{second}{small}") }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        s if s < 2 * MINUTE => format!("{s}s"),
        s if s < 10 * MINUTE => two(s / MINUTE, 'm', s % MINUTE, 's'),
        s if s < 3 * HOUR => format!("{}m", s / MINUTE),
        s if s < 8 * HOUR => two(s / HOUR, 'h', s % HOUR / MINUTE, 'm'),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 8 * DAY => two(s / DAY, 'd', s % DAY / HOUR, 'h'),
        s if s < 2 * YEAR => format!("{}d", s / DAY),
        s if s < 8 * YEAR => two(s / YEAR, 'y', s % YEAR / DAY, 'd'),
        s => format!("{}y", s / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_kubectl_shows_them() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (135, "2m15s"),
            (700, "11m"),
            (3 * 3600 + 60, "3h1m"),
            (30 * 3600, "30h"),
            (3 * 86400, "3d"),
            (100 * 86400, "100d"),
            (3 * 365 * 86400 + 86400, "3y1d"),
        ] {
            assert_eq!(human_duration(seconds), text);
        }
    }

    #[test]
    fn column_paths_are_kubernetes_own_dialect() {
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
