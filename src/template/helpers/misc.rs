//! Helpers for regular expressions and system values.

use super::error;
use crate::java::regex::{Flags, Regex};
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::value::{ListStyle, Value};
use crate::template::{SystemSource, SystemValue};

/// Bytes that a compiled expression may take.
const MAX_COMPILED: usize = 1 << 20;

/// How often an expression with look-around or back-references may backtrack.
const BACKTRACK_LIMIT: usize = 100_000;

/// How many groups `regexExtract` keeps.
const MAX_GROUPS: usize = 100_000;

/// The first match, and the groups of all matches in their order; an unused group is `None`.
type Extract = (String, Vec<Option<String>>);

/// A regular expression in Java's syntax that is searched for.
#[derive(Debug)]
enum Pattern {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl Pattern {
    fn new(text: &str) -> Result<Self, String> {
        let java = Regex::new(text, Flags::default()).map_err(|error| error.to_string())?;
        let mut linear = String::new();
        if let Some(hir) = java.hir()
            && regex_syntax::hir::print::Printer::new().print(hir, &mut linear).is_ok()
            && let Ok(regex) = regex::RegexBuilder::new(&linear).size_limit(MAX_COMPILED).build()
        {
            return Ok(Self::Linear(regex));
        }
        let mut builder = fancy_regex::RegexBuilder::new(text);
        let built =
            builder.backtrack_limit(BACKTRACK_LIMIT).delegate_size_limit(MAX_COMPILED).build();
        built
            .map(|regex| Self::Backtracking(Box::new(regex)))
            .map_err(|_| format!("\"{text}\" cannot be searched for"))
    }

    /// Returns the matches of a search.
    fn extract(&self, text: &str) -> Result<Option<Extract>, Failure> {
        let mut first = None;
        let mut groups = Vec::new();
        let owned = |text: &str| text.to_owned();
        match self {
            Self::Linear(regex) => {
                for found in regex.captures_iter(text) {
                    first.get_or_insert_with(|| owned(&found[0]));
                    groups.extend(
                        found.iter().skip(1).map(|group| group.map(|group| owned(group.as_str()))),
                    );
                    if groups.len() > MAX_GROUPS {
                        return Err(too_long());
                    }
                }
            }
            Self::Backtracking(regex) => {
                for found in regex.captures_iter(text) {
                    let found = found.map_err(|_| too_long())?;
                    let whole = found.get(0).map_or("", |found| found.as_str());
                    first.get_or_insert_with(|| owned(whole));
                    groups.extend(
                        found.iter().skip(1).map(|group| group.map(|group| owned(group.as_str()))),
                    );
                    if groups.len() > MAX_GROUPS {
                        return Err(too_long());
                    }
                }
            }
        }
        Ok(first.map(|first| (first, groups)))
    }
}

/// Returns whether a text as a whole matches an expression in Java's syntax.
pub(super) fn matches_whole(text: &str, expression: &str) -> Result<bool, Failure> {
    let regex = Regex::new(expression, Flags::default())
        .map_err(|error| format!("\"{expression}\" is not a regular expression: {error}"))?;
    regex.matches(text).ok_or_else(too_long)
}

fn too_long() -> Failure {
    "the regular expression takes too long on this text; make it simpler".into()
}

/// Returns the first match as a text; with a variable's name the groups of all matches.
pub(super) fn regex_extract(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Value::Text(expression) = call.param(0) else {
        return Err("the regular expression is missing; give it as a text".into());
    };
    let Ok(pattern) = Pattern::new(&expression) else {
        return error(format!("Invalid regex string {expression}"));
    };
    let text = call.print_first()?;
    let found = pattern.extract(&text)?;
    match (found, call.params.get(1).cloned()) {
        (Some((first, _)), None) => call.made(first),
        (Some((_, groups)), Some(name)) if !groups.is_empty() => {
            let name = super::block::name_of(&name)?;
            let text = |group: Option<String>| group.map_or(Value::Null, Value::text);
            let groups = Value::list(groups.into_iter().map(text).collect(), ListStyle::First)?;
            call.assign(&name, groups);
            Ok(Value::Null)
        }
        _ => match call.named("default") {
            Some(default) => Ok(default.clone()),
            None => error(format!("Nothing matched {expression}")),
        },
    }
}

pub(super) fn hostname(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    Ok(Value::text(call.renderer.context.host.name()))
}

/// Returns a variable of the environment, where the user permits its name.
pub(super) fn system_value(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let key = call.named_text("key")?.unwrap_or_default();
    let kind = call.named_text("type")?;
    let default = call.named_text("default")?;
    if key.is_empty() {
        return error("The key cannot be empty");
    }
    let source = match kind.as_deref() {
        None | Some("ENVIRONMENT") => Some(SystemSource::Environment),
        Some("PROPERTY") => Some(SystemSource::Property),
        Some(_) => None,
    };
    let asked = source.unwrap_or(SystemSource::Environment);
    match call.renderer.context.host.system_value(asked, &key) {
        SystemValue::Denied => error(format!("Access to {key} is denied")),
        SystemValue::Text(_) | SystemValue::Absent if source.is_none() => Ok(Value::text("")),
        SystemValue::Text(text) => call.made(text),
        SystemValue::Absent => Ok(default.map_or(Value::Null, Value::Text)),
    }
}
