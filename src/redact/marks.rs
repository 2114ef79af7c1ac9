//! What is in a text, found in one pass: which patterns are worth a search of their own.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::services::SERVICES;

/// A scheme of credentials, such as `Bearer`.
pub(super) const SCHEME: u32 = 1;
/// A word for a secret, as people write it.
pub(super) const SENTENCE: u32 = 1 << 1;
/// The same in another language.
pub(super) const FOREIGN: u32 = 1 << 2;
/// A part of a path behind which a secret may stand.
pub(super) const PATH: u32 = 1 << 3;
/// The beginning of a private key.
pub(super) const KEY: u32 = 1 << 4;
/// A program that takes a secret in a place of its own.
pub(super) const COMMAND: u32 = 1 << 5;
/// An option of a program.
pub(super) const OPTION: u32 = 1 << 6;
/// The name of a service that gives keys to its users.
pub(super) const SERVICE: u32 = 1 << 7;

#[rustfmt::skip]
const WORDS: [(u32, &[&str]); 7] = [
    (SCHEME, &["bearer", "basic", "apikey", "splunk", "sso-key", "genie-key", "token", "negotiate", "ntlm", "ssws", "dpop", "sharedkey"]),
    (SENTENCE, &["password", "passcode", "passphrase", "pin ", "pin:", "secret", "token", "api key", "access key", " code", "otp", "unseal key",
        "recovery key", "login", "log in", "sign in", "credential"]),
    (FOREIGN, &["passwort", "kennwort", "contraseña", "clave de acceso", "senha", "mot de passe", "wachtwoord", "lösenord", "adgangskode",
        "passord", "salasana", "heslo", "hasło", "parola", "şifre", "jelszó", "пароль", "Пароль", "密码", "密碼", "パスワード", "비밀번호"]),
    (PATH, &["hook", "catch/", "/bot", "/services/", "/workflows/", "/triggers/", "callback", "/reset", "/verify", "/activat", "/confirm",
        "/share", "/join/", "/accept/", "/token", "/signed/", "/api", "/access", "/auth", "/pass", "/secret", "/otp/", "/invit", "/magic",
        "/unsubscribe", "/one", "/forgot", "infura.io", "alchemy", "quiknode", "ankr.com", "maker.ifttt", "make.com", "pipedream",
        "calendar/ical/", "/(s(", ")s("]),
    (KEY, &["private key", "static key"]),
    (COMMAND, &["curl", "http ", "https ", "xh ", "mysql", "mariadb", "7z", "rar ", "sshpass", "redis-cli", "mongo", "cqlsh", "sqlcmd",
        "impala", "docker", "podman", "nerdctl", "helm", "skopeo", "buildah", "oras", "oc login", "az login", "cf login", "vault", "ldap",
        "zip", "bcp", "lftp", "ipmitool", "snmp", "openssl", "-pass", "smbclient", "rpcclient", "smbget", "net ", "wmic", "winexe",
        "htpasswd", "literal", "passwd", "stdin", "sudo", "sqlplus", "rman ", "expdp", "impdp", "sqlldr", "rabbitmqctl"]),
    (OPTION, &[" -", "\t-", "\n-", "\"-", "'-"]),
];

/// The search, and what each of its words marks.
static SEARCH: LazyLock<Option<(AhoCorasick, Vec<u32>)>> = LazyLock::new(|| {
    let services = SERVICES.iter().chain(&["linked-in", "linked_in"]).map(|name| (SERVICE, *name));
    let words = WORDS.iter().flat_map(|(mark, words)| words.iter().map(|word| (*mark, *word)));
    let words: Vec<(u32, &str)> = words.chain(services).collect();
    let search = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words.iter().map(|(_, word)| word))
        .ok()?;
    Some((search, words.into_iter().map(|(mark, _)| mark).collect()))
});

/// What is in a text.
pub(super) fn in_text(text: &str) -> u32 {
    let Some((search, marks)) = &*SEARCH else { return u32::MAX };
    let begins = if text.starts_with('-') { OPTION } else { 0 };
    search
        .find_overlapping_iter(text)
        .fold(begins, |all, found| all | marks[found.pattern().as_usize()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_text_are_found_in_any_case() {
        assert!(SEARCH.is_some());
        assert_eq!(in_text("an ordinary text"), 0);
        assert_eq!(in_text("BEARER x"), SCHEME);
        assert_eq!(in_text("Пароль"), FOREIGN);
        assert_eq!(in_text("--x"), OPTION);
        let both = in_text("curl -u me https://x/hooks/y");
        assert_eq!(both, COMMAND | OPTION | PATH);
    }
}
