//! Values of built-in types as Go decodes and writes them: each value gets the type of its field, unknown
//! fields and empty values go away (`sigs.k8s.io/json`, `encoding/json`, and for strategic merge patches
//! `k8s.io/apimachinery/pkg/runtime/converter.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::super::decode::{Problem, Problems, normalize};
use super::super::golang::{self, json_kind, json_text, quote};
use super::converted::{cannot_convert, fits, wrapped};
use super::quantity::Quantity;
use super::types::{GoKind, GoStruct};
use super::written::{written_time, zero_item};

pub(in super::super) use super::written::{empty, empty_lists};

/// The most problems of an object that are kept.
const MAX_PROBLEMS: usize = 1000;

/// How a value is decoded: the messages differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum From {
    /// From a JSON text.
    Json,
    /// From a map: a strategic merge patch, or an applied configuration.
    Map,
}

/// Decodes an object in place. Returns the paths of unknown fields, in the order of names.
///
/// # Errors
/// The values of wrong types.
pub(in super::super) fn decode(
    value: &mut Value,
    of: &'static GoStruct,
    from: From,
) -> Result<Vec<String>, Problems> {
    let mut decoding = Decoding { from, unknown: Vec::new(), problems: Vec::new() };
    let place = Place { of: None, fields: String::new(), path: String::new() };
    decoding.fill_struct(value, of, &place);
    if decoding.problems.is_empty() {
        Ok(decoding.unknown)
    } else {
        Err(Problems(decoding.problems))
    }
}

struct Decoding {
    from: From,
    unknown: Vec<String>,
    problems: Vec<Problem>,
}

/// Where a value stands: the struct that has it, the path of fields that messages name, and the path with
/// indexes and keys for unknown fields.
struct Place {
    of: Option<&'static str>,
    fields: String,
    path: String,
}

fn join(before: &str, name: &str) -> String {
    if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") }
}

/// The path of fields with the embedded structs that the next field is in. The types of all objects embed their kind
/// and version, which have no error of their own.
fn join_inside(before: &str, inside: &str) -> String {
    if inside.is_empty() { before.to_owned() } else { join(before, inside) }
}

impl Decoding {
    fn fail(&mut self, place: &Place, why: impl FnOnce() -> String) {
        self.add(place, false, why);
    }

    /// A value that its type's own decoder refuses.
    fn end(&mut self, place: &Place, why: impl FnOnce() -> String) {
        self.add(place, self.from == From::Json, why);
    }

    fn add(&mut self, place: &Place, ends: bool, why: impl FnOnce() -> String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { path: place.path.clone(), ends, why: why() });
        }
    }

    /// A value of the wrong type: `wanted` is the Go type's name.
    fn wrong(&mut self, value: &Value, kind: &GoKind, wanted: &str, place: &Place) {
        if self.from == From::Map {
            self.fail(place, || cannot_convert(value, kind));
            return;
        }
        let ends = matches!(kind, GoKind::Time | GoKind::IntOrString);
        self.add(place, ends, || {
            let found = match value {
                Value::Number(number)
                    if matches!(kind, GoKind::Int { .. } | GoKind::IntOrString) =>
                {
                    format!("number {}", json_text(value))
                }
                value => json_kind(value).to_owned(),
            };
            let target = match place.of {
                Some(of) => format!("Go struct field {of}.{} of type {wanted}", place.fields),
                None => format!("Go value of type {wanted}"),
            };
            format!("json: cannot unmarshal {found} into {target}")
        });
    }

    /// Makes a value one of a type; a null stays one.
    fn fill(&mut self, value: &mut Value, kind: &GoKind, place: &Place) {
        match (kind, &mut *value) {
            (GoKind::Quantity, Value::Null) => {}
            (GoKind::Quantity, found) => {
                let text = match &*found {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                match Quantity::parse(text.trim()) {
                    Ok(quantity) => *value = quantity.text().into(),
                    Err(why) => self.end(place, || why.to_owned()),
                }
            }
            (GoKind::Any(_) | GoKind::Float(_), found) => {
                normalize(found);
                if let GoKind::Float(_) = kind
                    && !matches!(found, Value::Null | Value::Number(_))
                {
                    let found = found.clone();
                    self.wrong(&found, kind, &kind.name(), place);
                }
            }
            (_, Value::Null) => {}
            (GoKind::Text(_) | GoKind::IntOrString, Value::String(_))
            | (GoKind::Bool(_), Value::Bool(_)) => {}
            (GoKind::Int { bits, .. }, Value::Number(number)) if fits(number, *bits) => {}
            (GoKind::Int { bits, .. }, Value::Number(number))
                if self.from == From::Map && wrapped(number, *bits).is_some() =>
            {
                *value = wrapped(number, *bits).into();
            }
            (GoKind::IntOrString, Value::Number(number)) if fits(number, 32) => {}
            (GoKind::Bytes, Value::String(text)) => match golang::decode_base64_padded(text) {
                Ok(bytes) => *value = STANDARD.encode(bytes).into(),
                Err(why) if self.from == From::Map => {
                    self.fail(place, || format!("error decoding from json: {why}"));
                }
                Err(why) => self.fail(place, || why),
            },
            (GoKind::Bytes, Value::Array(list)) => {
                let list = std::mem::take(list);
                *value = self.bytes_of(list, place);
            }
            (GoKind::Time | GoKind::MicroTime, Value::String(text)) => {
                match written_time(kind, text) {
                    Ok(written) => *value = written,
                    Err(why) => self.end(place, || why),
                }
            }
            (GoKind::Map(..), Value::Object(_)) => self.fill_map(value, kind, place),
            (GoKind::List(..), Value::Array(_)) => self.fill_list(value, kind, place),
            (GoKind::Struct(of), Value::Object(_)) => self.fill_struct(value, of.get(), place),
            (GoKind::Time | GoKind::MicroTime, found) => {
                let found = found.clone();
                self.wrong_inside(&found, "string", place);
            }
            (GoKind::IntOrString, found) => {
                let found = found.clone();
                if self.from == From::Map {
                    self.wrong_inside(&found, "int32", place);
                } else {
                    self.wrong(&found, kind, "int32", place);
                }
            }
            (kind, found) => {
                let found = found.clone();
                self.wrong(&found, kind, &kind.name(), place);
            }
        }
    }

    /// Bytes that are given one by one, as base64: Go decodes a list of numbers as well.
    fn bytes_of(&mut self, list: Vec<Value>, place: &Place) -> Value {
        let kind = GoKind::Int { name: "uint8", bits: 8 };
        let mut bytes = Vec::with_capacity(list.len());
        for (index, mut item) in list.into_iter().enumerate() {
            let path = format!("{}[{index}]", place.path);
            let place = Place { of: place.of, fields: place.fields.clone(), path };
            self.fill(&mut item, &kind, &place);
            bytes.push(item.as_u64().and_then(|byte| u8::try_from(byte).ok()).unwrap_or_default());
        }
        STANDARD.encode(bytes).into()
    }

    /// A value that a type with its own decoder refuses: a map's place is not known to it.
    fn wrong_inside(&mut self, value: &Value, wanted: &str, place: &Place) {
        let of = place.of.filter(|_| self.from == From::Json);
        let place = Place { of, fields: place.fields.clone(), path: place.path.clone() };
        let from = std::mem::replace(&mut self.from, From::Json);
        self.wrong(value, &GoKind::Time, wanted, &place);
        if from == From::Map
            && let Some(problem) = self.problems.last_mut()
        {
            problem.ends = false;
        }
        self.from = from;
    }

    fn fill_map(&mut self, value: &mut Value, kind: &GoKind, place: &Place) {
        let (GoKind::Map(_, item), Value::Object(map)) = (kind, value) else { return };
        for (name, value) in map {
            let path = join(&place.path, name);
            let place = Place { of: place.of, fields: place.fields.clone(), path };
            self.fill(value, item, &place);
            if value.is_null() {
                *value = zero_item(item);
            }
        }
    }

    fn fill_list(&mut self, value: &mut Value, kind: &GoKind, place: &Place) {
        let (GoKind::List(_, item), Value::Array(list)) = (kind, value) else { return };
        for (index, value) in list.iter_mut().enumerate() {
            let path = format!("{}[{index}]", place.path);
            let place = Place { of: place.of, fields: place.fields.clone(), path };
            self.fill(value, item, &place);
            if value.is_null() {
                *value = zero_item(item);
            }
        }
    }

    fn fill_struct(&mut self, value: &mut Value, of: &'static GoStruct, place: &Place) {
        let Value::Object(map) = value else {
            if !value.is_null() {
                let found = value.clone();
                let target = of.name;
                self.wrong(&found, &GoKind::Any(target), target, place);
            }
            return;
        };
        let mut written = Map::new();
        for field in &of.fields {
            let mut found = map.remove(field.name).unwrap_or_default();
            let place = Place {
                of: Some(of.short_name()),
                fields: join(&join_inside(&place.fields, field.inside), field.name),
                path: join(&place.path, field.name),
            };
            self.fill(&mut found, &field.kind, &place);
            if let Some(value) = field.written(found) {
                written.insert(field.name.to_owned(), value);
            }
        }
        for name in map.keys() {
            self.unknown.push(join(&place.path, name));
        }
        *map = written;
    }
}

/// The errors of strict decoding for unknown fields.
pub(in super::super) fn unknown_fields(paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| format!("unknown field {}", quote(path))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::types::of_kind;
    use super::*;

    fn problem(kind: (&str, &str), value: &Value, from: From) -> String {
        let of = of_kind(kind.0, "v1", kind.1).unwrap();
        decode(&mut value.clone(), of, from).unwrap_err().first(None)
    }

    #[test]
    fn values_of_wrong_types_have_gos_messages() {
        let cannot = "json: cannot unmarshal";
        for (value, message) in [
            (json!({"spec": 1}), "number into Go struct field Pod.spec of type v1.PodSpec"),
            (
                json!({"spec": {"containers": "x"}}),
                "string into Go struct field PodSpec.spec.containers of type []v1.Container",
            ),
            (
                json!({"spec": {"containers": [{"ports": [{"containerPort": "x"}]}]}}),
                "string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
            ),
            (
                json!({"metadata": {"labels": {"a": 1}}}),
                "number into Go struct field ObjectMeta.metadata.labels of type string",
            ),
        ] {
            assert_eq!(problem(("", "Pod"), &value, From::Json), format!("{cannot} {message}"));
        }
        assert_eq!(
            problem(("", "Secret"), &json!({"data": {"a": "!"}}), From::Json),
            "illegal base64 data at input byte 0"
        );
    }

    /// As kube-apiserver 1.36.3 answers patches with such numbers.
    #[test]
    fn numbers_of_maps_are_converted_as_go_converts_them() {
        for (number, converted) in [
            (json!(7), json!(7)),
            (json!(7.0), json!(7)),
            (json!(1_099_511_627_776_i64), json!(0)),
            (json!(4_294_967_295_i64), json!(-1)),
        ] {
            let mut value = json!({"spec": {"priority": number}});
            decode(&mut value, of_kind("", "v1", "Pod").unwrap(), From::Map).unwrap();
            assert_eq!(value["spec"]["priority"], converted, "{number}");
        }
    }

    #[test]
    fn values_of_maps_have_the_messages_of_the_converter() {
        for (value, message) in [
            (json!({"spec": 1}), "cannot restore struct from: int64"),
            (json!({"spec": {"containers": "x"}}), "cannot restore slice from string"),
            (json!({"metadata": {"labels": {"a": 1}}}), "cannot convert int64 to string"),
            (json!({"metadata": {"labels": "x"}}), "cannot restore map from string"),
            (json!({"spec": {"priority": 1.5}}), "cannot convert float64 to int32"),
        ] {
            assert_eq!(problem(("", "Pod"), &value, From::Map), message);
        }
        assert_eq!(
            problem(("", "Secret"), &json!({"data": {"a": "!"}}), From::Map),
            "error decoding from json: illegal base64 data at input byte 0"
        );
    }

    #[test]
    fn unknown_and_empty_fields_go_away() {
        let mut value = json!({
            "kind": "Event", "metadata": {"name": "e", "labels": {}, "x": 1}, "involvedObject": {"y": 2}, "z": [],
        });
        let unknown = decode(&mut value, of_kind("", "v1", "Event").unwrap(), From::Json).unwrap();
        assert_eq!(unknown, ["metadata.x", "involvedObject.y", "z"]);
        assert_eq!(
            value,
            json!({
                "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {}, "source": {},
                "firstTimestamp": null, "lastTimestamp": null, "eventTime": null,
                "reportingComponent": "", "reportingInstance": "",
            })
        );
    }
}
