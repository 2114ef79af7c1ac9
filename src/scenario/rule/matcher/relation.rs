//! Relations between matchers, and between a matcher and the served resources, for lints.

use crate::scenario::words::table::VERBS;

use super::path::PathPattern;
use super::{Matcher, Pattern};

impl Matcher {
    /// Returns whether every request that another matches is matched by this one too, as far as the
    /// keys show.
    pub(in crate::scenario) fn is_implied_by(&self, other: &Self) -> bool {
        let same = |one: &Option<Pattern>, other: &Option<Pattern>| match (one, other) {
            (None, _) => true,
            (Some(one), Some(other)) => one.includes(other),
            (Some(_), None) => false,
        };
        let path = match (&self.path, &other.path) {
            (None, _) => true,
            (Some(one), Some(other)) => one.includes(other),
            (Some(_), None) => false,
        };
        let methods = self.methods.is_empty()
            || !other.methods.is_empty()
                && other.methods.iter().all(|method| self.methods.contains(method));
        let query = self.query.iter().all(|(name, one)| {
            other.query.iter().any(|(of, other)| of == name && one.includes(other))
        });
        let headers = self.headers.iter().all(|(name, one)| {
            other.headers.iter().any(|(of, other)| of == name && one.includes(other))
        });
        path && methods
            && query
            && headers
            && self.body.is_empty()
            && self
                .semantic()
                .into_iter()
                .zip(other.semantic())
                .all(|(one, other)| same(one.1, other.1))
    }

    /// Returns the resource that is required, if none of these matches it.
    pub(in crate::scenario) fn resource_that_none_is(&self, served: &[String]) -> Option<&str> {
        let wanted = self.resource.as_ref()?;
        (!served.iter().any(|resource| wanted.matches(resource))).then(|| wanted.as_str())
    }

    /// Returns the alternatives for the method; empty if any matches.
    pub(in crate::scenario) fn methods(&self) -> &[String] {
        &self.methods
    }

    /// Returns whether it matches requests of a verb, or does not look at verbs.
    pub(in crate::scenario) fn has_verb(&self, verb: &str) -> bool {
        self.verb.as_ref().is_none_or(|wanted| wanted.matches(verb))
    }

    /// Returns whether a semantic key holds for a part of a request, which may have none; true
    /// without the key.
    pub(in crate::scenario) fn key_holds(&self, key: &str, part: Option<&str>) -> bool {
        let wanted = self.semantic().into_iter().find(|(name, _)| *name == key);
        match wanted.and_then(|(_, wanted)| wanted.as_ref()) {
            Some(wanted) => part.is_some_and(|part| wanted.matches(part)),
            None => true,
        }
    }

    /// Returns the keys about path, method and resource that it has.
    pub(in crate::scenario) fn request_keys(&self) -> Vec<&'static str> {
        let path = self.path.is_some().then_some("path");
        let method = (!self.methods.is_empty()).then_some("method");
        let semantic = self.semantic().into_iter().filter(|(_, wanted)| wanted.is_some());
        path.into_iter().chain(method).chain(semantic.map(|(key, _)| key)).collect()
    }

    /// Returns a key with what it requires, as it is written.
    pub(in crate::scenario) fn key_text(&self, key: &str) -> String {
        let wanted = match key {
            "path" => self.path.as_ref().map(PathPattern::as_str).unwrap_or_default().to_owned(),
            "method" => self.methods.join(", "),
            key => {
                let found = self.semantic().into_iter().find(|(name, _)| *name == key);
                let wanted = found.and_then(|(_, wanted)| wanted.as_ref());
                wanted.map(Pattern::as_str).unwrap_or_default().to_owned()
            }
        };
        format!("{key}: {wanted}")
    }

    /// Returns the required verb if no request can have it.
    pub(in crate::scenario) fn verb_that_none_is(&self) -> Option<&str> {
        let wanted = self.verb.as_ref()?;
        (!VERBS.iter().any(|verb| wanted.matches(verb))).then(|| wanted.as_str())
    }
}

impl Pattern {
    /// Returns whether it matches whatever another one matches, as far as the two show.
    fn includes(&self, other: &Self) -> bool {
        match other {
            _ if self.as_str() == other.as_str() || self.as_str() == "*" => true,
            Self::Text(text) => self.matches(text),
            Self::Glob(_) => false,
        }
    }
}
