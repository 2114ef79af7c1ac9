//! Request patterns: which requests a stub answers (`C/matching/RequestPattern.java`).

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderName;
use http::uri::Authority;

use crate::document::{Keys, Node};
use crate::message::Asked;

use super::header_pool::HeaderPool;
use super::method::MethodPattern;
use super::multi::MultiPattern;
use super::operator::{StringPattern, Subject};
use super::url::UrlPattern;

/// Everything that a request must be like. What is not given matches anything.
#[derive(Debug)]
pub(crate) struct RequestPattern {
    pub(super) url: UrlPattern,
    pub(super) method: MethodPattern,
    /// The rest, which most patterns have nothing of.
    conditions: Option<Box<Conditions>>,
}

/// What a request must be like besides its method and URL.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) host: Option<StringPattern>,
    pub(super) port: Option<u16>,
    pub(super) headers: Box<[(HeaderName, MultiPattern)]>,
    /// By the number of the template's variable, with its name.
    pub(super) path_parameters: Box<[(usize, Box<str>, StringPattern)]>,
    pub(super) query: Box<[(Box<str>, MultiPattern)]>,
    pub(super) cookies: Box<[(Box<str>, StringPattern)]>,
    /// The user name and the credentials as they come in: `user:password` in base64.
    pub(super) basic_auth: Option<(Box<str>, Box<str>)>,
    pub(super) body: Box<[StringPattern]>,
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

    /// Whether all but the body is as wanted.
    pub(super) fn head_matches(&self, asked: &Asked<'_>) -> bool {
        self.method.matches(asked.method())
            && self.url.matches(asked.path(), asked.target())
            && self.conditions.as_ref().is_none_or(|conditions| {
                conditions.head_match(asked)
                    && (conditions.path_parameters.is_empty() || self.path_parameters_match(asked))
            })
    }

    /// Whether the body is as wanted. A body that has not been read matches no pattern.
    pub(super) fn body_matches(&self, asked: &Asked<'_>) -> bool {
        let wanted = &self.conditions().body;
        wanted.is_empty()
            || Subject::of_body(asked)
                .is_some_and(|body| wanted.iter().all(|pattern| pattern.matches(&body)))
    }

    fn path_parameters_match(&self, asked: &Asked<'_>) -> bool {
        let values = self.path_values(asked);
        self.conditions().path_parameters.iter().all(|(at, _, pattern)| {
            pattern.matches(&Subject::new(values.get(*at).copied().flatten()))
        })
    }

    /// The values of the template's variables; none where the path is another.
    pub(super) fn path_values<'r>(&self, asked: &Asked<'r>) -> Vec<Option<&'r str>> {
        match &self.url {
            UrlPattern::Template(template) => template.values(asked.path()).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Decodes `request`; problems are noted.
    pub(super) fn compile(node: &Node<'_>, pool: &HeaderPool) -> Option<Self> {
        let keys = node.keys()?;
        let url = UrlPattern::compile(&keys);
        let method = keys
            .get("method")
            .map_or(Some(MethodPattern::Any), |node| MethodPattern::compile(&node));
        let host = keys.get("host").map(|node| StringPattern::compile(&node));
        let port = keys
            .get("port")
            .map(|node| node.integer(1..=65_535).and_then(|port| u16::try_from(port).ok()));
        let headers = named(&keys, "headers", |name, node| {
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                node.error_at_key(
                    format!("{name:?} is not a header name"),
                    "letters, digits and - only",
                );
            });
            Some((pool.name(header.ok()?), MultiPattern::compile(node)?))
        });
        let query = named(&keys, "queryParameters", |name, node| {
            Some((name.into(), MultiPattern::compile(node)?))
        });
        let cookies = named(&keys, "cookies", |name, node| {
            Some((name.into(), StringPattern::compile(node)?))
        });
        let path_parameters = path_parameters(&keys, url.as_ref());
        let basic_auth = basic_auth(&keys);
        let body = keys.get("bodyPatterns").map_or_else(Box::default, |node| {
            node.items().iter().filter_map(StringPattern::compile).collect()
        });
        for key in NOT_SUPPORTED {
            if let Some(node) = keys.get(key) {
                node.error_at_key(format!("{key:?} is not supported"), "remove it, or match with what is: url..., method, host, port, headers, queryParameters, pathParameters, cookies, basicAuth, bodyPatterns");
            }
        }
        keys.finish();
        let conditions = Conditions {
            host: unwrap_or_noted(host)?,
            port: unwrap_or_noted(port)?,
            headers,
            path_parameters,
            query,
            cookies,
            basic_auth,
            body,
        };
        let conditions = (!conditions.is_empty()).then(|| Box::new(conditions));
        Some(Self { url: url?, method: method?, conditions })
    }
}

impl Conditions {
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        let Self { host, port, headers, path_parameters, query, cookies, basic_auth, body } = self;
        host.is_none()
            && port.is_none()
            && basic_auth.is_none()
            && headers.is_empty()
            && path_parameters.is_empty()
            && query.is_empty()
            && cookies.is_empty()
            && body.is_empty()
    }

    /// Whether all but path parameters and body is as wanted.
    fn head_match(&self, asked: &Asked<'_>) -> bool {
        (self.host.is_none() && self.port.is_none() || self.authority_matches(asked))
            && self.headers.iter().all(|(name, pattern)| pattern.matches(&asked.header(name)))
            && self.query.iter().all(|(name, pattern)| {
                pattern.matches(&asked.query().all(name).collect::<Vec<_>>())
            })
            && self.cookies.iter().all(|(name, pattern)| cookie_matches(asked, name, pattern))
            && self
                .basic_auth
                .as_ref()
                .is_none_or(|(_, credentials)| asked.basic_credentials() == Some(&**credentials))
    }

    fn authority_matches(&self, asked: &Asked<'_>) -> bool {
        let authority = asked.authority();
        let host = Subject::new(authority.as_ref().map(Authority::host));
        let port = authority.as_ref().map(|authority| authority.port_u16().unwrap_or(80));
        self.host.as_ref().is_none_or(|pattern| pattern.matches(&host))
            && self.port.is_none_or(|wanted| port == Some(wanted))
    }
}

/// Keys of `WireMock` that would change what matches, so that they cannot be left out silently.
const NOT_SUPPORTED: [&str; 5] =
    ["scheme", "clientIp", "formParameters", "multipartPatterns", "customMatcher"];

/// `Some(None)` for what is not given, `None` for what is given and wrong.
#[expect(
    clippy::option_option,
    reason = "three cases: not given, given and good, given and noted as wrong"
)]
fn unwrap_or_noted<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    match given {
        None => Some(None),
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
    }
}

fn named<T>(
    keys: &Keys<'_>,
    key: &'static str,
    compile: impl Fn(&str, &Node<'_>) -> Option<T>,
) -> Box<[T]> {
    let Some(node) = keys.get(key) else {
        return Box::default();
    };
    node.entries().iter().filter_map(|(name, node)| compile(name, node)).collect()
}

fn path_parameters(
    keys: &Keys<'_>,
    url: Option<&UrlPattern>,
) -> Box<[(usize, Box<str>, StringPattern)]> {
    named(keys, "pathParameters", |name, node| {
        let Some(UrlPattern::Template(template)) = url else {
            node.error_at_key(
                format!("the path parameter {name:?} has no template"),
                "use \"urlPathTemplate\": \"/things/{id}\"",
            );
            return None;
        };
        let Some(at) = template.names().position(|known| known == name) else {
            let known: Vec<&str> = template.names().collect();
            node.error_at_key(
                format!("the template has no variable {name:?}"),
                format!("it has: {}", known.join(", ")),
            );
            return None;
        };
        Some((at, name.into(), StringPattern::compile(node)?))
    })
}

/// `WireMock` documents both names and writes the longer one.
fn basic_auth(keys: &Keys<'_>) -> Option<(Box<str>, Box<str>)> {
    let (short, long) = (keys.get("basicAuth"), keys.get("basicAuthCredentials"));
    let keys = long.or(short)?.keys()?;
    let user = keys.required("username").and_then(|node| node.text());
    let password = keys.required("password").and_then(|node| node.text());
    keys.finish();
    let credentials = STANDARD.encode(format!("{}:{}", user?, password?));
    Some((user?.into(), credentials.into()))
}

/// Any value of the cookie may be as wanted; none at all is absence.
pub(super) fn cookie_matches(asked: &Asked<'_>, name: &str, pattern: &StringPattern) -> bool {
    let mut values = asked.cookie(name).peekable();
    if values.peek().is_none() {
        return pattern.matches(&Subject::new(None));
    }
    values.any(|value| pattern.matches(&Subject::new(Some(value))))
}
