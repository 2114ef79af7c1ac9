//! OpenAPI documents: those of built-in types as upstream publishes them ([`super::core::documents`]), and
//! those of custom resources made from their schemas.
//!
//! kubectl reads the PATCH operation of a kind with its `fieldValidation` parameter, and the kind's schema.

mod cache;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::core::documents;
use super::resource::{Registry, Served};

pub(crate) use cache::DocumentCache;
pub(super) use cache::DocumentKey;

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Where references of version 2 point to.
const DEFINITIONS: &str = "#/definitions/";

/// The descriptions of the fields that every type has (`k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder`).
const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should \
    convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this \
    from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const METADATA: &str = "Standard object's metadata. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// A document: its text, and the hash that is its entity tag and part of its address.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: Bytes,
    pub(super) hash: String,
}

impl Document {
    pub(super) fn new(value: &Value) -> Self {
        let text = value.to_string();
        Self { hash: hash(&text), text: text.into() }
    }

    /// The bytes that it takes.
    fn size(&self) -> usize {
        self.text.len() + self.hash.len()
    }
}

/// `/openapi/v3`: the index of the documents.
pub(super) fn index(types: &Registry, cache: &DocumentCache) -> Value {
    let mut paths = Map::new();
    let mut insert = |path: &str, hash: &str| {
        let url = format!("/openapi/v3/{path}?hash={hash}");
        paths.insert(path.to_owned(), json!({"serverRelativeURL": url}));
    };
    for name in documents::names().filter(|name| is_served(types, name)) {
        insert(name, documents::hash(name).unwrap_or_default());
    }
    for (group, versions) in types.groups() {
        for version in versions {
            let path = format!("apis/{group}/{version}");
            if !types.is_built_in_group(&group)
                && let Some(document) = cached(types, &group, &version, cache)
            {
                insert(&path, &document.hash);
            }
        }
    }
    json!({"paths": paths})
}

/// The hash of a document: its entity tag, and part of its address.
fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Whether a document or a path of built-in types is that of a version which is served; others always are.
fn is_served(types: &Registry, path: &str) -> bool {
    let mut parts = path.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("api"), Some(version), _) => types.has_version("", version),
        (Some("apis"), Some(group), Some(version)) => types.has_version(group, version),
        (Some("apis"), Some(group), None) => {
            types.groups().iter().any(|(name, _)| **name == *group)
        }
        _ => true,
    }
}

/// The document at a path below `/openapi/v3/`.
pub(super) fn document_at(
    types: &Registry,
    path: &str,
    cache: &DocumentCache,
) -> Option<Arc<Document>> {
    if is_served(types, path)
        && let (Some(text), Some(hash)) = (documents::v3(path), documents::hash(path))
    {
        return Some(Arc::new(Document { text, hash: hash.to_owned() }));
    }
    let (group, version) = path.strip_prefix("apis/")?.split_once('/')?;
    cached(types, group, version, cache)
}

/// The document of a group and version that has definitions.
fn cached(
    types: &Registry,
    group: &str,
    version: &str,
    cache: &DocumentCache,
) -> Option<Arc<Document>> {
    let content = types.content_of_version(group, version)?;
    let make = || Document::new(&document(types, group, version));
    Some(cache.get(DocumentKey::V3(content), make))
}

/// `/openapi/v3/apis/GROUP/VERSION`.
fn document(types: &Registry, group: &str, version: &str) -> Value {
    let (mut paths, mut schemas) = (Map::new(), documents::with_references(OBJECT_META));
    for served in types.of_version(group, version) {
        let name = schema_name(served);
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        let (collection, object) = urls(served);
        paths.insert(
            collection,
            operations(
                served,
                &[("get", "list"), ("post", "post"), ("delete", "deletecollection")],
                &reference,
            ),
        );
        paths.insert(
            object.clone(),
            operations(
                served,
                &[("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete")],
                &reference,
            ),
        );
        if served.version().status {
            let methods = [("get", "get"), ("put", "put"), ("patch", "patch")];
            paths.insert(format!("{object}/status"), operations(served, &methods, &reference));
        }
        schemas.insert(name, schema(served, "#/components/schemas/"));
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": types.release().git_version()},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// `/openapi/v2`.
pub(super) fn v2(types: &Registry) -> Value {
    let mut document = documents::v2();
    if let Some(Value::Object(paths)) = document.get_mut("paths") {
        paths.retain(|path, _| is_served(types, path.trim_matches('/')));
    }
    let (mut paths, mut definitions) = (Map::new(), Map::new());
    for (group, versions) in types.groups() {
        if types.is_built_in_group(&group) {
            continue;
        }
        for served in versions.iter().flat_map(|version| types.of_version(&group, version)) {
            let reference = json!({"$ref": format!("{DEFINITIONS}{}", schema_name(served))});
            let (_, object) = urls(served);
            paths.insert(object, operations(served, &[("patch", "patch")], &reference));
            definitions.insert(schema_name(served), schema(served, DEFINITIONS));
        }
    }
    for (field, added) in [("paths", paths), ("definitions", definitions)] {
        if let Some(Value::Object(own)) = document.get_mut(field) {
            own.extend(added);
        }
    }
    Value::Object(document)
}

fn urls(served: &Served) -> (String, String) {
    let of = &served.of;
    let root = if of.group().is_empty() { "/api" } else { "/apis" };
    let namespace = if of.namespaced { "/namespaces/{namespace}" } else { "" };
    let collection = format!("{root}/{}{namespace}/{}", served.api_version, of.plural());
    let object = format!("{collection}/{{name}}");
    (collection, object)
}

/// `com.example.v1.Kind`: the group reversed, as upstream names the schemas of CRDs.
fn schema_name(served: &Served) -> String {
    let of = &served.of;
    let version = &served.version().name;
    let mut parts: Vec<&str> = of.group().split('.').collect();
    parts.reverse();
    format!("{}.{version}.{}", parts.join("."), of.kind)
}

fn gvk(served: &Served) -> Value {
    json!({"group": served.of.group(), "version": *served.version().name, "kind": served.of.kind})
}

fn operations(served: &Served, methods: &[(&str, &str)], reference: &Value) -> Value {
    let mut item = Map::new();
    for (method, action) in methods {
        let mut parameters =
            vec![query("pretty", "string", "If 'true', then the output is pretty printed.")];
        if matches!(*action, "post" | "put" | "patch") {
            parameters.push(query(
                "dryRun",
                "string",
                "When present, indicates that modifications should not be persisted.",
            ));
            parameters.push(query(
                "fieldManager",
                "string",
                "The name of the actor that makes these changes.",
            ));
            parameters.push(query(
                "fieldValidation",
                "string",
                "What unknown and duplicate fields amount to: Ignore, Warn or Strict.",
            ));
        }
        if *action == "patch" {
            parameters.push(query(
                "force",
                "boolean",
                "Whether to take fields over from other managers (apply patches).",
            ));
        }
        let kind = &served.of.kind;
        item.insert(
            (*method).to_owned(),
            json!({
                "operationId": format!("{action}{}{}{kind}", served.version().name, served.of.plural()),
                "parameters": parameters,
                "responses": {"200": {
                    "description": "OK",
                    "content": {"application/json": {"schema": reference}},
                    "schema": reference,
                }},
                "x-kubernetes-action": action,
                "x-kubernetes-group-version-kind": gvk(served),
            }),
        );
    }
    Value::Object(item)
}

fn query(name: &str, kind: &str, description: &str) -> Value {
    json!({
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": kind, "uniqueItems": true},
        "type": kind,
        "uniqueItems": true,
    })
}

fn schema(served: &Served, root: &str) -> Value {
    let mut schema = match &served.version().raw_schema {
        Some(raw) => (**raw).clone(),
        None => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
    };
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let mut all = Map::new();
    all.insert("apiVersion".into(), json!({"type": "string", "description": API_VERSION}));
    all.insert("kind".into(), json!({"type": "string", "description": KIND}));
    let reference = json!({"$ref": format!("{root}{OBJECT_META}")});
    let mut metadata = json!({"description": METADATA});
    // A reference in version 3 has nothing beside it.
    if root == DEFINITIONS {
        metadata["$ref"] = reference["$ref"].clone();
    } else {
        metadata["allOf"] = json!([reference]);
    }
    all.insert("metadata".into(), metadata);
    for (name, property) in properties {
        all.entry(name).or_insert(property);
    }
    schema["properties"] = Value::Object(all);
    schema["x-kubernetes-group-version-kind"] = json!([gvk(served)]);
    schema
}
