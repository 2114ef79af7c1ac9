//! The words of names, and those that say whether their values are secret, for [`names`](super::names).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What these words name is secret.
#[rustfmt::skip]
pub(super) const SECRET: &[&str] = &[
    "password", "passwords", "passwd", "pwd", "passphrase", "passcode", "secret", "secrets",
    "pw", "pword", "passwrd", "passw", "pswd", "psw",
    "token", "tokens", "credential", "credentials", "creds", "jwt", "bearer", "csrf", "xsrf",
    "cookie", "cookies", "otp", "totp", "pin", "signature", "sig", "auth", "authorization", "authentication",
    "session", "sessions", "sid", "apikey", "dsn", "assertion", "verifier", "psk", "accesskey",
    "secretkey", "privatekey", "authtoken", "accesstoken", "refreshtoken", "sessionid",
    "clientsecret", "cvv", "authentication", "crumb", "mnemonic",
    "sessid", "cvc", "hmac", "keytab", "rspauth", "samlresponse", "samlrequest", "hdnts", "hdnea", "hdntl",
    "sesskey", "passkey", "feedkey", "streamkey", "passcodes", "sessionkey",
    // Passwords in other languages.
    "passwort", "kennwort", "contraseña", "contrasena", "senha", "motdepasse", "wachtwoord", "lösenord",
    "losenord", "adgangskode", "passord", "salasana", "heslo", "hasło", "haslo", "parola", "şifre", "sifre",
    "jelszó", "jelszo", "пароль", "密码", "密碼", "口令", "パスワード", "비밀번호",
];

/// What may follow such a word: the name still means the secret itself.
#[rustfmt::skip]
pub(super) const AFTER: &[&str] = &[
    "value", "values", "data", "text", "raw", "hash", "hashed", "string", "id", "plain",
    "plaintext", "old", "new", "current", "confirm", "confirmation", "again", "repeat", "base64",
    "b64", "encrypted", "content", "key", "header", "hint", "pem", "material", "md5", "sha256",
    "digest", "bytes", "binary", "json", "base", "phrase", "crypt", "bcrypt", "salt",
];

/// What a `key` is secret of.
#[rustfmt::skip]
pub(super) const BEFORE_KEY: &[&str] = &[
    "api", "access", "secret", "private", "client", "encryption", "encrypt", "decryption",
    "signing", "sign", "shared", "account", "master", "ssh", "rsa", "ec", "ecdsa", "ed25519", "tls",
    "ssl", "session", "subscription", "auth", "service", "storage", "consumer", "app",
    "application", "deploy", "license", "licence", "security", "hmac", "aes", "root", "admin",
    "webhook", "server", "secrets", "token", "write", "read", "integration", "routing",
    "publishable", "functions", "ingestion", "instrumentation", "agent", "pgp", "gpg", "wireguard",
    "symmetric", "unseal", "preshared", "certificate", "recovery", "ingest", "bootstrap", "join", "anon",
    "wallet", "stream", "feed", "rss", "activation", "provisioning", "pairing", "enrollment", "registration",
    "unlock", "sas", "cipher", "vapid", "priv", "cert", "azure", "aws", "gcp", "google", "cloud", "firebase", "serial",
    "publish", "subscribe", "tacacs", "radius", "database", "db", "redis", "smtp", "mail", "sms", "login", "install",
    "merchant", "payment", "gateway", "bot", "backup", "setup",
];

/// What a `code` is that a person receives or keeps to prove an identity, or to open a door.
#[rustfmt::skip]
pub(super) const BEFORE_CODE: &[&str] = &[
    "auth", "authorization", "verification", "mfa", "otp", "totp", "sms", "factor", "recovery", "backup", "pin",
    "security", "pass", "activation", "invite", "reset", "token", "session", "login", "device", "secret", "challenge",
    "magic", "access", "pairing", "scratch", "emergency", "user", "unlock", "lock", "door", "gate", "card", "entry",
    "alarm", "safe", "link",
];

/// Whose `phrase` opens something.
pub(super) const BEFORE_PHRASE: &[&str] = &["seed", "recovery", "backup", "mnemonic"];

/// Whose `pin` it is, and whose `pass` or `pw`, in names of one word.
#[rustfmt::skip]
const BEFORE_PIN: &[&str] = &[
    "card", "user", "atm", "sim", "parental", "voicemail", "login", "device", "security", "bank", "account", "door",
];
#[rustfmt::skip]
const BEFORE_PASS: &[&str] = &[
    "ftp", "db", "smtp", "imap", "user", "usr", "proxy", "mail", "admin", "root", "login", "redis", "mysql", "sql", "http",
    "key", "store", "bind", "ldap", "ssh", "vpn", "master", "my", "new", "old", "ansible", "become", "sudo", "rpc", "wifi",
    "app", "api", "auth", "database", "mongo", "postgres", "pg", "sftp", "test", "temp", "default",
];

/// Words that follow others without a mark between them, as in names of header fields: `invitecode`, `storagekey`.
const JOINED: [(&str, &[&str]); 11] = [
    ("key", BEFORE_KEY),
    ("keys", BEFORE_KEY),
    ("code", BEFORE_CODE),
    ("codes", BEFORE_CODE),
    ("phrase", BEFORE_PHRASE),
    ("pin", BEFORE_PIN),
    ("pass", BEFORE_PASS),
    ("pw", BEFORE_PASS),
    ("hash", OF_PASSWORD),
    ("salt", OF_PASSWORD),
    ("answer", &["security", "secret"]),
];

/// Words for a password before what is made of it.
const OF_PASSWORD: &[&str] = &["pw", "pwd", "pass", "passwd", "password"];

/// A longer word may stand behind others in one that ends with `key`: `serviceaccountkey`.
const SHORTEST_INNER: usize = 5;

/// Words before `token` that make a mark in a list of it.
#[rustfmt::skip]
pub(super) const OF_PAGES: &[&str] = &[
    "next", "page", "continuation", "continue", "previous", "prev", "sync", "start", "cursor",
    "resume", "marker", "delta", "skip", "max", "min", "total", "prompt", "completion", "input",
    "output", "num", "cached", "reasoning",
];

/// Endings of names that are written as one word.
#[rustfmt::skip]
pub(super) const FLAT: &[&str] = &[
    "password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "accesskey",
    "accesskeyid", "secretkey", "privatekey", "clientkey", "credential", "credentials", "signature",
    "sessionid", "authorization", "connectionstring", "pwd", "pword",
    "csrftoken", "encryptionkey", "signingkey", "sessid", "appkey",
    "authkey", "requirepass", "masterauth", "dockerconfigjson", "dockercfg", "presharedkey", "unsealkey", "storepass", "keypass",
    "keymaterial", "maidenname", "rememberme",
];

/// What a `key` finds that opens nothing.
#[rustfmt::skip]
pub(super) const FINDS: &[&str] = &[
    "websocket", "public", "pub", "partition", "sort", "range", "cache", "idempotency", "object", "row", "message", "record",
    "item", "foreign", "group", "lookup", "file", "blob", "image", "index", "parent", "issue", "cluster", "primary",
    "secondary", "dedupe", "deduplication", "grouping", "shard", "map", "i18n", "translation", "event", "surrogate",
    "natural", "composite", "unique", "verification", "verifying", "host", "thumbnail", "s3", "attachment", "avatar",
    "topology", "label", "node", "config", "entity", "query", "search", "page", "next", "last", "first", "start",
    "end", "continuation", "known",
];

/// A name without percent-encoding.
pub(super) fn decoded(name: &str) -> Cow<'_, str> {
    if name.contains('%') { percent_decode_str(name).decode_utf8_lossy() } else { name.into() }
}

/// The words of a name, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            words.push(std::mem::take(&mut word));
            continue;
        }
        let before = at.checked_sub(1).map(|at| chars[at]);
        // `accessKey`, and the last letter of a row of capitals: `APIKey`.
        let begins = c.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
                || before.is_some_and(char::is_uppercase)
                    && chars.get(at + 1).is_some_and(|after| after.is_lowercase()));
        if begins {
            words.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    // The last word alone: `keycode_map` is none.
    if let Some(last) = words.pop() {
        let joined = JOINED.iter().find_map(|(end, before)| {
            let begin = last.strip_suffix(end)?;
            let is_inner = |word: &&&str| word.len() >= SHORTEST_INNER && begin.ends_with(**word);
            let of = before.iter().find(|word| **word == begin);
            let of = of.or_else(|| before.iter().find(is_inner))?;
            Some([(*of).to_owned(), (*end).to_owned()])
        });
        match joined {
            Some(both) => words.extend(both),
            None => words.push(last),
        }
    }
    words
}
