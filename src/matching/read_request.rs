//! Reads `request` of a stub mapping into a [`RequestPattern`].

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use smallvec::SmallVec;

use crate::document::{Keys, Node};

use super::conditions::{Conditions, PathParameter, RareConditions};
use super::header_pool::HeaderPool;
use super::method::MethodPattern;
use super::multi::MultiPattern;
use super::multipart::MultipartPattern;
use super::operator::StringPattern;
use super::request::RequestPattern;
use super::url::UrlPattern;

impl RequestPattern {
    /// Decodes `request`; problems are reported.
    pub(super) fn compile(node: &Node<'_>, pool: &HeaderPool) -> Option<Self> {
        let keys = node.keys()?;
        let url = UrlPattern::compile(&keys);
        let method = keys
            .get("method")
            .map_or(Some(MethodPattern::Any), |node| MethodPattern::compile(&node));
        let scheme = keys.get("scheme").map(|node| node.loose_text().map(Into::into));
        let host = keys.get("host").map(|node| StringPattern::compile(&node));
        let port = keys.get("port").map(|node| node.loose_integer());
        let client_address = keys.get("clientIp").map(|node| StringPattern::compile(&node));
        let basic_auth = basic_auth(&keys);
        let has_auth = basic_auth.is_some();
        let path_parameters = path_parameters(&keys, url.as_ref());
        let nulls = has_nulls(&keys);
        let query = named(&keys, "queryParameters", MultiPattern::compile).collect();
        let mut rare = RareConditions {
            path_parameters,
            cookies: named(&keys, "cookies", StringPattern::compile).collect(),
            form: named(&keys, "formParameters", MultiPattern::compile).collect(),
            body: listed(&keys, "bodyPatterns", StringPattern::compile_content),
            multipart: listed(&keys, "multipartPatterns", MultipartPattern::compile),
            basic_auth,
            ..RareConditions::default()
        };
        let (headers, mut never) = headers(&keys, pool, has_auth);
        never |= nulls | has_custom_matcher(&keys);
        keys.finish();
        rare.scheme = unless_malformed(scheme)?;
        rare.host = unless_malformed(host)?;
        rare.port = port.transpose().ok()?.flatten();
        rare.client_address = unless_malformed(client_address)?;
        let conditions = Conditions { headers, query, never, ..Conditions::with(rare) };
        let conditions = (!conditions.is_empty()).then(|| Box::new(conditions));
        Some(Self { url: url?, method: method?, conditions })
    }
}

/// Returns `Some(None)` if nothing is given, and `None` if it is invalid.
#[expect(
    clippy::option_option,
    reason = "three cases: not given, given and good, given and malformed"
)]
fn unless_malformed<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    match given {
        None => Some(None),
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
    }
}

fn named<N: for<'n> From<&'n str>, T>(
    keys: &Keys<'_>,
    key: &'static str,
    compile: impl Fn(&Node<'_>) -> Option<T>,
) -> impl Iterator<Item = (N, T)> {
    let entries = keys.get(key).map(|node| node.entries()).unwrap_or_default().into_iter();
    let entries = entries.filter(|(_, node)| !node.value().is_null());
    entries.filter_map(move |(name, node)| Some((name.into(), compile(&node)?)))
}

fn listed<T>(
    keys: &Keys<'_>,
    key: &'static str,
    compile: impl Fn(&Node<'_>) -> Option<T>,
) -> Box<[T]> {
    let Some(node) = keys.get(key) else {
        return Box::default();
    };
    node.items().iter().filter(|node| !node.value().is_null()).filter_map(compile).collect()
}

/// Returns whether a pattern in a map or a list is null. `WireMock` accepts it, and its match then ends with an
/// exception: here no request matches.
fn has_nulls(keys: &Keys<'_>) -> bool {
    let maps = ["headers", "queryParameters", "formParameters", "cookies", "pathParameters"];
    let lists = ["bodyPatterns", "multipartPatterns"];
    let mut found = false;
    for key in maps.into_iter().chain(lists) {
        let Some(node) = keys.get(key) else { continue };
        let has_null = match node.value() {
            serde_json::Value::Object(map) => map.values().any(serde_json::Value::is_null),
            serde_json::Value::Array(list) => list.iter().any(serde_json::Value::is_null),
            _ => false,
        };
        if has_null {
            node.warn("no request matches: a pattern is null", "take it out");
        }
        found |= has_null;
    }
    found
}

/// Reads `headers`, and returns whether no request can have them. An invalid field name is allowed:
/// the field is absent.
fn headers(
    keys: &Keys<'_>,
    pool: &HeaderPool,
    has_auth: bool,
) -> (SmallVec<[(HeaderName, MultiPattern); 1]>, bool) {
    let entries = keys.get("headers").map(|node| node.entries()).unwrap_or_default();
    let mut headers = SmallVec::with_capacity(entries.len());
    let mut never = false;
    for (name, node) in entries.into_iter().filter(|(_, node)| !node.value().is_null()) {
        let Some(pattern) = MultiPattern::compile(&node) else {
            continue;
        };
        if has_auth && name == "Authorization" {
            node.warn("\"basicAuth\" takes the place of this pattern", "remove one of them");
        } else if let Ok(header) = HeaderName::from_bytes(name.as_bytes()) {
            headers.push((pool.name(header), pattern));
        } else {
            node.warn(
                format!("no request has it: {name:?} is not a header name"),
                "letters, digits and - only",
            );
            if !pattern.matches::<&str>(&[], None) {
                never = true;
            }
        }
    }
    (headers, never)
}

/// Reads `pathParameters`: without a template they have no effect, and a name that is not a
/// variable has no value.
fn path_parameters(keys: &Keys<'_>, url: Option<&UrlPattern>) -> Box<[PathParameter]> {
    let Some(parameters) = keys.get("pathParameters") else {
        return Box::default();
    };
    let template = match url {
        Some(UrlPattern::Template(template)) => Some(template),
        _ => None,
    };
    let compile = |(name, node): &(&str, Node<'_>)| {
        let at = template.and_then(|template| template.position(name));
        match template {
            None => node.warn(
                format!("the path parameter {name:?} has no template and no effect"),
                "use \"urlPathTemplate\": \"/things/{id}\"",
            ),
            Some(template) if at.is_none() => {
                let known: Vec<&str> = template.names().collect();
                node.warn(
                    format!("the template has no variable {name:?}: it counts as absent"),
                    format!("it has: {}", known.join(", ")),
                );
            }
            Some(_) => {}
        }
        Some((at, (*name).into(), StringPattern::compile(node)?))
    };
    let entries = parameters.entries();
    entries.iter().filter(|(_, node)| !node.value().is_null()).filter_map(compile).collect()
}

/// Reads basic credentials. `WireMock` documents both names and writes the longer one. A missing
/// value is the string "null".
fn basic_auth(keys: &Keys<'_>) -> Option<(Box<str>, Box<str>)> {
    let (short, long) = (keys.get("basicAuth"), keys.get("basicAuthCredentials"));
    let keys = long.or(short)?.keys()?;
    let part = |key| {
        if let Some(node) = keys.get(key) {
            return node.loose_text();
        }
        keys.node().warn(format!("there is no {key:?}: it counts as \"null\""), "add it");
        Some("null".into())
    };
    let (user, password) = (part("username"), part("password"));
    keys.finish();
    let credentials = STANDARD.encode(format!("{}:{}", user.as_ref()?, password?));
    Some((user?.into(), credentials.into()))
}

/// Returns whether there is a `customMatcher`: its code is not available, so nothing matches, as in
/// `WireMock` without the extension.
fn has_custom_matcher(keys: &Keys<'_>) -> bool {
    let Some(node) = keys.get("customMatcher") else {
        return false;
    };
    let Some(keys) = node.keys() else {
        return false;
    };
    let name = keys.get("name").and_then(|node| node.loose_text());
    if let Some(parameters) = keys.get("parameters") {
        let _ = parameters.entries();
    }
    keys.finish();
    node.warn(
        format!("no request matches: there is no custom matcher {:?}", name.unwrap_or_default()),
        "match with url, headers, queryParameters and bodyPatterns",
    );
    true
}
