//! Responses that another server has: `proxyBaseUrl` and the keys that belong to it
//! (`C/http/ProxyResponseRenderer.java`).

use http::header::HeaderName;

use crate::document::{Keys, Node};

use super::text::Text;
use super::{headers, scalar};

/// Where the answer comes from, as it is written.
#[derive(Debug)]
pub(super) struct ProxyDefinition {
    pub(super) base_url: Text,
    /// What is cut off the path, where it begins with it.
    pub(super) prefix: Option<Box<str>>,
    pub(super) add: Vec<(HeaderName, Text)>,
    pub(super) remove: Vec<HeaderName>,
}

impl ProxyDefinition {
    /// Reads the keys: `None` where the stub answers itself, `Some(None)` where one is wrong.
    #[expect(clippy::option_option, reason = "three cases: none, a good one, a wrong one")]
    pub(super) fn read(keys: &Keys<'_>, templated: bool) -> Option<Option<Self>> {
        let prefix = keys.get("proxyUrlPrefixToRemove").map(|node| scalar::text(&node));
        let add = headers::read(keys.get("additionalProxyRequestHeaders").as_ref(), templated);
        let remove = keys.get("removeProxyRequestHeaders").map(|node| node.items());
        // WireMock compares them with names in lower case, so that others remove nothing.
        let name = |node: &Node<'_>| {
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
