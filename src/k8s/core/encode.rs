//! Values of built-in types as Go writes them (`encoding/json`): in the order of the fields of their structs.

use serde_json::Value;

use super::super::golang;
use super::types::{GoKind, GoStruct};

/// A value as Go writes the struct: in the order of its fields. Levels that a patch has touched are in the order of
/// names, as its library writes them: those that are in `touched`, where the keys of an object may be the places of a
/// list, and a text is that of a value that was sent.
pub(in super::super) fn json_text(
    value: &Value,
    of: Option<&GoStruct>,
    touched: Option<&Value>,
) -> String {
    let mut out = String::new();
    write(&mut out, value, of.map(Shape::Struct), touched);
    out
}

/// Whether a JSON text is that of a value.
fn is_text_of(text: &str, value: &Value) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|sent| sent == *value)
}

#[derive(Clone, Copy)]
enum Shape<'t> {
    Struct(&'t GoStruct),
    Kind(&'t GoKind),
}

fn write(out: &mut String, value: &Value, of: Option<Shape<'_>>, touched: Option<&Value>) {
    // A value that is as it was sent is written so.
    let sent = touched.and_then(Value::as_str);
    if let Some(text) = sent.filter(|text| is_text_of(text, value)) {
        out.push_str(&golang::compact(text));
        return;
    }
    let of_struct = match of {
        Some(Shape::Struct(of)) => Some(of),
        Some(Shape::Kind(GoKind::Struct(id))) => Some(id.get()),
        _ => None,
    };
    match value {
        Value::Object(map) => {
            let touched = touched.and_then(Value::as_object);
            let mut names: Vec<&String> = map.keys().collect();
            if let Some(of) = of_struct.filter(|_| touched.is_none()) {
                let place = |name: &str| of.fields.iter().position(|field| field.name == name);
                names.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
            }
            out.push('{');
            for (index, name) in names.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(&golang::json_text(&Value::from(name.as_str())));
                out.push(':');
                let inner = match (of_struct, of) {
                    (Some(of), _) => of.field(name).map(|field| Shape::Kind(&field.kind)),
                    (None, Some(Shape::Kind(GoKind::Map(_, item)))) => Some(Shape::Kind(item)),
                    _ => None,
                };
                write(out, &map[name], inner, touched.and_then(|map| map.get(name)));
            }
            out.push('}');
        }
        Value::Array(list) => {
            let item = match of {
                Some(Shape::Kind(GoKind::List(_, item))) => Some(Shape::Kind(item)),
                _ => None,
            };
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                let touched = match touched {
                    Some(Value::Array(items)) => items.get(index),
                    Some(Value::Object(places)) => places.get(&index.to_string()),
                    _ => None,
                };
                write(out, value, item, touched);
            }
            out.push(']');
        }
        scalar => out.push_str(&golang::json_text(scalar)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::types::of_kind;
    use super::*;

    #[test]
    fn items_of_lists_are_touched_one_by_one() {
        let pod = json!({"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]}});
        let of = of_kind("", "v1", "Pod");
        let shown = |touched: Value| json_text(&pod, of, Some(&touched));
        assert_eq!(
            shown(json!({"spec": {"containers": {"1": {}}}})),
            r#"{"spec":{"containers":[{"name":"a","image":"i"},{"image":"i","name":"b"}]}}"#
        );
        assert_eq!(
            shown(json!({"spec": {"containers": [{}, 1]}})),
            r#"{"spec":{"containers":[{"image":"i","name":"a"},{"name":"b","image":"i"}]}}"#
        );
    }

    #[test]
    fn structs_are_written_in_the_order_of_their_fields() {
        let lease = json!({
            "kind": "Lease", "metadata": {"uid": "u", "name": "l"}, "spec": {"renewTime": "t", "holderIdentity": "h"},
        });
        let of = of_kind("coordination.k8s.io", "v1", "Lease");
        assert_eq!(
            json_text(&lease, of, Some(&json!({"spec": {}}))),
            r#"{"kind":"Lease","metadata":{"name":"l","uid":"u"},"spec":{"holderIdentity":"h","renewTime":"t"}}"#
        );
    }
}
