//! JSON paths (RFC 9535) whose evaluation is bounded.
//!
//! The library evaluates without a limit, and a short path can visit a value many times over:
//! `$..*..*..*` its descendants of descendants, `$[*,*][*,*]` twice as much at each step, and
//! `$..[?$..a]` all of it for each part. Such paths are refused when they are read. What is left visits
//! a value at most [`MAX_REPEATS`] times for each level of its nesting.

use serde_json_path::JsonPath;

/// Descents (`..`) in one path.
const MAX_DESCENTS: usize = 2;

/// How often selectors side by side may name one value: the product over the segments.
const MAX_REPEATS: usize = 64;

/// Reads a path.
///
/// # Errors
/// What is wrong with it, or why its evaluation would not be bounded.
pub(crate) fn parse(text: &str) -> Result<JsonPath, String> {
    let path = JsonPath::parse(text).map_err(|error| error.to_string())?;
    check(text)?;
    Ok(path)
}

fn check(text: &str) -> Result<(), String> {
    let (mut descents, mut repeats) = (0, 1_usize);
    // One entry for each open bracket: whether a filter is in it, and how many selectors.
    let mut open: Vec<(bool, usize)> = Vec::new();
    let mut absolute = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let in_filter = open.iter().any(|(filter, _)| *filter);
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'[' => open.push((false, 1)),
            b']' => {
                absolute = false;
                repeats = repeats.saturating_mul(open.pop().map_or(1, |(_, selectors)| selectors));
            }
            b',' => open.last_mut().into_iter().for_each(|(_, selectors)| *selectors += 1),
            b'?' => open.last_mut().into_iter().for_each(|(filter, _)| *filter = true),
            b'$' => absolute = in_filter,
            b'@' | b'&' | b'|' => absolute = false,
            b'.' if bytes.get(at + 1) == Some(&b'.') => {
                descents += 1;
                at += 1;
                if absolute {
                    return Err(unbounded(
                        "a filter reads the whole value for each part (\"$..\")",
                    ));
                }
            }
            b'*' | b':' if absolute => {
                return Err(unbounded(
                    "a filter reads many parts of the whole value for each part",
                ));
            }
            _ => {}
        }
        at += 1;
    }
    if descents > MAX_DESCENTS {
        return Err(unbounded(&format!(
            "\"..\" is in it {descents} times, {MAX_DESCENTS} are allowed"
        )));
    }
    if repeats > MAX_REPEATS {
        return Err(unbounded(&format!("its selectors name one part up to {repeats} times")));
    }
    Ok(())
}

fn unbounded(why: &str) -> String {
    format!("the path takes too long on a large value: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_visit_a_value_many_times_are_refused() {
        for path in [
            "$..*..*..*",
            "$[*,*][*,*][*,*][*,*][*,*][*,*][*,*]",
            "$..[?$..a]",
            "$.a[?$.b[*]]",
            "$.a[?@.x == 1 && $.b[1:]]",
            "$..a[?@..b[?@..c]]",
        ] {
            let error = parse(path).unwrap_err();
            assert!(error.starts_with("the path takes too long"), "{path}: {error}");
        }
    }

    #[test]
    fn everyday_paths_are_read() {
        for path in [
            "$.spec.tasks[*].replicas",
            "$..name",
            "$.status.conditions[?@.type == 'Ready' && @.status == 'True'].message",
            "$.items[?@.price < $.limit]..id",
            "$['a..b..c..d', 'x']",
            "$[0:3].a[1, 2]",
        ] {
            assert!(parse(path).is_ok(), "{path}: {:?}", parse(path));
        }
        assert!(parse("$[").is_err());
    }
}
