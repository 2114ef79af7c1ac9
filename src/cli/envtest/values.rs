//! Values of flags that upstream refuses when it reads what they mean: before it checks the others, among these, and when
//! it makes the server (`k8s.io/apiserver/pkg/server/options`, `k8s.io/kubernetes/pkg/controlplane/apiserver/options`).

use std::path::Path;

use crate::k8s::{parse_duration, quote};

use super::certificates;
use super::flags::Flags;

/// The formats of logs.
const LOG_FORMATS: [&str; 2] = ["json", "text"];

/// The versions of TLS (`k8s.io/component-base/cli/flag/ciphersuites_flag.go`).
const TLS_VERSIONS: [&str; 4] = ["VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"];

/// The cipher suites of `crypto/tls`, behind `TLS_`.
const CIPHERS: [&str; 26] = [
    "AES_128_GCM_SHA256",
    "AES_256_GCM_SHA384",
    "CHACHA20_POLY1305_SHA256",
    "ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE_ECDSA_WITH_RC4_128_SHA",
    "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "ECDHE_RSA_WITH_RC4_128_SHA",
    "RSA_WITH_3DES_EDE_CBC_SHA",
    "RSA_WITH_AES_128_CBC_SHA",
    "RSA_WITH_AES_128_CBC_SHA256",
    "RSA_WITH_AES_128_GCM_SHA256",
    "RSA_WITH_AES_256_CBC_SHA",
    "RSA_WITH_AES_256_GCM_SHA384",
];

/// The help of `--cors-allowed-origins`, which errors repeat.
const ORIGINS: &str = "List of allowed origins for CORS, comma separated. An allowed origin can be a regular expression to \
                       support subdomain matching. If this list is empty CORS will not be enabled. Please ensure each \
                       expression matches the entire hostname by anchoring to the start with '^' or including the '//' \
                       prefix, and by anchoring to the end with '$' or including the ':' port separator suffix. Examples \
                       of valid expressions are '//example\\.com(:|$)' and '^https://example\\.com(:|$)'";

/// The most that `--goaway-chance` may be.
const MOST_GOAWAY: f64 = 0.02;

/// The seconds that a token may be valid at least, and at most.
const TOKEN_SECONDS: std::ops::RangeInclusive<i128> = 3600..=1 << 32;

/// How many addresses a range of services has at least, as a power of two.
const ADDRESS_BITS: u8 = 3;

/// What is refused before all other checks.
pub(super) fn early(flags: &Flags) -> Option<String> {
    let format = flags.last("logging-format").filter(|format| !LOG_FORMATS.contains(format));
    if let Some(format) = format {
        return Some(format!("format: Invalid value: {}: Unsupported log format", quote(format)));
    }
    let longest =
        nanoseconds(flags, "service-account-max-token-expiration").filter(|time| *time != 0);
    let is_wrong = |time: &i128| !TOKEN_SECONDS.contains(&(time / 1_000_000_000));
    longest.filter(is_wrong).map(|_| {
        "the service-account-max-token-expiration must be between 1 hour and 2^32 seconds"
            .to_owned()
    })
}

/// What is refused with the other options of a server (`ServerRunOptions.Validate`).
pub(super) fn of_server(flags: &Flags) -> Vec<String> {
    let mut problems = Vec::new();
    let is_negative = |flag: &&str| flags.last(flag).is_some_and(|value| value.starts_with('-'));
    if is_negative(&"livez-grace-period") {
        problems.push("--livez-grace-period can not be a negative value".to_owned());
    }
    let below_zero = |flag: &str| format!("--{flag} can not be negative value");
    let first = ["max-requests-inflight", "max-mutating-requests-inflight", "request-timeout"];
    problems.extend(first.into_iter().filter(is_negative).map(below_zero));
    let chance = flags.last("goaway-chance").and_then(|text| text.parse::<f64>().ok());
    if chance.is_some_and(|chance| !(0.0..=MOST_GOAWAY).contains(&chance)) {
        problems.push("--goaway-chance can not be less than 0 or greater than 0.02".to_owned());
    }
    let others =
        ["min-request-timeout", "storage-initialization-timeout", "shutdown-delay-duration"];
    problems.extend(others.into_iter().filter(is_negative).map(below_zero));
    if is_negative(&"shutdown-watch-termination-grace-period") {
        problems.push(
            "shutdown-watch-termination-grace-period, if provided, can not be a negative value"
                .to_owned(),
        );
    }
    let is_directive = |text: &&str| {
        matches!(*text, "includeSubDomains" | "preload")
            || text
                .split_once('=')
                .is_some_and(|(name, rest)| name == "max-age" && !rest.contains('='))
    };
    let directives = flags.list("strict-transport-security-directives");
    problems.extend(directives.filter(|one| !is_directive(one)).take(1).map(|_| {
        "--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. \
         see https://tools.ietf.org/html/rfc6797#section-6.1 for more information"
            .to_owned()
    }));
    problems.extend(origins(flags));
    problems
}

/// Origins whose expressions match hosts that only begin or end like theirs (`validateCorsAllowedOriginList`).
fn origins(flags: &Flags) -> Option<String> {
    let is_pinned = |text: &&str| {
        (text.contains('^') || text.contains("//")) && (text.contains('$') || text.contains(':'))
    };
    // The same error several times is said once.
    let found = flags.list("cors-allowed-origins").any(|origin| !is_pinned(&origin));
    found.then(|| {
        format!(
            "--cors-allowed-origins has an invalid regular expression: regular expression does not pin to start/end of \
             host in the origin header, help: {ORIGINS}"
        )
    })
}

/// What is refused with the other options of authentication (`BuiltInAuthenticationOptions.Validate`).
pub(super) fn of_authentication(flags: &Flags) -> Vec<String> {
    let config = flags.file("authentication-config");
    let has_oidc = flags.names().iter().any(|name| name.starts_with("oidc-"));
    let is_whole =
        ["oidc-issuer-url", "oidc-client-id"].iter().all(|flag| flags.file(flag).is_some());
    let mut problems = Vec::new();
    if config.is_none() && has_oidc && !is_whole {
        problems.push(
            "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set".to_owned(),
        );
    }
    if let Some(why) =
        config.and_then(|path| certificates::readable(path).err().map(|why| (path, why)))
    {
        let (path, why) = (quote(why.0), why.1);
        problems
            .push(format!("failed to load authentication configuration from file {path}: {why}"));
    }
    problems
}

/// What is refused when the server is made.
pub(super) fn late(flags: &Flags) -> Option<String> {
    if let Some(size) = flags.list("watch-cache-sizes").find(|size| size.split('#').count() != 2) {
        return Some(format!("invalid value of watch cache size: {size}"));
    }
    if let Some(version) = flags.file("tls-min-version").filter(|one| !TLS_VERSIONS.contains(one)) {
        return Some(format!("unknown tls version {}", quote(version)));
    }
    let is_cipher =
        |name: &&str| name.strip_prefix("TLS_").is_some_and(|name| CIPHERS.contains(&name));
    if let Some(cipher) = flags.list("tls-cipher-suites").find(|name| !is_cipher(name)) {
        return Some(format!("Cipher suite {cipher} not supported or doesn't exist"));
    }
    if let Some(path) = flags.file("encryption-provider-config")
        && let Err(why) = certificates::readable(path)
    {
        let path = quote(path);
        return Some(format!(
            "error while parsing file: error while loading file: error reading encryption provider configuration file {path}: {why}"
        ));
    }
    let version =
        |flag: &str| flags.last(flag).filter(|version| !matches!(*version, "v1" | "v1beta1"));
    if let Some(path) = flags.file("authentication-token-webhook-config-file") {
        let version = version("authentication-token-webhook-version").map(|version| {
            format!("unsupported authentication webhook version {}", quote(version))
        });
        if let Some(why) = absent(path).or(version.as_deref().map(supported)) {
            return Some(why);
        }
    }
    if let Some(path) = flags.file("authorization-webhook-config-file") {
        let version = version("authorization-webhook-version")
            .map(|version| format!("unsupported webhook authorizer version {}", quote(version)));
        if let Some(why) = absent(path).or(version.as_deref().map(supported)) {
            return Some(format!("invalid authorization config: {why}"));
        }
    }
    let range = flags.list("service-cluster-ip-range").next()?;
    let (address, length) = range.split_once('/')?;
    let most = if address.contains(':') { 128 } else { 32 };
    (length.parse::<u8>().ok()? > most - ADDRESS_BITS).then(|| {
        "error determining service IP ranges for primary service cidr: the service cluster IP range must be at least 8 IP \
         addresses"
            .to_owned()
    })
}

/// A time in nanoseconds.
fn nanoseconds(flags: &Flags, name: &str) -> Option<i128> {
    flags.last(name).and_then(|text| parse_duration(text).ok())
}

fn supported(why: &str) -> String {
    format!("{why}, supported versions are \"v1\", \"v1beta1\"")
}

/// Why a kubeconfig cannot be used that is not there.
fn absent(path: &str) -> Option<String> {
    let is_there = Path::new(path).exists();
    (!is_there).then(|| format!("stat {path}: no such file or directory"))
}
