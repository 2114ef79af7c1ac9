//! Request patterns: which requests a stub answers (`C/matching/RequestPattern.java`).

use http::Method;

use crate::message::Asked;

use super::asker::AskerFilter;
use super::body_digest::RecordedDigest;
use super::conditions::{Conditions, NO_CONDITIONS};
use super::credentials::Credentials;
use super::method::MethodPattern;
use super::operator::{StringPattern, Subject};
use super::recorded::Exactness;
use super::url::UrlPattern;

/// A compiled request pattern. Omitted parts match anything.
#[derive(Debug)]
pub(crate) struct RequestPattern {
    pub(super) url: UrlPattern,
    pub(super) method: MethodPattern,
    /// The conditions, which most patterns do not have.
    pub(super) conditions: Option<Box<Conditions>>,
}

impl RequestPattern {
    /// Returns the pattern of a stub without `request`: every request.
    pub(super) fn any() -> Self {
        Self { url: UrlPattern::Any, method: MethodPattern::Any, conditions: None }
    }

    /// Returns the conditions other than method and URL.
    pub(super) fn conditions(&self) -> &Conditions {
        self.conditions.as_deref().unwrap_or(&NO_CONDITIONS)
    }

    /// Adds the credentials of the client that the stub was recorded from.
    pub(super) fn set_credentials(&mut self, credentials: Credentials) {
        self.conditions.get_or_insert_default().rare_mut().credentials =
            Some(Box::new(credentials));
    }

    /// Accepts only requests without values beyond those of the pattern.
    pub(super) fn set_exactness(&mut self, exactness: Exactness) {
        let conditions = self.conditions.get_or_insert_default();
        conditions.exactness = exactness;
        let rare = conditions.rare.as_mut();
        for pattern in rare.into_iter().flat_map(|rare| &mut rare.body) {
            if let StringPattern::EqualToXml(pattern) = pattern {
                pattern.keep_order();
            }
        }
        conditions.exact_query = matches!(self.url, UrlPattern::Path(_) | UrlPattern::PathRegex(_));
    }

    /// Returns whether the stub is for one client.
    pub(super) fn asks_for_credentials(&self) -> bool {
        self.conditions().rare().credentials.is_some()
    }

    /// Returns whether it depends only on its own text.
    pub(super) fn is_plain(&self) -> bool {
        self.conditions().exactness == Exactness::Pattern && !self.asks_for_credentials()
    }

    /// Returns whether it matches every request.
    pub(super) fn takes_all(&self) -> bool {
        matches!(self.url, UrlPattern::Any)
            && matches!(self.method, MethodPattern::Any)
            && self.conditions.is_none()
    }

    /// Returns whether the method matches. Recorded answers to GET also match HEAD if `filter`
    /// allows it.
    fn method_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        if filter.takes_head_as_get() {
            return self.conditions().exactness != Exactness::Pattern
                && self.method.matches(&Method::GET);
        }
        self.method.matches(asked.upper_case_method())
    }

    /// Adds the digest of the body that the stub was recorded from.
    pub(super) fn set_digest(&mut self, digest: RecordedDigest) {
        self.conditions.get_or_insert_default().rare_mut().digest = Some(Box::new(digest));
    }

    /// Returns whether the body is matched by its digest, so that it may exceed the buffer limit.
    pub(super) fn asks_for_digest(&self) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| conditions.rare().digest.is_some())
    }

    /// Returns the recorded credentials.
    pub(super) fn credentials_mut(&mut self) -> Option<&mut Credentials> {
        self.conditions.as_mut()?.rare.as_mut()?.credentials.as_deref_mut()
    }

    /// Returns whether everything except the body matches. `filter` tracks the recorded clients
    /// found by the search.
    pub(super) fn head_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        self.method_matches(asked, filter)
            && self.url.matches(asked.path(), asked.target())
            && self.conditions.as_ref().is_none_or(|conditions| {
                conditions.head_match(asked, filter)
                    && (conditions.rare().path_parameters.is_empty()
                        || self.path_parameters_match(asked))
            })
    }

    /// Returns whether the body is matched.
    pub(super) fn asks_for_body(&self) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| conditions.ask_for_body())
    }

    /// Returns whether the body matches. A body that has not been read matches no pattern.
    pub(super) fn body_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        if !self.asks_for_body() {
            return true;
        }
        let exactness = self.conditions().exactness;
        let conditions = self.conditions().rare();
        if conditions.digest.as_ref().is_some_and(|digest| !digest.matches(asked)) {
            return false;
        }
        if asked.request().body.digest().is_some() {
            // Only the digest of such a large body is known.
            return conditions.digest.is_some();
        }
        Subject::of_body(asked).is_some_and(|body| {
            conditions.forms_match(asked, exactness)
                && conditions.body.iter().all(|pattern| pattern.matches(&body))
                && conditions.multipart.iter().all(|pattern| pattern.matches(asked))
                && exactness.body_matches(
                    &conditions.form,
                    &conditions.multipart,
                    &conditions.body,
                    asked,
                )
                && conditions.credentials.as_ref().is_none_or(|of| of.body_matches(asked, filter))
        })
    }

    fn path_parameters_match(&self, asked: &Asked<'_>) -> bool {
        let UrlPattern::Template(_) = &self.url else {
            return true;
        };
        let values = self.path_values(asked);
        self.conditions().rare().path_parameters.iter().all(|(at, _, pattern)| {
            let value = at.and_then(|at| values.get(at).copied().flatten());
            pattern.matches(&Subject::new(value).at(asked.now()))
        })
    }

    /// Returns the variables that the path template binds, by name; empty without a template.
    pub(super) fn path_parameters(&self, asked: &Asked<'_>) -> Vec<(String, String)> {
        let UrlPattern::Template(template) = &self.url else { return Vec::new() };
        let values = template.values(asked.path()).unwrap_or_default();
        let bound = template.names().zip(values);
        bound.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }

    /// Returns the values of the template's variables, or `None` if the path does not match.
    pub(super) fn path_values<'r>(&self, asked: &Asked<'r>) -> Vec<Option<&'r str>> {
        match &self.url {
            UrlPattern::Template(template) => template.values(asked.path()).unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}
