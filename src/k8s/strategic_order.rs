//! The order of lists that a strategic merge patch has merged.

use std::collections::HashMap;

use serde_json::Value;

/// The order of a merged list (`normalizeElementOrder`): the items of the patch are in its order, and come before
/// those that only the server has, unless the server had both in the other order.
pub(super) fn patched_first(
    merged: Vec<Value>,
    patch: &[Value],
    server_order: &[String],
    key: Option<&str>,
) -> Vec<Value> {
    let of = |item: &Value| key.map_or(Some(item), |key| item.get(key)).map(Value::to_string);
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for (at, item) in patch.iter().enumerate() {
        places.entry(of(item)).or_insert(at);
    }
    let server =
        |item: &Value| of(item).and_then(|key| server_order.iter().position(|own| *own == key));
    let (mut ours, theirs): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| places.contains_key(&of(item)));
    ours.sort_by_key(|item| places.get(&of(item)).copied());
    let mut out = Vec::with_capacity(ours.len() + theirs.len());
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    while let (Some(own), Some(other)) = (ours.peek(), theirs.peek()) {
        let before =
            matches!((server(other), server(own)), (Some(other), Some(own)) if other < own);
        out.extend(if before { theirs.next() } else { ours.next() });
    }
    out.extend(ours);
    out.extend(theirs);
    out
}

/// Orders a list: the items that the order names first, in that order, then the others in their own order.
pub(super) fn put_in_order(list: &mut [Value], order: &[Value], key: Option<&str>) {
    let of = |item: &Value| key.map_or(Some(item), |key| item.get(key)).map(Value::to_string);
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for (at, wanted) in order.iter().enumerate() {
        places.entry(of(wanted)).or_insert(at);
    }
    list.sort_by_cached_key(|item| places.get(&of(item)).copied().unwrap_or(order.len()));
}
