//! `standin envtest`, the programs that controller-runtime's envtest starts: this one, under their names.
//!
//! ```text
//! standin envtest → [assets]: links to this program
//! argv[0] = kube-apiserver → [flags] (pflag's syntax, [kinds] of values) → [checks] (upstream's refusals)
//!              → [apiserver] → [certificates], the options of `standin serve` → super::serve
//! argv[0] = etcd           → [etcd]: answers its health, keeps nothing
//!              both end with their parent: [parent]
//! ```

mod apiserver;
mod assets;
mod audit;
mod authorization;
mod certificates;
mod checks;
mod etcd;
mod flags;
mod gates;
mod kinds;
mod parent;
mod plugins;
mod values;
mod versions;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use super::args::Envtest;
use super::error::CommandError;

/// A program that envtest starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// `kube-apiserver`.
    ApiServer,
    /// `etcd`.
    Etcd,
}

impl Program {
    /// The program of a name that this one was called by.
    pub(super) fn called(name: Option<&OsString>) -> Option<Self> {
        match Path::new(name?).file_stem().and_then(OsStr::to_str)? {
            "kube-apiserver" => Some(Self::ApiServer),
            "etcd" => Some(Self::Etcd),
            _ => None,
        }
    }

    /// Runs it.
    pub(super) fn run(self, arguments: &[OsString]) -> ExitCode {
        match self {
            Self::ApiServer => apiserver::run(arguments),
            Self::Etcd => etcd::run(arguments),
        }
    }
}

/// Writes the programs, and prints where they are.
pub(super) fn envtest(args: &Envtest) -> Result<(), CommandError> {
    assets::write(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_it_is_called_by_decides_what_it_is() {
        let called = |name: &str| Program::called(Some(&OsString::from(name)));
        assert_eq!(called("/assets/kube-apiserver"), Some(Program::ApiServer));
        assert_eq!(called("etcd"), Some(Program::Etcd));
        assert_eq!(called("kube-apiserver.exe"), Some(Program::ApiServer));
        assert_eq!(called("/usr/bin/standin"), None);
        assert_eq!(Program::called(None), None);
    }
}
