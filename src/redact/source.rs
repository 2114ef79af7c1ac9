//! Secrets in source code and in the languages of configurations: assigned, defined, declared.

use regex::Regex;

use super::edit::Edit;
use super::names::{self, Place};
use super::pass::Pass;
use super::pattern::patterns;
use super::random::looks_random;

patterns! {
    // A name has letters of any language, as all that is not ASCII: the class of Unicode's letters would take megabytes
    // where it is counted.
    // `set_password("value")`, `define('NAME', 'value')`, `variable "name" { default = "value" }`.
    SETTER = r#"\b(?:set|with|add)_?([A-Za-z][A-Za-z0-9_]{2,40})\(\s*["']([^"'\n]+)["']"#;
    DEFINED = r#"["']([A-Za-z][A-Za-z0-9_.-]{2,60})["']\s*,\s*["']([^"'\n]+)["']"#;
    VARIABLE = r#"variable\s+"([^"]+)"\s*\{[^}]*?default\s*=\s*"([^"\n]*)""#;
    // `let name: Type = "value"`.
    TYPED = r#"\b([A-Za-z][0-9A-Za-z_\u{80}-\u{10ffff}]{1,60})\s*:\s*[&*\[]?(?:'static\s+)?[A-Za-z][0-9A-Za-z_\u{80}-\u{10ffff}.<>\[\]?*]{1,40}\s*=\s*@?["'`]([^"'`\n]+)["'`]"#;
    // `:name "value"` of EDN, `{name, "value"}` of Erlang, `name ?= value` of make.
    KEYWORD = r#":([a-z][a-z0-9-]{1,60})\s+"([^"\n]+)""#;
    TUPLE = r#"\{\s*'?([a-z][0-9A-Za-z_\u{80}-\u{10ffff}]{1,60})'?\s*,\s*(?:<<)?"([^"\n]*)""#;
    CONDITIONAL = r#"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z][0-9A-Za-z_\u{80}-\u{10ffff}]{1,60})[ \t]*[?+!]=[ \t]*["']?([^\s"'#]+)"#;
    // `name = <<TAG` and the lines to the tag.
    HEREDOC = r#"\b([A-Za-z][0-9A-Za-z_\u{80}-\u{10ffff}.-]{1,60})["']?\s*[:=(]\s*<<[-~]?["']?([A-Za-z_]+)["']?[^\n]*\n"#;
    // `ENV NAME value` of a Dockerfile, `#define NAME value`; a name and a value alone on a line.
    TWO_WORDS = r#"(?m)^[ \t]*(?:(?:ENV|ARG|setenv|\#define|set(?:[ \t]+-\w+)+|export|let|SetEnv|setx|putenv)[ \t]+)?([A-Za-z][A-Za-z0-9_.-]{1,60})[ \t]+["']?([^\s"']+)["']?;?[ \t]*\r?$"#;
}

/// Lines of two words are looked at in texts up to this size, in bytes.
const LONGEST_LINES: usize = 1 << 20;

impl Pass<'_> {
    /// The edits of source code.
    pub(super) fn source(&self, text: &str, edits: &mut Vec<Edit>) {
        // What a pattern needs is looked for first: most texts have nothing of it.
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let patterns: [(&Regex, &[&str]); 7] = [
            (&SETTER, &["(\"", "('"]),
            (&DEFINED, &["\",", "',"]),
            (&VARIABLE, &["variable"]),
            (&TYPED, &["= \"", "=\"", "= '", "='", "=`", "= `", "@\""]),
            (&KEYWORD, &[" \""]),
            (&TUPLE, &[", \"", ",\"", "<<\""]),
            (&CONDITIONAL, &["?=", "+=", "!="]),
        ];
        for (pattern, marks) in patterns {
            if has(marks) {
                for found in pattern.captures_iter(text) {
                    if names::is_secret(&found[1], Place::Field) {
                        self.edit(&found, 2, &found[1], edits);
                    }
                }
            }
        }
        if has(&["<<"]) {
            self.heredocs(text, edits);
        }
        if text.len() <= LONGEST_LINES {
            for found in TWO_WORDS.captures_iter(text) {
                if looks_random(&found[2]) && names::is_secret(&found[1], Place::Field) {
                    self.edit(&found, 2, &found[1], edits);
                }
            }
        }
    }

    fn heredocs(&self, text: &str, edits: &mut Vec<Edit>) {
        for found in HEREDOC.captures_iter(text) {
            let Some(all) = found.get(0).filter(|_| names::is_secret(&found[1], Place::Field))
            else {
                continue;
            };
            let mut start = all.end();
            for line in text[start..].split_inclusive('\n') {
                let inner = line.trim();
                if inner == &found[2] {
                    break;
                }
                let at = start + (line.len() - line.trim_start().len());
                if !inner.is_empty() {
                    edits.push(Edit { range: at..at + inner.len(), text: self.hide(inner) });
                }
                start += line.len();
            }
        }
    }
}
