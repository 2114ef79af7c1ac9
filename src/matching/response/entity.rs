//! The body as a file, or as an object: the form that `WireMock` 4 accepts in addition to a text
//! (`wiremock-core/C/common/entity/EntityDefinitionDeserializer.java`).

use std::sync::Mutex;

use bytes::Bytes;
use serde_json::Value;

use crate::document::Node;

use super::super::body_files::BodyFiles;
use super::super::delivery::base64;
use super::definition::{BodyDefinition, FileContent};
use super::scalar;
use super::text::Text;

/// Reads `{"data": ..}`, `{"base64Data": ..}` or `{"filePath": ..}`; none of them is an empty body.
pub(super) fn read(
    node: &Node<'_>,
    files: &dyn BodyFiles,
    templated: bool,
    file_templated: bool,
) -> Option<BodyDefinition> {
    let keys = node.keys()?;
    let [data, base, path] = ["data", "base64Data", "filePath"].map(|key| keys.get(key));
    // The header fields describe the content.
    for described in ["format", "encoding"] {
        let _ = keys.get(described);
    }
    if let Some(charset) = keys.get("charset").filter(|node| !is_utf8(node)) {
        charset.warn("the body is sent in UTF-8", "give bytes of another charset as base64Data");
    }
    if let Some(node) = keys.get("compression").filter(|node| node.value() != "none") {
        node.warn("the body is sent as it is given", "leave the compression to the server");
    }
    for key in ["dataStore", "dataRef"] {
        if let Some(node) = keys.get(key) {
            node.warn("there is no data store, and so no body", "write the body as data");
        }
    }
    keys.finish();
    let nothing = Some(BodyDefinition::Bytes(Bytes::new()));
    match (data, base, path) {
        (Some(data), _, None) => match data.value() {
            Value::Object(_) | Value::Array(_) => {
                let text = data.value().to_string();
                Some(BodyDefinition::Json(Text::read(&data, &text, templated)))
            }
            _ => {
                let text = scalar::text(&data)?;
                Some(BodyDefinition::Text(Text::read(&data, &text, templated)))
            }
        },
        (Some(_), _, Some(path)) => {
            path.error("there are data and a filePath", "keep one of them");
            None
        }
        (None, Some(base), None) => base64(&base).map(BodyDefinition::Bytes),
        (None, Some(_), Some(path)) => {
            path.error("there are base64Data and a filePath", "keep one of them");
            None
        }
        (None, None, Some(path)) => file(&path, files, templated, file_templated),
        (None, None, None) => nothing,
    }
}

/// Reads the file that a node names.
pub(super) fn file(
    node: &Node<'_>,
    files: &dyn BodyFiles,
    templated: bool,
    file_templated: bool,
) -> Option<BodyDefinition> {
    let written = scalar::text(node)?;
    let name = Text::read(node, &written, templated);
    if let Some(name) = name.as_plain()
        && let Err(why) = files.check(name)
    {
        node.warn(why, "requests are answered with 500 until it is there");
    }
    let content =
        if file_templated { FileContent::Template(Mutex::default()) } else { FileContent::Sent };
    Some(BodyDefinition::File { name, directory: files.directory(), content })
}

fn is_utf8(node: &Node<'_>) -> bool {
    node.value().as_str().is_some_and(|name| name.eq_ignore_ascii_case("utf-8"))
}
