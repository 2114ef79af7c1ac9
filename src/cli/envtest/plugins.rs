//! Which admission plugins run, by `--enable-admission-plugins` and `--disable-admission-plugins`
//! (`k8s.io/kubernetes/pkg/kubeapiserver/options/{admission,plugins}.go`).

use super::flags::Flags;

/// The plugins of kube-apiserver 1.36.3.
const KNOWN: &str = include_str!("data/admission-plugins.txt");

const ENABLE: &str = "enable-admission-plugins";
const DISABLE: &str = "disable-admission-plugins";

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
