//! How secrets of some forms are replaced: lines of a key, what is percent-encoded, what is beside a mark.

use super::edit::MARK;
use super::encodings::{escape, escaped};
use super::pass::{By, Pass};

impl Pass<'_> {
    /// What stands for a secret that may be percent-encoded, as cookies are: it is the same one elsewhere.
    pub(super) fn hide_escaped(&self, secret: &str) -> String {
        match escaped(secret) {
            Some((plain, escapes)) => escape(&self.hide(&plain), &escapes),
            None => self.hide(secret),
        }
    }

    /// What stands for a secret of which a part is set aside already, by a mark.
    pub(super) fn hide_beside_marks(&self, secret: &str) -> String {
        match self.by {
            // Alone, or in the place of a number.
            By::Mark if matches!(secret.trim_matches(MARK), "" | "0") => secret.to_owned(),
            By::Mark => MARK.to_string(),
            By::Pseudonym(_) => {
                let parts = secret.split(MARK).map(|part| self.hide(part));
                parts.collect::<Vec<_>>().join(&MARK.to_string())
            }
        }
    }

    /// The lines of a private key: their ends stay, also where they are written as `\n`.
    pub(super) fn hide_key(&self, body: &str) -> String {
        let lines = body.split('\n').map(|line| {
            let parts = line.split("\\n").map(|part| {
                let inner = part.trim();
                if inner.is_empty() {
                    part.to_owned()
                } else {
                    part.replace(inner, &self.hide(inner))
                }
            });
            parts.collect::<Vec<_>>().join("\\n")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
