//! Secrets in commands, lines of configuration files, source code and sentences.

use regex::Regex;

use super::edit::Edit;
use super::names::{self, Place};
use super::pass::Pass;
use super::pattern::patterns;
use super::random::looks_random;

patterns! {
    // `--name value`.
    ARGUMENT = r#"(?:^|[\s"'])--([a-z][a-z0-9_-]{1,40})[ \t]+["']?([^\s"'-][^\s"']*)"#;
    // Short options of programs: `curl -u user:password`, `mysql -ppassword`, `redis-cli -a password`.
    CURL = r#"\bcurl\b[^\n"|;]*?\s(?:-u|--user|-U|--proxy-user)[ \t=]*["']?[^\s:"'\\]*:([^\s"'\\]+)"#;
    ATTACHED = r#"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b[^\n"|;]*?\s-p([^\s"'\\]+)"#;
    SHORT = r#"\b(?:sshpass|redis-cli|mongosh?|(?:docker|podman|nerdctl|helm(?: registry)?|skopeo|buildah|oras|oc|az|cf|vault) login)\b[^\n"|;]*?\s-[pa][ \t]*["']?([^\s"'\\-][^\s"'\\]*)"#;
    LITERAL = r#"--from-literal[= ]["']?[^\s=]+=([^\s"'\\]+)"#;
    // `machine h login u password value` of .netrc, `host:port:database:user:value` of .pgpass.
    NETRC = r"(?i)\blogin\s+\S+\s+password\s+(\S+)";
    PGPASS = r"(?m)^(?:[A-Za-z][\w.-]{2,}|\*|[\d.]{7,}|h):(?:\d+|\*):[^\s:]+:[^\s:]+:(\S+)[ \t]*\r?$";
    // Cookies as Netscape's format has them.
    COOKIES = r"(?m)^\S+\t(?:TRUE|FALSE)\t\S+\t(?:TRUE|FALSE)\t\d+\t\S+\t(\S+)\r?$";
    // Hashes of passwords, as crypt(3) writes them.
    CRYPT = r"\$(?:apr1|1|2[abxy]?|5|6|7|y|gy|argon2(?:id?|d)|scrypt|pbkdf2[a-z0-9-]*|bcrypt[a-z0-9-]*)\$([./A-Za-z0-9,=$+-]{8,})";
    // Passwords in SQL.
    SQL = r"(?i)\b(?:identified\s+(?:with\s+\S+\s+)?by(?:\s+password)?|password)\s*\(?\s*'([^']+)'";
    // `set-password("value")` of source code, `define('NAME', 'value')`, `variable "name" { default = "value" }`.
    SETTER = r#"\b(?:set|with|add)_?([A-Za-z][A-Za-z0-9_]{2,40})\(\s*["']([^"'\n]+)["']"#;
    DEFINED = r#"["']([A-Za-z][A-Za-z0-9_.-]{2,60})["']\s*,\s*["']([^"'\n]+)["']"#;
    VARIABLE = r#"variable\s+"([^"]+)"\s*\{[^}]*?default\s*=\s*"([^"\n]*)""#;
    // `ENV NAME value` of a Dockerfile; a name and a value alone on a line.
    TWO_WORDS = r"(?m)^[ \t]*(?:ENV[ \t]+|ARG[ \t]+|setenv[ \t]+)?([A-Za-z][A-Za-z0-9_.-]{1,60})[ \t]+(\S+)[ \t]*\r?$";
    // `LOGIN user value` of IMAP, `enable secret 5 value` of routers.
    LOGIN = r"(?m)^\S+ LOGIN \S+ (\S+)[ \t]*\r?$";
    NUMBERED = r"\b(?:secret|password)\s+\d\s+(\S+)";
    // `- name: X` and `value: Y` of YAML, in both orders.
    NAME_VALUE = r#"(?m)^[ \t-]*(?:name|key|Name|Key):[ \t]*["']?([\w.-]+)["']?[ \t]*\r?\n[ \t]*(?:value|Value):[ \t]*["']?([^\r\n"']+)"#;
    VALUE_NAME = r#"(?m)^[ \t-]*(?:value|Value):[ \t]*["']?([^\r\n"']+?)["']?[ \t]*\r?\n[ \t]*(?:name|key|Name|Key):[ \t]*["']?([\w.-]+)"#;
    // What people write to each other: `the password is value`.
    SENTENCE = r#"(?i)\b(?:password|passcode|passphrase|pin|secret|token|api key|access key|(?:verification|security|login|sign-in|one-time|access|confirmation) code|otp)\s+(?:is|was)(?:\s+now)?[:\s]\s*["'`]?([^\s"'`,;]+)"#;
    // A blob of Ansible's vault, the private lines of PuTTY's keys, a wireless network's QR code.
    ANSIBLE = r"\$ANSIBLE_VAULT;[\d.]+;AES256[^\r\n]*\r?\n((?:[ \t]*[0-9a-f]+\r?\n?)+)";
    PUTTY = r"(?s)Private-Lines: \d+\r?\n(.*?)Private-MAC: ([0-9a-f]+)";
    WIRELESS = r"WIFI:[^\n]*?\bP:([^;\n]+);";
}

/// Lines of two words are looked at in texts up to this size, in bytes.
const LONGEST_LINES: usize = 1 << 20;

impl Pass<'_> {
    /// The edits of what is named without a mark between the name and the value.
    pub(super) fn words(&self, text: &str, edits: &mut Vec<Edit>) {
        if text.contains(" -") || text.contains("--") {
            for found in ARGUMENT.captures_iter(text) {
                if names::is_secret(&found[1], Place::Field) {
                    self.edit(&found, 2, &found[1], edits);
                }
            }
            for pattern in [&CURL, &ATTACHED, &SHORT, &LITERAL] {
                for found in pattern.captures_iter(text) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
        // What a pattern needs is looked for first: most texts have nothing of it.
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let by_value: [(&Regex, &[&str]); 8] = [
            (&NETRC, &["login", "LOGIN"]),
            (&SQL, &["assword", "ASSWORD", "dentified", "DENTIFIED"]),
            (&PGPASS, &[":"]),
            (&COOKIES, &["TRUE\t", "FALSE\t"]),
            (&CRYPT, &["$"]),
            (&LOGIN, &[" LOGIN "]),
            (&NUMBERED, &["secret ", "password "]),
            (&WIRELESS, &["WIFI:"]),
        ];
        for (pattern, marks) in by_value {
            if has(marks) {
                for found in pattern.captures_iter(text) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
        let by_name: [(&Regex, &[&str], usize, usize); 5] = [
            (&SETTER, &["(\"", "('"], 1, 2),
            (&DEFINED, &["\",", "',"], 1, 2),
            (&VARIABLE, &["variable"], 1, 2),
            (&NAME_VALUE, &["value:", "Value:"], 1, 2),
            (&VALUE_NAME, &["value:", "Value:"], 2, 1),
        ];
        for (pattern, marks, name, value) in by_name {
            if has(marks) {
                for found in pattern.captures_iter(text) {
                    if names::is_secret(&found[name], Place::Field) {
                        self.edit(&found, value, &found[name], edits);
                    }
                }
            }
        }
        if text.len() <= LONGEST_LINES {
            for found in TWO_WORDS.captures_iter(text) {
                if looks_random(&found[2]) && names::is_secret(&found[1], Place::Field) {
                    self.edit(&found, 2, &found[1], edits);
                }
            }
        }
        if has(&[" is", " was"]) {
            self.sentences(text, edits);
        }
        for (pattern, mark) in [(&ANSIBLE, "$ANSIBLE_VAULT"), (&PUTTY, "Private-Lines")] {
            if !text.contains(mark) {
                continue;
            }
            for found in pattern.captures_iter(text) {
                if let Some(lines) = found.get(1) {
                    edits.push(Edit { range: lines.range(), text: self.hide_key(lines.as_str()) });
                }
                if found.len() > 2 {
                    self.edit(&found, 2, "", edits);
                }
            }
        }
        self.columns(text, edits);
    }

    fn sentences(&self, text: &str, edits: &mut Vec<Edit>) {
        for found in SENTENCE.captures_iter(text) {
            let digits = found[1].len() >= 4 && found[1].bytes().all(|byte| byte.is_ascii_digit());
            let value = found[1].trim_end_matches(['.', '!', '?', ')']);
            if (digits || looks_random(value) || has_mixed(value))
                && let Some(place) = found.get(1)
            {
                let range = place.start()..place.start() + value.len();
                edits.push(Edit { range, text: self.hide(value) });
            }
        }
    }

    /// The edits of a table whose first line names its columns.
    fn columns(&self, text: &str, edits: &mut Vec<Edit>) {
        let Some((first, rest)) = text.split_once('\n') else { return };
        let is_name = |name: &str| {
            let name = name.trim().trim_matches('"');
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte))
        };
        let Some(mark) = [',', ';', '\t'].into_iter().find(|mark| first.contains(*mark)) else {
            return;
        };
        let names: Vec<&str> = first.split(mark).collect();
        if !names.iter().all(|name| is_name(name)) {
            return;
        }
        let secret = |name: &&str| names::is_secret(name.trim().trim_matches('"'), Place::Field);
        let secret: Vec<bool> = names.iter().map(secret).collect();
        if !secret.contains(&true) {
            return;
        }
        let mut start = first.len() + 1;
        for line in rest.split_inclusive('\n') {
            let mut at = start;
            for (field, secret) in line.trim_end().split(mark).zip(&secret) {
                let value = field.trim().trim_matches('"');
                if let (true, Some(offset)) = (*secret && !value.is_empty(), field.find(value)) {
                    let range = at + offset..at + offset + value.len();
                    edits.push(Edit { range, text: self.hide(value) });
                }
                at += field.len() + mark.len_utf8();
            }
            start += line.len();
        }
    }
}

/// Whether a word has letters and digits, or letters and other marks inside, as passwords have.
fn has_mixed(value: &str) -> bool {
    let letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    value.len() >= 6
        && letter
        && value.bytes().any(|byte| byte.is_ascii_digit() || b"!@#$%^&*".contains(&byte))
}
