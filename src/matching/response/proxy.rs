//! Responses that another server has: `proxyBaseUrl` and the keys that belong to it
//! (`C/http/ProxyResponseRenderer.java`).

use http::HeaderMap;
use http::header::HeaderName;
use uuid::Uuid;

use crate::document::{Keys, Node};
use crate::message::{Delivery, Effects};

use super::definition::Definition;
use super::failure::Failure;
use super::made;
use super::text::{Rendering, Text};
use super::{read, scalar};

/// Where the answer comes from, as it is written.
#[derive(Debug)]
pub(super) struct ProxyDefinition {
    base_url: Text,
    /// What is cut off the path, where it begins with it.
    prefix: Option<Box<str>>,
    add: Vec<(HeaderName, Text)>,
    remove: Vec<HeaderName>,
}

/// A request to be passed on, with what happens to its answer.
#[derive(Debug)]
pub(crate) struct ProxyRequest {
    /// The stub.
    pub(crate) stub: Uuid,
    /// The URL before the path of the request.
    pub(crate) base_url: String,
    /// The path and query behind it.
    pub(crate) target: String,
    /// Header fields that the request has besides.
    pub(crate) add: HeaderMap,
    /// Header fields that are not passed on.
    pub(crate) remove: Vec<HeaderName>,
    /// Header fields that the answer has besides.
    pub(crate) answer_headers: HeaderMap,
    /// How the answer goes out.
    pub(crate) delivery: Delivery,
}

impl ProxyDefinition {
    /// Reads the keys: `None` where the stub answers itself, `Some(None)` where one is wrong.
    #[expect(clippy::option_option, reason = "three cases: none, a good one, a wrong one")]
    pub(super) fn read(keys: &Keys<'_>, templated: bool) -> Option<Option<Self>> {
        let prefix = keys.get("proxyUrlPrefixToRemove").map(|node| scalar::text(&node));
        let add = read::headers(keys.get("additionalProxyRequestHeaders"), templated);
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

/// The request that is passed on.
pub(super) fn request(
    definition: &Definition,
    to: &ProxyDefinition,
    stub: Uuid,
    rendering: &mut Rendering<'_, '_>,
) -> Result<ProxyRequest, Failure> {
    let base_url = to.base_url.render(rendering)?.into_owned();
    let target = rendering.context.request.target();
    let prefix = to.prefix.as_deref().unwrap_or_default();
    let target = target.strip_prefix(prefix).unwrap_or(target).to_owned();
    let mut add = HeaderMap::new();
    for (name, value) in made::headers(&to.add, rendering)? {
        // Of several values the first is sent.
        if let Some(name) = name {
            add.insert(name, value);
        }
    }
    let answer_headers = made::headers(&definition.headers, rendering)?;
    let context = &mut *rendering.context;
    let delay = context.settings.delay(&definition.delays, context.random);
    let delivery = Effects { delay, ..definition.effects.clone() }.into();
    let remove = to.remove.clone();
    Ok(ProxyRequest { stub, base_url, target, add, remove, answer_headers, delivery })
}
