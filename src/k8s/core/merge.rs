//! The built-in types as schemas: which lists and maps merge, for server-side apply and the ownership of fields
//! (`k8s.io/client-go/applyconfigurations/internal`).

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;

use super::super::resource::Served;
use super::super::schema::{Additional, Kind, ListType, Schema};
use super::types::{self, Field, GoKind, GoStruct};

/// The schemas made so far, by the key of their struct. There are as many as built-in kinds at most.
static SCHEMAS: LazyLock<Mutex<HashMap<&'static str, &'static Schema>>> =
    LazyLock::new(Mutex::default);

/// The struct of a built-in type.
pub(in super::super) fn go_struct(served: &Served) -> Option<&'static GoStruct> {
    if !served.of.is_built_in() {
        return None;
    }
    types::of_kind(served.of.group(), &served.version().name, &served.of.kind)
}

/// The schema that decides how a built-in type merges.
pub(in super::super) fn schema(served: &Served) -> Option<&'static Schema> {
    go_struct(served).map(of_go)
}

/// The schema that decides how a built-in kind merges, which may be one that is not stored.
pub(in super::super) fn schema_of_kind(
    group: &str,
    version: &str,
    kind: &str,
) -> Option<&'static Schema> {
    types::of_kind(group, version, kind).map(of_go)
}

fn of_go(of: &'static GoStruct) -> &'static Schema {
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    schemas.entry(of.key).or_insert_with(|| {
        // A schema lives as long as the program: it is made once for each kind.
        Box::leak(Box::new(of_struct(of, &mut Vec::new())))
    })
}

/// `stack` holds the structs around it: a struct inside itself keeps what it has.
fn of_struct(of: &'static GoStruct, stack: &mut Vec<&'static str>) -> Schema {
    let mut schema =
        Schema { kind: Some(Kind::Object), atomic_map: of.atomic, ..Schema::default() };
    if stack.contains(&of.key) {
        schema.preserve_unknown = true;
        return schema;
    }
    stack.push(of.key);
    let field = |field: &'static Field| (field.name.to_owned(), of_field(field, stack));
    schema.properties = of.fields.iter().map(field).collect::<BTreeMap<_, _>>();
    stack.pop();
    schema
}

fn of_field(field: &'static Field, stack: &mut Vec<&'static str>) -> Schema {
    let mut schema = of_type(&field.kind, stack);
    schema.list_type = match field.list_type {
        "map" => ListType::Map,
        "set" => ListType::Set,
        _ => ListType::Atomic,
    };
    schema.list_map_keys = field.list_keys.iter().map(|key| (*key).to_owned()).collect();
    schema.atomic_map = field.atomic.unwrap_or(schema.atomic_map);
    schema.default = field.default.clone().or_else(|| zero(field));
    schema
}

/// The default of a field that is always there: its zero value, as the published schemas have it. Keys of lists may be
/// left out then.
fn zero(field: &Field) -> Option<Value> {
    match &field.kind {
        _ if field.pointer || field.omit_empty || field.omit_zero => None,
        GoKind::Text(_) => Some("".into()),
        GoKind::Int { .. } => Some(0.into()),
        GoKind::Bool(_) => Some(false.into()),
        _ => None,
    }
}

fn of_type(kind: &'static GoKind, stack: &mut Vec<&'static str>) -> Schema {
    let scalar = |kind: Kind| Schema { kind: Some(kind), ..Schema::default() };
    // Types that decode themselves are scalars of any type: a text with a format is one.
    let open = |format: &str| Schema {
        kind: Some(Kind::String),
        format: Some(format.to_owned()),
        ..Schema::default()
    };
    match kind {
        GoKind::Text(_) | GoKind::Bytes => scalar(Kind::String),
        GoKind::Bool(_) => scalar(Kind::Boolean),
        GoKind::Int { .. } => scalar(Kind::Integer),
        GoKind::Float(_) => scalar(Kind::Number),
        GoKind::Time | GoKind::MicroTime => open("date-time"),
        GoKind::Quantity => open("quantity"),
        GoKind::IntOrString => Schema { int_or_string: true, ..Schema::default() },
        GoKind::Any(_) => Schema { preserve_unknown: true, atomic_map: true, ..Schema::default() },
        GoKind::List(_, item) => {
            Schema { items: Some(Box::new(of_type(item, stack))), ..scalar(Kind::Array) }
        }
        GoKind::Map(_, item) => Schema {
            additional: Additional::Schema(Box::new(of_type(item, stack))),
            ..scalar(Kind::Object)
        },
        GoKind::Struct(of) => of_struct(of.get(), stack),
    }
}
