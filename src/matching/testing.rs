//! Helpers of this module's tests.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::document::{Decoder, Diagnostic, Format, Node, Source};
use crate::message::{BodyStream, Plan, Request, RequestBody};
use crate::template::{Host, SystemSource, SystemValue};

use super::body_files::{BodyFiles, ReadBodyFile};
use super::files::StubFile;
use super::header_pool::HeaderPool;
use super::response::{ResponseContext, ResponseSettings, ResponseTemplating, StubAnswer};
use super::set::StubSet;
use super::stub::{Stub, StubCompiler};

/// One body file, `there.txt`.
#[derive(Debug)]
pub(crate) struct Files;

impl BodyFiles for Files {
    fn directory(&self) -> Option<Arc<Path>> {
        Some(Path::new("__files").into())
    }

    fn check(&self, name: &str) -> Result<(), String> {
        self.read(Path::new("__files"), name).map(drop)
    }
}

impl ReadBodyFile for Files {
    fn read(&self, _: &Path, name: &str) -> Result<Bytes, String> {
        match name {
            "there.txt" => Ok(Bytes::from_static(b"from a file")),
            _ => Err(format!("there is no {name:?}")),
        }
    }

    fn stream(&self, _: &Path, _: &str) -> Result<Option<(u64, BodyStream)>, String> {
        Ok(None)
    }
}

/// Files of a test's own directory.
#[derive(Debug)]
struct OnDisk;

impl ReadBodyFile for OnDisk {
    fn read(&self, directory: &Path, name: &str) -> Result<Bytes, String> {
        std::fs::read(directory.join(name)).map(Bytes::from).map_err(|error| error.to_string())
    }

    fn stream(&self, _: &Path, _: &str) -> Result<Option<(u64, BodyStream)>, String> {
        Ok(None)
    }
}

/// A host without any information.
#[derive(Debug)]
pub(crate) struct NoHost;

impl Host for NoHost {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn system_value(&self, _: SystemSource, _: &str) -> SystemValue {
        SystemValue::Denied
    }
}

/// Returns the response that a stub sends itself.
pub(crate) fn answer(stub: &Stub, request: &Request) -> Plan {
    let answer = stub.answer(&mut ResponseContext {
        request,
        exchange_id: None,
        settings: &ResponseSettings::default(),
        files: &OnDisk,
        random: &mut || 0,
        now: 0,
        host: &NoHost,
    });
    match answer {
        StubAnswer::Plan(plan) => plan,
        StubAnswer::Proxy(to) => panic!("{to:?}"),
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
        // The document module tests places; here they would only show the helper's rendering.
        problem.place = None;
    }
    (result, problems)
}

/// Returns a stub with its diagnostics.
pub(crate) fn compile(mapping: &Value) -> (Option<Stub>, Vec<Diagnostic>) {
    let pool = HeaderPool::default();
    let compiler = StubCompiler {
        source: Path::new("t.json").into(),
        files: &Files,
        headers: &pool,
        templating: ResponseTemplating::default(),
    };
    let (stub, problems) = with_node(mapping, |node| compiler.compile(node));
    (stub.map(|stub| stub.with_mapping(mapping.to_string().into())), problems)
}

/// Returns a stub without problems.
pub(crate) fn stub(mapping: &Value) -> Stub {
    let (stub, problems) = compile(mapping);
    assert!(problems.is_empty(), "{problems:?}");
    stub.expect("a stub")
}

/// Returns a request whose body has been read.
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

/// Returns a set of stubs that were added in this order. A stub without an id gets a unique one:
/// ids derived from the same place would be equal.
pub(crate) fn set(mappings: &[Value]) -> StubSet {
    let with_id = |(at, mapping): (usize, &Value)| {
        let mut mapping = mapping.clone();
        if mapping.get("id").is_none() {
            mapping["id"] = uuid::Uuid::from_u128(at as u128).to_string().into();
        }
        stub(&mapping)
    };
    let stubs = mappings.iter().enumerate().map(with_id).collect();
    let file = StubFile::new(Path::new("t.json").into(), stubs).expect("a file");
    StubSet::of_files(vec![Arc::new(file)])
}
