//! What upstream refuses before it serves, in its order
//! (`k8s.io/kubernetes/cmd/kube-apiserver/app/options/validation.go`).

use std::net::IpAddr;

use crate::k8s::EnabledApis;

use super::flags::Flags;
use super::gates::{FeatureGates, aggregate};
use super::{authorization, plugins, values, versions};

/// How audit events are written (`AllowedModes`).
const AUDIT_MODES: [&str; 3] = ["batch", "blocking", "blocking-strict"];

/// What upstream prints as the error of a command line; nothing for one that it accepts.
pub(super) fn refusal(flags: &Flags) -> Option<String> {
    if let Some(why) = versions::refusal(flags) {
        return Some(why);
    }
    if let Err(why) = FeatureGates::read(flags) {
        return Some(why);
    }
    if let Some(why) = values::early(flags) {
        return Some(why);
    }
    let apis = EnabledApis::parse(flags.list("runtime-config")).err().unwrap_or_default();
    for (index, range) in flags.list("service-cluster-ip-range").enumerate() {
        if !is_cidr(range) {
            return Some(format!("service-cluster-ip-range[{index}] is not a valid cidr"));
        }
    }
    let mut problems = Vec::new();
    if flags.list("etcd-servers").next().is_none() {
        problems.push("--etcd-servers must be specified".to_owned());
    }
    problems.extend(storage(flags));
    problems
        .extend(apis.flow_control.filter(|_| flags.is_on("enable-priority-and-fairness", true)));
    let port = flags.last("secure-port").and_then(|port| port.parse::<i64>().ok());
    if let Some(port) = port.filter(|port| !(1..=65535).contains(port)) {
        problems.push(format!(
            "--secure-port {port} must be between 1 and 65535, inclusive. It cannot be turned off with 0"
        ));
    }
    problems.extend(values::of_server(flags));
    let has = |flag| flags.all(flag).any(|value| !value.is_empty());
    if !has("service-account-issuer") {
        problems.push("service-account-issuer is a required flag".to_owned());
    }
    if !has("service-account-key-file") && !has("service-account-signing-endpoint") {
        problems.push(
            "either `--service-account-key-file` or `--service-account-signing-endpoint` must be set"
                .to_owned(),
        );
    }
    problems.extend(values::of_authentication(flags));
    problems.extend(authorization::problems(flags));
    problems.extend(audit(flags));
    problems.extend(plugins::problems(flags));
    problems.extend(apis.options);
    let signs = has("service-account-signing-key-file") || has("service-account-signing-endpoint");
    if !signs || !has("service-account-issuer") {
        problems.push(
            "--service-account-signing-key-file and --service-account-issuer are required flags"
                .to_owned(),
        );
    }
    if !problems.is_empty() {
        return Some(aggregate(&problems));
    }
    apis.server.or_else(|| values::late(flags))
}

/// The storage of objects (`EtcdOptions.Validate`).
fn storage(flags: &Flags) -> Vec<String> {
    let mut problems = Vec::new();
    if flags.file("storage-backend").is_some_and(|backend| backend != "etcd3") {
        problems.push(
            "--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'"
                .to_owned(),
        );
    }
    let media = ["application/json", "application/vnd.kubernetes.protobuf", "application/yaml"];
    if let Some(other) = flags.file("storage-media-type").filter(|given| !media.contains(given)) {
        problems.push(format!(
            "--storage-media-type \"{other}\" invalid, allowed values: {}",
            media.join(", ")
        ));
    }
    problems
}

/// The audit log, where there is one (`AuditLogOptions.Validate`). A webhook has the same options.
fn audit(flags: &Flags) -> Vec<String> {
    let mut problems = Vec::new();
    let webhook = flags.file("audit-webhook-config-file").map(|_| "webhook");
    let log = flags.file("audit-log-path").map(|_| "log");
    for name in log.into_iter().chain(webhook) {
        let last = |option: &str| flags.last(&format!("audit-{name}-{option}"));
        if let Some(mode) = last("mode").filter(|mode| !AUDIT_MODES.contains(mode)) {
            let known = AUDIT_MODES.join(",");
            problems
                .push(format!("invalid audit {name} mode {mode}, allowed modes are \"{known}\""));
        }
        problems.extend(batch(flags, name));
        let size = |option: &str, default: i64| {
            last(option).and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let most = size("truncate-max-event-size", 100 << 10);
        let batch = size("truncate-max-batch-size", 10 << 20);
        if most <= 0 {
            problems.push(format!(
                "invalid audit truncate {name} max event size {most}, must be a positive number"
            ));
        } else if batch < most {
            problems.push(format!(
                "invalid audit truncate {name} max batch size {batch}, must be greater than max event size ({most})"
            ));
        }
        match last("version") {
            None | Some("audit.k8s.io/v1") => {}
            Some(text) if text.matches('/').count() > 1 => {
                problems.push(format!("unexpected GroupVersion string: {text}"));
            }
            Some(_) => problems.push(
                "invalid group version, allowed versions are [\"audit.k8s.io/v1\"]".to_owned(),
            ),
        }
    }
    if log.is_none() {
        return problems;
    }
    if let Some(format) =
        flags.last("audit-log-format").filter(|of| !matches!(*of, "json" | "legacy"))
    {
        problems.push(format!(
            "invalid audit log format {format}, allowed formats are \"legacy,json\""
        ));
    }
    for flag in ["audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"] {
        if let Some(value) = flags.last(flag).filter(|value| value.starts_with('-')) {
            problems.push(format!("--{flag} {value} can't be a negative number"));
        }
    }
    problems
}

/// How events are put together, where they are (`validateBackendBatchOptions`).
fn batch(flags: &Flags, name: &str) -> Option<String> {
    let last = |option: &str| flags.last(&format!("audit-{name}-{option}"));
    let is_on = last("mode").map_or(name == "webhook", |mode| mode == "batch");
    let throttles = flags.is_on(&format!("audit-{name}-batch-throttle-enable"), name == "webhook");
    let options = [
        ("batch-buffer-size", "buffer size", true),
        ("batch-max-size", "max batch size", true),
        ("batch-throttle-qps", "throttle QPS", throttles),
        ("batch-throttle-burst", "throttle burst", throttles),
    ];
    let wrong = options.into_iter().filter(|(.., is_used)| is_on && *is_used).find_map(
        |(option, what, _)| {
            let value = last(option)?;
            (value.parse::<f64>().is_ok_and(|value| value <= 0.0)).then_some((what, value))
        },
    );
    let (what, value) = wrong?;
    Some(format!("invalid audit batch {name} {what} {value}, must be a positive number"))
}

/// Whether a text is an address with the length of a prefix.
fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, length)| {
        let most = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        length.parse::<u8>().is_ok_and(|length| length <= most)
    })
}

#[cfg(test)]
mod tests {
    use super::super::flags::Asked;
    use super::*;

    fn refused(arguments: &[&str]) -> Option<String> {
        let needed = [
            "--etcd-servers=http://127.0.0.1:2379",
            "--service-account-issuer=https://a",
            "--service-account-key-file=k",
            "--service-account-signing-key-file=k",
        ];
        let all: Vec<String> =
            needed.iter().chain(arguments).map(|one| (*one).to_owned()).collect();
        match Flags::parse(&all) {
            Ok(Asked::Run(flags)) => refusal(&flags),
            other => panic!("{other:?}"),
        }
    }

    /// Command lines and the `err` that kube-apiserver 1.36.3 logs.
    #[test]
    fn what_upstream_refuses_is_refused_with_its_texts() {
        for (arguments, text) in [
            (
                &["--secure-port=99999"][..],
                "--secure-port 99999 must be between 1 and 65535, inclusive. It cannot be turned off with 0",
            ),
            (&["--authorization-mode=Foo"], "authorization-mode \"Foo\" is not a valid mode"),
            (
                &["--authorization-mode=ABAC"],
                "authorization-mode ABAC's authorization policy file not passed",
            ),
            (
                &["--authorization-mode=Webhook"],
                "authorization-mode Webhook's authorization config file not passed",
            ),
            (
                &["--enable-admission-plugins=Foo"],
                "enable-admission-plugins plugin \"Foo\" is unknown",
            ),
            (
                &[
                    "--enable-admission-plugins=NamespaceLifecycle",
                    "--disable-admission-plugins=NamespaceLifecycle",
                ],
                "[NamespaceLifecycle] in enable-admission-plugins and disable-admission-plugins overlapped",
            ),
            (&["--feature-gates=Foo=true"], "unrecognized feature gate: Foo"),
            (
                &["--runtime-config=api/all=false"],
                "[--runtime-config=api/all=false conflicts with --enable-priority-and-fairness=true, invalid \
                 runtime-config with only api/all=false]",
            ),
            (&["--runtime-config=foo/v1=true"], "unknown api groups foo/v1"),
            (
                &["--runtime-config=apps/v9=true"],
                "group version apps/v9 that has not been registered",
            ),
            (
                &["--service-cluster-ip-range=1.2.3.4"],
                "service-cluster-ip-range[0] is not a valid cidr",
            ),
            (
                &["--audit-log-path=x", "--audit-log-format=y"],
                "invalid audit log format y, allowed formats are \"legacy,json\"",
            ),
            (
                &["--audit-log-path=x", "--audit-log-maxage=-1"],
                "--audit-log-maxage -1 can't be a negative number",
            ),
            (
                &["--audit-log-path=x", "--audit-log-version=v1"],
                "invalid group version, allowed versions are [\"audit.k8s.io/v1\"]",
            ),
            (
                &["--audit-log-path=x", "--audit-log-mode=y"],
                "invalid audit log mode y, allowed modes are \"batch,blocking,blocking-strict\"",
            ),
            (
                &["--audit-log-path=x", "--audit-log-truncate-max-event-size=0"],
                "invalid audit truncate log max event size 0, must be a positive number",
            ),
            (
                &["--authorization-webhook-config-file=x"],
                "cannot specify --authorization-webhook-config-file without mode Webhook",
            ),
            (
                &["--authorization-config=x", "--authorization-mode=RBAC"],
                "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are \
                 defined",
            ),
            (&["--authorization-config=/no/such"], "open /no/such: no such file or directory"),
            (&["--min-request-timeout=-5"], "--min-request-timeout can not be negative value"),
        ] {
            assert_eq!(refused(arguments).as_deref(), Some(text));
        }
        let right = [
            "--feature-gates=kube:AllAlpha=false,kube:WatchList=false",
            "--authorization-mode=RBAC",
        ];
        assert_eq!(refused(&right), None);
    }

    /// As above, of what is read before or after the other checks.
    #[test]
    fn values_that_are_wrong_have_upstreams_texts() {
        for (arguments, text) in [
            (
                &["--audit-webhook-config-file=y", "--audit-webhook-batch-max-size=0"][..],
                "invalid audit batch webhook max batch size 0, must be a positive number",
            ),
            (
                &["--audit-log-path=-", "--audit-log-mode=batch", "--audit-log-batch-max-size=0"],
                "invalid audit batch log max batch size 0, must be a positive number",
            ),
            (&["--logging-format=x"], "format: Invalid value: \"x\": Unsupported log format"),
            (
                &["--service-account-max-token-expiration=1s"],
                "the service-account-max-token-expiration must be between 1 hour and 2^32 seconds",
            ),
            (
                &["--goaway-chance=2", "--shutdown-delay-duration=-1s"],
                "[--goaway-chance can not be less than 0 or greater than 0.02, --shutdown-delay-duration can not be negative \
                 value]",
            ),
            (
                &["--strict-transport-security-directives=x"],
                "--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, \
                 preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information",
            ),
            (
                &["--oidc-issuer-url=https://a"],
                "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
            ),
            (
                &["--authentication-config=/no/such"],
                "failed to load authentication configuration from file \"/no/such\": open /no/such: no such file or directory",
            ),
            (&["--watch-cache-sizes=x"], "invalid value of watch cache size: x"),
            (&["--tls-min-version=x"], "unknown tls version \"x\""),
            (&["--tls-cipher-suites=x"], "Cipher suite x not supported or doesn't exist"),
            (
                &["--encryption-provider-config=/no/such"],
                "error while parsing file: error while loading file: error reading encryption provider configuration file \
                 \"/no/such\": open /no/such: no such file or directory",
            ),
            (
                &["--authorization-mode=Webhook", "--authorization-webhook-config-file=/no/such"],
                "invalid authorization config: stat /no/such: no such file or directory",
            ),
            (
                &["--service-cluster-ip-range=10.0.0.0/30"],
                "error determining service IP ranges for primary service cidr: the service cluster IP range must be at least \
                 8 IP addresses",
            ),
        ] {
            assert_eq!(refused(arguments).as_deref(), Some(text));
        }
    }

    #[test]
    fn all_that_is_missing_is_said_at_once() {
        assert_eq!(
            refusal(&Flags::default()).unwrap(),
            "[--etcd-servers must be specified, service-account-issuer is a required flag, either \
             `--service-account-key-file` or `--service-account-signing-endpoint` must be set, \
             --service-account-signing-key-file and --service-account-issuer are required flags]"
        );
    }
}
