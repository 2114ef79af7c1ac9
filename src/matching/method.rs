//! The method of a request pattern: a name, `ANY`, `GET_OR_HEAD`, or `WireMock` 4's
//! `{"oneOf": [...]}` and `{"noneOf": [...]}`. Methods are case-sensitive (RFC 9110, section 9.1).

use std::fmt;

use http::Method;

use crate::document::Node;

/// The methods that a stub matches.
#[derive(Debug)]
pub(crate) enum MethodPattern {
    Any,
    /// A set of [`KNOWN`] methods, as bits.
    Known(u16),
    Listed(Box<Listed>),
}

/// Methods of any name.
#[derive(Debug)]
pub(crate) struct Listed {
    methods: Vec<Method>,
    /// Whether these methods are excluded rather than included.
    none: bool,
}

/// The methods that have a bit.
const KNOWN: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::CONNECT,
    Method::TRACE,
];

/// Returns the bit of a method; 0 for an unknown one.
fn bit(method: &Method) -> u16 {
    KNOWN.iter().position(|known| known == method).map_or(0, |at| 1 << at)
}

impl MethodPattern {
    pub(crate) fn matches(&self, method: &Method) -> bool {
        match self {
            Self::Any => true,
            Self::Known(bits) => bits & bit(method) != 0,
            Self::Listed(listed) => listed.methods.contains(method) != listed.none,
        }
    }

    fn one_of(methods: Vec<Method>) -> Self {
        if methods.iter().all(|method| bit(method) != 0) {
            return Self::Known(methods.iter().map(bit).fold(0, |bits, bit| bits | bit));
        }
        Self::Listed(Box::new(Listed { methods, none: false }))
    }

    /// Decodes `method`; problems are reported.
    pub(super) fn compile(node: &Node<'_>) -> Option<Self> {
        // Clients of 3.x expect its admin API to reject what 4.x adds.
        if !node.value().is_object() || node.decoder().is_body() {
            let text = node.text()?;
            return Some(match text {
                "ANY" => Self::Any,
                "GET_OR_HEAD" => Self::one_of(vec![Method::GET, Method::HEAD]),
                _ => Self::one_of(method(node, text).into_iter().collect()),
            });
        }
        let keys = node.keys()?;
        let list = |node: Node<'_>| {
            let method = |node: &Node<'_>| method(node, node.text()?);
            node.items().iter().filter_map(method).collect()
        };
        let (one_of, none_of) = (keys.get("oneOf"), keys.get("noneOf"));
        if one_of.is_some() == none_of.is_some() {
            node.error(
                "expected either oneOf or noneOf",
                "give one of them, with a list of methods",
            );
        }
        keys.finish();
        let none = |node| Self::Listed(Box::new(Listed { methods: list(node), none: true }));
        one_of.map(|node| Self::one_of(list(node))).or_else(|| none_of.map(none))
    }
}

/// Reads a method by its name. A name that no request has is valid but never matches.
fn method(node: &Node<'_>, text: &str) -> Option<Method> {
    let Ok(method) = Method::from_bytes(text.as_bytes()) else {
        node.warn(
            format!("this never matches: {text:?} is not a method"),
            "like GET or POST; ANY is every method",
        );
        return None;
    };
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        let upper = text.to_ascii_uppercase();
        node.warn(
            format!("this never matches: methods are compared in upper case, as {upper}"),
            format!("write {upper:?}"),
        );
    }
    Some(method)
}

impl fmt::Display for MethodPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |methods: &mut dyn Iterator<Item = &Method>| {
            methods.map(Method::as_str).collect::<Vec<_>>().join(" or ")
        };
        match self {
            Self::Any => f.write_str("ANY"),
            Self::Known(bits) => {
                f.write_str(&names(&mut KNOWN.iter().filter(|method| bits & bit(method) != 0)))
            }
            Self::Listed(listed) => {
                let names = names(&mut listed.methods.iter());
                write!(f, "{}{names}", if listed.none { "not " } else { "" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::matching::testing::with_node;

    #[test]
    fn methods_of_any_name_are_matched_and_shown() {
        let table = [
            (json!("ANY"), "ANY", [true, true, true]),
            (json!("GET"), "GET", [true, false, false]),
            (json!("GET_OR_HEAD"), "GET or HEAD", [true, false, false]),
            (json!("PURGE"), "PURGE", [false, false, true]),
            (json!({"oneOf": ["POST", "GET"]}), "GET or POST", [true, true, false]),
            (json!({"oneOf": ["PURGE", "GET"]}), "PURGE or GET", [true, false, true]),
            (json!({"oneOf": []}), "", [false, false, false]),
            (json!({"noneOf": ["GET", "PURGE"]}), "not GET or PURGE", [false, true, false]),
            (json!({"noneOf": []}), "not ", [true, true, true]),
        ];
        for (pattern, shown, verdicts) in table {
            let (compiled, problems) = with_node(&pattern, MethodPattern::compile);
            assert!(problems.is_empty(), "{problems:?}");
            let compiled = compiled.unwrap();
            assert_eq!(compiled.to_string(), shown);
            for (method, verdict) in ["GET", "POST", "PURGE"].into_iter().zip(verdicts) {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                assert_eq!(compiled.matches(&method), verdict, "{pattern} on {method}");
            }
        }
    }
}
