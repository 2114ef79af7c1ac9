//! Built-in types that are stored in another form than the requested one: both groups of events, and both versions
//! of autoscalers.

use std::sync::Arc;

use serde_json::Value;

use super::super::core::convert::{self, Conversion};
use super::super::resource::Served;
use super::super::store::Object;

/// The conversion of a built-in type that is stored in another form than the requested one.
pub(in super::super) fn built_in(served: &Served) -> Option<&'static Conversion> {
    if !served.of.is_built_in() || served.is_stored_form() {
        return None;
    }
    convert::find(served.of.group(), &served.version().name, &served.of.kind)
}

/// A stored object of a built-in type in the requested form; nothing where it is the same.
pub(in super::super) fn in_form(served: &Served, object: &Object) -> Option<Object> {
    let conversion = built_in(served)?;
    let mut value = object.value(&served.api_version, &served.of.kind);
    conversion.to_own(&mut value);
    let paths = served.of.selectable_paths();
    Some(Object::render(Arc::clone(&object.resource), value, &paths))
}

/// Brings an object of the requested form through the stored one, where it has another: `change` sets there what the
/// requested form has no fields for.
pub(in super::super) fn through_stored(
    served: &Served,
    value: &mut Value,
    change: impl FnOnce(&mut Value),
) {
    if let Some(conversion) = built_in(served) {
        if conversion.to_internal(value).is_some() {
            change(value);
        }
        conversion.to_own(value);
    }
}

/// The form of an object that the rules of its type are about, where it is another one than that requested.
pub(in super::super) fn checked(served: &Served, value: &Value) -> Option<Value> {
    let conversion = built_in(served).filter(|conversion| conversion.checks_stored)?;
    let mut value = value.clone();
    conversion.to_internal(&mut value)?;
    Some(value)
}
