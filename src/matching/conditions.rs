//! What a request must be like besides its method and URL.
//!
//! Header fields and parameters of the query are what stubs are told apart by, and there may be a hundred thousand:
//! the first condition of either lies in place, and what few stubs ask for lies apart.

use std::sync::LazyLock;

use http::HeaderName;
use smallvec::SmallVec;

use crate::message::Asked;

use super::asker::AskerFilter;
use super::body_digest::RecordedDigest;
use super::credentials::Credentials;
use super::multi::MultiPattern;
use super::multipart::MultipartPattern;
use super::operator::{StringPattern, Subject};
use super::recorded::Exactness;
use super::short_text::ShortText;

/// The query parameters that tell no recorded requests apart: client libraries of Kubernetes draw them at random.
pub(crate) const UNMATCHED_PARAMETERS: [&str; 1] = ["timeoutSeconds"];

/// What a request must be like besides its method and URL.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) headers: SmallVec<[(HeaderName, MultiPattern); 1]>,
    pub(super) query: SmallVec<[(ParameterName, MultiPattern); 1]>,
    /// Whether no request is like this.
    pub(super) never: bool,
    /// Whether a request has no other parameters: a recorded answer to one page is none to the next.
    pub(super) exact_query: bool,
    /// How lists of values are compared.
    pub(super) exactness: Exactness,
    pub(super) rare: Option<Box<RareConditions>>,
}

/// The name of a query parameter.
pub(super) type ParameterName = ShortText<16>;

/// The number of a template's variable, its name, and what it must be like.
pub(super) type PathParameter = (Option<usize>, Box<str>, StringPattern);

/// What few stubs ask for.
#[derive(Debug, Default)]
pub(super) struct RareConditions {
    pub(super) scheme: Option<Box<str>>,
    pub(super) host: Option<StringPattern>,
    pub(super) port: Option<i64>,
    pub(super) client_address: Option<StringPattern>,
    /// By the number of the template's variable, with its name; a name that is not a variable has no value.
    pub(super) path_parameters: Box<[PathParameter]>,
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
pub(super) static NO_CONDITIONS: LazyLock<Conditions> = LazyLock::new(Conditions::default);
static NONE_RARE: LazyLock<RareConditions> = LazyLock::new(RareConditions::default);

impl Conditions {
    /// Conditions of which the rare ones are these.
    pub(super) fn with(rare: RareConditions) -> Self {
        let rare = (!rare.is_empty()).then(|| Box::new(rare));
        Self { rare, ..Self::default() }
    }

    /// Returns those that few stubs have.
    pub(super) fn rare(&self) -> &RareConditions {
        self.rare.as_deref().unwrap_or(&NONE_RARE)
    }

    /// Returns the same, to be added to.
    pub(super) fn rare_mut(&mut self) -> &mut RareConditions {
        self.rare.get_or_insert_default()
    }

    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        !self.never
            && !self.exact_query
            && self.exactness == Exactness::Pattern
            && self.headers.is_empty()
            && self.query.is_empty()
            && self.rare.is_none()
    }

    /// Returns whether the body is looked at.
    pub(super) fn ask_for_body(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| {
            !(rare.body.is_empty()
                && rare.form.is_empty()
                && rare.multipart.is_empty()
                && rare.digest.is_none())
                || rare.credentials.as_ref().is_some_and(|of| of.are_in_body())
        })
    }

    /// Returns whether all but path parameters and body is as wanted.
    pub(super) fn head_match(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        !self.never
            && self
                .headers
                .iter()
                .all(|(name, pattern)| pattern.matches(&asked.header(name), asked.now()))
            && self.query.iter().all(|(name, pattern)| {
                let values: Vec<&str> = asked.parameter(name).collect();
                self.exactness.values_match(pattern, &values, asked)
            })
            && self.other_parameters(asked).next().is_none()
            && self.rare.as_ref().is_none_or(|rare| rare.head_match(asked, filter))
    }

    /// Returns the parameters of a request that keep a recorded answer from it.
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
}

impl RareConditions {
    fn is_empty(&self) -> bool {
        let Self { scheme, host, port, client_address, basic_auth, .. } = self;
        let Self { path_parameters, cookies, form, body, multipart, credentials, digest, .. } =
            self;
        scheme.is_none()
            && host.is_none()
            && port.is_none()
            && client_address.is_none()
            && basic_auth.is_none()
            && credentials.is_none()
            && digest.is_none()
            && path_parameters.is_empty()
            && cookies.is_empty()
            && form.is_empty()
            && body.is_empty()
            && multipart.is_empty()
    }

    fn head_match(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        self.endpoint_matches(asked)
            && self.cookies.iter().all(|(name, pattern)| cookie_matches(asked, name, pattern))
            && self.basic_auth.as_ref().is_none_or(|(_, wanted)| {
                asked.basic_credentials().any(|credentials| credentials == &**wanted)
            })
            && self.credentials.as_ref().is_none_or(|of| of.head_matches(asked, filter))
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

    /// Returns whether the fields of the form are as wanted.
    pub(super) fn forms_match(&self, asked: &Asked<'_>, exactness: Exactness) -> bool {
        let matches = |(name, pattern): &(Box<str>, MultiPattern)| {
            let values: Vec<&str> = asked.form(name).collect();
            exactness.values_match(pattern, &values, asked)
        };
        self.form.iter().all(matches)
    }
}

/// The nearest value of the cookie counts. Where there is none, only a pattern matches that is `absent`, or can be.
pub(super) fn cookie_matches(asked: &Asked<'_>, name: &str, pattern: &StringPattern) -> bool {
    let mut values = asked.cookie(name).peekable();
    if values.peek().is_none() {
        return pattern.is_absence();
    }
    pattern.matches_nearest(values, asked.now())
}
