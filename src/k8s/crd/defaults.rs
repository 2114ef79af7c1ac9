//! The defaults of a definition (`pkg/apis/apiextensions/v1/defaults.go`).

use serde_json::{Value, json};

/// Sets the defaults of a definition.
pub(in super::super) fn set_defaults(definition: &mut Value) {
    let Some(spec) = definition.get_mut("spec").filter(|spec| spec.is_object()) else { return };
    let kind = spec["names"]["kind"].as_str().unwrap_or_default().to_owned();
    if !kind.is_empty() && spec["names"].is_object() {
        let names = &mut spec["names"];
        for (name, default) in
            [("singular", kind.to_lowercase()), ("listKind", format!("{kind}List"))]
        {
            if names[name].as_str().unwrap_or_default().is_empty() {
                names[name] = default.into();
            }
        }
    }
    if spec["conversion"].is_null() {
        spec["conversion"] = json!({"strategy": "None"});
    }
    if let Some(Value::Object(service)) =
        spec.pointer_mut("/conversion/webhook/clientConfig/service")
    {
        service.entry("port").or_insert_with(|| json!(443));
    }
}
