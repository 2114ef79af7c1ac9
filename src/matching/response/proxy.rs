//! Proxied responses: `proxyBaseUrl` and its related keys (`C/http/ProxyResponseRenderer.java`).

use http::header::HeaderName;

use crate::document::{Keys, Node};

use super::text::Text;
use super::{headers, scalar};

/// The proxy settings of a response, as written.
#[derive(Debug)]
pub(super) struct ProxyDefinition {
    pub(super) base_url: Text,
    /// The prefix that is removed from the path.
    pub(super) prefix: Option<Box<str>>,
    pub(super) add: Vec<(HeaderName, Text)>,
    pub(super) remove: Vec<HeaderName>,
}

impl ProxyDefinition {
    /// Reads the keys: `None` if the stub answers itself, `Some(None)` if one is invalid.
    #[expect(clippy::option_option, reason = "three cases: none, a good one, a wrong one")]
    pub(super) fn read(keys: &Keys<'_>, templated: bool) -> Option<Option<Self>> {
        let prefix = keys.get("proxyUrlPrefixToRemove").map(|node| scalar::text(&node));
        let add = headers::read(keys.get("additionalProxyRequestHeaders").as_ref(), templated);
        let remove = keys.get("removeProxyRequestHeaders").map(|node| node.items());
        // WireMock compares them with lower-case names, so that others have no effect.
        let name = |node: &Node<'_>| {
            if node.value().is_null() {
                return None;
            }
            let text = scalar::text(node)?;
            HeaderName::from_lowercase(text.as_bytes()).ok()
        };
        let remove: Vec<HeaderName> = remove.unwrap_or_default().iter().filter_map(name).collect();
        let node = keys.get("proxyBaseUrl")?;
        let base_url = scalar::text(&node).map(|text| Text::read(&node, &text, templated));
        let prefix = match prefix {
            None => None,
            Some(None) => return Some(None),
            Some(Some(text)) => Some(text.into()),
        };
        Some(base_url.map(|base_url| Self { base_url, prefix, add, remove }))
    }
}
