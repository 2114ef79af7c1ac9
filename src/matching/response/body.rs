//! The body of a stub's response, in one of four forms.

use bytes::Bytes;

use crate::document::Keys;

use super::super::body_files::BodyFiles;
use super::super::delivery::base64;
use super::definition::BodyDefinition;
use super::scalar;
use super::text::Text;

/// The body. Of several forms `body` comes first, then `jsonBody`, `base64Body`, `bodyFileName`; an explicit null
/// counts as absent, an empty text does not.
pub(super) fn read(
    keys: &Keys<'_>,
    files: &dyn BodyFiles,
    templated: bool,
) -> Option<BodyDefinition> {
    let forms = ["body", "jsonBody", "base64Body", "bodyFileName"].map(|key| keys.get(key));
    let mut given = forms.iter().flatten();
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        second.warn(
            format!("{:?} is sent, {:?} is not", first.key(), second.key()),
            "keep one of them: WireMock's versions disagree which of two is sent",
        );
    }
    let text = |node: &_, text: &str| {
        Text::new(text, templated).map_err(|why| crate::document::Node::error(node, why, "")).ok()
    };
    let [body, json, base, file] = &forms;
    if let Some(node) = body {
        return Some(BodyDefinition::Text(text(node, &scalar::text(node)?)?));
    }
    if let Some(node) = json {
        return Some(BodyDefinition::Json(text(node, &node.value().to_string())?));
    }
    if let Some(node) = base {
        return base64(node).map(BodyDefinition::Bytes);
    }
    let Some(node) = file else { return Some(BodyDefinition::Bytes(Bytes::new())) };
    let written = scalar::text(node)?;
    let name = text(node, &written)?;
    if let Some(name) = name.as_plain()
        && let Err(why) = files.check(name)
    {
        node.warn(why, "requests are answered with 500 until it is there");
    }
    Some(BodyDefinition::File { name, directory: files.directory() })
}
