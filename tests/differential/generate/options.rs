//! Query parameters of every verb, good and bad.

use super::{encoded, valid};
use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "30",
    "-1",
    "-0",
    "+1",
    "01",
    "",
    "abc",
    "1.5",
    "1e3",
    "0x10",
    "1_000",
    " 1",
    "1 ",
    "١",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "null",
    "true",
];

const BOOLEANS: &[&str] =
    &["true", "false", "1", "0", "", "abc", "True", "FALSE", "t", "null", "no"];

const REVISIONS: &[&str] = &[
    "",
    "0",
    "1",
    "@rv@",
    "@rv0@",
    "abc",
    "-1",
    "00",
    "01",
    "+1",
    " 1",
    "18446744073709551615",
    "18446744073709551616",
    "1.0",
    "0x1",
];

const CONTINUES: &[&str] = &[
    "",
    "@continue@",
    "abc",
    "a",
    "@continue@x",
    "e30",
    "e30=",
    "bnVsbA",
    "W10",
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ",
    "eyJ2IjoieCIsInJ2IjoxLCJzdGFydCI6ImEifQ",
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiYSJ9",
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiLi4vYSJ9",
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MCwic3RhcnQiOiJhIn0",
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6IjEiLCJzdGFydCI6ImEifQ",
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiIn0",
];

/// A parameter and its values.
type Parameter = (&'static str, &'static [&'static str]);

const PARAMETERS: &[Parameter] = &[
    ("dryRun", &["All", "", "all", "ALL", "None", "All,All", " All"]),
    ("fieldValidation", &["Strict", "Warn", "Ignore", "", "strict", "Foo"]),
    ("fieldManager", &["me", "", "a b", "bad\u{1}", "é", LONG]),
    ("propagationPolicy", &["Background", "Foreground", "Orphan", "", "background", "Foo", "nil"]),
    ("orphanDependents", BOOLEANS),
    ("gracePeriodSeconds", NUMBERS),
    ("ignoreStoreReadErrorWithClusterBreakingPotential", BOOLEANS),
    ("resourceVersion", REVISIONS),
    ("resourceVersionMatch", &["Exact", "NotOlderThan", "", "exact", "Foo"]),
    ("limit", NUMBERS),
    ("continue", CONTINUES),
    ("timeoutSeconds", NUMBERS),
    (
        "timeout",
        &["1s", "0", "", "abc", "5m", "100h", "10", "-1s", "1.5s", "34s", "35s", "1h1m", "s", "1d"],
    ),
    ("pretty", BOOLEANS),
    ("sendInitialEvents", BOOLEANS),
    ("allowWatchBookmarks", BOOLEANS),
    ("watch", &["false", "0", ""]),
    ("force", BOOLEANS),
    ("includeObject", &["None", "Object", "Metadata", "", "Foo"]),
    ("uid", &["", "x", "@uid@"]),
    ("preconditions", &["", "x"]),
    ("apiVersion", &["v1", "foo/v1", ""]),
    ("kind", &["DeleteOptions", "Foo", ""]),
    ("shardSelector", &["", "abc"]),
    ("foo", &["bar", ""]),
    ("Limit", &["1"]),
    ("DryRun", &["All"]),
];

/// Longer than the name of a field manager may be.
const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// Texts that are no parameters.
const ODD: &[&str] = &[
    "",
    "&",
    "dryRun",
    "limit",
    "=",
    "=1",
    "limit=%zz",
    "limit=1;2",
    "limit=1&limit=abc",
    "%",
    "a=b=c",
    "+",
];

pub(super) fn steps(draw: &mut Draw, kind: &Kind) -> Vec<Step> {
    draw.some(1, 3, |draw| {
        let mut step = valid(draw, kind);
        for _ in 0..=draw.below(3) {
            step = parameter(draw, step);
        }
        step
    })
}

fn parameter(draw: &mut Draw, step: Step) -> Step {
    if draw.chance(6) {
        return step.query(draw.one(ODD));
    }
    // A future revision takes three seconds.
    if draw.chance(1) {
        return step.query("resourceVersion=99999999999");
    }
    let (name, values) = draw.one(PARAMETERS);
    let step = step.query(format!("{name}={}", encoded(draw.one(values))));
    if draw.chance(8) { step.query(format!("{name}={}", encoded(draw.one(values)))) } else { step }
}
