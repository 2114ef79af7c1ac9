//! The functions of lists, sets and maps (`cel-go/ext/{lists,sets,comprehensions}.go`,
//! `k8s.io/apiserver/pkg/cel/library/lists.go`).

use std::cmp::Ordering;

use super::super::super::Kind;
use super::super::value::{Outcome, Value};
use super::standard::arithmetic;

/// Calls a function with its values, the receiver first; nothing for those of other values.
pub(super) fn call<'v>(name: &str, args: &[Value<'v>]) -> Option<Outcome<'v>> {
    match (name, args) {
        ("sets.contains" | "sets.equivalent" | "sets.intersects", [a, b]) => {
            return Some(sets(name, a, b));
        }
        ("lists.range", [Value::Int(count)]) => {
            return Some(if *count > MAX_RANGE {
                Err("lists.range: the list is too long".to_owned())
            } else {
                Ok(Value::list((0..*count).map(Value::Int)))
            });
        }
        ("cel.@mapInsert", [map, key, value]) => {
            return Some(inserted(map, &[(key.clone(), value.clone())]));
        }
        ("cel.@mapInsert", [map, other]) => {
            return Some(other.entries()?.and_then(|entries| inserted(map, &entries)));
        }
        ("@sortByAssociatedKeys", [list, keys]) => {
            return Some(match (list.items()?, keys.items()?) {
                (Ok(list), Ok(keys)) => sorted(list, keys),
                (Err(why), _) | (_, Err(why)) => Err(why),
            });
        }
        _ => {}
    }
    let (first, rest) = args.split_first()?;
    match first.items()? {
        Ok(items) => of_list(name, first, items, rest),
        Err(why) => Some(Err(why)),
    }
}

/// The longest list of `lists.range`: upstream has no bound but memory.
const MAX_RANGE: i64 = 1_000_000;

fn inserted<'v>(map: &Value<'v>, new: &[(Value<'v>, Value<'v>)]) -> Outcome<'v> {
    let Some(entries) = map.entries() else { return Err("no such overload".to_owned()) };
    let mut entries = entries?;
    for (key, value) in new {
        if entries.iter().any(|(known, _)| known.equals(key)) {
            return Err(format!("insert failed: key {} already exists", key.shown()));
        }
        entries.push((key.clone(), value.clone()));
    }
    Ok(Value::Map(entries.into()))
}

fn sets<'v>(name: &str, a: &Value<'v>, b: &Value<'v>) -> Outcome<'v> {
    let (Some(a), Some(b)) = (a.items(), b.items()) else {
        return Err("no such overload".to_owned());
    };
    let (a, b) = (a?, b?);
    let within = |inner: &[Value<'v>], outer: &[Value<'v>]| {
        inner.iter().all(|item| outer.iter().any(|other| other.equals(item)))
    };
    Ok(Value::Bool(match name {
        "sets.contains" => within(&b, &a),
        "sets.equivalent" => within(&a, &b) && within(&b, &a),
        _ => a.iter().any(|item| b.iter().any(|other| other.equals(item))),
    }))
}

/// The functions that have a list before the dot.
fn of_list<'v>(
    name: &str,
    list: &Value<'v>,
    mut items: Vec<Value<'v>>,
    args: &[Value<'v>],
) -> Option<Outcome<'v>> {
    let position = |at: Option<usize>| Ok(at.map_or(Value::Int(-1), Value::count));
    Some(match (name, args) {
        ("isSorted", []) => {
            let mut pairs = items.windows(2);
            Ok(Value::Bool(
                pairs.all(|pair| pair[0].compare(&pair[1]).is_some_and(Ordering::is_le)),
            ))
        }
        // No overload takes a list of nulls.
        ("sum" | "max" | "min", []) if matches!(items.first(), Some(Value::Null)) => {
            Err(format!("no such overload: {name}(list)"))
        }
        ("sum", []) => {
            let zero = || match list {
                Value::Items(_, Some(schema))
                    if schema
                        .items
                        .as_ref()
                        .is_some_and(|items| items.kind == Some(Kind::Number)) =>
                {
                    Value::Double(0.0)
                }
                _ => Value::Int(0),
            };
            let mut items = items.into_iter();
            let first = items.next().unwrap_or_else(zero);
            items.try_fold(first, |sum, item| arithmetic("_+_", &sum, &item))
        }
        ("max" | "min", []) => {
            let wanted = if name == "max" { Ordering::Greater } else { Ordering::Less };
            let found =
                items.into_iter().reduce(|a, b| if b.compare(&a) == Some(wanted) { b } else { a });
            found.ok_or_else(|| format!("{name} called on empty list"))
        }
        ("indexOf", [wanted]) => position(items.iter().position(|item| item.equals(wanted))),
        ("lastIndexOf", [wanted]) => position(items.iter().rposition(|item| item.equals(wanted))),
        ("slice", [Value::Int(from), Value::Int(to)]) => slice(items, *from, *to),
        ("flatten", []) => flattened(items, 1).map(Value::list),
        ("flatten", [Value::Int(depth)]) if *depth < 0 => {
            Err("level must be non-negative".to_owned())
        }
        ("flatten", [Value::Int(depth)]) => flattened(items, *depth).map(Value::list),
        ("reverse", []) => {
            items.reverse();
            Ok(Value::list(items))
        }
        ("first", []) => Ok(items.into_iter().next().map_or(Value::Optional(None), Value::some)),
        ("last", []) => Ok(items.pop().map_or(Value::Optional(None), Value::some)),
        ("optional.unwrap" | "unwrapOpt", []) => {
            let kept = items.into_iter().filter_map(|item| match item {
                Value::Optional(inner) => inner.map(|inner| (*inner).clone()),
                other => Some(other),
            });
            Ok(Value::list(kept))
        }
        ("distinct", []) => {
            let mut kept: Vec<Value<'v>> = Vec::new();
            for item in items {
                if !kept.iter().any(|known| known.equals(&item)) {
                    kept.push(item);
                }
            }
            Ok(Value::list(kept))
        }
        ("sort", []) => sorted(items.clone(), items),
        _ => return None,
    })
}

fn slice(items: Vec<Value<'_>>, from: i64, to: i64) -> Outcome<'_> {
    let (start, end, length) = (usize::try_from(from), usize::try_from(to), items.len());
    let why = match (start, end) {
        (Ok(start), Ok(end)) if start <= end && end <= length => {
            return Ok(Value::list(items.into_iter().skip(start).take(end - start)));
        }
        (Ok(start), Ok(end)) if start <= end => format!("list is length {length}"),
        (Ok(_), Ok(_)) => "start index must be less than or equal to end index".to_owned(),
        _ => "negative indexes not supported".to_owned(),
    };
    Err(format!("cannot slice({from}, {to}), {why}"))
}

/// A list in the order of keys.
fn sorted<'v>(items: Vec<Value<'v>>, keys: Vec<Value<'v>>) -> Outcome<'v> {
    if items.len() != keys.len() {
        return Err(format!(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {} and {} elements respectively",
            items.len(),
            keys.len()
        ));
    }
    if let Some(first) = keys.first() {
        if first.compare(first).is_none() {
            return Err("list elements must be comparable".to_owned());
        }
        let kind = first.type_name();
        if keys.iter().any(|key| key.type_name() != kind) {
            return Err("list elements must have the same type".to_owned());
        }
    }
    let mut pairs: Vec<_> = keys.into_iter().zip(items).collect();
    pairs.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item)))
}

fn flattened(items: Vec<Value<'_>>, depth: i64) -> Result<Vec<Value<'_>>, String> {
    if depth == 0 {
        return Ok(items);
    }
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match item.items() {
            Some(inner) => out.extend(flattened(inner?, depth - 1)?),
            None => out.push(item),
        }
    }
    Ok(out)
}
