//! One scenario file → compiled rules, tokens, timeline and objects to generate.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::document::{Decoder, Diagnostic, Severity, Source};
use crate::message::Listening;

use super::narrow::Narrowing;
use super::rules::{Scope, rules};
use crate::scenario::rule::context::{Context, Files, named};
use crate::scenario::rule::expect::Grading;
use crate::scenario::rule::generate::Generate;
use crate::scenario::rule::http2::Http2;
use crate::scenario::rule::life::Life;
use crate::scenario::rule::listen::listening;
use crate::scenario::rule::matcher::Matcher;
use crate::scenario::rule::set::{Rule, Unused};
use crate::scenario::rule::timeline::Timeline;
use crate::scenario::rule::token::Token;
use crate::scenario::words::table::ScenarioWords;
use crate::scenario::words::{Entry, Kind as _, locate};

/// The compiled contents of one file.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Scenario {
    pub(in crate::scenario) description: String,
    pub(in crate::scenario) seed: Option<u64>,
    pub(in crate::scenario) rules: Vec<Rule>,
    pub(in crate::scenario) tokens: Vec<Token>,
    pub(in crate::scenario) generate: Vec<Generate>,
    pub(in crate::scenario) life: Vec<Life>,
    pub(in crate::scenario) timeline: Option<Timeline>,
    pub(in crate::scenario) listening: Option<Listening>,
    pub(in crate::scenario) grading: Grading,
    pub(in crate::scenario) http2: Http2,
    /// Declared names that no rule refers to.
    pub(in crate::scenario) unused: Vec<Unused>,
}

/// How many tokens and scenarios the earlier files have.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::scenario) struct Offsets {
    pub(in crate::scenario) tokens: usize,
    pub(in crate::scenario) scenarios: usize,
}

/// Reads one scenario; `name` prefixes the ids of its rules.
pub(in crate::scenario) fn read(
    source: &Source,
    name: &str,
    directory: Option<&Path>,
    offsets: Offsets,
) -> (Scenario, Vec<Diagnostic>) {
    read_narrowed(source, name, directory, offsets, &Narrowing::default())
}

/// Reads one scenario, narrowed to rules for some requests.
pub(super) fn read_narrowed(
    source: &Source,
    name: &str,
    directory: Option<&Path>,
    offsets: Offsets,
    narrowing: &Narrowing,
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
        let problem = problem.hint("write one scenario in each file");
        return (
            Scenario::default(),
            vec![match source.place(1, &[], false) {
                Some(place) => problem.at(place).quoting(&source.text),
                None => problem,
            }],
        );
    };
    let of = |document: &Value| decode(document, source, name, Files { directory }, offsets);
    let (scenario, problems) = of(document);
    if narrowing.is_empty() || problems.iter().any(|problem| problem.severity == Severity::Error) {
        return (scenario, problems);
    }
    let mut narrowed = document.clone();
    if let Err(why) = narrowing.apply(&mut narrowed) {
        let problem = Diagnostic::error(&source.path, why);
        return (
            Scenario::default(),
            vec![problem.hint("standin plan shows what its rules are about")],
        );
    }
    // Diagnostics keep their places in the original file.
    (of(&narrowed).0, problems)
}

fn decode(
    document: &Value,
    source: &Source,
    name: &str,
    files: Files<'_>,
    offsets: Offsets,
) -> (Scenario, Vec<Diagnostic>) {
    let decoder = Decoder::new(source, 0);
    let words = ScenarioWords::read(&decoder.root(document));
    let scenario = words.map(|words| compile(words, source, name, files, offsets));
    let mut problems = decoder.finish();
    locate(&mut problems);
    (scenario.unwrap_or_default(), problems)
}

fn compile(
    words: ScenarioWords<'_>,
    source: &Source,
    name: &str,
    files: Files<'_>,
    offsets: Offsets,
) -> Scenario {
    let mut scenario = Scenario {
        description: words.description.unwrap_or_default().to_owned(),
        seed: words.seed,
        listening: words.listen.as_ref().map(listening),
        grading: words.verdict.as_ref().map(Grading::compile).unwrap_or_default(),
        http2: words.http2.as_ref().map(Http2::compile).unwrap_or_default(),
        ..Scenario::default()
    };
    for Entry { key, value, .. } in words.tokens.iter().flatten() {
        scenario.tokens.extend(Token::compile(key, value));
    }
    let path: Arc<Path> = source.path.as_path().into();
    for words in words.generate.iter().flatten() {
        scenario.generate.extend(Generate::compile(words, &path));
    }
    for words in words.life.iter().flatten() {
        scenario.life.extend(Life::compile(words, &path));
    }
    let tokens = scenario.tokens.iter().enumerate();
    let clients = words.clients.as_deref().unwrap_or_default();
    let context = Context {
        files,
        tokens: tokens.map(|(index, of)| (of.name.clone(), offsets.tokens + index)).collect(),
        clients: clients
            .iter()
            .map(|of| (of.key.to_owned(), Arc::new(Matcher::of_client(&of.value))))
            .collect(),
    };
    let tokens = words.tokens.as_deref().unwrap_or_default();
    let mut has_rules = words.rules.as_ref().is_some_and(|rules| !rules.is_empty());
    let scope =
        Scope { scenario: offsets.scenarios, prefix: name.to_owned(), phase: None, client: None };
    rules(words.rules.unwrap_or_default(), &scope, &context, &mut scenario.rules);
    if let Some(words) = words.timeline {
        let timeline = Timeline::compile(&words);
        for (index, phase) in words.phases.into_iter().flatten().enumerate() {
            let client = phase.client.as_ref();
            let scope = Scope {
                prefix: format!("{name}/{}", timeline.phases[index].name),
                phase: Some(index),
                client: client.and_then(|client| named(client, "client", &context.clients)),
                ..scope
            };
            has_rules |= phase.listen.is_some();
            has_rules |= phase.rules.as_ref().is_some_and(|rules| !rules.is_empty());
            rules(phase.rules.unwrap_or_default(), &scope, &context, &mut scenario.rules);
        }
        scenario.timeline = Some(timeline);
        // Without a timeline too, the constraint of the table reports it.
        let has_others = !(scenario.generate.is_empty() && scenario.life.is_empty());
        if !has_rules && !has_others && scenario.listening.is_none() {
            words.node.error("there are no rules", "add a list of rules under the key \"rules\"");
        }
    }
    scenario.unused = unused(clients, "client", |name| {
        let known = context.clients.iter().find(|(known, _)| known == name);
        // Each rule about it shares its matcher.
        known.is_none_or(|(_, client)| Arc::strong_count(client) > 1)
    });
    scenario.unused.extend(unused(tokens, "token", |name| {
        let known = context.tokens.iter().find(|(known, _)| known == name);
        known.is_none_or(|(_, index)| scenario.rules.iter().any(|rule| rule.uses_token(*index)))
    }));
    scenario
}

/// Returns the declared names that nothing refers to.
fn unused<V>(
    declared: &[Entry<'_, V>],
    what: &'static str,
    is_used: impl Fn(&str) -> bool,
) -> Vec<Unused> {
    let found = declared.iter().filter(|entry| !is_used(entry.key));
    found
        .map(|entry| Unused { what, name: entry.key.to_owned(), place: entry.node.place() })
        .collect()
}
