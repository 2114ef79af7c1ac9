//! One scenario file → rules, tokens, timeline and objects to generate.

use std::path::Path;
use std::sync::Arc;

use crate::document::{Decoder, Diagnostic, Node, Source};

use super::rules::{Scope, rules};
use crate::scenario::rule::context::{Context, Files, named};
use crate::scenario::rule::expect::Verdict;
use crate::scenario::rule::generate::Generate;
use crate::scenario::rule::http2::Http2;
use crate::scenario::rule::matcher::Matcher;
use crate::scenario::rule::set::Rule;
use crate::scenario::rule::timeline::Timeline;
use crate::scenario::rule::token::Token;

/// What one file holds.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Scenario {
    pub(in crate::scenario) description: String,
    pub(in crate::scenario) seed: Option<u64>,
    pub(in crate::scenario) rules: Vec<Rule>,
    pub(in crate::scenario) tokens: Vec<Token>,
    pub(in crate::scenario) generate: Vec<Generate>,
    pub(in crate::scenario) timeline: Option<Timeline>,
    pub(in crate::scenario) verdict: Verdict,
    pub(in crate::scenario) http2: Http2,
}

/// What comes before a file: how many tokens and scenarios there are already.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::scenario) struct Before {
    pub(in crate::scenario) tokens: usize,
    pub(in crate::scenario) scenarios: usize,
}

/// Reads one scenario; `name` prefixes the ids of its rules.
pub(in crate::scenario) fn read(
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

/// How a client is recognized: by its header fields and query parameters.
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
