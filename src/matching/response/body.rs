//! The body of a response or a webhook, in one of four forms.

use bytes::Bytes;

use crate::document::Keys;

use super::super::body_files::BodyFiles;
use super::super::delivery::base64;
use super::definition::BodyDefinition;
use super::entity;
use super::scalar;
use super::text::Text;

/// Reads the body. Of several forms `body` comes first, then `jsonBody`, `base64Body`,
/// `bodyFileName`; an explicit null counts as absent, an empty text does not.
pub(super) fn read(
    keys: &Keys<'_>,
    files: &dyn BodyFiles,
    templated: bool,
    file_templated: bool,
) -> Option<BodyDefinition> {
    let forms = ["body", "jsonBody", "base64Body", "bodyFileName"].map(|key| keys.get(key));
    let mut given = forms.iter().flatten();
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        second.warn(
            format!("{:?} is sent, {:?} is not", first.key(), second.key()),
            "keep one of them: WireMock's versions disagree which of two is sent",
        );
    }
    let [body, json, base, file] = &forms;
    // Each is a text, also where another one is sent.
    for node in [base, file].into_iter().flatten() {
        scalar::text(node)?;
    }
    if let Some(node) = body.as_ref().filter(|node| node.value().is_object()) {
        return entity::read(&node.whole(), files, templated, file_templated);
    }
    if let Some(node) = body {
        return Some(BodyDefinition::Text(Text::read(node, &scalar::text(node)?, templated)));
    }
    if let Some(node) = json {
        return Some(BodyDefinition::Json(Text::read(node, &node.value().to_string(), templated)));
    }
    if let Some(node) = base {
        return base64(node).map(BodyDefinition::Bytes);
    }
    match file {
        Some(node) => entity::file(node, files, templated, file_templated),
        None => Some(BodyDefinition::Bytes(Bytes::new())),
    }
}
