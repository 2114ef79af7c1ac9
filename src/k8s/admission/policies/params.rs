//! The parameters of a binding (`CollectParams` in `generic/policy_dispatcher.go`).

use serde_json::Value;

use super::super::super::resource::Served;
use super::super::super::select::LabelSelector;
use super::super::super::store::{Object, State};
use super::compiled::Binding;

/// The type of a policy's parameters; nothing where it has none.
///
/// # Errors
/// Upstream's message where the world has no such type.
pub(super) fn served<'s>(
    kind: Option<&(String, String)>,
    state: &'s State,
) -> Result<Option<&'s Served>, String> {
    let Some((api_version, kind)) = kind else { return Ok(None) };
    state.types.find_kind(api_version, kind).map(Some).ok_or_else(|| {
        format!("failed to find resource referenced by paramKind: '{api_version}, Kind={kind}'")
    })
}

/// The parameters for a request in a namespace: null for one evaluation without parameters.
///
/// # Errors
/// Upstream's message where the binding does not fit its policy, or where there are none and that is an error.
pub(super) fn collect(
    served: Option<&Served>,
    binding: &Binding,
    state: &State,
    namespace: &str,
) -> Result<Vec<Value>, String> {
    let by = &binding.param_ref;
    let Some(served) = served.filter(|_| !by.is_null()) else { return Ok(vec![Value::Null]) };
    let text = |field: &str| by[field].as_str().unwrap_or_default();
    let (own, name) = (text("namespace"), text("name"));
    let namespace = match (served.of.namespaced, own) {
        (true, "") if namespace.is_empty() => {
            return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
                .to_owned());
        }
        (true, "") => namespace,
        (true, own) => own,
        (false, "") => "",
        (false, _) => {
            return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
                .to_owned());
        }
    };
    let selector = &by["selector"];
    let stored = &served.of.stored_as;
    let shown = |object: &Object| object.value(&served.api_version, &served.of.kind);
    let found: Vec<Value> = match (name.is_empty(), selector.is_null()) {
        (false, false) => {
            return Err("paramRef.name and paramRef.selector are mutually exclusive".to_owned());
        }
        (false, true) => {
            let key = served.of.key(namespace, name);
            state.snapshot.get(stored, &key).into_iter().map(|object| shown(object)).collect()
        }
        (true, false) => {
            let selector = LabelSelector::of_object(selector)?;
            let objects = state.snapshot.collection(stored);
            let objects = objects.into_iter().flat_map(|objects| objects.range(namespace, ""));
            let selected = objects
                .filter(|object| selector.is_empty() || selector.matches(|key| object.label(key)));
            selected.map(|object| shown(object)).collect()
        }
        (true, true) => return Err("one of name or selector must be provided".to_owned()),
    };
    if found.is_empty() && by["parameterNotFoundAction"] == "Deny" {
        return Err(
            "no params found for policy binding with `Deny` parameterNotFoundAction".to_owned()
        );
    }
    Ok(found)
}
