//! Reads `response` of a stub mapping into a definition and reports all its problems.

use std::sync::Arc;

use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};

use crate::document::Node;
use crate::message::{Effects, SlowHead};
use crate::template::Parameters;

use super::super::body_files::BodyFiles;
use super::super::conversation::conversation;
use super::super::delivery::{Recorded, TEMPLATE_TRANSFORMER, fault, stream, transformers};
use super::super::recorded_head::RecordedHead;
use super::definition::{BodyDefinition, Definition};
use super::delays::{Delays, dribble};
use super::proxy::ProxyDefinition;
use super::settings::ResponseTemplating;
use super::text::Text;
use super::{body, echo, headers, links, reason, rpc, scalar};

/// A response as it is written.
#[derive(Debug, Default)]
pub(in crate::matching) struct RawResponse(pub(super) Definition);

impl RawResponse {
    /// Returns the same response, marked to be sent exactly as the backend sent it, with this head.
    pub(in crate::matching) fn exactly(mut self, head: RecordedHead) -> Self {
        let definition = &mut self.0;
        definition.exact = true;
        if let Some(layout) = &head.layout {
            // HTTP/2 preserves only the order.
            let place = |name: &HeaderName| {
                layout.names().position(|other| name.as_str().eq_ignore_ascii_case(other))
            };
            definition.headers.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
        }
        definition.effects.layout = head.layout;
        if !head.informational.is_empty() {
            let head = SlowHead { informational: head.informational, pace: None };
            definition.effects.head = Some(Arc::new(head));
        }
        self
    }

    /// Reads `response`; problems are reported.
    pub(in crate::matching) fn read(
        node: &Node<'_>,
        files: &dyn BodyFiles,
        templating: ResponseTemplating,
    ) -> Option<Self> {
        let keys = node.keys()?;
        let status = keys.get("status").map_or(Some(StatusCode::OK), |node| status(&node));
        let message = keys.get("statusMessage").map(|node| scalar::text(&node));
        let names = transformers(&keys);
        let templated = templating.applies(names.contains(&TEMPLATE_TRANSFORMER));
        let parameters = keys.get("transformerParameters");
        let parameters = parameters.filter(|node| {
            let is_map = node.value().is_object();
            if !is_map {
                node.expected("an object");
            }
            is_map
        });
        let is_off = |node: &Node<'_>| node.value()["disableBodyFileTemplating"] == true;
        let file_templated = templated && !parameters.as_ref().is_some_and(is_off);
        let parameters = parameters
            .filter(|_| templated)
            .and_then(|node| Parameters::from_text(&node.value().to_string()).ok());
        let mut headers = headers::read(keys.get("headers").as_ref(), templated);
        for name in [CONTENT_TYPE, CONTENT_LENGTH] {
            keep_last(&mut headers, &name);
        }
        let links = links::read(&keys, &names);
        let rpc_ids = rpc::read(&keys, &names);
        let echoes = echo::read(&keys, &names);
        let conversation = conversation(&keys, &names);
        let stream = stream(&keys, &names);
        let body = body::read(&keys, files, templated, file_templated);
        let delays = Delays::read(&keys);
        let pace = dribble(&keys);
        let fault = fault(&keys);
        let proxy = ProxyDefinition::read(&keys, templated);
        // Written by WireMock on a definition that belongs to no stub.
        let _ = keys.get("fromConfiguredStub");
        keys.finish();
        let (status, delays) = (status?, delays?);
        // A fault hides status, headers and body (`StubResponseRenderer`), but not another server's answer
        // (`ProxyResponseRenderer`).
        let fault = fault.map_or(Some(None), |fault| fault.map(Some))?;
        if let Some(effects) = fault
            && proxy.is_none()
        {
            return Some(Self(Definition { delays, effects, ..Definition::default() }));
        }
        let reason = match message {
            Some(message) => Some(reason::written(&message?)),
            None => reason::of(status),
        };
        let pace = pace.map_or(Some(None), |pace| pace.map(Some))?;
        let proxy = proxy.map_or(Some(None), |proxy| proxy.map(|proxy| Some(Box::new(proxy))))?;
        let conversation = conversation.map_or(Some(None), |read| read.map(Some))?;
        let is_stream = stream.is_some();
        let (body, schedule, trailers) = match stream {
            Some(recorded) => {
                let Recorded { body: recorded, trailers } = recorded?;
                match recorded {
                    Some((bytes, schedule)) => {
                        (BodyDefinition::Bytes(bytes), Some(schedule), trailers)
                    }
                    None => (body?, None, trailers),
                }
            }
            None => (body?, None, None),
        };
        let announces = headers.iter().any(|(name, _)| *name == CONTENT_LENGTH);
        let unannounced = is_stream && !announces;
        let effects = Effects {
            reason,
            unannounced,
            trailers,
            conversation,
            schedule,
            pace,
            ..Effects::default()
        };
        let parameters = parameters.unwrap_or_default();
        Some(Self(Definition {
            status,
            headers,
            body,
            delays,
            effects,
            proxy,
            templated,
            exact: false,
            parameters,
            links,
            rpc_ids,
            echoes,
        }))
    }
}

/// Reads the status. Zero and less mean none. Interim statuses (1xx) are not final answers, and others than
/// those of three digits are none at all, though `WireMock` accepts them: 500 is sent.
fn status(node: &Node<'_>) -> Option<StatusCode> {
    let number = node.loose_integer().ok()?.unwrap_or(0);
    if number <= 0 {
        return Some(StatusCode::OK);
    }
    let status = u16::try_from(number).ok().and_then(|number| StatusCode::from_u16(number).ok());
    match status {
        Some(status) if status.is_informational() => {
            node.warn(format!("{status} alone is no answer, 500 is sent"), "");
            Some(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Some(status) => Some(status),
        None => {
            node.warn(
                format!("{number} is no status, 500 is sent"),
                "statuses are from 100 to 999",
            );
            Some(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// Keeps only the last value of a header field that an answer can have only once.
fn keep_last(headers: &mut Vec<(HeaderName, Text)>, of: &HeaderName) {
    let mut left = headers.iter().filter(|(name, _)| name == of).count();
    headers.retain(|(name, _)| {
        let is_one = name == of;
        left -= usize::from(is_one);
        !is_one || left == 0
    });
}
