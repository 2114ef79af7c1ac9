//! Explains why a rule matches a request or does not.

use crate::message::Asked;
use crate::scenario::rule::matcher::Compared;
use crate::scenario::rule::set::ScenarioSet;

/// How all rules match a request.
#[derive(Debug, Default)]
pub(crate) struct Explained {
    /// The rules, in the order in which they apply.
    pub rules: Vec<RuleExplanation>,
}

/// How one rule matches a request.
#[derive(Debug)]
pub(crate) struct RuleExplanation {
    /// The rule's id.
    pub rule: String,
    /// Whether it matches the request.
    pub holds: bool,
    /// Each key, with what it requires and what the request has.
    pub compared: Vec<Compared>,
    /// Its outcomes, as text.
    pub does: String,
}

impl ScenarioSet {
    /// Matches every rule with a request, without counting the request.
    #[must_use]
    pub(crate) fn explain(&self, asked: &Asked<'_>, world: &str) -> Explained {
        let preview = self.preview(world, 1);
        // The rows of the rules come last, in order.
        let rows = &preview.rows[preview.rows.len() - self.rules.len()..];
        let mut ranked: Vec<usize> = (0..self.rules.len()).collect();
        ranked.sort_by_key(|index| self.rules[*index].rank(*index));
        let rules = ranked.into_iter().map(|index| {
            let rule = &self.rules[index];
            let compared = rule.compare(asked);
            RuleExplanation {
                rule: rule.id.to_string(),
                holds: compared.iter().all(|part| part.holds),
                compared,
                does: rows[index].1.clone(),
            }
        });
        Explained { rules: rules.collect() }
    }
}
