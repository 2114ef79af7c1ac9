//! The bounds of a server: one table for the command line, the admin API and `docs/options.md`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::document;
use crate::exchange::JournalLimits;
use crate::k8s::HistoryLimits;
use crate::transport::TransportLimits;

use super::worlds::MAX_WORLDS;

/// The limits of a server on memory, connections and waiting times, for
/// [`Builder::bounds`](crate::Builder::bounds). The defaults suit tests and small machines.
///
/// A bound is set by its field, or by its name as `--bound` has it:
///
/// ```
/// let mut bounds = standin::Bounds::default();
/// bounds.worlds = 10;
/// bounds.set("history-bytes", "256MiB")?;
/// assert_eq!(bounds.history.bytes, 256 << 20);
/// assert!(bounds.set("history-bytes", "much").unwrap_err().contains("such as 64MiB"));
/// for (name, value, meaning) in bounds.rows() {
///     println!("{name}={value}: {meaning}");
/// }
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Bounds {
    /// Connections and requests.
    pub transport: TransportLimits,
    /// The events that each world keeps for watches and older lists.
    pub history: HistoryLimits,
    /// The journal.
    pub journal: JournalLimits,
    /// The most bytes of exchanges being recorded, in memory; 16 MiB by default. New requests wait above it.
    pub recorder_bytes: usize,
    /// The most bytes of recorded exchanges on disk that are not mappings yet; 1 GiB by default. Above it they stay
    /// in memory.
    pub recorder_backlog: usize,
    /// The largest body of a response that is recorded; 1 GiB by default. A larger one passes through.
    pub recorded_body_bytes: usize,
    /// How long a server that shuts down makes mappings of them; 30 s by default. The next start makes the rest.
    pub recorder_end: Duration,
    /// The most bytes of large list pages that are kept ready, of all worlds together; 64 MiB by default.
    pub page_bytes: usize,
    /// The most bytes of OpenAPI documents that are kept ready, of all worlds together; 32 MiB by default.
    pub document_bytes: usize,
    /// The most bytes of the body of one admin request, such as an import of stubs; 256 MiB by default.
    pub admin_body_bytes: usize,
    /// The most bytes of the body of one request that a stub, a rule or the report of near misses looks at; 16 MiB
    /// by default. On paths of the Kubernetes API the limit is that of API servers, 3 MiB.
    pub request_body_bytes: usize,
    /// The most worlds besides the default one; 10,000 by default. The least recently used one makes room.
    pub worlds: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            transport: TransportLimits::default(),
            history: HistoryLimits::default(),
            journal: JournalLimits::default(),
            recorder_bytes: 16 << 20,
            recorder_backlog: 1 << 30,
            recorded_body_bytes: 1 << 30,
            recorder_end: Duration::from_secs(30),
            page_bytes: 64 << 20,
            document_bytes: 32 << 20,
            admin_body_bytes: 256 << 20,
            request_body_bytes: 16 << 20,
            worlds: MAX_WORLDS,
        }
    }
}

/// One bound by its name.
struct Row {
    name: &'static str,
    what: &'static str,
    of: Of,
}

/// The kind of value, and its field.
enum Of {
    Bytes(fn(&mut Bounds) -> &mut usize),
    Count(fn(&mut Bounds) -> &mut usize),
    Time(fn(&mut Bounds) -> &mut Duration),
}

const TABLE: &[Row] = &[
    Row {
        name: "header-bytes",
        what: "the line and header fields of one request",
        of: Of::Bytes(|bounds| &mut bounds.transport.header_bytes),
    },
    Row {
        name: "header-count",
        what: "header fields of one request",
        of: Of::Count(|bounds| &mut bounds.transport.header_count),
    },
    Row {
        name: "header-timeout",
        what: "time for a request's head to arrive, also between requests",
        of: Of::Time(|bounds| &mut bounds.transport.header_timeout),
    },
    Row {
        name: "body-bytes",
        what: "request bodies in memory, of all requests together; further ones are answered with 503",
        of: Of::Bytes(|bounds| &mut bounds.transport.body_bytes),
    },
    Row {
        name: "body-timeout",
        what: "time without progress of a request body while it is read; then 408",
        of: Of::Time(|bounds| &mut bounds.transport.body_timeout),
    },
    Row {
        name: "connections",
        what: "concurrent connections; further ones are answered with 503",
        of: Of::Count(|bounds| &mut bounds.transport.connections),
    },
    Row {
        name: "idle-timeout",
        what: "time without a request on an HTTP/2 connection",
        of: Of::Time(|bounds| &mut bounds.transport.idle_timeout),
    },
    Row {
        name: "history-bytes",
        what: "events of one world, stored for watches and older lists; 410 for older revisions",
        of: Of::Bytes(|bounds| &mut bounds.history.bytes),
    },
    Row {
        name: "history-events",
        what: "the same, in events",
        of: Of::Count(|bounds| &mut bounds.history.events),
    },
    Row {
        name: "page-bytes",
        what: "cached large list pages, of all worlds together",
        of: Of::Bytes(|bounds| &mut bounds.page_bytes),
    },
    Row {
        name: "document-bytes",
        what: "cached OpenAPI documents, of all worlds together",
        of: Of::Bytes(|bounds| &mut bounds.document_bytes),
    },
    Row {
        name: "journal-bytes",
        what: "exchanges in the journal; older ones are dropped",
        of: Of::Bytes(|bounds| &mut bounds.journal.bytes),
    },
    Row {
        name: "journal-entries",
        what: "the same, in exchanges",
        of: Of::Count(|bounds| &mut bounds.journal.entries),
    },
    Row {
        name: "recorder-bytes",
        what: "exchanges being recorded, in memory; then new requests wait",
        of: Of::Bytes(|bounds| &mut bounds.recorder_bytes),
    },
    Row {
        name: "recorder-backlog",
        what: "recorded exchanges on disk that are not mappings yet; beyond it they stay in memory",
        of: Of::Bytes(|bounds| &mut bounds.recorder_backlog),
    },
    Row {
        name: "recorded-body-bytes",
        what: "the body of one response that is recorded; a larger one passes through",
        of: Of::Bytes(|bounds| &mut bounds.recorded_body_bytes),
    },
    Row {
        name: "recorder-end",
        what: "time to write them as mappings at the end; the next start writes the rest",
        of: Of::Time(|bounds| &mut bounds.recorder_end),
    },
    Row {
        name: "admin-body-bytes",
        what: "the body of one admin request, such as an import of stubs; 413 above it",
        of: Of::Bytes(|bounds| &mut bounds.admin_body_bytes),
    },
    Row {
        name: "request-body-bytes",
        what: "the body of one request that a stub or rule reads; 413 above it, on Kubernetes paths above 3 MiB",
        of: Of::Bytes(|bounds| &mut bounds.request_body_bytes),
    },
    Row {
        name: "worlds",
        what: "worlds besides the default one; the least recently used one is evicted",
        of: Of::Count(|bounds| &mut bounds.worlds),
    },
];

impl Bounds {
    /// Sets a bound by its name and a value with a unit: `history-bytes`, `256MiB`.
    ///
    /// # Errors
    /// A message that lists the known names, or says what a value looks like.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(row) = TABLE.iter().find(|row| row.name == name) else {
            let names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
            return Err(format!("{name:?} is not a bound; the bounds are {}", names.join(", ")));
        };
        let wrong = |how: &str| format!("{value:?} is not a value of {name}; write {how}");
        match row.of {
            Of::Bytes(of) => {
                let bytes = document::size(value).and_then(|bytes| usize::try_from(bytes).ok());
                *of(self) = bytes
                    .filter(|bytes| *bytes > 0)
                    .ok_or_else(|| wrong("a size such as 64MiB"))?;
            }
            Of::Count(of) => {
                let count = value.parse().ok().filter(|count| *count > 0);
                *of(self) = count.ok_or_else(|| wrong("a whole number above 0"))?;
            }
            Of::Time(of) => {
                let time = document::duration(value).filter(|time| !time.is_zero());
                *of(self) = time.ok_or_else(|| wrong("a time such as 30s"))?;
            }
        }
        Ok(())
    }

    /// All bounds: name, value as [`Bounds::set`] takes it, meaning.
    pub fn rows(mut self) -> impl Iterator<Item = (&'static str, String, &'static str)> {
        TABLE.iter().map(move |row| {
            let value = match row.of {
                Of::Bytes(of) => shown(*of(&mut self)),
                Of::Count(of) => of(&mut self).to_string(),
                Of::Time(of) => format!("{}s", of(&mut self).as_secs_f64()),
            };
            (row.name, value, row.what)
        })
    }

    /// As JSON for the admin API: sizes in bytes, times in seconds.
    pub(super) fn to_json(mut self) -> Value {
        let row = |row: &Row| {
            let (unit, value) = match row.of {
                Of::Bytes(of) => ("bytes", json!(*of(&mut self))),
                Of::Count(of) => ("", json!(*of(&mut self))),
                Of::Time(of) => ("seconds", json!(of(&mut self).as_secs_f64())),
            };
            json!({"name": row.name, "value": value, "unit": unit, "what": row.what})
        };
        TABLE.iter().map(row).collect()
    }
}

fn shown(bytes: usize) -> String {
    for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{}{unit}", bytes / size);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_is_set_by_what_is_shown_of_it() {
        for (name, value, what) in Bounds::default().rows() {
            let mut other = Bounds::default();
            other.set(name, &value).unwrap();
            assert_eq!(
                other.rows().collect::<Vec<_>>(),
                Bounds::default().rows().collect::<Vec<_>>()
            );
            assert!(other.set(name, "0").is_err() && other.set(name, "x").is_err(), "{name}");
            assert!(!what.is_empty());
        }
        let mut bounds = Bounds::default();
        bounds.set("history-bytes", "1GiB").unwrap();
        bounds.set("body-timeout", "1m30s").unwrap();
        assert_eq!(bounds.history.bytes, 1 << 30);
        assert_eq!(bounds.transport.body_timeout, Duration::from_secs(90));
        let error = bounds.set("histroy", "1").unwrap_err();
        assert!(
            error.starts_with("\"histroy\" is not a bound; the bounds are header-bytes, "),
            "{error}"
        );
    }

    #[test]
    fn the_documentation_shows_them_all() {
        let page = include_str!("../../docs/options.md");
        for (name, value, what) in Bounds::default().rows() {
            let line = format!("| `{name}` | {value} | {what} |");
            assert!(page.contains(&line), "docs/options.md misses: {line}");
        }
    }
}
