//! The forwarded request of a proxied response (`C/http/ProxyResponseRenderer.java`).

use http::HeaderMap;
use http::header::HeaderName;
use uuid::Uuid;

use crate::message::{Delivery, Effects};

use super::definition::Definition;
use super::failure::Failure;
use super::headers;
use super::proxy::ProxyDefinition;
use super::text::Rendering;

/// A request to be forwarded, with the changes to its answer.
#[derive(Debug)]
pub(crate) struct ProxyRequest {
    /// The stub.
    pub(crate) stub: Uuid,
    /// The id of the exchange, where a template was rendered.
    pub(crate) exchange_id: Option<Uuid>,
    /// The URL before the path of the request.
    pub(crate) base_url: String,
    /// The path and query after it.
    pub(crate) target: String,
    /// Header fields to add to the request.
    pub(crate) add: HeaderMap,
    /// Header fields to remove from the request.
    pub(crate) remove: Vec<HeaderName>,
    /// Header fields to add to the answer.
    pub(crate) answer_headers: HeaderMap,
    /// How the answer is delivered.
    pub(crate) delivery: Delivery,
}

/// Returns the request that is forwarded.
pub(super) fn request(
    definition: &Definition,
    to: &ProxyDefinition,
    stub: Uuid,
    rendering: &mut Rendering<'_, '_>,
) -> Result<ProxyRequest, Failure> {
    let base_url = to.base_url.render(rendering)?.into_owned();
    let target = rendering.context.request.target();
    let prefix = to.prefix.as_deref().unwrap_or_default();
    // An empty query is none, as in Jetty.
    let target = target.strip_suffix('?').unwrap_or(target);
    let target = target.strip_prefix(prefix).unwrap_or(target).to_owned();
    let mut add = HeaderMap::new();
    for (name, value) in headers::rendered(&to.add, rendering)? {
        // Of several values the first is sent.
        if let Some(name) = name {
            add.insert(name, value);
        }
    }
    let answer_headers = headers::rendered(&definition.headers, rendering)?;
    let context = &mut *rendering.context;
    let delay = context.settings.delay(&definition.delays, context.random);
    let delivery = Effects { delay, ..definition.effects.clone() }.into();
    let remove = to.remove.clone();
    let exchange_id = None;
    Ok(ProxyRequest { stub, exchange_id, base_url, target, add, remove, answer_headers, delivery })
}
