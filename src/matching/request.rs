//! Request patterns: which requests a stub answers (`C/matching/RequestPattern.java`).

use std::sync::LazyLock;

use http::{HeaderName, Method};

use crate::message::Asked;

use super::asker::AskerFilter;
use super::body_digest::RecordedDigest;
use super::credentials::Credentials;
use super::method::MethodPattern;
use super::multi::MultiPattern;
use super::multipart::MultipartPattern;
use super::operator::{StringPattern, Subject};
use super::recorded::Exactness;
use super::url::UrlPattern;

/// The query parameters that tell no recorded requests apart: client libraries of Kubernetes draw them at random.
pub(crate) const UNMATCHED_PARAMETERS: [&str; 1] = ["timeoutSeconds"];

/// Everything that a request must be like. What is not given matches anything.
#[derive(Debug)]
pub(crate) struct RequestPattern {
    pub(super) url: UrlPattern,
    pub(super) method: MethodPattern,
    /// The rest, which most patterns have nothing of.
    pub(super) conditions: Option<Box<Conditions>>,
}

/// The number of a template's variable, its name, and what it must be like.
pub(super) type PathParameter = (Option<usize>, Box<str>, StringPattern);

/// What a request must be like besides its method and URL.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// Whether no request is like this.
    pub(super) never: bool,
    pub(super) scheme: Option<Box<str>>,
    pub(super) host: Option<StringPattern>,
    pub(super) port: Option<i64>,
    pub(super) client_address: Option<StringPattern>,
    pub(super) headers: Box<[(HeaderName, MultiPattern)]>,
    /// By the number of the template's variable, with its name; a name that is no variable has no value.
    pub(super) path_parameters: Box<[PathParameter]>,
    pub(super) query: Box<[(Box<str>, MultiPattern)]>,
    /// Whether a request has no other parameters: a recorded answer to one page is none to the next.
    pub(super) exact_query: bool,
    /// How lists of values are compared.
    pub(super) exactness: Exactness,
    pub(super) cookies: Box<[(Box<str>, StringPattern)]>,
    /// The user name and the credentials as they come in: `user:password` in base64.
    pub(super) basic_auth: Option<(Box<str>, Box<str>)>,
    pub(super) form: Box<[(Box<str>, MultiPattern)]>,
    pub(super) body: Box<[StringPattern]>,
    pub(super) multipart: Box<[MultipartPattern]>,
    /// Those of the client that the stub was recorded from.
    pub(super) credentials: Option<Box<Credentials>>,
    /// That of the body that the stub was recorded from.
    pub(super) digest: Option<Box<RecordedDigest>>,
}

/// Those of a pattern that has none.
static NO_CONDITIONS: LazyLock<Conditions> = LazyLock::new(Conditions::default);

impl RequestPattern {
    /// The pattern of a stub without `request`: every request.
    pub(super) fn any() -> Self {
        Self { url: UrlPattern::Any, method: MethodPattern::Any, conditions: None }
    }

    /// What is wanted besides method and URL.
    pub(super) fn conditions(&self) -> &Conditions {
        self.conditions.as_deref().unwrap_or(&NO_CONDITIONS)
    }

    /// Adds the credentials of the client that the stub was recorded from.
    pub(super) fn set_credentials(&mut self, credentials: Credentials) {
        self.conditions.get_or_insert_default().credentials = Some(Box::new(credentials));
    }

    /// Takes no request with other values than those of the pattern.
    pub(super) fn set_exactness(&mut self, exactness: Exactness) {
        let conditions = self.conditions.get_or_insert_default();
        conditions.exactness = exactness;
        conditions.exact_query = matches!(self.url, UrlPattern::Path(_) | UrlPattern::PathRegex(_));
    }

    /// Whether the stub is for one client.
    pub(super) fn asks_for_credentials(&self) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| conditions.credentials.is_some())
    }

    /// Whether the method is as wanted. Recorded answers to GET are for HEAD as well where `filter` says so.
    fn method_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        if filter.takes_head_as_get() {
            return self.conditions().exactness != Exactness::Pattern
                && self.method.matches(&Method::GET);
        }
        self.method.matches(asked.upper_case_method())
    }

    /// Adds the digest of the body that the stub was recorded from.
    pub(super) fn set_digest(&mut self, digest: RecordedDigest) {
        self.conditions.get_or_insert_default().digest = Some(Box::new(digest));
    }

    /// Whether the body is known by its digest, so that it may be larger than what is read.
    pub(super) fn asks_for_digest(&self) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| conditions.digest.is_some())
    }

    /// Those credentials.
    pub(super) fn credentials_mut(&mut self) -> Option<&mut Credentials> {
        self.conditions.as_mut()?.credentials.as_deref_mut()
    }

    /// Whether all but the body is as wanted. `filter` has what the search has found of recorded clients.
    pub(super) fn head_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        self.method_matches(asked, filter)
            && self.url.matches(asked.path(), asked.target())
            && self.conditions.as_ref().is_none_or(|conditions| {
                conditions.head_match(asked, filter)
                    && (conditions.path_parameters.is_empty() || self.path_parameters_match(asked))
            })
    }

    /// Whether the body is looked at.
    pub(super) fn asks_for_body(&self) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| {
            !(conditions.body.is_empty()
                && conditions.form.is_empty()
                && conditions.multipart.is_empty()
                && conditions.digest.is_none())
                || conditions.credentials.as_ref().is_some_and(|of| of.are_in_body())
        })
    }

    /// Whether the body is as wanted. A body that has not been read matches no pattern.
    pub(super) fn body_matches(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        if !self.asks_for_body() {
            return true;
        }
        let conditions = self.conditions();
        if conditions.digest.as_ref().is_some_and(|digest| !digest.matches(asked)) {
            return false;
        }
        if asked.request().body.digest().is_some() {
            // Of so large a body nothing else is known.
            return conditions.digest.is_some();
        }
        Subject::of_body(asked).is_some_and(|body| {
            let of_form = |(name, wanted): &(Box<str>, MultiPattern)| {
                let values: Vec<&str> = asked.form(name).collect();
                conditions.exactness.values_match(wanted, &values, asked)
            };
            conditions.form.iter().all(of_form)
                && conditions.body.iter().all(|pattern| pattern.matches(&body))
                && conditions.multipart.iter().all(|pattern| pattern.matches(asked))
                && conditions.exactness.body_matches(
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
        self.conditions().path_parameters.iter().all(|(at, _, pattern)| {
            let value = at.and_then(|at| values.get(at).copied().flatten());
            pattern.matches(&Subject::new(value).at(asked.now()))
        })
    }

    /// What the path template binds, by name; nothing without one.
    pub(super) fn path_parameters(&self, asked: &Asked<'_>) -> Vec<(String, String)> {
        let UrlPattern::Template(template) = &self.url else { return Vec::new() };
        let values = template.values(asked.path()).unwrap_or_default();
        let bound = template.names().zip(values);
        bound.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }

    /// The values of the template's variables; none where the path is another.
    pub(super) fn path_values<'r>(&self, asked: &Asked<'r>) -> Vec<Option<&'r str>> {
        match &self.url {
            UrlPattern::Template(template) => template.values(asked.path()).unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}

impl Conditions {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        let Self { never, scheme, host, port, client_address, basic_auth, .. } = self;
        let Self {
            headers,
            path_parameters,
            query,
            cookies,
            form,
            body,
            multipart,
            credentials,
            digest,
            ..
        } = self;
        !never
            && !self.exact_query
            && self.exactness == Exactness::Pattern
            && scheme.is_none()
            && host.is_none()
            && port.is_none()
            && client_address.is_none()
            && basic_auth.is_none()
            && credentials.is_none()
            && digest.is_none()
            && headers.is_empty()
            && path_parameters.is_empty()
            && query.is_empty()
            && cookies.is_empty()
            && form.is_empty()
            && body.is_empty()
            && multipart.is_empty()
    }

    /// Whether all but path parameters and body is as wanted.
    fn head_match(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        !self.never
            && self.endpoint_matches(asked)
            && self
                .headers
                .iter()
                .all(|(name, pattern)| pattern.matches(&asked.header(name), asked.now()))
            && self.query.iter().all(|(name, pattern)| {
                let values: Vec<&str> = asked.parameter(name).collect();
                self.exactness.values_match(pattern, &values, asked)
            })
            && self.other_parameters(asked).next().is_none()
            && self.cookies.iter().all(|(name, pattern)| cookie_matches(asked, name, pattern))
            && self.basic_auth.as_ref().is_none_or(|(_, wanted)| {
                asked.basic_credentials().any(|credentials| credentials == &**wanted)
            })
            && self.credentials.as_ref().is_none_or(|of| of.head_matches(asked, filter))
    }

    /// The parameters of a request that keep a recorded answer from it.
    pub(super) fn other_parameters<'r>(
        &'r self,
        asked: &'r Asked<'_>,
    ) -> impl Iterator<Item = (&'r str, &'r str)> {
        let all = self.exact_query.then(|| asked.query().iter());
        all.into_iter().flatten().filter(|(name, _)| {
            !UNMATCHED_PARAMETERS.contains(name)
                && !self.query.iter().any(|(known, _)| **known == **name)
        })
    }

    fn endpoint_matches(&self, asked: &Asked<'_>) -> bool {
        self.scheme.as_ref().is_none_or(|wanted| &**wanted == asked.scheme())
            && self.host.as_ref().is_none_or(|pattern| {
                let authority = asked.authority();
                pattern.matches(&Subject::new(authority.as_ref().map(http::uri::Authority::host)))
            })
            && self.port.is_none_or(|wanted| asked.port().map(i64::from) == Some(wanted))
            && self.client_address.as_ref().is_none_or(|pattern| {
                pattern.matches(&Subject::new(asked.client_address().as_deref()))
            })
    }
}

/// Any value of the cookie may be as wanted. Where there is none, only a pattern matches that is `absent`, or can be.
pub(super) fn cookie_matches(asked: &Asked<'_>, name: &str, pattern: &StringPattern) -> bool {
    let mut values = asked.cookie(name).peekable();
    if values.peek().is_none() {
        return pattern.is_absence();
    }
    values.any(|value| pattern.matches(&Subject::new(Some(value)).at(asked.now())))
}
