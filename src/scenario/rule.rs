//! Compiled rules, and the set of all that are on.

use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use super::decide::Facts;
use super::delay::Delay;
use super::generate::Generate;
use super::matcher::{Matcher, path_glob};
use super::then::Then;
use super::token::Token;

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: Arc<str>,
    pub(super) seed: u64,
    /// Whose requests it is about; everybody's without one.
    pub(super) client: Option<Arc<Matcher>>,
    pub(super) matcher: Matcher,
    pub(super) gate: Option<Gate>,
    pub(super) delay: Delay,
    pub(super) outcomes: Outcomes,
    pub(super) page_size: Option<u64>,
}

/// `require`: requests without a live token do not get past.
#[derive(Debug)]
pub(super) struct Gate {
    /// The index of the token in the set.
    pub(super) token: usize,
    pub(super) otherwise: Then,
}

/// What a rule does with the requests it counts.
#[derive(Debug)]
pub(super) enum Outcomes {
    None,
    /// One after the other; past the last one requests pass.
    Steps(Vec<Step>),
    /// Shares of one draw; the rest passes.
    Share(Vec<Share>),
    /// At pages of a list chain.
    At(Vec<At>),
}

#[derive(Debug)]
pub(super) struct Step {
    /// For how many requests; for ever when absent.
    pub(super) times: Option<u64>,
    pub(super) then: Then,
}

#[derive(Debug)]
pub(super) struct Share {
    /// A fraction of 1.
    pub(super) part: f64,
    pub(super) then: Then,
}

#[derive(Debug)]
pub(super) struct At {
    pub(super) page: u64,
    pub(super) times: Option<u64>,
    pub(super) then: Then,
}

/// All rules of the scenarios that are on, in order. Immutable.
#[derive(Debug)]
pub struct ScenarioSet {
    pub(super) rules: Vec<Rule>,
    pub(super) tokens: Vec<Token>,
    generate: Vec<Generate>,
    seed: u64,
    paths: GlobSet,
    /// For each glob of `paths`, the rules that have it.
    by_path: Vec<Vec<usize>>,
    /// The rules without a path.
    anywhere: Vec<usize>,
    /// Whether any rule looks at bodies.
    pub(super) reads_bodies: bool,
}

impl Rule {
    /// Whether it is about this client.
    pub(super) fn is_for(&self, facts: &Facts<'_>) -> bool {
        self.client.as_ref().is_none_or(|client| client.matches_head(facts))
    }
}

impl ScenarioSet {
    pub(super) fn new(
        rules: Vec<Rule>,
        tokens: Vec<Token>,
        generate: Vec<Generate>,
        seed: u64,
    ) -> Self {
        let mut globs: Vec<(String, Vec<usize>)> = Vec::new();
        let mut anywhere = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            match &rule.matcher.path {
                None => anywhere.push(index),
                Some(path) => match globs.iter_mut().find(|(glob, _)| glob == path) {
                    Some((_, users)) => users.push(index),
                    None => globs.push((path.clone(), vec![index])),
                },
            }
        }
        let mut builder = GlobSetBuilder::new();
        for glob in globs.iter().filter_map(|(glob, _)| path_glob(glob).ok()) {
            builder.add(glob);
        }
        // Every glob was built once already, when its file was read.
        let paths = builder.build().unwrap_or_else(|_| GlobSet::empty());
        let by_path = globs.into_iter().map(|(_, users)| users).collect();
        let reads_bodies = rules.iter().any(|rule| rule.matcher.reads_body());
        Self { rules, tokens, generate, seed, paths, by_path, anywhere, reads_bodies }
    }

    /// Whether there is nothing to ask: then the pipeline asks nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.tokens.is_empty()
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// The ids of the rules, in order.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.id)
    }

    /// The seed of the draws, as it is printed at the start.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The same rules with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        for rule in &mut self.rules {
            rule.seed = seed;
        }
        self
    }

    /// The objects to add to the fixtures.
    #[must_use]
    pub fn generated(&self) -> &[Generate] {
        &self.generate
    }

    /// The rules whose `match` holds: those of a client before those of everybody, each in order.
    pub(super) fn matching<'s>(&'s self, facts: &'s Facts<'_>) -> impl Iterator<Item = &'s Rule> {
        self.candidates(facts).filter(|rule| rule.is_for(facts) && rule.matcher.matches(facts))
    }

    /// The rules whose path holds.
    pub(super) fn candidates(&self, facts: &Facts<'_>) -> impl Iterator<Item = &Rule> {
        let mut candidates = self.anywhere.clone();
        for glob in self.paths.matches(facts.path) {
            candidates.extend(&self.by_path[glob]);
        }
        candidates.sort_unstable_by_key(|index| (self.rules[*index].client.is_none(), *index));
        candidates.into_iter().map(|index| &self.rules[index])
    }
}

impl Default for ScenarioSet {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new(), Vec::new(), 0)
    }
}
