//! Objects as upstream's internal types, and the differences between them, as errors show them
//! (`k8s.io/apimachinery/pkg/util/diff`: a unified diff of indented JSON).

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::golang::json_text;
use super::types::{self, GoKind, GoStruct};

/// The lines of context around a change.
const CONTEXT: usize = 3;

/// The largest table for comparing lines; beyond it the changed lines count as all different.
const MAX_CELLS: usize = 1 << 20;

/// The difference between two values of an internal type.
pub(super) fn internal(key: &str, before: &Value, after: &Value) -> String {
    let lines = |value: &Value| -> Vec<String> {
        let mut out = String::new();
        if let Some(of) = types::named(key) {
            write_struct(&mut out, value, of, Some(0));
        }
        out.lines().map(str::to_owned).collect()
    };
    unified(&lines(before), &lines(after))
}

/// A value as its internal type is written.
pub(super) fn internal_text(key: &str, value: &Value) -> String {
    let mut out = String::new();
    match types::named(key) {
        Some(of) => write_struct(&mut out, value, of, None),
        None => out = json_text(value),
    }
    out
}

/// Begins a new line at a depth; `None` for text in one line.
fn line(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth));
    }
}

fn write_struct(out: &mut String, value: &Value, of: &GoStruct, depth: Option<usize>) {
    let inner = depth.map(|depth| depth + 1);
    out.push('{');
    let mut first = true;
    for field in &of.fields {
        let found = find(value, field.name, of.key);
        let empty = match found {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty() && !matches!(field.kind, GoKind::Struct(_)),
            _ => false,
        };
        if field.omit_empty && empty {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        line(out, inner);
        out.push_str(&json_text(&field.name.into()));
        out.push_str(if depth.is_some() { ": " } else { ":" });
        if field.pointer && found.is_null() {
            out.push_str("null");
        } else {
            write(out, found, &field.kind, inner);
        }
    }
    if !first {
        line(out, depth);
    }
    out.push('}');
}

/// The value of a field of an internal type, which has the published type's name in other case. Some fields stand
/// elsewhere in the published type.
fn find<'v>(value: &'v Value, name: &str, of: &str) -> &'v Value {
    static NULL: Value = Value::Null;
    let named = |value: &'v Value| {
        let map = value.as_object()?;
        map.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let renamed = || RENAMED.iter().find(|(internal, _)| *internal == name);
    let found = named(value)
        .or_else(|| renamed().map(|(_, published)| &value[*published]))
        .or_else(|| EMBEDS_METADATA.contains(&of).then(|| named(&value["metadata"]))?);
    found.unwrap_or(&NULL)
}

/// The internal types that embed their metadata.
const EMBEDS_METADATA: [&str; 5] = [
    "core.Endpoints",
    "core.PersistentVolumeClaim",
    "core.PersistentVolumeClaimTemplate",
    "core.PodTemplateSpec",
    "resource.ResourceClaimTemplateSpec",
];

/// The fields of internal types that have another name in the published ones.
const RENAMED: [(&str, &str); 16] = [
    ("BoolValue", "bool"),
    ("BoolValues", "bools"),
    ("CephMonitors", "monitors"),
    ("DataDiskURI", "diskURI"),
    ("DiscoveryCHAPAuth", "chapAuthDiscovery"),
    ("EndpointsName", "endpoints"),
    ("IntValue", "int"),
    ("IntValues", "ints"),
    ("RBDImage", "image"),
    ("RBDPool", "pool"),
    ("RadosUser", "user"),
    ("SessionCHAPAuth", "chapAuthSession"),
    ("StringValue", "string"),
    ("StringValues", "strings"),
    ("VersionValue", "version"),
    ("VersionValues", "versions"),
];

/// The fields of a pod that are in the security context of the internal type.
const HOST_FIELDS: [&str; 5] =
    ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"];

/// A pod's specification with its fields where the internal type has them.
pub(super) fn pod_spec(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for field in HOST_FIELDS {
        if let Some(found) = spec.as_object_mut().and_then(|spec| spec.remove(field)) {
            spec["securityContext"][field] = found;
        }
    }
    spec
}

fn write(out: &mut String, value: &Value, kind: &GoKind, depth: Option<usize>) {
    match (kind, value) {
        (GoKind::Struct(of), value) => {
            let of = of.get();
            if of.key == "core.PodSpec" {
                write_struct(out, &pod_spec(value), of, depth);
            } else {
                write_struct(out, value, of, depth);
            }
        }
        (GoKind::List(_, item), Value::Array(list)) if !list.is_empty() => {
            let inner = depth.map(|depth| depth + 1);
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(out, inner);
                write(out, value, item, inner);
            }
            line(out, depth);
            out.push(']');
        }
        (GoKind::Map(_, item), Value::Object(map)) if !map.is_empty() => {
            let inner = depth.map(|depth| depth + 1);
            out.push('{');
            for (index, (name, value)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(out, inner);
                out.push_str(&json_text(&name.as_str().into()));
                out.push_str(if depth.is_some() { ": " } else { ":" });
                write(out, value, item, inner);
            }
            line(out, depth);
            out.push('}');
        }
        (GoKind::Text(_), Value::Null) => out.push_str("\"\""),
        (GoKind::Bool(_), Value::Null) => out.push_str("false"),
        (GoKind::Int { .. } | GoKind::Float(_) | GoKind::IntOrString, Value::Null) => out.push('0'),
        (GoKind::Quantity, Value::Null) => out.push_str("\"0\""),
        (_, value) => out.push_str(&json_text(value)),
    }
}

/// One step of an edit: both texts have the line, or one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Remove,
    Add,
}

/// The unified diff of two texts (`difflib.GetUnifiedDiffString`).
fn unified(before: &[String], after: &[String]) -> String {
    let edits = edits(before, after);
    let mut out = String::new();
    let (mut old, mut new) = (0, 0);
    let mut at = 0;
    while at < edits.len() {
        // The next group: changes with at most two contexts between them.
        let Some(start) = edits[at..].iter().position(|edit| *edit != Edit::Keep) else { break };
        let start = at + start;
        let mut end = start;
        let mut kept = 0;
        for (index, edit) in edits.iter().enumerate().skip(start) {
            if *edit == Edit::Keep {
                kept += 1;
                if kept > 2 * CONTEXT {
                    break;
                }
            } else {
                kept = 0;
                end = index + 1;
            }
        }
        let first = start.saturating_sub(CONTEXT).max(at);
        let last = (end + CONTEXT).min(edits.len());
        // All steps from the last group to this one keep their line.
        (old, new) = (old + (first - at), new + (first - at));
        let count =
            |wanted: Edit| edits[first..last].iter().filter(|edit| **edit != wanted).count();
        let (removed, added) = (count(Edit::Add), count(Edit::Remove));
        let _ = writeln!(out, "@@ -{} +{} @@", range(old, removed), range(new, added));
        let mut index = first;
        while index < last {
            // Removed lines come before added ones.
            let run = edits[index..last].iter().take_while(|edit| **edit != Edit::Keep).count();
            if run == 0 {
                let _ = writeln!(out, " {}", before[old]);
                (old, new, index) = (old + 1, new + 1, index + 1);
                continue;
            }
            for (wanted, sign) in [(Edit::Remove, '-'), (Edit::Add, '+')] {
                for _ in edits[index..index + run].iter().filter(|edit| **edit == wanted) {
                    let text = if wanted == Edit::Remove { &before[old] } else { &after[new] };
                    let _ = writeln!(out, "{sign}{text}");
                    if wanted == Edit::Remove {
                        old += 1;
                    } else {
                        new += 1;
                    }
                }
            }
            index += run;
        }
        at = last;
    }
    out
}

/// A range of lines, counted from 1.
fn range(start: usize, length: usize) -> String {
    match length {
        1 => (start + 1).to_string(),
        0 => format!("{start},0"),
        _ => format!("{},{length}", start + 1),
    }
}

/// The steps from one text to the other (`difflib.SequenceMatcher.GetOpCodes`): the longest block that both have stays,
/// and so on to the left and to the right of it.
fn edits(before: &[String], after: &[String]) -> Vec<Edit> {
    let mut edits = Vec::with_capacity(before.len().max(after.len()));
    let (mut old, mut new) = (0, 0);
    let end = Block { old: before.len(), new: after.len(), length: 0 };
    for block in blocks(before, after).into_iter().chain([end]) {
        edits.extend(std::iter::repeat_n(Edit::Remove, block.old - old));
        edits.extend(std::iter::repeat_n(Edit::Add, block.new - new));
        edits.extend(std::iter::repeat_n(Edit::Keep, block.length));
        (old, new) = (block.old + block.length, block.new + block.length);
    }
    edits
}

/// Lines that both texts have, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    old: usize,
    new: usize,
    length: usize,
}

/// From how many lines on those that are frequent do not begin a block.
const MANY_LINES: usize = 200;

/// The blocks of two texts, in order (`SequenceMatcher.GetMatchingBlocks`).
fn blocks(before: &[String], after: &[String]) -> Vec<Block> {
    if before.len().saturating_mul(after.len()) > MAX_CELLS {
        return Vec::new();
    }
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in after.iter().enumerate() {
        places.entry(line).or_default().push(at);
    }
    if after.len() >= MANY_LINES {
        let most = after.len() / 100 + 1;
        places.retain(|_, found| found.len() <= most);
    }
    let mut found = Vec::new();
    let mut open = vec![(0, before.len(), 0, after.len())];
    while let Some((old, old_end, new, new_end)) = open.pop() {
        let block = longest(before, after, &places, (old, old_end, new, new_end));
        if block.length == 0 {
            continue;
        }
        found.push(block);
        if old < block.old && new < block.new {
            open.push((old, block.old, new, block.new));
        }
        let (old, new) = (block.old + block.length, block.new + block.length);
        if old < old_end && new < new_end {
            open.push((old, old_end, new, new_end));
        }
    }
    found.sort_unstable();
    found
}

/// The longest block in a part of both texts, the first of several (`findLongestMatch`).
fn longest(
    before: &[String],
    after: &[String],
    places: &HashMap<&str, Vec<usize>>,
    (old, old_end, new, new_end): (usize, usize, usize, usize),
) -> Block {
    let mut best = Block { old, new, length: 0 };
    // The lengths of the blocks that end at the last line of the old text, by their last line in the new one.
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    for (at, line) in before.iter().enumerate().take(old_end).skip(old) {
        let mut next = HashMap::new();
        let own = places.get(line.as_str()).map_or(&[][..], Vec::as_slice);
        for other in own.iter().copied().filter(|other| (new..new_end).contains(other)) {
            let before = other.checked_sub(1).and_then(|other| lengths.get(&other));
            let length = before.copied().unwrap_or_default() + 1;
            next.insert(other, length);
            if length > best.length {
                best = Block { old: at + 1 - length, new: other + 1 - length, length };
            }
        }
        lengths = next;
    }
    // Frequent lines around it belong to it.
    while best.old > old && best.new > new && before[best.old - 1] == after[best.new - 1] {
        best = Block { old: best.old - 1, new: best.new - 1, length: best.length + 1 };
    }
    while best.old + best.length < old_end
        && best.new + best.length < new_end
        && before[best.old + best.length] == after[best.new + best.length]
    {
        best.length += 1;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn differences_are_unified_with_three_lines_around_them() {
        assert_eq!(unified(&lines("abc"), &lines("abc")), "");
        assert_eq!(
            unified(&lines("abcdefghij"), &lines("abcdeXghij")),
            "@@ -3,7 +3,7 @@\n c\n d\n e\n-f\n+X\n g\n h\n i\n"
        );
        assert_eq!(
            unified(&lines("abcdefghijklmnop"), &lines("Xbcdefghijklmnopq")),
            "@@ -1,4 +1,4 @@\n-a\n+X\n b\n c\n d\n@@ -14,3 +14,4 @@\n n\n o\n p\n+q\n"
        );
        assert_eq!(unified(&lines("a"), &lines("b")), "@@ -1 +1 @@\n-a\n+b\n");
    }
}
