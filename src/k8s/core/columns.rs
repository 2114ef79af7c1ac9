//! The columns of the tables of built-in types. Source: `data/columns.txt`, made by `data/generate` from
//! `pkg/printers/internalversion`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::super::resource::Column;

type Columns = HashMap<(&'static str, &'static str), Arc<[Column]>>;

static COLUMNS: LazyLock<Columns> = LazyLock::new(|| read(include_str!("data/columns.txt")));

/// The columns of a kind besides the name, which comes first unless one of them is it. `None` for a kind that has
/// no columns of its own.
pub(in super::super) fn of(group: &str, kind: &str) -> Option<Arc<[Column]>> {
    // Both groups of events have the same table.
    let group = if kind == "Event" { "" } else { group };
    COLUMNS.get(&(group, kind)).cloned()
}

fn read(text: &'static str) -> Columns {
    let mut all = Columns::new();
    let mut lines = text.lines().peekable();
    while let Some(head) = lines.next() {
        let Some(key) = head.split_once(' ') else { continue };
        let mut columns = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with('\t')) {
            columns.extend(column(line.trim_start_matches('\t')));
        }
        all.insert(key, columns.into());
    }
    all
}

fn column(line: &str) -> Option<Column> {
    let [name, kind, format, priority, description] = *line.split('\t').collect::<Vec<_>>() else {
        return None;
    };
    Some(Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: if format == "-" { String::new() } else { format.to_owned() },
        description: serde_json::from_str(description).unwrap_or_default(),
        priority: priority.parse().unwrap_or_default(),
        json_path: String::new(),
    })
}
