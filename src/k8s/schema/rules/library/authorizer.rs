//! The functions of `authorizer` (`k8s.io/apiserver/pkg/cel/library/authz.go`).

use std::sync::Arc;

use super::super::super::super::names;
use super::super::access::{Access, Action, Stage};
use super::super::value::{Outcome, Value};

/// Calls a function of a value of the library; nothing for an unknown one.
pub(super) fn call<'v>(
    name: &str,
    receiver: &Access<'v>,
    args: &[Value<'v>],
) -> Option<Outcome<'v>> {
    let text = |index: usize| match args.get(index) {
        Some(Value::String(text)) => Some(Arc::clone(text)),
        _ => None,
    };
    let wrong = |why: &str| Some(Err(why.to_owned()));
    let found = match (&receiver.stage, name) {
        (Stage::Decision(allowed, _), "allowed") => Value::Bool(*allowed),
        (Stage::Decision(_, reason), "reason") => Value::String(Arc::clone(reason)),
        (Stage::Decision(..), "errored") => Value::Bool(false),
        (Stage::Decision(..), "error") => Value::text(""),
        (Stage::Authorizer, "path") => {
            let path = text(0)?;
            if path.trim().is_empty() {
                return wrong("path must not be empty");
            }
            at(receiver, Stage::Path, |action| action.path = path)
        }
        (Stage::Authorizer, "group") => {
            let group = text(0)?;
            at(receiver, Stage::Group, |action| action.group = group)
        }
        (Stage::Authorizer, "serviceAccount") => {
            let (namespace, account) = (text(0)?, text(1)?);
            if !names::subdomain(&account).is_empty() {
                return wrong("Invalid service account name");
            }
            if !names::label(&namespace).is_empty() {
                return wrong("Invalid service account namespace");
            }
            let account = Some((namespace, account));
            at(receiver, Stage::Authorizer, |action| action.account = account)
        }
        (Stage::Group, "resource") => {
            let resource = text(0)?;
            if resource.trim().is_empty() {
                return wrong("resource must not be empty");
            }
            at(receiver, Stage::Resource, |action| action.resource = resource)
        }
        (Stage::Resource, "subresource") => {
            let subresource = text(0)?;
            at(receiver, Stage::Resource, |action| action.subresource = subresource)
        }
        (Stage::Resource, "namespace") => {
            let namespace = text(0)?;
            at(receiver, Stage::Resource, |action| action.namespace = namespace)
        }
        (Stage::Resource, "name") => {
            let name = text(0)?;
            at(receiver, Stage::Resource, |action| action.name = name)
        }
        // No mode of authorization looks at selectors.
        (Stage::Resource, "fieldSelector" | "labelSelector") => {
            text(0)?;
            Value::Access(receiver.clone())
        }
        (Stage::Path | Stage::Resource, "check") => {
            let verb = text(0)?;
            let action = Action { verb, ..(*receiver.action).clone() };
            let (allowed, reason) = receiver.authority.decide(&action);
            at(receiver, Stage::Decision(allowed, reason.into()), |_| {})
        }
        _ => return None,
    };
    Some(Ok(found))
}

/// A value at another stage of the question.
fn at<'v>(access: &Access<'v>, stage: Stage, set: impl FnOnce(&mut Action)) -> Value<'v> {
    let mut action = (*access.action).clone();
    set(&mut action);
    Value::Access(Access { authority: access.authority, stage, action: Arc::new(action) })
}
