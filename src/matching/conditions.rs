//! The conditions of a request pattern other than its method and URL.
//!
//! Stubs mostly differ in header fields and query parameters, and there may be a hundred thousand:
//! the first condition of either is stored inline, and rare conditions are stored separately.

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

/// The query parameters that distinguish no recorded requests: client libraries of Kubernetes draw them at random.
pub(crate) const UNMATCHED_PARAMETERS: [&str; 1] = ["timeoutSeconds"];

/// The conditions of a request pattern other than its method and URL.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) headers: SmallVec<[(HeaderName, MultiPattern); 1]>,
    pub(super) query: SmallVec<[(ParameterName, MultiPattern); 1]>,
    /// Whether no request can match.
    pub(super) never: bool,
    /// Whether a request may have no other parameters: a recorded answer to one page does not fit
    /// the next.
    pub(super) exact_query: bool,
    /// How lists of values are compared.
    pub(super) exactness: Exactness,
    pub(super) rare: Option<Box<RareConditions>>,
}

/// The name of a query parameter.
pub(super) type ParameterName = ShortText<16>;

/// The number of a template's variable, its name, and its pattern.
pub(super) type PathParameter = (Option<usize>, Box<str>, StringPattern);

/// The conditions that few stubs have.
#[derive(Debug, Default)]
pub(super) struct RareConditions {
    pub(super) scheme: Option<Box<str>>,
    pub(super) host: Option<StringPattern>,
    pub(super) port: Option<i64>,
    pub(super) client_address: Option<StringPattern>,
    /// By the number of the template's variable, with its name; a name that is not a variable has no value.
    pub(super) path_parameters: Box<[PathParameter]>,
    pub(super) cookies: Box<[(Box<str>, StringPattern)]>,
    /// The user name and the credentials as sent: `user:password` in base64.
    pub(super) basic_auth: Option<(Box<str>, Box<str>)>,
    pub(super) form: Box<[(Box<str>, MultiPattern)]>,
    pub(super) body: Box<[StringPattern]>,
    pub(super) multipart: Box<[MultipartPattern]>,
    /// The credentials of the client that the stub was recorded from.
    pub(super) credentials: Option<Box<Credentials>>,
    /// The digest of the body that the stub was recorded from.
    pub(super) digest: Option<Box<RecordedDigest>>,
}

/// The rare conditions of a pattern without any.
pub(super) static NO_CONDITIONS: LazyLock<Conditions> = LazyLock::new(Conditions::default);
static NONE_RARE: LazyLock<RareConditions> = LazyLock::new(RareConditions::default);

impl Conditions {
    /// Creates conditions with these rare ones.
    pub(super) fn with(rare: RareConditions) -> Self {
        let rare = (!rare.is_empty()).then(|| Box::new(rare));
        Self { rare, ..Self::default() }
    }

    /// Returns the rare conditions.
    pub(super) fn rare(&self) -> &RareConditions {
        self.rare.as_deref().unwrap_or(&NONE_RARE)
    }

    /// Returns the rare conditions for modification.
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

    /// Returns whether the body is matched.
    pub(super) fn ask_for_body(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| {
            !(rare.body.is_empty()
                && rare.form.is_empty()
                && rare.multipart.is_empty()
                && rare.digest.is_none())
                || rare.credentials.as_ref().is_some_and(|of| of.are_in_body())
        })
    }

    /// Returns whether everything except path parameters and body matches.
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

    /// Returns the parameters of a request that a recorded stub does not have.
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

    /// Returns whether the fields of the form match.
    pub(super) fn forms_match(&self, asked: &Asked<'_>, exactness: Exactness) -> bool {
        let matches = |(name, pattern): &(Box<str>, MultiPattern)| {
            let values: Vec<&str> = asked.form(name).collect();
            exactness.values_match(pattern, &values, asked)
        };
        self.form.iter().all(matches)
    }
}

/// Returns whether a cookie matches: its nearest value counts. A missing cookie only matches a
/// pattern that accepts absence.
pub(super) fn cookie_matches(asked: &Asked<'_>, name: &str, pattern: &StringPattern) -> bool {
    let mut values = asked.cookie(name).peekable();
    if values.peek().is_none() {
        return pattern.is_absence();
    }
    pattern.matches_nearest(values, asked.now())
}
