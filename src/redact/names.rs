//! Names → whether their values are secret: header fields, query parameters, form and JSON fields,
//! elements, keys of texts. The rule looks at the words of a name, so that `db_password`, `DB_PASSWORD`,
//! `dbPassword` and `db-password` are one.

use std::cell::RefCell;
use std::collections::HashMap;

use super::random::{is_license, looks_random};
use super::services::{self, after_service, is_key_of_service};
use super::words::{
    AFTER, BEFORE_CODE, BEFORE_KEY, BEFORE_PHRASE, FINDS, FLAT, OF_PAGES, SECRET, decoded, words,
};
use foldhash::fast::RandomState;

/// Where a name stands: a few words are secret only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A header field.
    Header,
    /// A query parameter, or a field of a form.
    Query,
    /// A field of JSON, an element, a key of a text.
    Field,
}

/// What follows from a name: names come again and again, and are looked at once.
#[derive(Debug, Clone, Copy)]
struct Facts {
    secret: bool,
    /// The length from which on a value that looks random makes it secret.
    least: Option<usize>,
    holds_secrets: bool,
    is_secret_number: bool,
    of_service: bool,
    names_another: bool,
    is_of_name: Option<bool>,
}

impl Facts {
    fn of(name: &str, place: Place) -> Self {
        let words = words(&decoded(name));
        Self {
            secret: words_are_secret(&words, place),
            least: least(&words, place),
            holds_secrets: words_hold_secrets(&words),
            is_secret_number: words_are_secret_number(&words),
            of_service: is_key_of_service(&words.iter().map(String::as_str).collect::<Vec<_>>()),
            names_another: words_name_another(&words),
            is_of_name: words_are_of_name(&words),
        }
    }
}

/// How many names are kept for each place, and the longest of them.
const MOST_NAMES: usize = 4096;
const LONGEST_NAME: usize = 64;

/// Names by place.
type Names = HashMap<Box<str>, Facts, RandomState>;

thread_local! {
    static KNOWN: RefCell<[Names; 3]> = RefCell::default();
}

/// The facts of a name.
fn facts(name: &str, place: Place) -> Facts {
    if name.len() > LONGEST_NAME {
        return Facts::of(name, place);
    }
    KNOWN.with_borrow_mut(|known| {
        let names = &mut known[place as usize];
        if let Some(facts) = names.get(name) {
            return *facts;
        }
        if names.len() >= MOST_NAMES {
            names.clear();
        }
        let facts = Facts::of(name, place);
        names.insert(name.into(), facts);
        facts
    })
}

/// Whether what a name names is secret.
pub(super) fn is_secret(name: &str, place: Place) -> bool {
    facts(name, place).secret
}

/// Whether a value may be secret under a name.
pub(super) fn may_be_secret(name: &str, place: Place) -> bool {
    let Facts { secret, least, .. } = facts(name, place);
    secret || least.is_some()
}

/// Whether a value is secret under its name: some names are those of other things as well, and the value tells.
pub(super) fn is_secret_value(name: &str, place: Place, value: &str) -> bool {
    // `code=404` is a status; a code that is sent to somebody is longer.
    if value.len() <= 3 && name.eq_ignore_ascii_case("code") {
        return false;
    }
    // The one that makes somebody the host of a meeting; those of machines are public and longer.
    let is_number = || (6..=10).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if words(name).iter().map(String::as_str).eq(["host", "key"]) && is_number() {
        return true;
    }
    let Facts { secret, least, of_service, .. } = facts(name, place);
    let is_token = || {
        looks_random(value)
            || uuid::Uuid::try_parse(value).is_ok()
            || of_service && services::may_be_key(value)
            || is_license(value)
    };
    secret || least.is_some_and(|least| value.len() >= least) && is_token()
}

/// Whether what a name holds are secrets under names of their own: `tokens: {ci: ".."}`.
pub(super) fn holds_secrets(name: &str) -> bool {
    facts(name, Place::Field).holds_secrets
}

/// Whether a number of this name is secret: counts of tokens are not.
pub(super) fn is_secret_number(name: &str) -> bool {
    facts(name, Place::Field).is_secret_number
}

/// Whether a field says how the field beside it is called: `{"name": .., "value": ..}`.
pub(super) fn names_another(name: &str) -> bool {
    facts(name, Place::Field).names_another
}

/// Whether a field has what the field beside it names; with `false` it may have a text about it as well.
pub(super) fn is_of_name(name: &str) -> Option<bool> {
    facts(name, Place::Field).is_of_name
}

fn words_are_secret(words: &[String], place: Place) -> bool {
    let [.., last] = words else { return false };
    if place == Place::Query && is_secret_parameter(words) {
        return true;
    }
    if matches!(last.as_str(), "pass" | "pw") && (words.len() > 1 || place == Place::Field) {
        return true;
    }
    if last == "string" && words.len() > 1 && words[words.len() - 2].starts_with("conn") {
        return true;
    }
    if place == Place::Header && last == "key" && !is_public_key(words) {
        return true;
    }
    let is_saml = |words: &[String]| matches!(words, [.., saml, of] if saml == "saml" && matches!(&**of, "response" | "request" | "assertion"));
    let is_community = |words: &[String]| {
        matches!(words, [.., of, community] if community == "community" && matches!(&**of, "snmp" | "ro" | "rw"))
            || matches!(words, [.., community, string] if community == "community" && string == "string")
    };
    // A package server that takes a license as user and password.
    let is_license = words.iter().any(|word| word == "contribsys");
    if is_saml(words) || is_community(words) || is_phrase(words) || is_license {
        return true;
    }
    // The word that counts: the last one that only says in which form the secret is does not.
    let mut end = words.len();
    while end > 1 && AFTER.contains(&words[end - 1].as_str()) && !is_key(&words[..end]) {
        end -= 1;
    }
    if words[end - 1].bytes().all(|byte| byte.is_ascii_digit()) && end > 1 {
        end -= 1;
    }
    let words = &words[..end];
    if is_key(words) {
        return place != Place::Header || !is_public_key(words);
    }
    if is_code(words) {
        return true;
    }
    // `password2` is the same again.
    let Some(word) = words.last().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
    else {
        return false;
    };
    let before = words.len().checked_sub(2).map(|at| words[at].as_str());
    if word.starts_with("token") && before.is_some_and(|before| OF_PAGES.contains(&before)) {
        return false;
    }
    if SECRET.contains(&word) {
        return true;
    }
    let of_pages =
        OF_PAGES.iter().any(|of| word.strip_suffix("token").is_some_and(|word| word.ends_with(of)));
    !of_pages && FLAT.iter().any(|ending| word.ends_with(ending))
}

/// The length from which on a value that looks random is secret under a name, whatever else it may be.
fn least(words: &[String], place: Place) -> Option<usize> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let in_query = place == Place::Query;
    match words.as_slice() {
        ["ak" | "sk" | "seed" | "accessor" | "community" | "sign" | "pat" | "salt"]
        | [.., "honeycomb", "team"]
        | [.., "salt" | "seed"] => Some(0),
        [.., "sign"] => (place != Place::Field).then_some(0),
        [.., "api"] => (place == Place::Header).then_some(20),
        [.., "primary" | "secondary", "key"] => Some(12),
        ["key"] => in_query.then_some(20),
        ["policy"] => in_query.then_some(28),
        ["resourcekey"] | ["resource", "key"] => in_query.then_some(12),
        // The answer to a question of security.
        ["answer"] => in_query.then_some(0),
        // A name of a service alone, or of its key.
        words if is_key_of_service(words) => Some(services::SHORTEST),
        // The identity of an application there.
        words if matches!(after_service(words), Some(["client" | "app" | "access", "id"])) => {
            Some(services::SHORTEST)
        }
        // Links that sign somebody in, and keys of small services.
        [
            "sas" | "sso" | "magic" | "tk" | "k" | "t" | "appid" | "invite" | "share" | "login"
            | "unlock",
        ]
        | ["app", "id"] => in_query.then_some(20),
        [.., "key"] => (!is_key_of_data(&words)).then_some(12),
        _ => None,
    }
}

/// Whether a key is one by which data is found, not one that opens something.
fn is_key_of_data(words: &[&str]) -> bool {
    words.len() < 2 || words.iter().any(|word| FINDS.contains(word))
}

/// Whether a name is that of the words from which a key is made again, or of the answer to a challenge.
fn is_phrase(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_of_wallet = matches!(words.as_slice(), [.., of, "phrase" | "words" | "phrases"] if BEFORE_PHRASE.contains(of));
    is_of_wallet
        || matches!(
            words.as_slice(),
            [.., "pass", "phrase"]
                | ["key", "material" | "data" | "content"]
                | [.., "key", "file", "content" | "contents" | "data"]
                | [.., "jaas", "config"]
                | ["remember", "me"]
                | [.., "maiden", "name"]
                | [.., "ssn"]
                | [.., "social", "security", "number"]
                | [.., "mot", "de", "passe"]
                | [.., "safe" | "lock" | "vault", "combination"]
                | [.., "service", "role", "key"]
                | [
                    ..,
                    "challenge" | "captcha" | "recaptcha" | "hcaptcha" | "turnstile",
                    "response"
                ]
        )
}

fn words_hold_secrets(words: &[String]) -> bool {
    const HOLDERS: &[&str] = &["secrets", "tokens", "passwords", "credentials", "creds", "keys"];
    words
        .last()
        .is_some_and(|last| HOLDERS.contains(&last.as_str()) && (last != "keys" || is_key(words)))
}

/// Names with these words are drawn for one request or one sign-in: they do not say who asks.
#[rustfmt::skip]
const DRAWN: &[&str] = &[
    "nonce", "cnonce", "signature", "sig", "hmac", "code", "verifier", "challenge", "assertion", "otp",
    "totp", "csrf", "xsrf", "csrftoken", "xsrftoken", "csrfmiddlewaretoken", "crumb", "state", "ticket",
    "samlrequest", "samlresponse", "saml",
];

/// Whether a name is that of a secret by which a server knows its clients.
pub(super) fn says_who_asks(name: &str, place: Place) -> bool {
    is_secret(name, place) && !is_drawn(name)
}

/// Whether what a name names is drawn for one request or one sign-in.
pub(super) fn is_drawn(name: &str) -> bool {
    let words = words(&decoded(name));
    // By the latter a service knows that it has seen a request before.
    words.iter().any(|word| DRAWN.contains(&word.as_str()))
        || matches!(&*words.concat(), "clienttoken" | "clientrequesttoken" | "idempotencytoken")
}

/// What is secret in a query or a form, and a common word elsewhere: the codes and messages of sign-ins.
fn is_secret_parameter(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["code" | "ticket" | "pass" | "sign"] | ["session", "state"] | ["key", "pair", "id"] => {
            true
        }
        [.., of, "code"] => ["device", "user"].contains(of),
        _ => false,
    }
}

fn words_are_secret_number(words: &[String]) -> bool {
    const NUMBERS: &[&str] = &[
        "password", "passwd", "pwd", "passcode", "pin", "otp", "totp", "cvv", "cvc", "secret",
        "ssn",
    ];
    is_code(words) || words.last().is_some_and(|last| NUMBERS.contains(&last.as_str()))
}

/// Whether a name says what a secret is of only together with the name of the object around it: `mfa: {code: ..}`.
pub(super) fn needs_its_object(name: &str) -> bool {
    const SHORT: &[&str] = &["code", "key", "answer", "phrase", "string", "pass"];
    SHORT.contains(&name)
}

fn words_name_another(words: &[String]) -> bool {
    #[rustfmt::skip]
    const NAMES: &[&str] = &[
        "name", "key", "field", "param", "parameter", "header", "id", "label", "variable", "property", "attribute",
        "option", "setting", "k", "n",
    ];
    words.last().is_some_and(|last| NAMES.contains(&last.as_str()))
}

fn words_are_of_name(words: &[String]) -> Option<bool> {
    const VALUES: &[&str] = &["value", "values", "val", "v", "default"];
    const OTHERS: &[&str] = &[
        "content", "text", "current", "before", "after", "old", "new", "data", "from", "to",
        "string",
    ];
    let has = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    if has(VALUES) { Some(true) } else { has(OTHERS).then_some(false) }
}

/// Whether what stands below a name may be a secret without a name of its own.
pub(super) fn is_plain(name: &str) -> bool {
    const PLAIN: &[&str] = &[
        "id",
        "value",
        "key",
        "data",
        "secret",
        "raw",
        "text",
        "access",
        "content",
        "string",
        "private",
        "plain",
        "current",
        "previous",
        "old",
        "new",
        "s",
        "stringvalue",
        "bytesvalue",
    ];
    PLAIN.contains(&name.to_ascii_lowercase().as_str())
}

fn is_key(words: &[String]) -> bool {
    let at = match words {
        [.., key, after]
            if key == "key"
                && ["id", "data", "value", "secret", "pem", "material", "base64"]
                    .contains(&after.as_str()) =>
        {
            words.len() - 2
        }
        [.., key] if key == "key" || key == "keys" => words.len() - 1,
        _ => return false,
    };
    at > 0 && BEFORE_KEY.contains(&words[at - 1].as_str())
}

/// Fields of a header that are called keys, and name something.
fn is_public_key(words: &[String]) -> bool {
    const OTHERS: &[&str] = &[
        "websocket",
        "idempotency",
        "cache",
        "public",
        "surrogate",
        "partition",
        "routing",
        "sort",
    ];
    words.len() < 2 || words.iter().any(|word| OTHERS.contains(&word.as_str()))
}

/// A code that a person receives or keeps to prove an identity.
fn is_code(words: &[String]) -> bool {
    match words {
        [.., of, code] => {
            matches!(code.as_str(), "code" | "codes" | "answer")
                && BEFORE_CODE.contains(&of.as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
