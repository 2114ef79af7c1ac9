//! A command line in pflag's syntax, with its refusals (`github.com/spf13/pflag`, `flag.go`): `--name=value`,
//! `--name value`, `--name` for a boolean, `-v 3`, `-v3`; `_` in names counts as `-`.

use crate::k8s::quote;

use super::kinds;

/// The flags of kube-apiserver 1.36.3 with the kinds of their values, as its `--help` lists them.
const KUBE_APISERVER: &str = include_str!("data/kube-apiserver-flags.txt");

/// The flags and the kinds of their values.
fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    KUBE_APISERVER.lines().filter_map(|line| line.split_once(' '))
}

/// A command line: the flags in the order in which they were given.
#[derive(Debug, Default)]
pub(super) struct Flags(Vec<(&'static str, String)>);

/// What a command line asks for.
#[derive(Debug)]
pub(super) enum Asked {
    /// To run.
    Run(Flags),
    /// To print the flags.
    Help,
    /// To print the version.
    Version,
}

impl Flags {
    /// Parses the arguments behind the name of the program.
    ///
    /// # Errors
    /// What upstream prints behind `Error: `.
    pub(super) fn parse(arguments: &[String]) -> Result<Asked, String> {
        let mut found = Self::default();
        let mut others = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                others.extend(rest.by_ref().cloned());
            } else if let Some(text) = argument.strip_prefix("--") {
                let (name, value) = match text.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (text, None),
                };
                if name.is_empty() || name.starts_with('-') {
                    return Err(format!("bad flag syntax: {argument}"));
                }
                if name == "help" {
                    return Ok(Asked::Help);
                }
                let normal = name.replace('_', "-");
                let Some((name, kind)) = known().find(|(known, _)| *known == normal) else {
                    return Err(format!("unknown flag: --{name}"));
                };
                let value = match value {
                    Some(value) => value.to_owned(),
                    None if matches!(kind, "bool" | "version") => "true".to_owned(),
                    None => match rest.next() {
                        Some(value) => value.clone(),
                        None => return Err(format!("flag needs an argument: --{name}")),
                    },
                };
                found.add(name, kind, value)?;
            } else if let Some(text) = argument.strip_prefix('-').filter(|text| !text.is_empty()) {
                if text.starts_with('h') {
                    return Ok(Asked::Help);
                }
                let Some(value) = text.strip_prefix('v') else {
                    let letter = text.chars().next().unwrap_or_default();
                    return Err(format!("unknown shorthand flag: '{letter}' in {argument}"));
                };
                let value = match value.strip_prefix('=').unwrap_or(value) {
                    "" => match rest.next() {
                        Some(value) => value.clone(),
                        None => return Err(format!("flag needs an argument: 'v' in {argument}")),
                    },
                    value => value.to_owned(),
                };
                found.add("v", "Level", value)?;
            } else {
                others.push(argument.clone());
            }
        }
        if !others.is_empty() {
            let list: Vec<String> = others.iter().map(|one| quote(one)).collect();
            let list = list.join(" ");
            return Err(format!("\"kube-apiserver\" does not take any arguments, got [{list}]"));
        }
        match found.last("version") {
            Some(value) if kinds::boolean(value) != Ok(false) => Ok(Asked::Version),
            _ => Ok(Asked::Run(found)),
        }
    }

    fn add(&mut self, name: &'static str, kind: &str, value: String) -> Result<(), String> {
        kinds::check(kind, &value).map_err(|why| {
            let shown = if name == "v" { "-v, --v".to_owned() } else { format!("--{name}") };
            format!("invalid argument {} for {} flag: {why}", quote(&value), quote(&shown))
        })?;
        self.0.push((name, value));
        Ok(())
    }

    /// The names of the flags that were given, each once.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// All values of a flag.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(given, _)| *given == name).map(|(_, value)| value.as_str())
    }

    /// The last value of a flag, which counts.
    pub(super) fn last(&self, name: &str) -> Option<&str> {
        let given = self.0.iter().rev().find(|(given, _)| *given == name);
        given.map(|(_, value)| value.as_str())
    }

    /// The last value of a flag of a file; none where it is empty.
    pub(super) fn file(&self, name: &str) -> Option<&str> {
        self.last(name).filter(|path| !path.is_empty())
    }

    /// The elements of a flag with a list, of all times that it was given.
    pub(super) fn list<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.all(name).flat_map(|list| list.split(',')).map(str::trim).filter(|one| !one.is_empty())
    }

    /// A boolean flag.
    pub(super) fn is_on(&self, name: &str, default: bool) -> bool {
        self.last(name).map_or(default, |value| kinds::boolean(value).unwrap_or(default))
    }
}

/// What `--help` prints. envtest looks for the names of flags in it.
pub(super) fn help() -> String {
    let mut text =
        "Standin under the name kube-apiserver: it takes the flags of kube-apiserver 1.36.\n\n\
                    Usage:\n  kube-apiserver [flags]\n\nFlags:\n\n"
            .to_owned();
    for (name, kind) in known() {
        let short = if name == "v" { "  -v, " } else { "      " };
        let kind = if kind == "bool" { "" } else { kind };
        text.push_str(format!("{short}--{name} {kind}").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Asked, String> {
        Flags::parse(&arguments.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
    }

    fn run(arguments: &[&str]) -> Flags {
        match parse(arguments) {
            Ok(Asked::Run(flags)) => flags,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_are_read_as_pflag_reads_them() {
        let flags = run(&[
            "--secure-port=1",
            "--secure_port",
            "2",
            "--allow-privileged",
            "-v3",
            "--authorization-mode=Node,RBAC",
            "--authorization-mode=ABAC",
            "--anonymous-auth=false",
        ]);
        assert_eq!(flags.last("secure-port"), Some("2"));
        assert!(flags.is_on("allow-privileged", false) && !flags.is_on("anonymous-auth", true));
        assert_eq!(flags.last("v"), Some("3"));
        assert_eq!(flags.list("authorization-mode").collect::<Vec<_>>(), ["Node", "RBAC", "ABAC"]);
        assert_eq!(flags.names().len(), 5);
        assert!(matches!(parse(&["-h"]), Ok(Asked::Help)));
        assert!(matches!(parse(&["--version"]), Ok(Asked::Version)));
        assert!(matches!(parse(&["--version=false"]), Ok(Asked::Run(_))));
    }

    /// Command lines and what kube-apiserver 1.36.3 says about them.
    #[test]
    fn wrong_command_lines_have_upstreams_texts() {
        for (arguments, text) in [
            (&["--nonsense"][..], "unknown flag: --nonsense"),
            (&["--insecure-port=0"], "unknown flag: --insecure-port"),
            (&["-x"], "unknown shorthand flag: 'x' in -x"),
            (&["-v"], "flag needs an argument: 'v' in -v"),
            (&["--secure-port"], "flag needs an argument: --secure-port"),
            (&["--=x"], "bad flag syntax: --=x"),
            (&["---x"], "bad flag syntax: ---x"),
            (&["extra"], "\"kube-apiserver\" does not take any arguments, got [\"extra\"]"),
            (
                &["--secure-port=abc"],
                "invalid argument \"abc\" for \"--secure-port\" flag: strconv.ParseInt: parsing \"abc\": invalid syntax",
            ),
            (
                &["-vx"],
                "invalid argument \"x\" for \"-v, --v\" flag: strconv.ParseUint: parsing \"x\": invalid syntax",
            ),
        ] {
            assert_eq!(parse(arguments).unwrap_err(), text);
        }
    }

    #[test]
    fn the_help_has_a_line_for_each_flag_and_none_for_those_of_old_versions() {
        let help = help();
        assert!(
            help.contains("\n      --secure-port int\n") && help.contains("\n  -v, --v Level\n")
        );
        assert!(!help.contains("--insecure-port"));
    }
}
