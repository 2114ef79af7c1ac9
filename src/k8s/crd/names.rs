//! Which names of a definition are accepted: those that no other definition of its group has
//! (`pkg/controller/status/naming_controller.go`).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::golang::quote;

/// The accepted names of a definition, with the condition `NamesAccepted`: its status, reason and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct AcceptedNames {
    pub(in super::super) names: Value,
    pub(in super::super) accepted: bool,
    pub(in super::super) reason: &'static str,
    pub(in super::super) message: String,
}

/// The names of a definition beside others of its group.
pub(in super::super) fn accept<'v>(
    definition: &Value,
    others: impl IntoIterator<Item = &'v Value>,
) -> AcceptedNames {
    let (mut resources, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let texts = |value: &Value| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for other in others {
        let names = &other["status"]["acceptedNames"];
        resources.extend(["plural", "singular"].map(|field| text(names, field)));
        resources.extend(texts(&names["shortNames"]));
        kinds.extend(["kind", "listKind"].map(|field| text(names, field)));
    }
    let wanted = &definition["spec"]["names"];
    let before = &definition["status"]["acceptedNames"];
    let mut found = AcceptedNames {
        names: before.clone(),
        accepted: true,
        reason: "NoConflicts",
        message: "no conflicts found".to_owned(),
    };
    if !found.names.is_object() {
        found.names = json!({});
    }
    let in_use = |name: &str| format!("{} is already in use", quote(name));
    let refuse = |found: &mut AcceptedNames, reason: &'static str, message: String| {
        *found = AcceptedNames { accepted: false, reason, message, names: found.names.take() };
    };
    for (field, used, reason) in [
        ("plural", &resources, "PluralConflict"),
        ("singular", &resources, "SingularConflict"),
        ("shortNames", &resources, "ShortNamesConflict"),
        ("kind", &kinds, "KindConflict"),
        ("listKind", &kinds, "ListKindConflict"),
    ] {
        if field == "shortNames" {
            let had = texts(&before[field]);
            let taken: Vec<String> = texts(&wanted[field])
                .into_iter()
                .filter(|name| !had.contains(name) && used.contains(name))
                .map(|name| in_use(&name))
                .collect();
            match taken.as_slice() {
                [] => {}
                [one] => refuse(&mut found, reason, one.clone()),
                many => refuse(&mut found, reason, format!("[{}]", many.join(", "))),
            }
            if !taken.is_empty() {
                continue;
            }
        } else {
            let name = text(wanted, field);
            if name != text(before, field) && used.contains(&name) {
                refuse(&mut found, reason, in_use(&name));
                continue;
            }
        }
        take_over(&mut found.names, wanted, field);
    }
    take_over(&mut found.names, wanted, "categories");
    for field in ["plural", "kind"] {
        if found.names[field].is_null() {
            found.names[field] = "".into();
        }
    }
    found
}

fn take_over(names: &mut Value, wanted: &Value, field: &str) {
    let Value::Object(names) = names else { return };
    match wanted.get(field) {
        Some(value) => drop(names.insert(field.to_owned(), value.clone())),
        None => drop(names.remove(field)),
    }
}
