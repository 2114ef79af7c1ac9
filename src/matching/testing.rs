//! Helpers of this module's tests.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::document::{Decoder, Diagnostic, Format, Node, Source};
use crate::message::{Request, RequestBody};

use super::body_files::BodyFiles;
use super::stub::{Stub, compile};

/// One body file, `there.txt`.
pub(crate) struct Files;

impl BodyFiles for Files {
    fn read(&self, name: &str) -> Result<Bytes, String> {
        match name {
            "there.txt" => Ok(Bytes::from_static(b"from a file")),
            _ => Err(format!("there is no {name:?}")),
        }
    }
}

/// Decodes a value as if it were the one document of a file `t.json`.
pub(crate) fn with_node<T>(
    value: &Value,
    decode: impl FnOnce(&Node<'_>) -> T,
) -> (T, Vec<Diagnostic>) {
    let source = Source { path: "t.json".into(), format: Format::Json, text: value.to_string() };
    let decoder = Decoder::new(&source, 0);
    let result = decode(&decoder.root(value));
    let mut problems = decoder.finish();
    for problem in &mut problems {
        // Places are the document module's matter; here they would only show the helper's rendering.
        problem.place = None;
    }
    (result, problems)
}

/// A stub without problems.
pub(crate) fn stub(mapping: &Value) -> Stub {
    let (stub, problems) = with_node(mapping, |node| compile(node, &Files));
    assert!(problems.is_empty(), "{problems:?}");
    stub.expect("a stub")
}

/// A request whose body has been read.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut request =
        Request::new(Method::from_bytes(method.as_bytes()).expect("a method"), target);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        request.headers.append(name, HeaderValue::from_str(value).expect("a header value"));
    }
    request.body = RequestBody::Bytes(Bytes::copy_from_slice(body.as_bytes()));
    request
}
