//! Which secrets of a pass are searched for elsewhere: in the same exchange, and in later ones.

use super::code_values::is_file;
use super::names::{Place, is_secret};
use super::pass::Pass;
use super::random::is_word;
use super::words::words;

/// Shorter secrets are replaced where they are found; other occurrences are not searched for.
const SHORTEST: usize = 6;

/// Words under the names of passwords that are no passwords: they say what kind of value is expected, or how one is.
#[rustfmt::skip]
const OF_SCHEMAS: &[&str] = &[
    "string", "number", "integer", "boolean", "object", "binary", "unknown", "missing", "invalid", "expired", "changed",
    "wrong", "default", "example", "anonymous", "public", "private", "internal", "external", "service", "system", "server",
    "client", "account", "update", "create", "delete", "change", "status", "message", "result", "errors", "success",
];

impl Pass<'_> {
    /// Remembers a secret, where it is more than a word.
    pub(super) fn remember(&self, secret: &str) {
        let secret = secret.trim();
        // A word that names secrets stands everywhere, and so may one that is no more than a word.
        let plain = secret.bytes().all(|byte| byte.is_ascii_lowercase()) && secret.len() < 10;
        let short = secret.bytes().all(|byte| byte.is_ascii_digit()) && secret.len() < 8;
        // Names have few digits: what has more is a value, whatever word is in it.
        let digits = secret.bytes().filter(u8::is_ascii_digit).count();
        let is_name = digits < 3 && is_secret(secret, Place::Field);
        if secret.len() >= SHORTEST && !plain && !short && !is_name && !is_file(secret) {
            self.found.borrow_mut().insert(secret.to_owned());
        }
    }

    /// Remembers the value of a name of passwords, also where it is a word: people choose such ones, and no program
    /// gives them another meaning there.
    pub(super) fn remember_password(&self, value: &str, name: &str) {
        const OF_PASSWORDS: &[&str] =
            &["password", "passwd", "pwd", "pass", "passphrase", "passcode", "pw"];
        let value = value.trim();
        let lower = value.to_ascii_lowercase();
        if value.len() >= SHORTEST
            && is_word(value)
            && words(name)
                .last()
                .is_some_and(|last| OF_PASSWORDS.iter().any(|of| last.ends_with(of)))
            && !OF_SCHEMAS.contains(&lower.as_str())
            && !is_secret(value, Place::Field)
        {
            self.found.borrow_mut().insert(value.to_owned());
            self.words.borrow_mut().insert(value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Redactor};

    #[test]
    fn a_password_that_is_a_word_is_replaced_where_it_stands_alone() {
        let redactor = Redactor::new(Key::of(b"k"));
        for sent in [
            r#"{"user":"ann","password":"letmein"}"#,
            "user=ann&passwd=letmein",
            r#"<login userPassword="letmein"/>"#,
        ] {
            let pass = redactor.pass("/login");
            assert!(!pass.changed(sent).unwrap().contains("letmein"), "{sent}");
            redactor.learn(&pass);
            let known = redactor.known();
            let told = redactor.without(&known, "You said letmein, or letmeinside.".to_owned());
            assert!(!told.contains("letmein,") && told.contains("letmeinside"), "{told}");
        }
        // What is expected of a password is none, and other names have words of a program.
        for sent in [r#"{"password":"string"}"#, r#"{"session":"active"}"#] {
            let pass = redactor.pass("/login");
            pass.changed(sent);
            assert!(pass.found().is_empty(), "{sent}");
        }
    }
}
