//! Compiled rules, and the set of those that are active.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use crate::document::Place;
use crate::message::{Asked, Delay, Listening};
use crate::scenario::words::table::DrawBy;

use super::expect::{Expect, Grading};
use super::generate::Generate;
use super::http2::Http2;
use super::key::Key;
use super::life::Life;
use super::limit::Limit;
use super::matcher::{Compared, Matcher};
use super::point::{At, Where};
use super::then::Then;
use super::timeline::Timeline;
use super::token::Token;

/// One rule.
#[derive(Debug)]
pub(in crate::scenario) struct Rule {
    pub(in crate::scenario) id: Arc<str>,
    /// The key of its counters: its id and a hash of its text, so that a changed rule counts from the beginning.
    pub(in crate::scenario) key: Arc<str>,
    pub(in crate::scenario) seed: u64,
    /// The index of its scenario.
    pub(in crate::scenario) scenario: usize,
    /// The phase of its scenario's timeline that it belongs to; always active if `None`.
    pub(in crate::scenario) phase: Option<usize>,
    /// Whose requests it matches: all of these must hold. If empty, those of all clients.
    pub(in crate::scenario) clients: Vec<Arc<Matcher>>,
    pub(in crate::scenario) matcher: Matcher,
    pub(in crate::scenario) gate: Option<Gate>,
    pub(in crate::scenario) limit: Option<Arc<Limit>>,
    /// The key by which its outcomes are counted separately.
    pub(in crate::scenario) per: Option<Key>,
    pub(in crate::scenario) delay: Delay,
    pub(in crate::scenario) outcomes: Outcomes,
    pub(in crate::scenario) page_size: Option<u64>,
    pub(in crate::scenario) draw_by: DrawBy,
    /// Whether its state is that of each server, where several share a store.
    pub(in crate::scenario) local: bool,
    pub(in crate::scenario) expect: Option<Arc<Expect>>,
    /// Where in its file.
    pub(in crate::scenario) place: Option<Place>,
}

/// `require`: requests without a valid token are refused.
#[derive(Debug)]
pub(in crate::scenario) struct Gate {
    /// The index of the token in the set.
    pub(in crate::scenario) token: usize,
    pub(in crate::scenario) otherwise: Then,
}

/// The outcomes of a rule for the requests that it counts.
#[derive(Debug)]
pub(in crate::scenario) enum Outcomes {
    None,
    /// In order; after the last one requests pass.
    Steps(Vec<Step>),
    /// Shares of one draw; the rest passes.
    Share(Vec<Share>),
    /// At pages of a list chain, or places within a stream.
    At(Vec<At>),
}

#[derive(Debug)]
pub(in crate::scenario) struct Step {
    /// For how many requests; for all further ones if `None`.
    pub(in crate::scenario) times: Option<u64>,
    pub(in crate::scenario) then: Then,
}

#[derive(Debug)]
pub(in crate::scenario) struct Share {
    /// A fraction of 1.
    pub(in crate::scenario) part: f64,
    pub(in crate::scenario) then: Then,
}

/// A scenario in a set.
#[derive(Debug)]
pub(in crate::scenario) struct ScenarioInfo {
    /// Its name, with which the ids of its rules begin.
    pub(in crate::scenario) name: Arc<str>,
    /// Its file.
    pub(in crate::scenario) path: PathBuf,
    pub(in crate::scenario) timeline: Option<Timeline>,
    /// How connections are treated outside of phases.
    pub(in crate::scenario) listening: Option<Listening>,
    pub(in crate::scenario) grading: Grading,
    pub(in crate::scenario) unused: Vec<Unused>,
}

/// A declared client or kind of token that no rule refers to.
#[derive(Debug)]
pub(in crate::scenario) struct Unused {
    /// `client` or `token`.
    pub(in crate::scenario) what: &'static str,
    pub(in crate::scenario) name: String,
    pub(in crate::scenario) place: Option<Place>,
}

/// All rules of the active scenarios, in order. Immutable.
#[derive(Debug)]
pub(crate) struct ScenarioSet {
    pub(in crate::scenario) rules: Vec<Rule>,
    pub(in crate::scenario) tokens: Vec<Token>,
    /// The scenarios, in order.
    pub(in crate::scenario) scenarios: Vec<ScenarioInfo>,
    generate: Vec<Generate>,
    life: Vec<Life>,
    http2: Http2,
    seed: u64,
    paths: GlobSet,
    /// For each glob of `paths`, the rules that have it.
    by_path: Vec<Vec<usize>>,
    /// The rules without a path.
    anywhere: Vec<usize>,
    /// Whether one of them may match a request that is not for a Kubernetes resource.
    beyond_resources: bool,
    /// Whether any rule depends on bodies.
    pub(in crate::scenario) reads_bodies: bool,
    /// Whether any scenario has a timeline.
    pub(in crate::scenario) has_timeline: bool,
}

/// The parts of a set.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Parts {
    pub(in crate::scenario) rules: Vec<Rule>,
    pub(in crate::scenario) tokens: Vec<Token>,
    pub(in crate::scenario) scenarios: Vec<ScenarioInfo>,
    pub(in crate::scenario) generate: Vec<Generate>,
    pub(in crate::scenario) life: Vec<Life>,
    pub(in crate::scenario) http2: Http2,
    pub(in crate::scenario) seed: u64,
}

impl Rule {
    /// Returns whether it applies to this client.
    pub(in crate::scenario) fn is_for(&self, asked: &Asked<'_>) -> bool {
        self.clients.iter().all(|client| client.matches_head(asked))
    }

    /// Returns whether it requires tokens of a kind, or makes them invalid.
    pub(in crate::scenario) fn uses_token(&self, token: usize) -> bool {
        let revokes = |then: &Then| then.revoke == Some(token);
        self.gate.as_ref().is_some_and(|gate| gate.token == token)
            || match &self.outcomes {
                Outcomes::None => false,
                Outcomes::Steps(steps) => steps.iter().any(|step| revokes(&step.then)),
                Outcomes::Share(shares) => shares.iter().any(|share| revokes(&share.then)),
                Outcomes::At(entries) => entries.iter().any(|entry| match &entry.place {
                    Where::Page(_, then) => revokes(then),
                    Where::Stream(..) => false,
                }),
            }
    }

    /// Returns whether it depends on the request's body.
    pub(in crate::scenario) fn reads_body(&self) -> bool {
        let of_limit = self.limit.as_ref().and_then(|limit| limit.per.as_ref());
        self.matcher.reads_body()
            || self.draw_by == DrawBy::Request
            || self.per.iter().chain(of_limit).any(Key::reads_body)
    }

    /// Returns each key of its `match` and of its clients, with what it requires and what a request
    /// has.
    pub(in crate::scenario) fn compare(&self, asked: &Asked<'_>) -> Vec<Compared> {
        let mut compared = self.matcher.compare(asked);
        for client in &self.clients {
            compared.extend(client.compare(asked).into_iter().map(|mut part| {
                part.key = format!("client {}", part.key);
                part
            }));
        }
        compared
    }

    /// Returns whether it only has an expectation and no effect.
    pub(in crate::scenario) fn only_watches(&self) -> bool {
        let passes = match &self.outcomes {
            Outcomes::None => true,
            Outcomes::Steps(steps) => steps.iter().all(|step| step.then.is_pass()),
            Outcomes::Share(_) | Outcomes::At(_) => false,
        };
        let refuses = self.gate.is_some() || self.limit.is_some();
        passes && !refuses && self.page_size.is_none() && self.delay == Delay::default()
    }

    /// Returns its sort key in the order of precedence: rules of a client, then of a phase, then in
    /// the order of the file.
    pub(in crate::scenario) fn rank(&self, index: usize) -> (bool, bool, usize) {
        (self.clients.is_empty(), self.phase.is_none(), index)
    }
}

impl ScenarioSet {
    pub(in crate::scenario) fn new(parts: Parts) -> Self {
        let Parts { rules, tokens, scenarios, generate, life, http2, seed } = parts;
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut by_path: Vec<Vec<usize>> = Vec::new();
        let mut anywhere = Vec::new();
        let mut builder = GlobSetBuilder::new();
        for (index, rule) in rules.iter().enumerate() {
            let Some(path) = &rule.matcher.path else {
                anywhere.push(index);
                continue;
            };
            let at = *known.entry(path.as_str()).or_insert(by_path.len());
            if at == by_path.len() {
                builder.add(path.glob().clone());
                by_path.push(Vec::new());
            }
            by_path[at].push(index);
        }
        // Every glob was already built when its file was read.
        let paths = builder.build().unwrap_or_else(|_| GlobSet::empty());
        let beyond_resources = anywhere.iter().any(|index| !rules[*index].matcher.needs_resource());
        let reads_bodies = rules.iter().any(Rule::reads_body);
        let has_timeline = scenarios.iter().any(|scenario| scenario.timeline.is_some());
        Self {
            rules,
            tokens,
            scenarios,
            generate,
            life,
            http2,
            seed,
            paths,
            by_path,
            anywhere,
            beyond_resources,
            reads_bodies,
            has_timeline,
        }
    }

    /// Returns whether there are no rules, tokens and timelines, so that the pipeline can skip
    /// scenarios.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.tokens.is_empty() && !self.has_timeline
    }

    /// Returns whether some handshakes of TLS fail.
    #[must_use]
    pub(crate) fn has_tls_faults(&self) -> bool {
        let of_phases = |about: &ScenarioInfo| {
            let phases = about.timeline.iter().flat_map(|timeline| &timeline.phases);
            phases.filter_map(|phase| phase.listening).any(|listening| listening.tls.is_some())
        };
        let fails = |about: &ScenarioInfo| about.listening.is_some_and(|of| of.tls.is_some());
        self.scenarios.iter().any(|about| fails(about) || of_phases(about))
    }

    /// Returns whether there is no scenario at all.
    #[must_use]
    pub(crate) fn has_nothing(&self) -> bool {
        self.scenarios.is_empty()
    }

    /// Returns how many rules there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Returns the seed of the draws.
    #[must_use]
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the same rules with another seed.
    #[must_use]
    pub(crate) fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        for rule in &mut self.rules {
            rule.seed = seed;
        }
        self
    }

    /// Returns the objects to add to the fixtures.
    #[must_use]
    pub(crate) fn generated(&self) -> &[Generate] {
        &self.generate
    }

    /// Returns the phases of simulated jobs.
    #[must_use]
    pub(crate) fn lives(&self) -> &[Life] {
        &self.life
    }

    /// Returns the settings of HTTP/2 connections.
    #[must_use]
    pub(crate) fn http2(&self) -> Http2 {
        self.http2
    }

    /// Returns whether a rule or a token may match the path: a quick test, without the rest of the
    /// request.
    #[must_use]
    pub(crate) fn may_concern(&self, method: &str, path: &str) -> bool {
        self.has_timeline
            || self.beyond_resources
            || !self.anywhere.is_empty() && is_resource_path(path)
            || self.tokens.iter().any(|token| token.method == method && token.path == path)
            || self.paths.is_match(path)
    }

    /// Returns the rules whose path matches: those of a client first, then those of a phase, each
    /// in order.
    pub(in crate::scenario) fn candidates(&self, asked: &Asked<'_>) -> Vec<&Rule> {
        let mut candidates = self.anywhere.clone();
        for glob in self.paths.matches(asked.path()) {
            candidates.extend(&self.by_path[glob]);
        }
        candidates.sort_unstable_by_key(|index| self.rules[*index].rank(*index));
        candidates.into_iter().map(|index| &self.rules[index]).collect()
    }
}

/// Returns whether a path can be that of a resource
/// (`k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`).
fn is_resource_path(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    path.starts_with("api/") || path.starts_with("apis/")
}

impl Default for ScenarioSet {
    fn default() -> Self {
        Self::new(Parts::default())
    }
}
