//! The levels, on pods as values. Expected texts are those of kube-apiserver 1.36.3.

use serde_json::json;

use super::*;

fn run(level: Level, version: policy::Version, spec: &Value) -> String {
    let pod = json!({"metadata": {"name": "p"}, "spec": spec});
    checks::run(LevelVersion { level, version }, Pod::of(&pod)).details()
}

#[test]
fn the_restricted_level_names_what_a_plain_pod_lacks() {
    let spec = json!({"containers": [{"name": "a"}, {"name": "b"}]});
    assert_eq!(run(Level::Baseline, None, &spec), "");
    assert_eq!(
        run(Level::Restricted, None, &spec),
        "allowPrivilegeEscalation != false (containers \"a\", \"b\" must set \
         securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers \"a\", \"b\" must set \
         securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or containers \"a\", \"b\" must set \
         securityContext.runAsNonRoot=true), seccompProfile (pod or containers \"a\", \"b\" must set \
         securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
    );
}

#[test]
fn the_baseline_level_names_what_reaches_the_node() {
    let spec = json!({
        "hostNetwork": true, "hostPID": true,
        "securityContext": {"sysctls": [{"name": "net.ipv4.tcp_rmem"}, {"name": "kernel.x"}]},
        "volumes": [{"name": "v", "hostPath": {"path": "/"}}],
        "containers": [{
            "name": "a", "ports": [{"hostPort": 80}],
            "securityContext": {"privileged": true, "capabilities": {"add": ["SYS_ADMIN", "CHOWN"]}},
        }],
    });
    assert_eq!(
        run(Level::Baseline, None, &spec),
        "non-default capabilities (container \"a\" must not include \"SYS_ADMIN\" in securityContext.capabilities.add), \
         host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume \"v\"), hostPort (container \"a\" \
         uses hostPort 80), privileged (container \"a\" must not set securityContext.privileged=true), forbidden sysctls \
         (kernel.x)"
    );
    assert!(run(Level::Baseline, Some(31), &spec).ends_with("(net.ipv4.tcp_rmem, kernel.x)"));
}

#[test]
fn versions_decide_about_the_checks() {
    let container = json!({"name": "a", "securityContext": {"procMount": "Unmasked"}});
    let spec = json!({"hostUsers": false, "containers": [container]});
    assert_eq!(run(Level::Baseline, None, &spec), "");
    assert!(run(Level::Baseline, Some(34), &spec).starts_with("procMount (container \"a\""));
    let restricted = run(Level::Restricted, Some(35), &spec);
    assert!(restricted.contains("procMount") && !restricted.contains("runAsNonRoot"));
    assert_eq!(run(Level::Restricted, Some(7), &json!({"containers": []})), "");
}

#[test]
fn labels_are_read_with_upstreams_errors() {
    let labels = json!({
        "pod-security.kubernetes.io/enforce": "baseline", "pod-security.kubernetes.io/warn-version": "v1.07",
    });
    let (policy, errors) = policy::read(|name| labels[name].as_str());
    assert_eq!(policy.enforce.to_string(), "baseline:latest");
    assert_eq!(policy.warn.to_string(), "baseline:latest");
    assert_eq!(
        errors[0].to_string(),
        "metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: \"v1.07\": must be \"latest\" or \
         \"v1.x\""
    );
    let (policy, errors) = policy::read(|name| name.ends_with("/enforce").then_some("x"));
    assert_eq!((policy.enforce.level, policy.warn.level), (Level::Restricted, Level::Privileged));
    assert_eq!(errors.len(), 1);
}
