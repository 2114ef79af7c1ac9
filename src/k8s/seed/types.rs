//! Definitions and objects → the served resource types.

use std::sync::Arc;

use super::super::resource::{
    Deprecation, GroupResource, Registry, ResourceType, TypeOrigin, Version, split_api_version,
};
use super::super::{builtin, crd};
use super::object::{ObjectError, SeedObject};

/// The resource types of definitions and objects, with the built-in ones.
#[must_use]
pub(crate) fn types_of<'v>(
    crds: impl IntoIterator<Item = &'v SeedObject>,
    objects: impl IntoIterator<Item = &'v SeedObject>,
) -> Registry {
    read_types(crds, objects).0
}

pub(super) fn read_types<'v>(
    crds: impl IntoIterator<Item = &'v SeedObject>,
    objects: impl IntoIterator<Item = &'v SeedObject>,
) -> (Registry, Vec<(usize, ObjectError)>) {
    let mut errors = Vec::new();
    let mut types = builtin::registry();
    for (index, crd) in crds.into_iter().enumerate() {
        let value = crd.value();
        let read = if crd.trusted {
            crd::parse(&value).map_err(|error| vec![error])
        } else {
            crd::resource_type(&value)
        };
        match read {
            Ok(of) => types.insert(of),
            Err(all) => {
                errors.extend(all.into_iter().map(|error| (index, ObjectError::Crd(error))));
            }
        }
    }
    for object in objects {
        infer(&mut types, object);
    }
    (types, errors)
}

/// Infers the type of an object of an unknown one: all fields are kept, the plural is guessed as Kubernetes
/// tools guess it.
fn infer(types: &mut Registry, object: &SeedObject) {
    let (api_version, kind) = (&*object.api_version, &*object.kind);
    if kind.is_empty() || types.find_kind(api_version, kind).is_some() {
        return;
    }
    let (group, version) = split_api_version(api_version);
    let plural = plural(kind);
    // A version of a built-in type that is no longer served upstream is served beside the others.
    if let Some(of) = types.get(&GroupResource::new(group, &plural)).filter(|of| of.is_built_in()) {
        let mut of = (**of).clone();
        let status = of.storage().status;
        of.versions.push(Version { status, ..inferred(version, false) });
        types.insert(of);
        return;
    }
    let group_resource = Arc::new(GroupResource::new(group, &plural));
    types.insert(ResourceType {
        stored_as: Arc::clone(&group_resource),
        group_resource,
        kind: kind.into(),
        list_kind: format!("{kind}List").into(),
        singular: kind.to_lowercase().into(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: !object.namespace.is_empty(),
        stored: true,
        origin: TypeOrigin::Inferred,
        webhook: None,
        versions: vec![inferred(version, true)],
    });
}

/// A version that keeps all fields.
fn inferred(name: &str, storage: bool) -> Version {
    Version {
        name: name.into(),
        deprecation: Deprecation::None,
        served: true,
        storage,
        status: false,
        scale: None,
        schema: None,
        raw_schema: None,
        columns: Arc::default(),
        selectable: Vec::new(),
    }
}

/// `k8s.io/apimachinery/pkg/api/meta.UnsafeGuessKindToResource`.
fn plural(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.as_str() {
        "endpoints" => lower,
        name if name.ends_with('s') || name.ends_with("ch") || name.ends_with('x') => {
            format!("{name}es")
        }
        name if name.ends_with('y') => format!("{}ies", &name[..name.len() - 1]),
        name => format!("{name}s"),
    }
}
