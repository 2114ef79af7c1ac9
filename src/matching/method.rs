//! The method of a request pattern: a name, `ANY`, `GET_OR_HEAD`, or `WireMock` 4's
//! `{"oneOf": [...]}` and `{"noneOf": [...]}`. Methods are case-sensitive (RFC 9110, section 9.1).

use std::fmt;

use http::Method;

use crate::document::Node;

/// Which methods a stub is for.
#[derive(Debug)]
pub(crate) enum MethodPattern {
    Any,
    Is(Method),
    OneOf(Vec<Method>),
    NoneOf(Vec<Method>),
}

impl MethodPattern {
    pub(crate) fn matches(&self, method: &Method) -> bool {
        match self {
            Self::Any => true,
            Self::Is(wanted) => wanted == method,
            Self::OneOf(methods) => methods.contains(method),
            Self::NoneOf(methods) => !methods.contains(method),
        }
    }

    /// Decodes `method`; problems are noted.
    pub(super) fn compile(node: &Node<'_>) -> Option<Self> {
        if !node.value().is_object() {
            return Some(match node.text()? {
                "ANY" => Self::Any,
                "GET_OR_HEAD" => Self::OneOf(vec![Method::GET, Method::HEAD]),
                _ => Self::Is(method(node)?),
            });
        }
        let keys = node.keys()?;
        let list = |node: Node<'_>| node.items().iter().filter_map(method).collect();
        let (one_of, none_of) = (keys.get("oneOf"), keys.get("noneOf"));
        if one_of.is_some() == none_of.is_some() {
            node.error(
                "expected either oneOf or noneOf",
                "give one of them, with a list of methods",
            );
        }
        keys.finish();
        one_of
            .map(|node| Self::OneOf(list(node)))
            .or_else(|| none_of.map(|node| Self::NoneOf(list(node))))
    }
}

fn method(node: &Node<'_>) -> Option<Method> {
    let text = node.text()?;
    let Ok(method) = Method::from_bytes(text.as_bytes()) else {
        node.error(format!("{text:?} is not a method"), "like GET or POST; ANY is every method");
        return None;
    };
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        let upper = text.to_ascii_uppercase();
        node.warn(
            format!("methods are case-sensitive, clients send {upper}"),
            format!("write {upper:?}"),
        );
    }
    Some(method)
}

impl fmt::Display for MethodPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |methods: &[Method]| {
            methods.iter().map(Method::as_str).collect::<Vec<_>>().join(" or ")
        };
        match self {
            Self::Any => f.write_str("ANY"),
            Self::Is(method) => f.write_str(method.as_str()),
            Self::OneOf(methods) => f.write_str(&list(methods)),
            Self::NoneOf(methods) => write!(f, "not {}", list(methods)),
        }
    }
}
