//! Counter keys: the parts of a request by which a rule counts separately.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderName};
use serde_json_path::JsonPath;

use crate::document::{Node, json_path};
use crate::message::Asked;
use crate::scenario::words::Either;
use crate::scenario::words::table::KeyWords;

use super::context::Context;
use super::draw;
use super::flow::flow;
use super::matcher::Matcher;

/// The header field that carries a token, in addition to `Authorization`.
const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// The parts of a request that make up a counter key.
#[derive(Debug)]
pub(in crate::scenario) struct Key {
    parts: Vec<Part>,
    /// As it is in the file.
    pub(in crate::scenario) text: String,
}

/// A key as it was read from the file.
type Words<'d> = Either<(&'d str, Node<'d>), KeyWords<'d>>;

#[derive(Debug)]
enum Part {
    /// The same call, including its retries.
    Request,
    /// The declared client, or else the token, or else the address.
    Client(Vec<(String, Arc<Matcher>)>),
    Token,
    Address,
    Method,
    Path,
    Header(HeaderName),
    Query(String),
    Body(Box<JsonPath>),
}

impl Key {
    /// Checks and compiles the keys of `per`.
    pub(in crate::scenario) fn compile(words: &[Words<'_>], context: &Context<'_>) -> Option<Self> {
        let texts: Vec<String> = words
            .iter()
            .map(|word| match word {
                Either::Short((text, _)) => (*text).to_owned(),
                Either::Object(words) => flow(words.node.value()),
            })
            .collect();
        let parts: Option<Vec<Part>> = words.iter().map(|word| part(word, context)).collect();
        Some(Self { parts: parts?, text: texts.join(" and ") })
    }

    /// Returns whether it depends on the request's body.
    pub(in crate::scenario) fn reads_body(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Request | Part::Body(_)))
    }

    /// Returns a hash of the request's value, so that no credential is stored.
    pub(in crate::scenario) fn of(&self, asked: &Asked<'_>) -> [u8; 32] {
        let found: Vec<Vec<u8>> = self.parts.iter().map(|part| part.of(asked)).collect();
        let found: Vec<&[u8]> = found.iter().map(Vec::as_slice).collect();
        draw::hash(0, &found, 0)
    }
}

impl Part {
    /// Returns the value of a request; the first byte distinguishes the kinds of parts.
    fn of(&self, asked: &Asked<'_>) -> Vec<u8> {
        let tagged = |tag: u8, bytes: &[u8]| [&[tag], bytes].concat();
        match self {
            Self::Request => tagged(b'r', &asked.call_id()),
            Self::Client(clients) => {
                match clients.iter().find(|(_, client)| client.matches_head(asked)) {
                    Some((name, _)) => tagged(b'c', name.as_bytes()),
                    None => token(asked)
                        .map_or_else(|| tagged(b'a', &address(asked)), |text| tagged(b't', text)),
                }
            }
            Self::Token => tagged(b't', token(asked).unwrap_or_default()),
            Self::Address => tagged(b'a', &address(asked)),
            Self::Method => tagged(b'm', asked.method().as_str().as_bytes()),
            Self::Path => tagged(b'p', asked.path().as_bytes()),
            Self::Header(name) => match asked.headers().get(name) {
                Some(value) => tagged(b'h', value.as_bytes()),
                None => Vec::new(),
            },
            Self::Query(name) => match asked.query().first(name) {
                Some(value) => tagged(b'q', value.as_bytes()),
                None => Vec::new(),
            },
            Self::Body(path) => {
                let found = asked.json().map(|body| path.query(body).all()).unwrap_or_default();
                let found: Vec<String> = found.into_iter().map(ToString::to_string).collect();
                tagged(b'b', found.join("\n").as_bytes())
            }
        }
    }
}

/// Returns the credential that a request carries.
fn token<'r>(asked: &Asked<'r>) -> Option<&'r [u8]> {
    let headers = asked.headers();
    headers
        .get(X_AUTH_TOKEN)
        .or_else(|| headers.get(AUTHORIZATION))
        .map(http::HeaderValue::as_bytes)
}

fn address(asked: &Asked<'_>) -> Vec<u8> {
    asked.client_address().map(|text| text.into_owned().into_bytes()).unwrap_or_default()
}

fn part(words: &Words<'_>, context: &Context<'_>) -> Option<Part> {
    let (text, node) = match words {
        Either::Short((text, node)) => (*text, node),
        Either::Object(words) => {
            return if let Some((name, node)) = &words.header {
                header(name, node)
            } else if let Some(name) = words.query {
                Some(Part::Query(name.to_owned()))
            } else {
                let (path, node) = words.body.as_ref()?;
                body(path, node)
            };
        }
    };
    Some(match text {
        "request" => Part::Request,
        "client" => Part::Client(context.clients.clone()),
        "token" => Part::Token,
        "address" => Part::Address,
        "method" => Part::Method,
        "path" => Part::Path,
        path if path.starts_with('$') => return body(path, node),
        text => match text.split_once(' ').map(|(kind, name)| (kind, name.trim())) {
            Some(("header", name)) => return header(name, node),
            Some(("query", name)) if !name.is_empty() => Part::Query(name.to_owned()),
            _ => {
                node.error(
                    format!("{text:?} is not a part of a request"),
                    "write request, client, token, address, method, path, header NAME, query NAME, or a JSONPath of the body",
                );
                return None;
            }
        },
    })
}

fn header(name: &str, node: &Node<'_>) -> Option<Part> {
    let parsed = HeaderName::try_from(name);
    let wrong = |_| node.error(format!("{name:?} is not a header name"), "");
    parsed.map(Part::Header).map_err(wrong).ok()
}

fn body(text: &str, node: &Node<'_>) -> Option<Part> {
    let parsed = json_path::parse(text).map_err(|why| {
        node.error(format!("{text:?} is not a JSONPath: {why}"), "like $.metadata.name");
    });
    parsed.ok().map(|path| Part::Body(Box::new(path)))
}
