//! `generate`: objects that a scenario adds to the fixtures before the first request.

use std::path::Path;
use std::sync::Arc;

use crate::document::Place;
use crate::scenario::words::table::GenerateWords;

/// One entry of `generate`.
#[derive(Debug, Clone)]
pub(crate) struct Generate {
    /// `plural.group`, as in `match`.
    pub resource: String,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// How many.
    pub count: u64,
    /// The name of the fixture to copy.
    pub like: Option<String>,
    /// The labels to set.
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
    /// Checks and compiles one entry.
    pub(in crate::scenario) fn compile(
        words: &GenerateWords<'_>,
        source: &Arc<Path>,
    ) -> Option<Self> {
        let (name, node) = words.name.as_ref()?;
        let Some((before, width, after)) = pattern(name) else {
            node.error(
                "every object needs its own name",
                "put the number into it: job-{n}, or job-{n:04} for four digits",
            );
            return None;
        };
        let labels = words.labels.iter().flatten();
        Some(Self {
            resource: words.resource?.to_owned(),
            namespace: words.namespace.unwrap_or_default().to_owned(),
            count: words.count?,
            like: words.like.map(str::to_owned),
            labels: labels.map(|of| (of.key.to_owned(), of.value.to_owned())).collect(),
            source: Arc::clone(source),
            place: words.node.place(),
            before,
            width,
            after,
        })
    }

    /// Returns the name of the n-th object, from 1.
    #[must_use]
    pub(crate) fn name(&self, n: u64) -> String {
        format!("{}{n:0width$}{}", self.before, self.after, width = self.width)
    }
}

/// Splits `a-{n:04}-b` into prefix, width and suffix.
fn pattern(text: &str) -> Option<(String, usize, String)> {
    let (before, rest) = text.split_once("{n")?;
    let (format, after) = rest.split_once('}')?;
    let width = match format {
        "" => 0,
        format => format.strip_prefix(":0")?.parse().ok().filter(|width| *width <= 18)?,
    };
    (!before.contains('{') && !after.contains('{'))
        .then(|| (before.to_owned(), width, after.to_owned()))
}
