//! One scenario file → rules, tokens, timeline and objects to generate.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::document::{Decoder, Diagnostic, Node, Source};

use super::expect::Verdict;
use super::generate::Generate;
use super::http2::Http2;
use super::matcher::Matcher;
use super::read_rule::{Scope, rules};
use super::rule::Rule;
use super::timeline::Timeline;
use super::token::Token;

/// The largest file that a `reply` may name, in bytes.
const MAX_REPLY: u64 = 64 << 20;

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Scenario {
    pub(super) description: String,
    pub(super) seed: Option<u64>,
    pub(super) rules: Vec<Rule>,
    pub(super) tokens: Vec<Token>,
    pub(super) generate: Vec<Generate>,
    pub(super) timeline: Option<Timeline>,
    pub(super) verdict: Verdict,
    pub(super) http2: Http2,
}

/// The files that replies may name: those beside the scenario.
#[derive(Debug)]
pub(super) struct Files<'a> {
    pub(super) directory: Option<&'a Path>,
}

impl Files<'_> {
    /// Reads a file from the scenario's own directory.
    pub(super) fn read(&self, name: &str) -> Result<Bytes, String> {
        let directory = self.directory.ok_or("a shipped scenario has no files beside it")?;
        let failed = |error: std::io::Error| format!("{name:?} cannot be read: {error}");
        let root = directory.canonicalize().map_err(failed)?;
        let path = root.join(name).canonicalize().map_err(failed)?;
        if !path.starts_with(&root) {
            return Err(format!("{name:?} lies outside of the scenario's directory"));
        }
        let size = path.metadata().map_err(failed)?.len();
        if size > MAX_REPLY {
            return Err(format!("{name:?} has {size} bytes; at most {MAX_REPLY} are read"));
        }
        std::fs::read(&path).map(Bytes::from).map_err(failed)
    }
}

/// What rules refer to.
pub(super) struct Context<'a> {
    pub(super) files: Files<'a>,
    /// Tokens by their names, with their index among those of all files.
    pub(super) tokens: Vec<(String, usize)>,
    pub(super) clients: Vec<(String, Arc<Matcher>)>,
}

/// What comes before a file: how many tokens and scenarios there are already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    pub(super) tokens: usize,
    pub(super) scenarios: usize,
}

/// Reads one scenario; `name` prefixes the ids of its rules.
pub(super) fn read(
    source: &Source,
    name: &str,
    directory: Option<&Path>,
    before: Before,
) -> (Scenario, Vec<Diagnostic>) {
    let documents = match source.parse() {
        Ok(documents) => documents,
        Err(problem) => return (Scenario::default(), vec![problem]),
    };
    let [document] = documents.as_slice() else {
        let problem = Diagnostic::error(
            &source.path,
            format!("a scenario file holds one document, this one {}", documents.len()),
        );
        return (Scenario::default(), vec![problem.hint("write one scenario in each file")]);
    };
    let decoder = Decoder::new(source, 0);
    let scenario = scenario(source, name, Files { directory }, before, &decoder.root(document));
    (scenario.unwrap_or_default(), decoder.finish())
}

fn scenario(
    source: &Source,
    name: &str,
    files: Files<'_>,
    before: Before,
    root: &Node<'_>,
) -> Option<Scenario> {
    let keys = root.keys()?;
    let mut scenario = Scenario::default();
    if let Some(text) = keys.get("description").and_then(|node| node.text()) {
        text.clone_into(&mut scenario.description);
    }
    scenario.seed = keys
        .get("seed")
        .and_then(|node| node.integer(0..=i64::MAX))
        .and_then(|seed| u64::try_from(seed).ok());
    for (name, node) in keys.get("tokens").map(|node| node.entries()).unwrap_or_default() {
        scenario.tokens.extend(Token::decode(name, &node));
    }
    let path: Arc<Path> = source.path.as_path().into();
    for node in keys.get("generate").map(|node| node.items()).unwrap_or_default() {
        scenario.generate.extend(Generate::decode(&node, &path, node.place()));
    }
    let tokens = scenario.tokens.iter().enumerate();
    let mut context = Context {
        files,
        tokens: tokens.map(|(index, of)| (of.name.clone(), before.tokens + index)).collect(),
        clients: Vec::new(),
    };
    for (name, node) in keys.get("clients").map(|node| node.entries()).unwrap_or_default() {
        context.clients.extend(client(&node).map(|client| (name.to_owned(), Arc::new(client))));
    }
    if let Some(verdict) = keys.get("verdict") {
        scenario.verdict = Verdict::decode(&verdict).unwrap_or_default();
    }
    if let Some(http2) = keys.get("http2") {
        scenario.http2 = Http2::decode(&http2).unwrap_or_default();
    }
    let scope =
        Scope { scenario: before.scenarios, prefix: name.to_owned(), phase: None, client: None };
    let nodes = keys.get("rules").map(|node| node.items()).unwrap_or_default();
    rules(&nodes, &scope, &context, &mut scenario.rules);
    if let Some(node) = keys.get("timeline")
        && let Some((timeline, phases)) = Timeline::decode(&node)
    {
        for (index, node) in phases.iter().enumerate() {
            let Some(phase) = timeline.phases.get(index) else { continue };
            let Some(keys) = node.keys() else { continue };
            let scope = Scope {
                prefix: format!("{name}/{}", phase.name),
                phase: Some(index),
                client: keys
                    .get("client")
                    .and_then(|node| named(&node, "client", &context.clients)),
                ..scope
            };
            let nodes = keys.get("rules").map(|node| node.items()).unwrap_or_default();
            rules(&nodes, &scope, &context, &mut scenario.rules);
            for known in ["name", "for", "forever"] {
                let _ = keys.get(known);
            }
            keys.finish();
        }
        scenario.timeline = Some(timeline);
    }
    if scenario.rules.is_empty() && scenario.generate.is_empty() && nodes.is_empty() {
        root.error("there are no rules", "add a list of rules under the key \"rules\"");
    }
    keys.finish();
    Some(scenario)
}

/// How a client is told: by its header fields and query parameters.
fn client(node: &Node<'_>) -> Option<Matcher> {
    let keys = node.keys()?;
    let told = keys.present().all(|key| matches!(key, "header" | "query"));
    if !told || keys.present().next().is_none() {
        node.error(
            "a client is told by what it sends with each request",
            "give it header: {X-Client: canary}, or query: {client: canary}",
        );
        return None;
    }
    Some(Matcher::decode(keys))
}

/// What a name stands for, among those that were declared.
pub(super) fn named<T: Clone>(node: &Node<'_>, what: &str, declared: &[(String, T)]) -> Option<T> {
    let name = node.text()?;
    let found = declared.iter().find(|(known, _)| known == name);
    if found.is_none() {
        let known: Vec<&str> = declared.iter().map(|(known, _)| known.as_str()).collect();
        let hint = if known.is_empty() {
            format!("declare it under the key \"{what}s\"")
        } else {
            format!("declared: {}", known.join(", "))
        };
        node.error(format!("no {what} is called {name:?}"), hint);
    }
    found.map(|(_, found)| found.clone())
}
