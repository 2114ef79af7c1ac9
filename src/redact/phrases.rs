//! Secrets in lines of configuration files, in dumps of databases and directories, and in sentences.

use std::ops::Range;

use regex::Regex;

use super::edit::Edit;
use super::marks;
use super::names::{self, Place};
use super::pass::Pass;
use super::pattern::patterns;
use super::random::{has_mixed, looks_random};

patterns! {
    // `machine h login u password value` of .netrc, `host:port:database:user:value` of .pgpass.
    NETRC = r"(?i)\blogin\s+\S+\s+password\s+(\S+)";
    PGPASS = r"(?m)(?:^|>)(?:data:)?[ \t]*(?:[A-Za-z][\w.-]{2,}|\*|[\d.]{7,}|h):(?:\d+|\*):[^\s:]+:[^\s:]+:([^\s<]+)[ \t]*(?:\r?$|<)";
    // Cookies as Netscape's format has them.
    COOKIES = r"(?m)^\S+\t(?:TRUE|FALSE)\t\S+\t(?:TRUE|FALSE)\t\d+\t\S+\t(\S+)\r?$";
    // Hashes of passwords, as crypt(3) writes them.
    CRYPT = r"\$(?:apr1|1|2[abxy]?|5|6|7|y|gy|argon2(?:id?|d)|scrypt|pbkdf2[a-z0-9-]*|bcrypt[a-z0-9-]*)\$([./A-Za-z0-9,=$+-]{8,})";
    // Passwords in SQL.
    SQL = r"(?i)\b(?:identified\s+(?:with\s+\S+\s+)?by(?:\s+password)?|password)\s*\(?\s*'([^']+)'";
    // `LOGIN user value` of IMAP, `AUTH PLAIN value` of SMTP, `enable secret 5 value` of routers.
    LOGIN = r"(?m)^(?:data:)?[ \t]*\S+ LOGIN \S+ (\S+)[ \t]*\r?$";
    SASL = r"\bAUTH(?:ENTICATE)?[ \t]+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER)[ \t]+([A-Za-z0-9+/=]{8,})";
    NUMBERED = r"\b(?:secret|password)\s+\d\s+(\S+)";
    // `- name: X` and `value: Y` of YAML, in both orders.
    NAME_VALUE = r#"(?m)^[ \t-]*(?:name|key|Name|Key):[ \t]*["']?([\w.-]+)["']?[ \t]*\r?\n[ \t]*(?:value|Value):[ \t]*["']?([^\r\n"']+)"#;
    VALUE_NAME = r#"(?m)^[ \t-]*(?:value|Value):[ \t]*["']?([^\r\n"']+?)["']?[ \t]*\r?\n[ \t]*(?:name|key|Name|Key):[ \t]*["']?([\w.-]+)"#;
    // What people write to each other: `the password is value`.
    SENTENCE = r#"(?i)\b(?:password|passcode|passphrase|pin(?: code)?|(?:unseal|recovery) key(?: \d+)?|secret|token|api key|access key|(?:verification|security|login|sign-in|one-time|access|confirmation|activation|recovery|backup) code|otp)(?:\s+for\s+[^\s:]+)?(?:\s+(?:is|was)(?:\s+now)?[:\s]|\s+(?:-|--|–|—|->|→)\s|\s*:)\s*["'`]?([^\s"'`,;]+)"#;
    // The same without a verb, of what looks drawn: `user bob and password value`.
    BESIDE = r#"(?i)\b(?:password|passcode|passphrase|api key|access key|secret key)\s+["'`]?([A-Za-z0-9_+/=.~-]{10,})"#;
    // Codes that are sent to somebody: `use code 482913`, `482913 is your verification code`, `your code: 482913`.
    USED_CODE = r"(?i)\b(?:use|enter|type)\s+(?:the\s+|this\s+)?(?:code|pin|otp)\s+([0-9]{4,8})\b";
    CODE_FIRST = r"(?i)\b([0-9]{4,8})\s+is\s+your\s[^.\n]{0,40}?\b(?:code|pin|otp|passcode|password)\b";
    YOUR_CODE = r"(?i)\byour\s+(?:[a-z-]+\s+){0,2}(?:code|pin)(?:\s+is)?\s*:?\s*(?:<[^>\n]{1,30}>\s*)*([0-9]{4,8})\b";
    // A user and a password that belong together: `log in with admin:value`, `Default login: admin / value`.
    SIGN_IN = r#"(?i)\b(?:login|log in|sign in|credentials?)\b(?:\s+(?:with|as|is|are|using))?\s*[:=]?\s+[\w.@+-]{2,40}\s*[/:]\s*([^\s"'`,;/<>:]{6,})"#;
    // The same in other languages.
    FOREIGN = r#"(?i)(?:passwort|kennwort|contraseña|clave de acceso|senha|mot de passe|wachtwoord|lösenord|adgangskode|passord|salasana|heslo|hasło|parola|şifre|jelszó|пароль|密码|密碼|パスワード|비밀번호)\s*(?:[:=：]|\s(?:ist|lautet|es|est|é|è|is)[:\s])\s*["'`]?([^\s"'`,;]+)"#;
    // Hashes of passwords, as directories write them.
    LDAP_HASH = r"\{(?i:s?sha(?:256|384|512)?|s?md5|crypt|pbkdf2[a-z0-9-]*|argon2|x-[a-z]+)\}([A-Za-z0-9+/=$./,-]{8,})";
    // `user:realm:hash` of htdigest, `snmp-server community value`, `radius-server key value`, `password 51:b:value` of
    // remote desktops.
    HTDIGEST = r"(?m)^[^\s:]+:[^\n:]+:([0-9a-f]{32})[ \t]*\r?$";
    COMMUNITY = r"(?i)\bsnmp(?:-server)?[ \t]+community[ \t]+(\S+)";
    SERVER_KEY = r"(?i)\b(?:radius|tacacs)-server[ \t]+key[ \t]+(?:\d[ \t]+)?(\S+)";
    REMOTE_DESKTOP = r"(?m)^password \d+:b:(\S+)";
    // `ConvertTo-SecureString "value" -AsPlainText` of PowerShell.
    SECURE_STRING = r#"ConvertTo-SecureString[ \t]+(?:-String[ \t]+)?["']([^"'\n]+)["']"#;
    // The private parts of a JSON Web Key in a text (RFC 7518, section 6).
    JSON_WEB_KEY = r#"\\?"(?:d|p|q|dp|dq|qi|k)\\?"\s*:\s*\\?"([A-Za-z0-9_-]{20,})"#;
    // `user = "name:value"` of curl's configuration.
    CURLRC = r#"(?m)^[ \t]*-*(?:proxy-)?user[ \t]*[:=][ \t]*"?[^\s:"]+:([^\s"]+)"#;
    // `INSERT INTO table (names) VALUES (values), (values)`.
    INSERT = r"(?i)\binsert\s+into\s+[^\s(]+\s*\(([^()]+)\)\s*values\s*";
    // A blob of Ansible's vault, the private lines of PuTTY's keys, a wireless network's QR code.
    ANSIBLE = r"\$ANSIBLE_VAULT;[\d.]+;AES256[^\r\n]*\r?\n((?:[ \t]*[0-9a-f]+\r?\n?)+)";
    PUTTY = r"(?s)Private-Lines: \d+\r?\n(.*?)Private-MAC: ([0-9a-f]+)";
    // A value that is refused: `invalid value 'value' for field name`.
    REFUSED = r#"(?i)\b(?:value|input)\s*:?\s*["'`]([^"'`\n]{4,200})["'`]\s+(?:for|of|in)\s+(?:the\s+)?(?:field|parameter|param|key|header|option|property|attribute|variable|setting|argument)?\s*["'`]?([A-Za-z][\w.-]{1,60})"#;
    WIRELESS = r"WIFI:[^\n]*?\bP:([^;\n]+);";
    // Masks of GitHub's actions, configurations of Redis, BIND and Junos.
    MASK = r"::add-mask::(\S+)";
    REDIS = r"(?m)^[ \t]*(?:requirepass|masterauth|sentinel[ \t]+auth-pass[ \t]+\S+)[ \t]+(\S+)";
    BIND = r#"\bsecret[ \t]+"([^"\n]{8,})"[ \t]*;"#;
    JUNOS = r#"\bpre-shared-key[ \t]+(?:ascii-text|hexadecimal)[ \t]+"?([^\s";]+)"#;
}

impl Pass<'_> {
    /// The edits of what is named without a mark between the name and the value.
    pub(super) fn words(&self, text: &str, marks: u32, edits: &mut Vec<Edit>) {
        self.commands(text, marks, edits);
        self.source(text, edits);
        // What a pattern needs is looked for first: most texts have nothing of it.
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let by_value: [(&Regex, &[&str]); 20] = [
            (&NETRC, &["login", "LOGIN"]),
            (&SQL, &["assword", "ASSWORD", "dentified", "DENTIFIED"]),
            (&PGPASS, &[":"]),
            (&COOKIES, &["TRUE\t", "FALSE\t"]),
            (&CRYPT, &["$"]),
            (&LOGIN, &[" LOGIN "]),
            (&NUMBERED, &["secret ", "password "]),
            (&WIRELESS, &["WIFI:"]),
            (&LDAP_HASH, &["}"]),
            (&HTDIGEST, &[":"]),
            (&COMMUNITY, &["ommunity"]),
            (&REMOTE_DESKTOP, &[":b:"]),
            (&SASL, &["AUTH"]),
            (&SERVER_KEY, &["-server key", "-server  key"]),
            (&SECURE_STRING, &["SecureString"]),
            (&JSON_WEB_KEY, &["\"kty", "\"kty\\"]),
            (&MASK, &["::add-mask"]),
            (&REDIS, &["requirepass", "masterauth", "auth-pass"]),
            (&BIND, &["secret \""]),
            (&JUNOS, &["pre-shared-key"]),
        ];
        for (pattern, marks) in by_value {
            if has(marks) {
                for found in pattern.captures_iter(text) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
        let by_name: [(&Regex, &[&str], usize, usize); 3] = [
            (&NAME_VALUE, &["value:", "Value:"], 1, 2),
            (&VALUE_NAME, &["value:", "Value:"], 2, 1),
            (&REFUSED, &["alue", "nput"], 2, 1),
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
        if marks & (marks::SENTENCE | marks::FOREIGN) != 0 {
            self.sentences(text, edits);
        }
        if has(&["user"]) {
            for found in CURLRC.captures_iter(text) {
                if has_mixed(&found[1]) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
        if has(&["nsert", "NSERT"]) {
            self.insertions(text, edits);
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
        self.tables(text, edits);
    }

    fn sentences(&self, text: &str, edits: &mut Vec<Edit>) {
        for found in SENTENCE.captures_iter(text).chain(FOREIGN.captures_iter(text)) {
            let value = found[1].trim_end_matches(['.', '!', '?', ')']);
            let digits = value.len() >= 4 && value.bytes().all(|byte| byte.is_ascii_digit());
            // `:secret:[a-z0-9]+` of a pattern, `pin::Pin<&mut Self>` of Rust.
            if (digits || looks_random(value) || has_mixed(value) && !value.starts_with(['[', ':']))
                && let Some(place) = found.get(1)
            {
                let range = place.start()..place.start() + value.len();
                edits.push(Edit { range, text: self.hide(value) });
            }
        }
        for pattern in [&USED_CODE, &CODE_FIRST, &YOUR_CODE] {
            for found in pattern.captures_iter(text) {
                self.edit(&found, 1, "", edits);
            }
        }
        for found in SIGN_IN.captures_iter(text) {
            if has_mixed(&found[1]) {
                self.edit(&found, 1, "", edits);
            }
        }
        for found in BESIDE.captures_iter(text) {
            let value = found[1].trim_end_matches(['.', '-']);
            if let Some(place) = found.get(1).filter(|_| is_drawn(value)) {
                let range = place.start()..place.start() + value.len();
                edits.push(Edit { range, text: self.hide(value) });
            }
        }
    }

    /// The edits of the values that SQL inserts below names of secrets.
    fn insertions(&self, text: &str, edits: &mut Vec<Edit>) {
        for found in INSERT.captures_iter(text) {
            let name = |name: &str| {
                names::is_secret(name.trim().trim_matches(['"', '`', '[', ']']), Place::Field)
            };
            let secret: Vec<bool> = found[1].split(',').map(name).collect();
            let Some(all) = found.get(0).filter(|_| secret.contains(&true)) else { continue };
            for (column, range) in sql_values(text, all.end()) {
                if secret.get(column) == Some(&true) {
                    edits.push(Edit { text: self.hide(&text[range.clone()]), range });
                }
            }
        }
    }
}

/// Whether a word has the letters of no word: `SHA256withRSA` has.
fn is_drawn(value: &str) -> bool {
    const LONGEST_WORD: usize = 3;
    let mut words = value.split(|c: char| !c.is_ascii_lowercase());
    looks_random(value) && words.all(|word| word.len() <= LONGEST_WORD)
}

/// The quoted values of the rows that begin at a place, each with the number of its column.
fn sql_values(text: &str, start: usize) -> Vec<(usize, Range<usize>)> {
    let mut values = Vec::new();
    let (mut column, mut depth, mut quoted) = (0, 0_usize, None);
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match (byte, quoted) {
            (b'\'', Some(begin)) => {
                values.push((column, begin..at));
                quoted = None;
            }
            (_, Some(_)) => {}
            (b'\'', None) => quoted = Some(at + 1),
            (b'(', None) => (column, depth) = (if depth == 0 { 0 } else { column }, depth + 1),
            (b')', None) => depth = depth.saturating_sub(1),
            (b',', None) if depth == 1 => column += 1,
            (b',' | b' ' | b'\t' | b'\r' | b'\n', None) => {}
            (_, None) if depth == 0 => break,
            _ => {}
        }
    }
    values
}
