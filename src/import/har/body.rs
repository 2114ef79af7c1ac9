//! The bodies of an archive: text, base64, form fields, or files next to it.

use std::path::{Component, Path};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use encoding_rs::Encoding;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::document::{MAX_FILE_BYTES, disk};

/// Returns the body that `postData` or `content` describes, or `None` if it has none.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn of(of: &Value, headers: &HeaderMap, folder: &Path) -> Result<Option<Bytes>, String> {
    if let Some(text) = of["text"].as_str() {
        return decoded(text, of, headers).map(Some);
    }
    // Playwright attaches bodies as files.
    of["_file"].as_str().map(|name| file(folder, name)).transpose()
}

/// Returns the body of a form whose fields are listed in place of its text.
pub(super) fn form(data: &Value) -> Option<String> {
    let media = data["mimeType"].as_str()?;
    if !media.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    let quoted = |text: &Value| {
        utf8_percent_encode(text.as_str().unwrap_or_default(), NON_ALPHANUMERIC).to_string()
    };
    let fields = data["params"].as_array()?.iter();
    let fields =
        fields.map(|field| format!("{}={}", quoted(&field["name"]), quoted(&field["value"])));
    Some(fields.collect::<Vec<_>>().join("&"))
}

/// Returns the bytes of a text: base64, or in the charset of its type.
fn decoded(text: &str, of: &Value, headers: &HeaderMap) -> Result<Bytes, String> {
    if of["encoding"].as_str().is_some_and(|name| name.eq_ignore_ascii_case("base64")) {
        let text: String = text.split_whitespace().collect();
        let decoded = STANDARD.decode(text).map_err(|error| format!("its body: {error}"))?;
        return Ok(decoded.into());
    }
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.or(of["mimeType"].as_str()).unwrap_or_default();
    Ok(encoded(text, media).unwrap_or_else(|| Bytes::copy_from_slice(text.as_bytes())))
}

/// Returns a text in the charset of a media type, or `None` if that is UTF-8, or lacks a character
/// of it.
fn encoded(text: &str, media: &str) -> Option<Bytes> {
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_owned())
    };
    let label = media.split(';').skip(1).find_map(parameter)?;
    let charset = Encoding::for_label(label.as_bytes())?;
    // Tools that decode Latin-1 itself have characters there which the charset of browsers has not.
    let latin = || {
        let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
        bytes.filter(|_| charset == encoding_rs::WINDOWS_1252).map(Bytes::from)
    };
    let (bytes, _, lacks) = charset.encode(text);
    if lacks { latin() } else { Some(Bytes::copy_from_slice(&bytes)) }
}

/// Returns a file of the archive, in its folder or below.
fn file(folder: &Path, name: &str) -> Result<Bytes, String> {
    let path = Path::new(name);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("its body is the file {name:?}, which is not beside the archive"));
    }
    let bytes = disk::read(&folder.join(path), MAX_FILE_BYTES);
    bytes.map(Bytes::from).map_err(|error| format!("its body is the file {name:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_have_the_bytes_of_their_charset() {
        for (media, text, bytes) in [
            ("text/html; charset=ISO-8859-1", "\u{e9}", &b"\xe9"[..]),
            ("text/html;charset=\"windows-1252\"", "\u{20ac}", b"\x80"),
            ("text/html; charset=latin1", "\u{80}", b"\x80"),
            ("text/html; charset=Shift_JIS", "\u{65e5}", b"\x93\xfa"),
            ("text/html; charset=gb2312", "\u{4e2d}", b"\xd6\xd0"),
            ("text/html; charset=utf-8", "\u{e9}", b"\xc3\xa9"),
            ("text/html; charset=iso-8859-1", "\u{65e5}", b"\xe6\x97\xa5"),
            ("text/html; charset=no-such", "\u{e9}", b"\xc3\xa9"),
            ("text/html", "\u{e9}", b"\xc3\xa9"),
        ] {
            let content = json!({"mimeType": media, "text": text});
            let read = of(&content, &HeaderMap::new(), Path::new("")).unwrap().unwrap();
            assert_eq!(&read[..], bytes, "{media}");
        }
    }

    #[test]
    fn attached_files_are_next_to_the_archive() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("resources")).unwrap();
        std::fs::write(folder.path().join("resources/a.bin"), b"\xff").unwrap();
        let read = |name: &str| of(&json!({"_file": name}), &HeaderMap::new(), folder.path());
        assert_eq!(&read("resources/a.bin").unwrap().unwrap()[..], b"\xff");
        for name in ["../a.bin", "/etc/hostname", "none.bin"] {
            assert!(read(name).unwrap_err().contains(name), "{name}");
        }
        assert_eq!(of(&json!({"size": 3}), &HeaderMap::new(), folder.path()), Ok(None));
    }
}
