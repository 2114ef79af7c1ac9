//! Webhooks: requests that are sent after a stub has answered (`org/wiremock/webhooks/Webhooks.java`).
//!
//! ```text
//! serveEventListeners, postServeActions → [Webhooks] ─ for each answer → [WebhookRequest] → serve sends it
//! ```

use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::document::{Keys, Node};
use crate::java;
use crate::matching::request::RequestPattern;
use crate::message::Delay;
use crate::template::Parameters;

use super::super::body_files::BodyFiles;
use super::super::raw::Raw;
use super::context::ResponseContext;
use super::definition::BodyDefinition;
use super::delays::{distribution, is_distribution};
use super::failure::Failure;
use super::settings::draw;
use super::text::{Rendering, Text};
use super::{body, headers, json_body, made, scalar};

/// The phases of a serve event, and whether webhooks are sent in it
/// (`C/extension/ServeEventListener.java`).
const PHASES: [(&str, bool); 4] = [
    ("BEFORE_MATCH", false),
    ("AFTER_MATCH", false),
    ("BEFORE_RESPONSE_SENT", false),
    ("AFTER_COMPLETE", true),
];

/// The webhooks of a stub.
#[derive(Debug, Default)]
pub(in crate::matching) struct Webhooks(Vec<Webhook>);

/// A webhook as written. Its texts are templates.
#[derive(Debug)]
struct Webhook {
    method: Text,
    /// `None` if it is missing, which is reported when it is sent.
    url: Option<Text>,
    headers: Vec<(HeaderName, Text)>,
    body: BodyDefinition,
    /// The key of the mapping that contains it, and its index in that list; `None` in the older
    /// form.
    place: Option<(&'static str, usize)>,
    delay: Option<Delay>,
    parameters: Parameters,
    /// Why it cannot be sent, whatever the request.
    unusable: Option<String>,
}

/// A request to be sent.
#[derive(Debug)]
pub(crate) struct WebhookRequest {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How long after the answer.
    pub(crate) delay: Duration,
}

impl Webhooks {
    /// Reads the two keys of a mapping that name webhooks. `files` is the directory of the files
    /// that their bodies may name.
    pub(in crate::matching) fn read(mapping: &Keys<'_>, files: &dyn BodyFiles) -> Self {
        let mut found = Vec::new();
        for key in ["postServeActions", "serveEventListeners"] {
            // WireMock reads all listeners of a key at once, and reports a problem at the key.
            let Some(node) = mapping.get(key).map(|node| node.whole()) else { continue };
            if !(node.value().is_array() || node.value().is_object() && key == "postServeActions") {
                // Anything else is no listener, and no mistake.
                node.warn(
                    "there is no listener: this is not a list",
                    "write [{\"name\": \"webhook\"}]",
                );
                continue;
            }
            // The older form is an object of parameters by name.
            if node.value().is_object() {
                for (name, parameters) in node.entries() {
                    if !parameters.value().is_object() {
                        parameters.expected("an object");
                        continue;
                    }
                    found.extend(Webhook::read(name, &node, Some(&parameters), files));
                }
                continue;
            }
            let items = node.items().into_iter().enumerate();
            for (at, node) in items.filter(|(_, node)| !node.value().is_null()) {
                let Some(keys) = node.keys() else { continue };
                let name =
                    keys.get("name").and_then(|node| scalar::text(&node)).unwrap_or_default();
                // The older form has none.
                let phases = (key == "serveEventListeners").then(|| keys.get("requestPhases"));
                let phases = phases.flatten().map(|node| node.items());
                let is_sent = phases.is_none_or(|phases| {
                    // Each is read, so that every invalid one is reported.
                    let sent: Vec<_> = phases.iter().map(|phase| phase.word(&PHASES)).collect();
                    sent.contains(&Some(true))
                });
                let parameters = keys.get("parameters");
                keys.finish();
                if is_sent {
                    let webhook = Webhook::read(&name, &node, parameters.as_ref(), files);
                    found.extend(webhook.map(|of| Webhook { place: Some((key, at)), ..of }));
                }
            }
        }
        Self(found)
    }

    pub(in crate::matching) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes `jsonBody` from the text of the mapping, which preserves the order of keys.
    pub(in crate::matching) fn take_text(&mut self, mapping: &str) {
        let with_json = |webhook: &&mut Webhook| matches!(webhook.body, BodyDefinition::Json(_));
        for webhook in self.0.iter_mut().filter(with_json) {
            let Some((key, at)) = webhook.place else { continue };
            let of = |list: Raw<'_>| {
                let parameters = list.items().get(at)?.get("parameters")?;
                let body = parameters.get("body").filter(|body| body.is_object());
                let json = match body {
                    Some(entity) => entity.get("data"),
                    None => parameters.get("jsonBody"),
                };
                json_body::compact(json?.as_str())
            };
            if let Some(text) = Raw::new(mapping).get(key).and_then(of) {
                webhook.body = BodyDefinition::Json(Text::new(&text, true));
            }
        }
    }

    /// Returns the requests for an answer, or for each that cannot be rendered the reason.
    pub(in crate::matching) fn requests(
        &self,
        pattern: &RequestPattern,
        context: &mut ResponseContext<'_>,
    ) -> Vec<Result<WebhookRequest, String>> {
        self.0.iter().map(|webhook| webhook.request(pattern, context)).collect()
    }
}

impl Webhook {
    fn read(
        name: &str,
        at: &Node<'_>,
        parameters: Option<&Node<'_>>,
        files: &dyn BodyFiles,
    ) -> Option<Self> {
        if name != "webhook" {
            at.warn(
                format!("there is no listener {name:?}, so it has no effect"),
                "known: webhook",
            );
            return None;
        }
        let nothing = || Self {
            method: Text::from("GET"),
            url: None,
            headers: Vec::new(),
            body: BodyDefinition::default(),
            place: None,
            delay: None,
            parameters: Parameters::default(),
            unusable: None,
        };
        let Some(node) = parameters else { return Some(nothing()) };
        // WireMock reads them when it sends the webhook.
        if let Some(why) = unusable(node.value()) {
            node.warn(format!("this webhook is never sent: {why}"), "correct it");
            return Some(Self { unusable: Some(why), ..nothing() });
        }
        // Other keys are for templates.
        let keys = node.keys()?;
        let text = |key: &'static str| {
            let node = keys.get(key)?;
            Some(Text::read(&node, &scalar::text(&node)?, true))
        };
        let body = body::read(&keys, files, true, true).unwrap_or_default();
        Some(Self {
            method: text("method").unwrap_or_else(|| Text::from("GET")),
            url: text("url"),
            headers: fields(keys.get("headers").as_ref()),
            body,
            place: None,
            unusable: None,
            delay: keys.get("delay").and_then(|node| distribution(&node)),
            parameters: parameters_of(node.value()),
        })
    }

    fn request(
        &self,
        pattern: &RequestPattern,
        context: &mut ResponseContext<'_>,
    ) -> Result<WebhookRequest, String> {
        if let Some(why) = &self.unusable {
            return Err(why.clone());
        }
        let mut rendering = Rendering::of_webhook(context, &self.parameters, pattern);
        let made = self.render(&mut rendering);
        let (method, url, headers, body) = made.map_err(|failure| failure.to_string())?;
        let method = method.to_uppercase();
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| format!("{method:?} is not a method"))?;
        let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
        let body = if has_body { body } else { Bytes::new() };
        let delay = self.delay.as_ref().map(|delay| draw(delay, context.random));
        Ok(WebhookRequest { method, url, headers, body, delay: delay.unwrap_or_default() })
    }

    fn render(
        &self,
        rendering: &mut Rendering<'_, '_>,
    ) -> Result<(String, String, HeaderMap, Bytes), Failure> {
        let Some(url) = &self.url else { return Err("it has no url".to_owned().into()) };
        let url = url.render(rendering)?.into_owned();
        let method = self.method.render(rendering)?.into_owned();
        let headers = headers::rendered(&self.headers, rendering)?;
        let (body, _) = made::body(&self.body, rendering)?;
        Ok((method, url, headers, body))
    }
}

/// Returns why parameters are those of no request (`org/wiremock/webhooks/WebhookDefinition.java`).
fn unusable(parameters: &Value) -> Option<String> {
    let Value::Object(map) = parameters else { return None };
    let of = |key: &str| map.get(key).filter(|value| !value.is_null());
    for key in ["method", "url", "body", "base64Body"] {
        if let Some(value) = of(key)
            && !(value.is_string() || key == "body" && value.is_object())
        {
            return Some(format!("its {key} is not a text"));
        }
    }
    let base64 = of("base64Body").and_then(Value::as_str).filter(|_| of("body").is_none());
    if let Some(Err(why)) = base64.map(java::base64::decode) {
        return Some(format!("its base64Body is not base64: {why}"));
    }
    if let Some(headers) = of("headers") {
        let Value::Object(headers) = headers else {
            return Some("its headers are not an object".to_owned());
        };
        let is_value = |value: &Value| match value {
            Value::Array(list) => !list.is_empty() && list.iter().all(Value::is_string),
            value => !value.is_null(),
        };
        if let Some((name, _)) = headers.iter().find(|(_, value)| !is_value(value)) {
            return Some(format!("its header {name} has no value"));
        }
    }
    let delay = of("delay")?;
    (!is_distribution(delay)).then(|| "its delay is not a distribution of delays".to_owned())
}

/// Reads header fields, whose values may be anything.
fn fields(node: Option<&Node<'_>>) -> Vec<(HeaderName, Text)> {
    let Some(node) = node else { return Vec::new() };
    let mut fields = Vec::new();
    for (name, node) in node.entries() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            node.warn(format!("{name:?} is not a header name, so it is not sent"), "rename it");
            continue;
        };
        let list = if node.value().is_array() { node.items() } else { vec![node] };
        for node in list {
            let text = match node.value() {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            fields.push((name.clone(), Text::read(&node, &text, true)));
        }
    }
    fields
}

fn parameters_of(value: &Value) -> Parameters {
    Parameters::from_text(&value.to_string()).unwrap_or_default()
}
