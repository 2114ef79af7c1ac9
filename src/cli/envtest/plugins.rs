//! Which admission plugins run, by `--enable-admission-plugins` and `--disable-admission-plugins`
//! (`k8s.io/kubernetes/pkg/kubeapiserver/options/{admission,plugins}.go`).

use std::ffi::OsString;

use super::flags::Flags;

/// The plugins of kube-apiserver 1.36.3.
const KNOWN: &str = include_str!("data/admission-plugins.txt");

const ENABLE: &str = "enable-admission-plugins";
const DISABLE: &str = "disable-admission-plugins";

/// A plugin that is on in upstream's server, and off in `standin serve`, whose namespaces have no accounts.
const SERVICE_ACCOUNT: &str = "ServiceAccount";

/// Adds the options of `standin serve` that turn the same plugins on and off.
pub(super) fn push_options(flags: &Flags, options: &mut Vec<OsString>) {
    let disabled: Vec<&str> = flags.list(DISABLE).collect();
    for name in &disabled {
        options.push(format!("--{DISABLE}={name}").into());
    }
    let default = [SERVICE_ACCOUNT].into_iter().filter(|name| !disabled.contains(name));
    for name in flags.list(ENABLE).chain(default) {
        options.push(format!("--{ENABLE}={name}").into());
    }
}

/// What is wrong with the two lists (`AdmissionOptions.Validate`).
pub(super) fn problems(flags: &Flags) -> Vec<String> {
    let mut problems = Vec::new();
    for flag in [ENABLE, DISABLE] {
        for name in flags.list(flag).filter(|name| !KNOWN.lines().any(|known| known == *name)) {
            problems.push(format!("{flag} plugin \"{name}\" is unknown"));
        }
    }
    let mut both: Vec<&str> =
        flags.list(ENABLE).filter(|name| flags.list(DISABLE).any(|other| other == *name)).collect();
    if !both.is_empty() {
        both.sort_unstable();
        both.dedup();
        let both = both.join(" ");
        problems.push(format!("[{both}] in {ENABLE} and {DISABLE} overlapped"));
    }
    problems
}
