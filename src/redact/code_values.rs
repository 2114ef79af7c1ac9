//! What programs, schemas and descriptions have behind a name of secrets, and is none: types, calls, constants, files.
//!
//! `token: String,`, `secret = os.environ["X"]`, `signature: NOT_SIGNING`, `privateKey: server.key`. A password may be
//! any word, so that its names are looked at more strictly.

use super::words::words;

/// Types of values, in the languages that write them behind a name.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "str", "string", "bytes", "bytearray", "bytestring", "secretstr", "secretbytes", "int", "integer", "float", "double",
    "bool", "boolean", "char", "object", "any", "dict", "list", "text", "varchar", "buffer", "uint8array", "charsequence",
    "number", "undefined", "unknown", "void", "never", "none", "null", "nil",
];

/// What may stand around such a type.
const AROUND_TYPES: &[&str] = &[
    "t", "typing", "option", "optional", "vec", "array", "sequence", "cow", "arc", "box", "maybe",
    "final",
];

/// The endings of files of programs, texts and certificates.
#[rustfmt::skip]
const ENDINGS: &[&str] = &[
    "json", "yaml", "yml", "toml", "xml", "html", "htm", "css", "js", "ts", "py", "rb", "rs", "go", "java", "lang", "md", "txt",
    "conf", "cfg", "ini", "sh", "lock", "log", "csv", "pem", "key", "crt", "cer", "pub", "png", "svg", "proto", "sql",
];

/// Whether a value that is not quoted is of a program or a description. `after` is what follows it.
pub(super) fn is_of_code(name: &str, value: &str, after: &str) -> bool {
    let value = value.trim_end_matches([',', ';', ' ']);
    let of_password = names_password(name);
    // `Option<String>` up to its bracket, `Pin<&mut Self>`.
    let is_generic = after.starts_with("<&")
        || after.starts_with(['<', '[']) && AROUND_TYPES.contains(&&*value.to_ascii_lowercase());
    is_type(value)
        || is_generic
        || is_call(value, after, of_password)
        || !of_password && (is_constant(value) || is_file(value))
}

/// Whether a name is one of passwords, which may be any word.
fn names_password(name: &str) -> bool {
    const OF_PASSWORDS: &[&str] =
        &["password", "passwd", "pwd", "pass", "passphrase", "passcode", "pw"];
    let words = words(name);
    words.iter().any(|word| OF_PASSWORDS.iter().any(|of| word.ends_with(of)))
}

/// `str | None = None`, `Option<String>`, `&'static str`, `[]byte`.
fn is_type(value: &str) -> bool {
    let value = value.split_once('=').map_or(value, |(before, _)| before);
    let is_mark = |c: char| !c.is_alphanumeric() && c != '_';
    let mut parts = value.split(is_mark).filter(|part| !part.is_empty());
    let mut has_type = false;
    let rest_is_known = parts.all(|part| {
        let lower = part.to_ascii_lowercase();
        let is_type = TYPES.contains(&&*lower) || lower == "byte";
        has_type |= is_type;
        is_type || AROUND_TYPES.contains(&&*lower) || matches!(&*lower, "static" | "mut" | "const")
    });
    let is_plain = value.chars().all(|c| c.is_alphanumeric() || " |<>[]&'*?,:._".contains(c));
    has_type && rest_is_known && is_plain
}

/// `os.environ["X"]`, `t.TypeVar(..)`, `getToken()`: a name, and what calls it or takes a part of it. A password may have
/// brackets in it, and has no name of several words before them.
fn is_call(value: &str, after: &str, of_password: bool) -> bool {
    let end = value.find(['(', '[']).unwrap_or(value.len());
    let (name, rest) = value.split_at(end);
    let is_word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    };
    let is_called = !rest.is_empty() || after.starts_with(['(', '[']);
    let has_words = name.contains(['.', '_']);
    is_called
        && !name.is_empty()
        && (has_words || !of_password)
        && name.split(['.', ':']).filter(|part| !part.is_empty()).all(is_word)
}

/// `NOT_SIGNING`: words in capital letters.
fn is_constant(value: &str) -> bool {
    value.contains('_')
        && value
            .split('_')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// `package.json`, `/etc/tls/server.key`.
pub(super) fn is_file(value: &str) -> bool {
    let Some((stem, ending)) = value.rsplit_once('.') else { return false };
    let is_of_path = |byte: u8| byte.is_ascii_alphabetic() || b"/_.-~".contains(&byte);
    ENDINGS.contains(&ending) && !stem.is_empty() && stem.bytes().all(is_of_path)
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Redactor};
    use super::*;

    #[test]
    fn values_of_programs_are_told_from_secrets() {
        for (name, value, after) in [
            ("token", "String,", ""),
            ("token", "str", "\n"),
            ("secret_token", "str | None = None,", ""),
            ("password", "t.Any", ""),
            ("pin", "Pin", "<&mut Self>"),
            ("token", "Option<String>,", ""),
            ("token", "&'static str", ""),
            ("password", "Optional[SecretStr]", ""),
            ("token", "[]byte", ""),
            ("PrivateKey", "t.TypeVar(\"PrivateKey\")", ""),
            ("token", "get_token", "()"),
            ("secret", "os.environ[\"X\"]", ""),
            ("password", "Option", "<String>,"),
            ("password", "get_password", "()"),
            ("signature", "NOT_SIGNING", ""),
            ("privateKey", "server.key", ""),
            ("sig", "sml.lang", ""),
            ("ssl_private_key", "/etc/tls/server.key;", ""),
        ] {
            assert!(is_of_code(name, value, after), "{name} {value}");
        }
        for (name, value, after) in [
            ("token", "letmein", ""),
            ("password", "swordfish.json", ""),
            ("password", "NOT_SIGNING", ""),
            ("token", "stringent", ""),
            ("token", "a1b2(c3", ""),
            ("token", "abc", "\n(see"),
            ("password", "Summer(2024)", ""),
            ("secret", "s3cr3t.key", ""),
            ("token", "string-9f3a", ""),
            ("token", "", ""),
        ] {
            assert!(!is_of_code(name, value, after), "{name} {value}");
        }
    }

    #[test]
    fn programs_stay_and_what_they_have_in_quotes_does_not() {
        let redactor = Redactor::new(Key::of(b"k"));
        for text in [
            "struct A {\n    token: String,\n    secret: Option<String>,\n}\n",
            "def f(self, token: str | None = None, secret: str = '') -> None:\n",
            "class A:\n    SecretBytes: str,\n",
            "NativePrivateKey = t.TypeVar(\"NativePrivateKey\")\n",
            "api_key = os.environ[\"API_KEY\"]\n",
            "sml = sml.lang\nsig = sml.lang\n",
            "private_key: server.key\n",
            "with a pretty basic package.json file\n",
            "fn poll(mut self: std::pin::Pin<&mut Self>)\n",
            "^arn:aws:secretsmanager:[0-9]{12}:secret:[a-zA-Z0-9/_+=.@-]+$\n",
        ] {
            assert_eq!(redactor.pass("/x").changed(text), None, "{text}");
        }
        for text in ["token = \"letmein\"\n", "token: letmein\n", "password: server.key\n"] {
            assert!(redactor.pass("/x").changed(text).is_some(), "{text}");
        }
    }
}
