//! Header fields and request targets.

use http::header::{
    AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, SET_COOKIE,
};

use super::edit::{self, Edit};
use super::names::{self, Place};
use super::pass::Pass;
use super::random::looks_random;

/// What bearer tokens of `WebSocket` clients begin with (`k8s.io/apiserver/pkg/authentication/request/websocket`).
const WEBSOCKET_BEARER: &str = "base64url.bearer.authorization.k8s.io.";

impl Pass<'_> {
    /// The value of a header field, without its secrets.
    pub(crate) fn header(&self, name: &HeaderName, value: &str) -> String {
        if *name == AUTHORIZATION || *name == PROXY_AUTHORIZATION {
            return self.credentials(value);
        }
        if *name == COOKIE {
            let pairs = value.split(';').map(|pair| self.cookie(pair));
            return pairs.collect::<Vec<_>>().join(";");
        }
        if *name == SET_COOKIE {
            // What follows the first pair are attributes.
            return match value.split_once(';') {
                Some((pair, attributes)) => format!("{};{attributes}", self.cookie(pair)),
                None => self.cookie(value),
            };
        }
        if let Some(at) = value.find(WEBSOCKET_BEARER) {
            let (before, token) = value.split_at(at + WEBSOCKET_BEARER.len());
            let end = token.find([',', ' ']).unwrap_or(token.len());
            return format!("{before}{}{}", self.hide(&token[..end]), &token[end..]);
        }
        if *name == SEC_WEBSOCKET_PROTOCOL {
            return self.subprotocols(value);
        }
        if names::is_secret_value(name.as_str(), Place::Header, value) {
            // `X-Token: Bearer ..` too.
            return match value.split_once(' ') {
                Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                    self.credentials(value)
                }
                _ => self.hide_value(value, ""),
            };
        }
        self.changed_under(name.as_str(), value).unwrap_or_else(|| value.to_owned())
    }

    /// Browsers have no other place for a token: `bearer, TOKEN`.
    fn subprotocols(&self, value: &str) -> String {
        let mut after_name = false;
        let items = value.split(',').map(|item| {
            let inner = item.trim();
            let hidden = after_name || looks_random(inner) && inner.len() >= 20;
            after_name = names::is_secret(inner, Place::Field);
            if hidden && !inner.is_empty() {
                item.replace(inner, &self.hide(inner))
            } else {
                item.to_owned()
            }
        });
        items.collect::<Vec<_>>().join(",")
    }

    fn cookie(&self, pair: &str) -> String {
        match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() => {
                let inner = value.trim_matches('"');
                format!("{name}={}", value.replace(inner, &self.hide_escaped(inner)))
            }
            // One without a name, or one that is being deleted.
            None if !pair.trim().is_empty() => pair.replace(pair.trim(), &self.hide(pair.trim())),
            _ => pair.to_owned(),
        }
    }

    /// The value of a query parameter, decoded, without its secrets.
    pub(crate) fn parameter(&self, name: &str, value: &str) -> String {
        if names::is_secret_value(name, Place::Query, value) {
            return self.hide(value);
        }
        self.changed_under(name, value).unwrap_or_else(|| value.to_owned())
    }

    /// Path and query, without their secrets.
    pub(crate) fn target(&self, target: &str) -> String {
        let mut edits = self.plain_of_path(target);
        let query = target.find('?').unwrap_or(target.len());
        // What follows a name ends with its segment: a replay looks at one after another.
        let mut start = 0;
        for part in target[..query].split('/').chain([&target[query..]]) {
            let shifted = |Edit { range, text }| {
                let range = range.start + start..range.end + start;
                Edit { range, text }
            };
            edits.extend(self.plain(part).into_iter().map(shifted));
            start = (start + part.len() + 1).min(query);
        }
        edit::apply(target, edits)
    }
}
