//! One stub mapping by itself, as the admin API takes it → a stub.

use std::path::Path;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::document::{Decoder, Diagnostic, Format, Severity, Source};

use super::body_files::BodyFiles;
use super::header_pool::HeaderPool;
use super::stub::{Stub, StubCompiler};

/// Where the stubs come from, in messages.
const SOURCE: &str = "the request body";

/// Reads a stub mapping. One that names no id gets a random one.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read_stub(
    mut mapping: Value,
    files: &dyn BodyFiles,
    headers: &HeaderPool,
) -> Result<Stub, Vec<Diagnostic>> {
    if let Some(keys) = mapping.as_object_mut()
        && !has_id(keys)
    {
        keys.remove("uuid");
        keys.insert("id".to_owned(), Uuid::new_v4().to_string().into());
    }
    let path = Path::new(SOURCE);
    let source = Source { path: path.into(), format: Format::Json, text: mapping.to_string() };
    let decoder = Decoder::new(&source, 0);
    let compiler = StubCompiler { source: path.into(), files, headers };
    let stub = compiler.compile(&decoder.root(&mapping));
    let mut problems = decoder.finish();
    problems.retain(|problem| problem.severity == Severity::Error);
    match stub {
        Some(stub) if problems.is_empty() => Ok(stub.with_mapping(source.text.into())),
        _ => Err(problems),
    }
}

/// Whether a mapping names its id; an empty one and null count as none.
fn has_id(keys: &Map<String, Value>) -> bool {
    let is_written = |value: &Value| !value.is_null() && value.as_str() != Some("");
    ["id", "uuid"].iter().any(|key| keys.get(*key).is_some_and(is_written))
}
