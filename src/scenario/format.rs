//! One scenario file → rules, tokens and objects to generate.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::document::{Decoder, Diagnostic, Node, Source};

use super::decide::unauthorized;
use super::delay::Delay;
use super::generate::Generate;
use super::matcher::Matcher;
use super::rule::{At, Gate, Outcomes, Rule, Share, Step};
use super::then::Then;
use super::token::Token;

/// Words of the language that come later; told apart from typing errors.
const LATER: [&str; 2] = ["timeline", "verdict"];

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

/// Reads one scenario; `name` prefixes the ids of its rules, `tokens_before` tokens are known already.
pub(super) fn read(
    source: &Source,
    name: &str,
    directory: Option<&Path>,
    tokens_before: usize,
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
    let reader = Reader { source, name, files: Files { directory }, tokens_before };
    let scenario = reader.scenario(&decoder.root(document)).unwrap_or_default();
    (scenario, decoder.finish())
}

struct Reader<'a> {
    source: &'a Source,
    name: &'a str,
    files: Files<'a>,
    tokens_before: usize,
}

impl Reader<'_> {
    fn scenario(&self, root: &Node<'_>) -> Option<Scenario> {
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
        let path: Arc<Path> = self.source.path.as_path().into();
        for node in keys.get("generate").map(|node| node.items()).unwrap_or_default() {
            scenario.generate.extend(Generate::decode(&node, &path, None));
        }
        let mut clients = Vec::new();
        for (name, node) in keys.get("clients").map(|node| node.entries()).unwrap_or_default() {
            clients.extend(client(&node).map(|client| (name.to_owned(), Arc::new(client))));
        }
        let rules = keys.get("rules").map(|node| node.items()).unwrap_or_default();
        if rules.is_empty() && scenario.generate.is_empty() {
            root.error("there are no rules", "add a list of rules under the key \"rules\"");
        }
        for (index, node) in rules.iter().enumerate() {
            let Some(rule) = self.rule(node, index, &scenario.tokens, &clients) else { continue };
            if scenario.rules.iter().any(|other| other.id == rule.id) {
                node.error(
                    format!("the id {:?} is taken by an earlier rule", short(&rule.id)),
                    "give each rule an id of its own",
                );
            }
            scenario.rules.push(rule);
        }
        for word in LATER {
            if let Some(node) = keys.get(word) {
                node.error_at_key(
                    format!("the word {word:?} is not supported yet"),
                    "there are description, seed, clients, tokens, generate and rules",
                );
            }
        }
        keys.finish();
        Some(scenario)
    }

    fn rule(
        &self,
        node: &Node<'_>,
        index: usize,
        tokens: &[Token],
        clients: &[(String, Arc<Matcher>)],
    ) -> Option<Rule> {
        let keys = node.keys()?;
        let id = keys
            .get("id")
            .and_then(|node| node.text())
            .map_or_else(|| format!("rule-{}", index + 1), str::to_owned);
        let matcher =
            keys.get("match").and_then(|node| node.keys()).map(Matcher::decode).unwrap_or_default();
        let client = keys.get("client").and_then(|node| named(&node, clients));
        let gate = keys.get("require").and_then(|node| self.gate(&node, tokens));
        let delay = keys.get("delay").and_then(|node| Delay::decode(&node));
        let page_size = keys.get("page_size").and_then(|node| node.integer(1..=i64::MAX));
        let (then, steps, share, at) =
            (keys.get("then"), keys.get("steps"), keys.get("share"), keys.get("at"));
        let said: Vec<&str> =
            keys.present().filter(|key| ["then", "steps", "share", "at"].contains(key)).collect();
        if let [first, second, ..] = said.as_slice() {
            node.error(
                format!("{first} and {second} on one rule count the same requests twice"),
                "make two rules of it",
            );
        }
        let outcomes = if let Some(node) = then {
            Then::decode(&node, &self.files)
                .map(|then| Outcomes::Steps(vec![Step { times: None, then }]))
        } else if let Some(node) = steps {
            Some(Outcomes::Steps(self.steps(&node)))
        } else if let Some(node) = share {
            Some(Outcomes::Share(self.shares(&node)))
        } else {
            at.map(|node| Outcomes::At(self.points(&node)))
        };
        if said.is_empty()
            && !keys.present().any(|key| ["require", "delay", "page_size"].contains(&key))
        {
            node.error(
                "this rule does nothing",
                "give it one of then, steps, share, at, require, delay, page_size",
            );
        }
        if let Some(node) = keys.get("expect") {
            node.error_at_key("the word \"expect\" is not supported yet", "leave it out");
        }
        keys.finish();
        Some(Rule {
            id: format!("{}/{id}", self.name).into(),
            seed: 0,
            client,
            matcher,
            gate,
            delay: delay.unwrap_or_default(),
            outcomes: outcomes.unwrap_or(Outcomes::None),
            page_size: page_size.and_then(|size| u64::try_from(size).ok()),
        })
    }

    fn gate(&self, node: &Node<'_>, tokens: &[Token]) -> Option<Gate> {
        let keys = node.keys()?;
        let token = keys.required("token");
        let otherwise = match keys.get("else") {
            Some(node) => Then::decode(&node, &self.files),
            None => Some(unauthorized()),
        };
        keys.finish();
        let token = token?;
        let name = token.text()?;
        let Some(found) = tokens.iter().position(|known| known.name == name) else {
            let known: Vec<&str> = tokens.iter().map(|token| token.name.as_str()).collect();
            let hint = if known.is_empty() {
                "declare it under the key \"tokens\"".to_owned()
            } else {
                format!("declared: {}", known.join(", "))
            };
            token.error(format!("no token is called {name:?}"), hint);
            return None;
        };
        Some(Gate { token: self.tokens_before + found, otherwise: otherwise? })
    }

    fn steps(&self, node: &Node<'_>) -> Vec<Step> {
        let items = node.items();
        let mut steps = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Some(keys) = item.keys() else { continue };
            let times = keys.get("times").and_then(|node| node.integer(1..=i64::MAX));
            let forever = keys.get("forever").and_then(|node| node.bool()).unwrap_or_default();
            let then = keys.required("then").and_then(|node| Then::decode(&node, &self.files));
            keys.finish();
            if forever == times.is_some() {
                item.error(
                    "a step says how often",
                    "give it times: N, or forever: true for the last one",
                );
            }
            if forever && index + 1 < items.len() {
                item.error(
                    "the steps after this one are never reached",
                    "put the step with forever last",
                );
            }
            if let Some(then) = then {
                steps.push(Step { times: times.and_then(|times| u64::try_from(times).ok()), then });
            }
        }
        if steps.is_empty() && items.is_empty() {
            node.error("there are no steps", "add at least one {times: N, then: ...}");
        }
        steps
    }

    fn shares(&self, node: &Node<'_>) -> Vec<Share> {
        let mut shares = Vec::new();
        let mut sum = 0.0;
        for item in node.items() {
            let Some(keys) = item.keys() else { continue };
            let part = keys.required("p").and_then(|node| node.percent());
            let then = keys.required("then").and_then(|node| Then::decode(&node, &self.files));
            keys.finish();
            sum += part.unwrap_or_default();
            shares.extend(part.zip(then).map(|(part, then)| Share { part, then }));
        }
        // A little more than 1 is what adding 0.1 ten times gives.
        if sum > 1.0 + 1e-9 {
            let sum = (sum * 10_000.0).round() / 100.0;
            node.error(
                format!("the shares of one draw add up to {sum}%"),
                "at most 100% can be given out; what is left passes",
            );
        }
        shares
    }

    fn points(&self, node: &Node<'_>) -> Vec<At> {
        let mut points: Vec<At> = Vec::new();
        for item in node.items() {
            let Some(keys) = item.keys() else { continue };
            for word in ["event", "bytes", "time"] {
                if let Some(found) = keys.get(word) {
                    found.error_at_key(
                        format!("the word {word:?} is not supported yet"),
                        "there is page",
                    );
                }
            }
            let page = keys.required("page").and_then(|node| node.integer(1..=i64::MAX));
            let times = keys.get("times").and_then(|node| node.integer(1..=i64::MAX));
            let then = keys.required("then").and_then(|node| Then::decode(&node, &self.files));
            keys.finish();
            let page = page.and_then(|page| u64::try_from(page).ok());
            if points.iter().any(|point| Some(point.page) == page) {
                item.error("this page has an entry already", "say what happens to a page once");
            }
            points.extend(page.zip(then).map(|(page, then)| At {
                page,
                times: times.and_then(|times| u64::try_from(times).ok()),
                then,
            }));
        }
        points
    }
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

/// The client of a name.
fn named(node: &Node<'_>, clients: &[(String, Arc<Matcher>)]) -> Option<Arc<Matcher>> {
    let name = node.text()?;
    let found = clients.iter().find(|(known, _)| known == name);
    if found.is_none() {
        let known: Vec<&str> = clients.iter().map(|(known, _)| known.as_str()).collect();
        let hint = if known.is_empty() {
            "declare it under the key \"clients\"".to_owned()
        } else {
            format!("declared: {}", known.join(", "))
        };
        node.error(format!("no client is called {name:?}"), hint);
    }
    found.map(|(_, client)| Arc::clone(client))
}

fn short(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
