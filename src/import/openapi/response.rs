//! The responses of an operation → its stubs.

use serde_json::{Value, json};

use crate::document::Node;

use super::super::scalar::scalar;
use super::super::stub::{ImportedStub, RequestPattern, Response};
use super::example::Generator;
use super::media::{self, Content, Media};
use super::parameter::Parameters;
use super::reference::Document;

/// The priorities: selection by `Prefer`, by an example's values, by `Accept`.
const PREFERRED: i32 = 2;
const OF_EXAMPLE: i32 = 3;
const OF_MEDIA: i32 = 4;

/// One operation.
pub(super) struct Operation<'o, 'd> {
    pub(super) document: &'o Document<'d>,
    pub(super) node: &'o Node<'d>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) parameters: &'o Parameters<'d>,
    pub(super) name: String,
}

impl<'d> Operation<'_, 'd> {
    pub(super) fn stubs(&self) -> Vec<ImportedStub> {
        let responses = self.responses();
        let success = responses
            .iter()
            .position(|(status, ..)| (200..300).contains(status))
            .or_else(|| responses.iter().position(|(_, code, _)| *code == "default"));
        let main = success.unwrap_or(0);
        let mut stubs = Vec::new();
        for (at, (status, code, value)) in responses.iter().enumerate() {
            let Some(value) = self.document.resolve(value) else {
                self.node.warn(
                    format!("the response {code} refers to what is not in this file"),
                    "put it into the document",
                );
                continue;
            };
            if at == main {
                self.success(*status, value, &mut stubs);
            } else {
                stubs.push(self.by_code(*status, code, value));
            }
        }
        if responses.is_empty() {
            self.node.warn("the operation has no responses", "add one, or write the stub");
        }
        stubs
    }

    /// Returns the responses by status; `default` counts as 200 where it is alone, else as 500.
    fn responses(&self) -> Vec<(u16, &'d str, &'d Value)> {
        let responses = self.node.value().get("responses").and_then(Value::as_object);
        let Some(responses) = responses else { return Vec::new() };
        let alone = responses.len() == 1;
        let status = |code: &str| {
            if code == "default" {
                return Some(if alone { 200 } else { 500 });
            }
            let class = code.strip_suffix("XX").or_else(|| code.strip_suffix("xx"));
            let number: u16 = class.unwrap_or(code).parse().ok()?;
            if class.is_some() { number.checked_mul(100) } else { Some(number) }
        };
        let mut list: Vec<(u16, &str, &Value)> = responses
            .iter()
            .filter_map(|(code, value)| Some((status(code)?, code.as_str(), value)))
            .collect();
        list.sort_by_key(|(status, ..)| *status);
        list
    }

    fn request(&self) -> RequestPattern {
        let mut request = RequestPattern::default();
        request.set("method", self.method.as_str());
        let template = self.path.contains('{');
        request.set(if template { "urlPathTemplate" } else { "urlPath" }, self.path.as_str());
        self.parameters.require(&mut request);
        request
    }

    /// Adds the stubs of the default response.
    fn success(&self, status: u16, value: &'d Value, stubs: &mut Vec<ImportedStub>) {
        let list = media::list(value);
        let Some(first) = list.first() else {
            let response = self.response(status, value, None);
            stubs.push(ImportedStub::new(self.name.as_str(), self.request(), response));
            return;
        };
        for (at, media) in list.iter().enumerate() {
            let Some(content) = media.main(self.document) else {
                self.node.warn(
                    format!(
                        "{} of {status} has neither an example nor a schema to make one from",
                        media.name
                    ),
                    "add an example",
                );
                if at == 0 && list.len() == 1 {
                    let response = self.response(status, value, None);
                    stubs.push(ImportedStub::new(self.name.as_str(), self.request(), response));
                }
                continue;
            };
            let response = self.response(status, value, Some((media, content)));
            let mut request = self.request();
            if at == 0 {
                stubs.push(ImportedStub::new(self.name.as_str(), request, response));
            } else {
                request.field("headers", "Accept", json!({"contains": media.sent_name()}));
                let name = format!("{} {}", self.name, media.sent_name());
                let mut stub = ImportedStub::new(name, request, response);
                stub.set("priority", OF_MEDIA);
                stubs.push(stub);
            }
        }
        for (name, content) in first.examples(self.document) {
            let response = self.response(status, value, Some((first, content)));
            self.named_example(name, &response, stubs);
        }
    }

    /// Adds the stubs of a named example: by `Prefer`, and by the values of parameters and body
    /// with its name.
    fn named_example(&self, example: &str, response: &Response, stubs: &mut Vec<ImportedStub>) {
        let title = format!("{} example {example}", self.name);
        let mut request = self.request();
        request.field("headers", "Prefer", json!({"contains": format!("example={example}")}));
        let mut stub = ImportedStub::new(title.as_str(), request, response.clone());
        stub.set("priority", PREFERRED);
        stubs.push(stub);
        let mut request = self.request();
        let mut chosen = self.parameters.of_example(example, &mut request);
        if let Some(body) = self.request_example(example) {
            request.body(match body {
                Content::Json(json) => json!({"equalToJson": json}),
                Content::Text(text) => json!({"equalTo": text}),
            });
            chosen = true;
        }
        if chosen {
            let mut stub =
                ImportedStub::new(format!("{title} by values"), request, response.clone());
            stub.set("priority", OF_EXAMPLE);
            stubs.push(stub);
        }
    }

    /// Returns the request body of a named example.
    fn request_example(&self, name: &str) -> Option<Content> {
        let body = self.document.resolve(self.node.value().get("requestBody")?)?;
        let list = media::list(body);
        let examples = list.first()?.examples(self.document);
        examples.into_iter().find(|(known, _)| *known == name).map(|(_, content)| content)
    }

    /// Returns the stub of a response that the client selects with `Prefer: code=N`.
    fn by_code(&self, status: u16, code: &str, value: &'d Value) -> ImportedStub {
        let list = media::list(value);
        let content = list.first().and_then(|media| Some((media, media.main(self.document)?)));
        let response = self.response(status, value, content);
        let mut request = RequestPattern::default();
        request.set("method", self.method.as_str());
        let template = self.path.contains('{');
        request.set(if template { "urlPathTemplate" } else { "urlPath" }, self.path.as_str());
        request.field("headers", "Prefer", json!({"contains": format!("code={status}")}));
        let mut stub = ImportedStub::new(format!("{} {code}", self.name), request, response);
        stub.set("priority", PREFERRED);
        stub
    }

    fn response(
        &self,
        status: u16,
        value: &'d Value,
        content: Option<(&Media<'d>, Content)>,
    ) -> Response {
        let mut response = Response::status(status);
        let headers = value.get("headers").and_then(Value::as_object);
        for (name, header) in headers.into_iter().flatten() {
            let Some(header) = self.document.resolve(header) else { continue };
            let written = header.get("example").cloned();
            let made = || Generator::new(self.document).value(header.get("schema")?);
            if let Some(text) = written.or_else(made).as_ref().and_then(scalar)
                && !name.eq_ignore_ascii_case("content-type")
            {
                response.header(name, &text);
            }
        }
        if let Some((media, content)) = content {
            response.header("Content-Type", media.sent_name());
            match content {
                Content::Json(json) => response.set("jsonBody", json),
                Content::Text(text) => response.set("body", text),
            }
        }
        response
    }
}
