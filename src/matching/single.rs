//! One stub mapping by itself, as the admin API takes it → a stub.

use std::path::Path;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::document::{Refusal, read_body};

use super::body_files::BodyFiles;
use super::header_pool::HeaderPool;
use super::response::ResponseTemplating;
use super::stub::{Stub, StubCompiler};

/// Where the stubs come from, in messages.
const SOURCE: &str = "the request body";

/// Reads a stub mapping. One that names no id gets a random one.
///
/// # Errors
/// What is wrong with it first.
pub(crate) fn read_stub(
    mut mapping: Value,
    files: &dyn BodyFiles,
    headers: &HeaderPool,
    templating: ResponseTemplating,
) -> Result<Stub, Refusal> {
    if let Some(keys) = mapping.as_object_mut()
        && !has_id(keys)
    {
        keys.remove("uuid");
        keys.insert("id".to_owned(), Uuid::new_v4().to_string().into());
    }
    let text = mapping.to_string();
    let compiler = StubCompiler { source: Path::new(SOURCE).into(), files, headers, templating };
    let stub = read_body(text.as_bytes(), |node| compiler.compile(node))?;
    Ok(stub.with_mapping(text.into()))
}

/// Whether a mapping names its id; an empty one and null count as none.
fn has_id(keys: &Map<String, Value>) -> bool {
    let is_written = |value: &Value| !value.is_null() && value.as_str() != Some("");
    ["id", "uuid"].iter().any(|key| keys.get(*key).is_some_and(is_written))
}
