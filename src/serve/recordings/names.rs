//! Names of recorded stubs and their files, and types of bodies (`C/common/filemaker/FilenameMaker.java`,
//! `C/common/ContentTypes.java`).

use percent_encoding::percent_decode_str;

/// The longest name of a stub, in characters.
const LONGEST: usize = 200;

/// The name of a stub, by its path: `/thing/1` is `thing_1`.
pub(super) fn of_path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy().replace('/', "_");
    let name = sanitized(&decoded);
    let name = name.trim_matches('_');
    name.chars().take(LONGEST).collect()
}

/// The name of a file of a stub.
pub(super) fn of_file(name: &str, id: &str, extension: &str) -> String {
    sanitized(&format!("{name}-{id}.{extension}"))
}

/// Only letters, digits and what file systems take.
fn sanitized(text: &str) -> String {
    let dashed = text.replace(char::is_whitespace, "-");
    let kept = |c: &char| c.is_ascii_alphanumeric() || "_-.".contains(*c);
    dashed.chars().filter(kept).collect::<String>().to_ascii_lowercase()
}

/// The path in the name of a scenario: `/a/count` is `a-count`.
pub(super) fn of_scenario(path: &str) -> String {
    path.trim_start_matches('/').replace('/', "-")
}

/// Whether a body is text, by its media type.
pub(super) fn is_text(media: &str) -> bool {
    ["text", "json", "xml", "html", "yaml", "csv", "x-www-form-urlencoded"]
        .iter()
        .any(|part| media.contains(part))
}

/// The extension of a body's file.
pub(super) fn extension(path: &str, media: &str, body: &[u8]) -> String {
    const TYPES: [(&str, &str); 12] = [
        ("image/jpeg", "jpeg"),
        ("image/gif", "gif"),
        ("image/tiff", "tiff"),
        ("image/png", "png"),
        ("image/x-icon", "ico"),
        ("image/svg+xml", "svg"),
        ("audio/x-aiff", "aiff"),
        ("video/x-ms-asf", "asf"),
        ("video/mpeg", "mp2"),
        ("audio/mpeg", "mp3"),
        ("video/quicktime", "mov"),
        ("application/pdf", "pdf"),
    ];
    for (part, extension) in [("json", "json"), ("xml", "xml"), ("text", "txt")] {
        if media.contains(part) {
            return extension.to_owned();
        }
    }
    if let Some((_, extension)) = TYPES.iter().find(|(of, _)| *of == media) {
        return (*extension).to_owned();
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if let Some((_, extension)) = last.rsplit_once('.') {
        return extension.to_owned();
    }
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    let is_xml = body.trim_ascii_start().starts_with(b"<");
    if is_json {
        "json"
    } else if is_xml {
        "xml"
    } else {
        "txt"
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_wiremock() {
        assert_eq!(of_path("/thing/1"), "thing_1");
        assert_eq!(of_path("/A%20b/ü.x/"), "a-b_.x");
        assert_eq!(of_path("/"), "");
        assert_eq!(of_scenario("/a/count"), "a-count");
        assert_eq!(of_file("large", "1-2", "txt"), "large-1-2.txt");
        assert_eq!(extension("/a.pdf", "application/octet-stream", b""), "pdf");
        assert_eq!(extension("/a", "application/octet-stream", b"{}"), "json");
        assert_eq!(extension("/a", "", b"\x00\x01"), "txt");
        assert!(is_text("application/problem+json") && !is_text("application/octet-stream"));
    }
}
