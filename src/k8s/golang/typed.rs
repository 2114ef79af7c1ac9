//! Values decoded into Go types: the part of `sigs.k8s.io/json` that fills structs.
//!
//! A type is a value here, so that each API type is a table. Decoding makes a value what Go would encode
//! again: nulls and unknown fields are gone. Unknown fields are collected, for strict decoding.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::time::parse_time;
use super::value::{json_kind, json_text};

/// A Go type of a JSON value.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum GoType {
    /// A text, with the type's name in messages: `string`, `types.UID`.
    Text(&'static str),
    /// `int64`.
    Int,
    /// `int32`.
    Int32,
    /// `float64`.
    Float,
    /// `bool`.
    Bool,
    /// `v1.Time`.
    Time,
    /// `map[string]string`.
    Texts,
    /// A slice.
    List(&'static GoType),
    /// A map with texts as keys.
    Map(&'static GoType),
    /// `[]uint8`, in base64.
    Bytes,
    /// A type with its own `UnmarshalJSON`: the forms that it accepts, and its error for any other value; with an
    /// empty error other values are dropped.
    Union(&'static [GoType], &'static str),
    /// A struct, also by pointer.
    Struct(&'static Struct),
    /// Any JSON value, kept as it is.
    Any,
    /// `v1.JSON`: the same, by its own name.
    Json,
}

/// A struct: the name of its type (without the package), its package, and its fields by their JSON names.
#[derive(Debug)]
pub(in super::super) struct Struct {
    pub(in super::super) package: &'static str,
    pub(in super::super) name: &'static str,
    pub(in super::super) fields: &'static [(&'static str, GoType)],
}

/// `string`.
pub(in super::super) const STRING: GoType = GoType::Text("string");

/// What a decoding found besides the value.
#[derive(Debug, Default)]
pub(in super::super) struct Decoding {
    /// The paths of unknown fields, in the order of the text.
    pub(in super::super) unknown: Vec<String>,
    /// The first value of a wrong type: Go's message. Decoding goes on after it.
    problem: Option<String>,
    /// The struct around a type with rules of its own: messages name it in place of those inside.
    union: Option<&'static str>,
    /// Whether numbers are as they were written: messages show them so.
    written: bool,
}

/// Where a value stands: the struct that has it, the path of fields that messages name, and the path with
/// indexes for unknown fields.
#[derive(Clone)]
struct Place<'p> {
    of: Option<&'static str>,
    fields: Cow<'p, str>,
    path: Cow<'p, str>,
}

/// Decodes a struct in place.
///
/// # Errors
/// Go's message about the first value of a wrong type.
pub(in super::super) fn decode(
    value: &mut Value,
    of: &'static Struct,
) -> Result<Vec<String>, String> {
    let mut decoding = Decoding::default();
    let place = Place { of: None, fields: "".into(), path: "".into() };
    decoding.fill_struct(value, of, &place);
    decoding.problem.map_or(Ok(decoding.unknown), Err)
}

/// Decodes a struct in place, whose numbers are as they were written.
///
/// # Errors
/// As [`decode`].
pub(in super::super) fn decode_written(
    value: &mut Value,
    of: &'static Struct,
) -> Result<Vec<String>, String> {
    let mut decoding = Decoding { written: true, ..Decoding::default() };
    let place = Place { of: None, fields: "".into(), path: "".into() };
    decoding.fill_struct(value, of, &place);
    decoding.problem.map_or(Ok(decoding.unknown), Err)
}

/// Decodes a list of structs in place.
///
/// # Errors
/// As [`decode`].
pub(in super::super) fn decode_list(
    value: &mut Value,
    of: &'static GoType,
) -> Result<Vec<String>, String> {
    let mut decoding = Decoding::default();
    let place = Place { of: None, fields: "".into(), path: "".into() };
    decoding.fill_list(value, of, &place);
    decoding.problem.map_or(Ok(decoding.unknown), Err)
}

impl GoType {
    fn name(&self) -> String {
        match self {
            Self::Text(name) => (*name).to_owned(),
            Self::Int => "int64".to_owned(),
            Self::Int32 => "int32".to_owned(),
            Self::Float => "float64".to_owned(),
            Self::Map(item) => format!("map[string]{}", item.name()),
            Self::Bytes => "[]uint8".to_owned(),
            Self::Union(..) => "interface {}".to_owned(),
            Self::Bool => "bool".to_owned(),
            // A time is decoded as a string first.
            Self::Time => "string".to_owned(),
            Self::Texts => "map[string]string".to_owned(),
            Self::List(item) => format!("[]{}", item.name()),
            Self::Struct(of) => format!("{}.{}", of.package, of.name),
            Self::Any => "interface {}".to_owned(),
            Self::Json => "v1.JSON".to_owned(),
        }
    }
}

impl Decoding {
    fn wrong(&mut self, value: &Value, wanted: &str, place: &Place<'_>) {
        let found = match value {
            Value::Number(number) if wanted.starts_with("int") => {
                let shown = if self.written { json_text(value) } else { digits(number) };
                format!("number {shown}")
            }
            value => json_kind(value).to_owned(),
        };
        let target = match self.union.or(place.of) {
            Some(of) => format!("Go struct field {of}.{} of type {wanted}", place.fields),
            None => format!("Go value of type {wanted}"),
        };
        self.problem.get_or_insert_with(|| format!("json: cannot unmarshal {found} into {target}"));
    }

    fn fill(&mut self, value: &mut Value, of: &GoType, place: &Place<'_>) {
        match (of, &*value) {
            (_, Value::Null) | (GoType::Any | GoType::Json, _) => {}
            (GoType::Text(_), Value::String(_)) | (GoType::Bool, Value::Bool(_)) => {}
            (GoType::Int, Value::Number(number)) if number.is_i64() => {}
            (GoType::Int32, Value::Number(number))
                if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) => {}
            (GoType::Float, Value::Number(_)) => {}
            (GoType::Bytes, Value::String(text)) => {
                if STANDARD.decode(text).is_err() {
                    let standard = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b);
                    let at = text.as_bytes().iter().position(|b| !standard(b));
                    let at = at.unwrap_or(text.len());
                    self.problem
                        .get_or_insert_with(|| format!("illegal base64 data at input byte {at}"));
                }
            }
            (GoType::Map(item), Value::Object(_)) => self.fill_map(value, item, place),
            (GoType::Union(forms, error), _) => self.fill_union(value, forms, error, place),
            (GoType::Time, Value::String(text)) => match parse_time(text) {
                Ok(time) => *value = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
                Err(why) => drop(self.problem.get_or_insert(why)),
            },
            (GoType::Texts, Value::Object(_)) => self.fill_texts(value, place),
            (GoType::List(item), Value::Array(_)) => self.fill_list(value, item, place),
            (GoType::Struct(of), Value::Object(_)) => self.fill_struct(value, of, place),
            (of, _) => self.wrong(value, &of.name(), place),
        }
    }

    fn fill_texts(&mut self, value: &mut Value, place: &Place<'_>) {
        for value in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
            match value {
                Value::String(_) => {}
                Value::Null => *value = "".into(),
                other => self.wrong(other, "string", place),
            }
        }
    }

    fn fill_map(&mut self, value: &mut Value, item: &GoType, place: &Place<'_>) {
        for (name, value) in value.as_object_mut().into_iter().flatten() {
            let path = Cow::Owned(format!("{}.{name}", place.path));
            self.fill(value, item, &Place { path, ..place.clone() });
            if matches!(item, GoType::Struct(_) | GoType::Union(..)) && value.is_null() {
                *value = Map::new().into();
            }
        }
    }

    /// Fills a value by its own rules: unknown fields in it are not seen, and messages name the struct around it.
    fn fill_union(
        &mut self,
        value: &mut Value,
        forms: &[GoType],
        error: &'static str,
        place: &Place<'_>,
    ) {
        let accepts = |form: &&GoType| {
            matches!(
                (form, &*value),
                (GoType::Struct(_), Value::Object(_))
                    | (GoType::List(_), Value::Array(_))
                    | (GoType::Bool, Value::Bool(_))
            )
        };
        let Some(form) = forms.iter().find(accepts) else {
            if error.is_empty() {
                *value = Value::Null;
            } else {
                self.problem.get_or_insert_with(|| error.to_owned());
            }
            return;
        };
        let mut inner =
            Self { written: self.written, union: self.union.or(place.of), ..Self::default() };
        let fields = place.fields.clone();
        inner.fill(value, form, &Place { of: None, fields, path: "".into() });
        if let Some(problem) = inner.problem {
            self.problem.get_or_insert(problem);
        }
    }

    fn fill_list(&mut self, value: &mut Value, item: &GoType, place: &Place<'_>) {
        let Value::Array(list) = value else {
            if !value.is_null() {
                self.wrong(value, &GoType::name_of_list(item), place);
            }
            return;
        };
        for (index, value) in list.iter_mut().enumerate() {
            let path = Cow::Owned(format!("{}[{index}]", place.path));
            self.fill(value, item, &Place { path, ..place.clone() });
            // A null leaves the zero value of the item.
            match (item, &*value) {
                (GoType::Text(_), Value::Null) => *value = "".into(),
                (GoType::Struct(_), Value::Null) => *value = Map::new().into(),
                _ => {}
            }
        }
    }

    fn fill_struct(&mut self, value: &mut Value, of: &'static Struct, place: &Place<'_>) {
        let Value::Object(map) = value else {
            if !value.is_null() {
                self.wrong(value, &GoType::Struct(of).name(), place);
            }
            return;
        };
        let join = |before: &str, name: &str| {
            if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") }
        };
        map.retain(|name, value| {
            let path = join(&place.path, name);
            let Some((_, kind)) = of.fields.iter().find(|(field, _)| field == name) else {
                self.unknown.push(path);
                return false;
            };
            let fields = Cow::Owned(join(&place.fields, name));
            let place = Place { of: Some(of.name), fields, path: Cow::Owned(path) };
            self.fill(value, kind, &place);
            !value.is_null()
        });
    }
}

/// A number as `encoding/json` writes it: below 1e21 without an exponent, with the shortest digits that read as it.
fn digits(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 1e21 => {
            format!("{value}")
        }
        _ => number.to_string(),
    }
}

impl GoType {
    fn name_of_list(item: &Self) -> String {
        format!("[]{}", item.name())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    static INNER: Struct =
        Struct { package: "v1", name: "Inner", fields: &[("uid", GoType::Text("types.UID"))] };
    static OUTER: Struct = Struct {
        package: "v1",
        name: "Outer",
        fields: &[
            ("count", GoType::Int),
            ("inner", GoType::List(&GoType::Struct(&INNER))),
            ("texts", GoType::Texts),
            ("words", GoType::List(&STRING)),
            ("when", GoType::Time),
        ],
    };

    #[test]
    fn values_of_wrong_types_have_gos_messages() {
        for (value, message) in [
            (json!(5), "number into Go value of type v1.Outer"),
            (json!({"count": "x"}), "string into Go struct field Outer.count of type int64"),
            (json!({"count": 1.5}), "number 1.5 into Go struct field Outer.count of type int64"),
            (json!({"inner": {}}), "object into Go struct field Outer.inner of type []v1.Inner"),
            (json!({"inner": [5]}), "number into Go struct field Outer.inner of type v1.Inner"),
            (
                json!({"inner": [{}, {"uid": 5}]}),
                "number into Go struct field Inner.inner.uid of type types.UID",
            ),
            (json!({"texts": {"a": 1}}), "number into Go struct field Outer.texts of type string"),
            (
                json!({"texts": []}),
                "array into Go struct field Outer.texts of type map[string]string",
            ),
            (json!({"words": [true]}), "bool into Go struct field Outer.words of type string"),
            (json!({"when": 5}), "number into Go struct field Outer.when of type string"),
        ] {
            let problem = decode(&mut value.clone(), &OUTER).unwrap_err();
            assert_eq!(problem, format!("json: cannot unmarshal {message}"), "{value}");
        }
    }

    #[test]
    fn nulls_are_zero_values_and_unknown_fields_are_named() {
        let mut value = json!({
            "count": null, "inner": [null, {"uid": "1", "x": 1}], "more": 1,
            "texts": {"a": null}, "when": "2001-01-01T02:00:00.5+02:00", "words": [null],
        });
        let unknown = decode(&mut value, &OUTER).unwrap();
        assert_eq!(unknown, ["inner[1].x", "more"]);
        assert_eq!(
            value,
            json!({
                "inner": [{}, {"uid": "1"}], "texts": {"a": ""}, "when": "2001-01-01T00:00:00Z", "words": [""],
            })
        );
    }
}
