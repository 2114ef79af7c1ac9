//! The OpenAPI documents of the built-in types, as upstream publishes them. Source: `data/openapi.bin`, made by
//! `data/generate` from `api/openapi-spec` of `k8s.io/kubernetes`.
//!
//! The file holds deflated documents one after the other; `data/openapi.txt` has their names, places and hashes.
//! Schemas that documents of version 3 share are kept once, in an entry of their own.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use bytes::Bytes;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

static PACKED: &[u8] = include_bytes!("data/openapi.bin");

struct Entry {
    name: &'static str,
    packed: &'static [u8],
    hash: &'static str,
    text: OnceLock<Bytes>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |line: &'static str| {
        let mut words = line.split(' ');
        let name = words.next()?;
        let start = words.next()?.parse::<usize>().ok()?;
        let length = words.next()?.parse::<usize>().ok()?;
        let packed = PACKED.get(start..start.checked_add(length)?)?;
        Some(Entry { name, packed, hash: words.next()?, text: OnceLock::new() })
    };
    include_str!("data/openapi.txt").lines().filter_map(entry).collect()
});

/// The schemas of all documents of version 3, as they stand in the text.
static SCHEMAS: LazyLock<BTreeMap<String, Box<RawValue>>> = LazyLock::new(|| {
    let text = entry("schemas").map(Entry::unpack).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
});

fn entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

impl Entry {
    fn unpack(&self) -> Vec<u8> {
        // The file is part of the program.
        miniz_oxide::inflate::decompress_to_vec(self.packed).unwrap_or_default()
    }
}

/// The names of the documents of version 3, such as `apis/apps/v1`.
pub(in super::super) fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.name).filter(|name| !matches!(*name, "v2" | "schemas"))
}

/// The hash of a document of version 3.
pub(in super::super) fn hash(name: &str) -> Option<&'static str> {
    names().find(|known| *known == name)?;
    entry(name).map(|entry| entry.hash)
}

/// A document of version 3, by its path.
pub(in super::super) fn v3(name: &str) -> Option<Bytes> {
    hash(name)?;
    let entry = entry(name)?;
    let text = entry.text.get_or_init(|| {
        let mut document: Value = serde_json::from_slice(&entry.unpack()).unwrap_or_default();
        if let Some(schemas) = document.pointer_mut("/components/schemas") {
            let names = schemas.take();
            let named = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            let named = named.filter_map(|name| Some((name.to_owned(), schema(name)?)));
            *schemas = Value::Object(named.collect());
        }
        document.to_string().into()
    });
    Some(text.clone())
}

fn schema(name: &str) -> Option<Value> {
    serde_json::from_str(SCHEMAS.get(name)?.get()).ok()
}

/// A schema of version 3 and those that it refers to, by their names.
pub(in super::super) fn with_references(name: &str) -> Map<String, Value> {
    let mut found = Map::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        if let Some(schema) = (!found.contains_key(&name)).then(|| schema(&name)).flatten() {
            references(&schema, &mut open);
            found.insert(name, schema);
        }
    }
    found
}

/// Adds the names of the schemas that a schema refers to.
fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            let target = map.get("$ref").and_then(Value::as_str);
            names.extend(target.and_then(|it| it.rsplit('/').next()).map(str::to_owned));
            map.values().for_each(|value| references(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, names)),
        _ => {}
    }
}

/// The document of version 2: its paths and definitions.
pub(in super::super) fn v2() -> Map<String, Value> {
    static DOCUMENT: LazyLock<Map<String, Value>> = LazyLock::new(|| {
        let text = entry("v2").map(Entry::unpack).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    });
    DOCUMENT.clone()
}
