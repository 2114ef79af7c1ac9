//! `--emulated-version` and `--min-compatibility-version`: what upstream refuses
//! (`k8s.io/component-base/compatibility/{registry,version}.go`).

use crate::k8s::quote;

use super::flags::Flags;
use super::gates::aggregate;

/// The minor version of the program, and the first one that it can emulate.
const OWN: u32 = 36;
const FIRST: u32 = 33;

/// What upstream prints for versions that it cannot emulate.
pub(super) fn refusal(flags: &Flags) -> Option<String> {
    let (emulated, least) =
        match (given(flags, "emulated-version"), given(flags, "min-compatibility-version")) {
            (Ok(emulated), Ok(least)) => (emulated, least),
            (Err(why), _) | (_, Err(why)) => return Some(why),
        };
    let emulated = emulated.unwrap_or((1, OWN));
    let least = least.unwrap_or_else(|| (1, emulated.1.saturating_sub(1).max(FIRST)));
    let mut problems = Vec::new();
    if !((1, FIRST)..=(1, OWN)).contains(&emulated) {
        let (major, minor) = emulated;
        problems.push(format!(
            "emulation version {major}.{minor} is not between [1.{FIRST}, 1.{OWN}.0]"
        ));
    }
    if least < (1, FIRST) || least > emulated {
        let ((major, minor), (of, to)) = (least, emulated);
        problems.push(format!(
            "minCompatibilityVersion version {major}.{minor} is not between [1.{FIRST}, {of}.{to}]"
        ));
    }
    (!problems.is_empty()).then(|| aggregate(&problems))
}

/// The version that a flag gives for the component `kube`, which a version without a component is for.
fn given(flags: &Flags, flag: &str) -> Result<Option<(u32, u32)>, String> {
    let mut found = None;
    for one in flags.list(flag) {
        let (component, version) = one.split_once('=').unwrap_or(("kube", one));
        let numbers = numbers(version);
        let [major, minor, ..] = *numbers else {
            return Err(format!("could not parse {} as version", quote(version)));
        };
        if numbers.len() > 2 {
            return Err(format!("patch version not allowed, got: {component}={version}"));
        }
        if component != "kube" {
            return Err(format!("component not registered: {component}"));
        }
        found = Some((major, minor));
    }
    Ok(found)
}

/// The numbers of a version; none for what is no version.
fn numbers(version: &str) -> Vec<u32> {
    let version = version.trim().strip_prefix('v').unwrap_or(version.trim());
    let parts: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    parts.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::flags::Asked;
    use super::*;

    fn said(arguments: &[&str]) -> Option<String> {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        let Ok(Asked::Run(flags)) = Flags::parse(&arguments) else { panic!("{arguments:?}") };
        refusal(&flags)
    }

    /// What kube-apiserver 1.36.3 prints.
    #[test]
    fn versions_beyond_what_can_be_emulated_are_refused() {
        for fine in ["1.36", "v1.36", "kube=1.33"] {
            assert_eq!(said(&[&format!("--emulated-version={fine}")]), None, "{fine}");
        }
        for (given, why) in [
            ("1.40", "emulation version 1.40 is not between [1.33, 1.36.0]"),
            (
                "kube=1.31",
                "[emulation version 1.31 is not between [1.33, 1.36.0], minCompatibilityVersion version 1.33 is not between [1.33, 1.31]]",
            ),
            ("x=1.30", "component not registered: x"),
            ("1.36.2", "patch version not allowed, got: kube=1.36.2"),
            ("kube=a", "could not parse \"a\" as version"),
        ] {
            assert_eq!(said(&[&format!("--emulated-version={given}")]).as_deref(), Some(why));
        }
    }
}
