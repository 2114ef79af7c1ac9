//! `metadata.managedFields`: the owners of fields, how an update changes them, and when an apply conflicts
//! (`managedfields/internal`, `structured-merge-diff/merge.Updater`).

use serde_json::{Value, json};

use super::super::golang::quote;
use super::super::schema::Schema;
use super::collect::{fields_of, is_typed};
use super::given;
use super::set::FieldSet;
use super::typed::{self, Type};

/// The owner of all fields that were set before ownership was tracked.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Fields without owners: the server sets them, or they identify the object (`stripmeta.go`).
const STRIPPED: [&[&str]; 11] = [
    &["apiVersion"],
    &["kind"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// Who writes an object, and how: what decides the ownership of its fields.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct FieldWriter<'a> {
    /// The field manager: `fieldManager`, or the client's name.
    pub(in super::super) manager: &'a str,
    /// The API version of the written object.
    pub(in super::super) api_version: &'a str,
    /// The subresource that is written.
    pub(in super::super) subresource: &'a str,
    /// The type's schema.
    pub(in super::super) schema: Option<&'a Schema>,
    /// Whether `status` is written only through its subresource.
    pub(in super::super) status_apart: bool,
    /// The fields that the write leaves as they are, and that it does not own, where its type says so (`GetResetFields`).
    pub(in super::super) resets: Option<&'static [&'static [&'static str]]>,
    /// The time in the API's format.
    pub(in super::super) now: &'a str,
}

/// One entry of `managedFields`.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    manager: String,
    /// Whether the operation is `Apply`, not `Update`.
    applies: bool,
    api_version: String,
    subresource: String,
    time: String,
    fields: FieldSet,
}

impl Entry {
    fn is_of(&self, writer: &FieldWriter<'_>, applies: bool) -> bool {
        self.manager == writer.manager
            && self.applies == applies
            && self.subresource == writer.subresource
            // A manager that applies has one entry for all API versions.
            && (applies || self.api_version == writer.api_version)
    }

    /// Whether its fields can be compared with what is written. Those of another group cannot: an event written through
    /// both groups loses the owners of the other one (`Updater.update`, `IsMissingVersionError`).
    fn is_comparable(&self, writer: &FieldWriter<'_>) -> bool {
        let group = |version: &str| version.rsplit_once('/').map(|(group, _)| group.to_owned());
        group(&self.api_version) == group(writer.api_version)
    }

    fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Self {
            manager: text("manager"),
            applies: value["operation"] == "Apply",
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: text("time"),
            fields: FieldSet::from_json(&value["fieldsV1"]),
        }
    }

    fn write(&self) -> Value {
        let mut entry = json!({
            "manager": self.manager,
            "operation": if self.applies { "Apply" } else { "Update" },
            "apiVersion": self.api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": self.fields.to_json(),
        });
        if !self.time.is_empty() {
            entry["time"] = self.time.as_str().into();
        }
        if !self.subresource.is_empty() {
            entry["subresource"] = self.subresource.as_str().into();
        }
        entry
    }

    /// The manager as conflict messages show it (`printManager`).
    fn shown(&self) -> String {
        let mut shown = quote(&self.manager);
        if !self.subresource.is_empty() {
            shown.push_str(&format!(" with subresource {}", quote(&self.subresource)));
        }
        if !self.applies {
            shown.push_str(&format!(" using {}", self.api_version));
        }
        shown
    }
}

fn read(object: &Value) -> Vec<Entry> {
    object["metadata"]["managedFields"].as_array().into_iter().flatten().map(Entry::read).collect()
}

/// Upstream's order: managers that apply first, then by time and name.
fn write(mut entries: Vec<Entry>) -> Value {
    entries.retain(|entry| !entry.fields.is_empty());
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| {
            let texts = [&entry.time, &entry.manager, &entry.api_version, &entry.subresource];
            (!entry.applies, texts.map(String::clone))
        };
        key(a).cmp(&key(b))
    });
    if entries.is_empty() { Value::Null } else { entries.iter().map(Entry::write).collect() }
}

impl FieldWriter<'_> {
    fn of(&self) -> Type<'_> {
        Type::of_object(self.schema)
    }

    /// Removes the fields without owners, and those that this write cannot set.
    fn strip(&self, set: &mut FieldSet) {
        for path in STRIPPED {
            set.remove_field(path);
        }
        if let Some(metadata) =
            set.children.get_mut(&super::set::Step::Field("metadata".to_owned()))
        {
            metadata.member = false;
        }
        if let Some(resets) = self.resets {
            for path in resets {
                set.remove_field(path);
            }
        } else if self.subresource == "status" {
            set.children.retain(|step, _| *step == super::set::Step::Field("status".to_owned()));
        } else if self.status_apart {
            set.remove_field(&["status"]);
        }
    }
}

/// Whether the fields of two versions can be compared: where one is not of its type, nothing is tracked any more
/// (`FieldManager.UpdateNoErrors`).
pub(in super::super) fn can_track(before: &Value, after: &Value, writer: &FieldWriter<'_>) -> bool {
    [before, after].iter().all(|value| is_typed(value, writer.of()))
}

/// The `managedFields` after an update from `before` to `after`.
pub(in super::super) fn track_update(
    before: &Value,
    after: &Value,
    writer: &FieldWriter<'_>,
) -> Value {
    let sent = if writer.subresource.is_empty() { given::sent(before, after) } else { None };
    let mut entries = match sent {
        Some(sent) => sent.iter().map(Entry::read).collect(),
        None => read(before),
    };
    // Nothing tracks an object whose managers are not tracked yet (`skipNonAppliedManager`).
    if entries.is_empty() && before["metadata"]["uid"].is_string() {
        return Value::Null;
    }
    let mut found = typed::compare(before, after, writer.of());
    for set in [&mut found.added, &mut found.modified, &mut found.removed] {
        writer.strip(set);
    }
    let written = found.modified.union(&found.added);
    if written.is_empty() && found.removed.is_empty() {
        return match sent {
            Some(_) => write(entries),
            None => before["metadata"]["managedFields"].clone(),
        };
    }
    entries.retain(|entry| entry.is_comparable(writer));
    for entry in entries.iter_mut().filter(|entry| !entry.is_of(writer, false)) {
        entry.fields = entry.fields.difference(&written).difference(&found.removed);
    }
    let own = entries.iter_mut().find(|entry| entry.is_of(writer, false));
    let fields = own.as_ref().map_or_else(FieldSet::default, |entry| entry.fields.clone());
    let fields = fields.difference(&found.removed).union(&written);
    set_own(&mut entries, writer, false, fields);
    write(entries)
}

/// Sets the fields of a manager; its time changes only when they do.
fn set_own(entries: &mut Vec<Entry>, writer: &FieldWriter<'_>, applies: bool, fields: FieldSet) {
    match entries.iter_mut().find(|entry| entry.is_of(writer, applies)) {
        Some(own) => {
            if own.fields != fields || own.api_version != writer.api_version {
                writer.now.clone_into(&mut own.time);
            }
            own.fields = fields;
            writer.api_version.clone_into(&mut own.api_version);
        }
        None => entries.push(Entry {
            manager: writer.manager.to_owned(),
            applies,
            api_version: writer.api_version.to_owned(),
            subresource: writer.subresource.to_owned(),
            time: writer.now.to_owned(),
            fields,
        }),
    }
}

/// Why a configuration is not of a schema, in upstream's words.
pub(in super::super) fn problems(configuration: &Value, schema: Option<&Schema>) -> Vec<String> {
    fields_of(configuration, Type::of_object(schema)).err().unwrap_or_default()
}

/// The result of an apply.
#[derive(Debug)]
pub(in super::super) enum Applied {
    /// The object, with its `managedFields`.
    Object(Value),
    /// It would change fields of other managers: each manager as shown, with the path.
    Conflicts(Vec<(String, String)>),
    /// The configuration violates its schema: each violation.
    Malformed(Vec<String>),
}

/// Applies a configuration to the live object.
pub(in super::super) fn apply(
    live: &Value,
    configuration: &Value,
    writer: &FieldWriter<'_>,
    force: bool,
) -> Applied {
    let of = writer.of();
    let mut entries = read(live);
    if entries.is_empty() && live["metadata"]["uid"].is_string() {
        let before = FieldWriter { manager: BEFORE_FIRST_APPLY, ..*writer };
        let mut fields = fields_of(live, of).unwrap_or_default();
        before.strip(&mut fields);
        set_own(&mut entries, &before, false, fields);
    }
    entries.retain(|entry| entry.is_comparable(writer));
    let mut applied = match fields_of(configuration, of) {
        Ok(fields) => fields,
        Err(problems) => return Applied::Malformed(problems),
    };
    writer.strip(&mut applied);
    let last = entries.iter().find(|entry| entry.is_of(writer, true));
    let time_before = last.map(|entry| entry.time.clone()).unwrap_or_default();
    let last = last.map_or_else(FieldSet::default, |entry| entry.fields.clone());
    set_own(&mut entries, writer, true, applied);

    // Fields that this manager applied before, and that neither it nor another manager sets now, are removed.
    let owned = entries.iter().fold(FieldSet::default(), |all, entry| all.union(&entry.fields));
    let merged = typed::merge(live, configuration, of);
    let mut new = typed::without(&merged, of, &abandoned(&last, &owned));

    let mut found = typed::compare(live, &new, of);
    for set in [&mut found.added, &mut found.modified, &mut found.removed] {
        writer.strip(set);
    }
    // The object of an apply that changes nothing is the live one, which keeps the times (`Updater.Apply`). What no manager
    // owns counts here.
    let changed = *live != new;
    let written = found.modified.union(&found.added);
    let others = || entries.iter().filter(|entry| !entry.is_of(writer, true));
    let mut conflicts: Vec<(String, String)> = Vec::new();
    for entry in others() {
        let paths = entry.fields.intersection(&written).paths();
        conflicts.extend(paths.into_iter().map(|path| (entry.shown(), path)));
    }
    if !force && !conflicts.is_empty() {
        conflicts.sort();
        return Applied::Conflicts(conflicts);
    }
    for entry in entries.iter_mut().filter(|entry| !entry.is_of(writer, true)) {
        entry.fields = entry.fields.difference(&written).difference(&found.removed);
    }
    // Its time is that of the last change of the object (`managedFieldsUpdater.Apply`).
    for entry in entries.iter_mut().filter(|entry| entry.is_of(writer, true)) {
        if changed {
            writer.now.clone_into(&mut entry.time);
        } else {
            entry.time.clone_from(&time_before);
        }
    }
    super::super::meta::set(&mut new, "managedFields", write(entries));
    Applied::Object(new)
}

/// The fields of `last` that have no owner any more. A field with owned fields below it stays.
fn abandoned(last: &FieldSet, owned: &FieldSet) -> FieldSet {
    let children = last.children.iter().filter_map(|(step, child)| {
        let gone = match owned.children.get(step) {
            None => child.clone(),
            Some(owned) => abandoned(child, owned),
        };
        (!gone.is_empty()).then(|| (step.clone(), gone))
    });
    FieldSet { member: last.member && owned.is_empty(), children: children.collect() }
}
