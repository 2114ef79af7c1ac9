//! Rendering of an answer for one request.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HeaderValue};

use crate::message::{Body, BodyStream, Effects, Origin, Plan};

use super::answer::StubAnswer;
use super::answering::AnsweringStub;
use super::context::ResponseContext;
use super::definition::{BodyDefinition, Definition, FileContent};
use super::echo;
use super::failure::Failure;
use super::fixed::is_wrong_length;
use super::headers;
use super::links;
use super::marks::{STUB_ID, STUB_NAME, ascii};
use super::proxy_request;
use super::rpc;
use super::text::Rendering;

/// The links of a larger body are rewritten while it is sent, in bytes.
const LARGE_WITH_LINKS: u64 = 8 << 20;

/// Returns the answer to a request; 500 with the reason if it cannot be rendered.
pub(super) fn answer(
    definition: &Definition,
    stub: AnsweringStub<'_>,
    context: &mut ResponseContext<'_>,
) -> StubAnswer {
    let mut rendering = Rendering::new(context, &definition.parameters, stub.pattern);
    let made = match &definition.proxy {
        Some(to) => proxy_request::request(definition, to, stub.id, &mut rendering)
            .map(|request| StubAnswer::Proxy(Box::new(request))),
        None => plan(definition, stub, &mut rendering).map(StubAnswer::Plan),
    };
    let mut answer = made.unwrap_or_else(|failure| StubAnswer::Plan(failure.plan(stub)));
    match &mut answer {
        StubAnswer::Plan(plan) => plan.set_exchange_id(context.exchange_id),
        StubAnswer::Proxy(to) => to.exchange_id = context.exchange_id,
    }
    answer
}

fn plan(
    definition: &Definition,
    stub: AnsweringStub<'_>,
    rendering: &mut Rendering<'_, '_>,
) -> Result<Plan, Failure> {
    if let Some((length, stream)) = large_file(definition, rendering)? {
        return large(definition, stub, rendering, length, stream);
    }
    let (mut body, from_file) = body(&definition.body, rendering)?;
    let mut headers = headers::rendered(&definition.headers, rendering)?;
    let mut effects = definition.effects.clone();
    if let Some(links) = &definition.links {
        let request = rendering.context.request;
        body = links::rewrite(links, request, &mut headers, body, &mut effects.schedule);
    }
    if let Some(ids) = &definition.rpc_ids {
        let request = rendering.context.request;
        body = rpc::rewrite(ids, request, &mut headers, body, &mut effects.schedule);
    }
    if let Some(echoes) = &definition.echoes {
        let request = rendering.context.request;
        body = echo::rewrite(echoes, request, &mut headers, body, &mut effects.schedule);
    }
    settle_length(&mut headers)?;
    let AnsweringStub { id, name, .. } = stub;
    let context = &mut *rendering.context;
    let wrong_length = is_wrong_length(&headers, &body);
    let id_value = HeaderValue::try_from(id.to_string()).expect("a UUID is ASCII");
    headers.append(STUB_ID, id_value);
    if let Some(name) = name.and_then(ascii) {
        headers.append(STUB_NAME, name);
    }
    let delay = context.settings.delay(&definition.delays, context.random);
    let delivery = Effects { delay, wrong_length, ..effects }.into();
    let body = if body.is_empty() { Body::Empty } else { Body::Bytes(body) };
    let mut plan = Plan {
        headers,
        delivery,
        exact: definition.exact,
        ..Plan::new(definition.status, Origin::Stub(id), body)
    };
    context.settings.frame(&mut plan, from_file);
    Ok(plan)
}

/// Returns the body of a large recorded file, which is read while it is sent.
fn large_file(
    definition: &Definition,
    rendering: &mut Rendering<'_, '_>,
) -> Result<Option<(u64, BodyStream)>, Failure> {
    let BodyDefinition::File { name, directory: Some(directory), content: FileContent::Sent } =
        &definition.body
    else {
        return Ok(None);
    };
    if !definition.exact || definition.rpc_ids.is_some() || definition.echoes.is_some() {
        return Ok(None);
    }
    let name = name.render(rendering)?;
    let large = rendering.context.files.stream(directory, &name)?;
    // A smaller body with links keeps a length of its own.
    let least = if definition.links.is_some() { LARGE_WITH_LINKS } else { 0 };
    Ok(large.filter(|(length, _)| *length > least))
}

fn large(
    definition: &Definition,
    stub: AnsweringStub<'_>,
    rendering: &mut Rendering<'_, '_>,
    length: u64,
    stream: BodyStream,
) -> Result<Plan, Failure> {
    let mut headers = headers::rendered(&definition.headers, rendering)?;
    let named = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // A recorded body that broke off has less than was announced.
    let wrong_length = named.is_some_and(|named: u64| named > length);
    if named.is_some() && !wrong_length {
        // The file may have been changed since.
        headers.insert(CONTENT_LENGTH, length.into());
    }
    let AnsweringStub { id, name, .. } = stub;
    headers.append(STUB_ID, HeaderValue::try_from(id.to_string()).expect("a UUID is ASCII"));
    if let Some(name) = name.and_then(ascii) {
        headers.append(STUB_NAME, name);
    }
    let stream = match &definition.links {
        Some(links) if !wrong_length => {
            links::rewrite_stream(links, rendering.context.request, &mut headers, stream)
        }
        _ => stream,
    };
    let context = &mut *rendering.context;
    let delay = context.settings.delay(&definition.delays, context.random);
    let delivery = Effects { delay, wrong_length, ..definition.effects.clone() }.into();
    let plan = Plan::new(definition.status, Origin::Stub(id), Body::Stream(stream));
    Ok(Plan { headers, delivery, exact: true, ..plan })
}

/// Removes a negative Content-Length, as Jetty does; one that is not a number cannot be sent.
fn settle_length(headers: &mut HeaderMap) -> Result<(), Failure> {
    let Some(value) = headers.get(CONTENT_LENGTH) else { return Ok(()) };
    match value.to_str().ok().and_then(|text| text.parse::<i64>().ok()) {
        Some(0..) => {}
        Some(_) => drop(headers.remove(CONTENT_LENGTH)),
        None => return Err(format!("Content-Length {value:?} is not a number").into()),
    }
    Ok(())
}

/// Returns the body, and whether it comes from a file.
pub(super) fn body(
    definition: &BodyDefinition,
    rendering: &mut Rendering<'_, '_>,
) -> Result<(Bytes, bool), Failure> {
    Ok(match definition {
        BodyDefinition::Bytes(bytes) => (bytes.clone(), false),
        BodyDefinition::Text(text) | BodyDefinition::Json(text) => {
            (bytes(text.render(rendering)?), false)
        }
        BodyDefinition::File { name, directory, content } => {
            let name = name.render(rendering)?;
            let Some(directory) = directory else {
                let why = format!("there is no directory __files, and so no {name:?}");
                return Err(why.into());
            };
            let bytes_of_file = rendering.context.files.read(directory, &name)?;
            match content.template(&bytes_of_file) {
                Some(text) => (bytes(text.render(rendering)?), true),
                None => (bytes_of_file, true),
            }
        }
    })
}

fn bytes(text: Cow<'_, str>) -> Bytes {
    match text {
        Cow::Borrowed(text) => Bytes::copy_from_slice(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    }
}
