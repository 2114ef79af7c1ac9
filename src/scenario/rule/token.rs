//! `tokens`: credentials that a client must fetch and that expire.

use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName};

use crate::document::Node;
use crate::message::Asked;
use crate::scenario::words::table::TokenWords;

/// A kind of token.
#[derive(Debug)]
pub(in crate::scenario) struct Token {
    pub(in crate::scenario) name: String,
    /// The request that issues one.
    pub(in crate::scenario) method: String,
    pub(in crate::scenario) path: String,
    /// Where requests carry it.
    places: Vec<Place>,
    /// How long one is valid.
    pub(in crate::scenario) ttl: Option<Duration>,
    /// For how many requests one is valid.
    pub(in crate::scenario) uses: Option<u64>,
}

#[derive(Debug)]
enum Place {
    Header(HeaderName),
    Bearer,
}

impl Token {
    /// Checks and compiles one entry of `tokens`.
    pub(in crate::scenario) fn compile(name: &str, words: &TokenWords<'_>) -> Option<Self> {
        let (issue, node) = words.issue.as_ref()?;
        let Some((method, path)) = issue.split_once(' ').filter(|(_, path)| path.starts_with('/'))
        else {
            node.error(
                "this is not a request",
                "write it as METHOD /path, like POST /v3/auth/tokens",
            );
            return None;
        };
        let places = words.carried_in.as_ref()?;
        Some(Self {
            name: name.to_owned(),
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            places: places.iter().filter_map(place).collect(),
            ttl: words.ttl,
            uses: words.uses,
        })
    }

    /// Returns a description as text.
    pub(in crate::scenario) fn describe(&self) -> String {
        let mut text = format!("issued by {} {}", self.method, self.path);
        if let Some(ttl) = self.ttl {
            text.push_str(&format!(", valid for {ttl:?}"));
        }
        if let Some(uses) = self.uses {
            text.push_str(&format!(", valid for {uses} requests"));
        }
        text
    }

    /// Returns whether a request is the one that issues a token of this kind.
    pub(in crate::scenario) fn is_issued_by(&self, asked: &Asked<'_>) -> bool {
        self.method == asked.method().as_str() && self.path == asked.path()
    }

    /// Returns the tokens a request carries in the places of this kind.
    pub(in crate::scenario) fn carried<'f>(&self, asked: &Asked<'f>) -> Vec<&'f str> {
        let values = |name: &HeaderName| {
            let values = asked.headers().get_all(name).iter();
            values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>()
        };
        let mut carried = Vec::new();
        for place in &self.places {
            match place {
                Place::Header(name) => carried.extend(values(name)),
                Place::Bearer => {
                    carried.extend(values(&AUTHORIZATION).into_iter().filter_map(bearer));
                }
            }
        }
        carried
    }
}

/// Returns the credential of `Authorization: Bearer ...` (RFC 6750); the scheme in any case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn place((text, node): &(&str, Node<'_>)) -> Option<Place> {
    if *text == "bearer" {
        return Some(Place::Bearer);
    }
    let header =
        text.strip_prefix("header ").and_then(|name| HeaderName::try_from(name.trim()).ok());
    if header.is_none() {
        node.error("this is not a place for a token", "write bearer, or header NAME");
    }
    header.map(Place::Header)
}
