//! `generate`: objects that a scenario adds to the fixtures before the first request.

use std::path::Path;
use std::sync::Arc;

use crate::document::{Node, Place};

/// The most objects one entry may make.
const MAX_COUNT: i64 = 1_000_000;

/// One entry of `generate`.
#[derive(Debug, Clone)]
pub struct Generate {
    /// `plural.group`, as in `match`.
    pub resource: String,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// How many.
    pub count: u64,
    /// The fixture they are copies of.
    pub like: Option<String>,
    /// Labels they get.
    pub labels: Vec<(String, String)>,
    /// The scenario file.
    pub source: Arc<Path>,
    /// Where in it, for diagnostics.
    pub place: Option<Place>,
    before: String,
    width: usize,
    after: String,
}

impl Generate {
    /// Reads one entry.
    pub(in crate::scenario) fn decode(
        node: &Node<'_>,
        source: &Arc<Path>,
        place: Option<Place>,
    ) -> Option<Self> {
        let keys = node.keys()?;
        let text =
            |key: &'static str| keys.get(key).and_then(|node| node.text().map(str::to_owned));
        let resource = keys.required("resource").and_then(|node| node.text().map(str::to_owned));
        let count = keys.required("count").and_then(|node| node.integer(1..=MAX_COUNT));
        let name = keys.required("name");
        let (namespace, like) = (text("namespace").unwrap_or_default(), text("like"));
        let labels = keys.get("labels").map(|node| node.entries()).unwrap_or_default();
        let labels = labels
            .into_iter()
            .filter_map(|(key, node)| Some((key.to_owned(), node.text()?.to_owned())))
            .collect();
        keys.finish();
        let name = name?;
        let Some((before, width, after)) = pattern(name.text()?) else {
            name.error(
                "every object needs a name of its own",
                "put the number into it: job-{n}, or job-{n:04} for four digits",
            );
            return None;
        };
        Some(Self {
            resource: resource?,
            namespace,
            count: count.and_then(|count| u64::try_from(count).ok())?,
            like,
            labels,
            source: Arc::clone(source),
            place,
            before,
            width,
            after,
        })
    }

    /// The name of the n-th object, from 1.
    #[must_use]
    pub fn name(&self, n: u64) -> String {
        format!("{}{n:0width$}{}", self.before, self.after, width = self.width)
    }
}

/// `a-{n:04}-b` in its parts.
fn pattern(text: &str) -> Option<(String, usize, String)> {
    let (before, rest) = text.split_once("{n")?;
    let (format, after) = rest.split_once('}')?;
    let width = match format {
        "" => 0,
        format => format.strip_prefix(":0")?.parse().ok().filter(|width| *width <= 18)?,
    };
    (!after.contains('{')).then(|| (before.to_owned(), width, after.to_owned()))
}
