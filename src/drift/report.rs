//! The results of a comparison, as text and as JSON.

use serde_json::{Value, json};

/// The result for one fixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Its file.
    pub(crate) file: String,
    /// Method and path.
    pub(crate) title: String,
    pub(crate) verdict: Verdict,
}

/// The state of a fixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The answer is equal apart from noise.
    Same,
    /// The answer has changed: the lines of a diff, or the problems.
    Drifted(String),
    /// The request was not repeated, with the reason.
    Skipped(String),
    /// There was no answer to compare with, with the reason.
    Failed(String),
}

/// All comparisons, in the order of the fixtures.
#[derive(Debug, Default)]
pub(crate) struct Report(pub(crate) Vec<Comparison>);

/// Exit codes of `standin diff`.
const SAME: u8 = 0;
const DRIFT: u8 = 1;
const NO_ANSWER: u8 = 2;

impl Report {
    fn count(&self, of: impl Fn(&Verdict) -> bool) -> usize {
        self.0.iter().filter(|comparison| of(&comparison.verdict)).count()
    }

    /// Returns the exit code: 0 if nothing has drifted, 1 if something has, 2 if something could
    /// not be compared.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.count(|verdict| matches!(verdict, Verdict::Failed(_))) > 0 {
            NO_ANSWER
        } else if self.count(|verdict| matches!(verdict, Verdict::Drifted(_))) > 0 {
            DRIFT
        } else {
            SAME
        }
    }

    /// Returns the report as text: a paragraph for each fixture that differs, then the counts.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for Comparison { file, title, verdict } in &self.0 {
            match verdict {
                Verdict::Same => {}
                Verdict::Drifted(lines) => {
                    text.push_str(&format!("drift: {title} ({file})\n"));
                    for line in lines.lines() {
                        text.push_str(&format!("    {line}\n"));
                    }
                }
                Verdict::Skipped(why) => {
                    text.push_str(&format!("not compared: {title} ({file}): {why}\n"));
                }
                Verdict::Failed(why) => {
                    text.push_str(&format!("no answer: {title} ({file}): {why}\n"));
                }
            }
        }
        let [same, drifted, skipped, failed] = self.counts();
        text.push_str(&format!(
            "{same} the same, {drifted} drifted, {skipped} not compared, {failed} without an answer\n"
        ));
        text
    }

    /// Returns whether there is no result: no answer was compared, and none is missing.
    pub(crate) fn is_empty(&self) -> bool {
        self.count(|verdict| !matches!(verdict, Verdict::Skipped(_))) == 0
    }

    fn counts(&self) -> [usize; 4] {
        [
            self.count(|verdict| *verdict == Verdict::Same),
            self.count(|verdict| matches!(verdict, Verdict::Drifted(_))),
            self.count(|verdict| matches!(verdict, Verdict::Skipped(_))),
            self.count(|verdict| matches!(verdict, Verdict::Failed(_))),
        ]
    }

    /// Returns the report as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let one = |Comparison { file, title, verdict }: &Comparison| {
            let (word, text) = match verdict {
                Verdict::Same => ("same", None),
                Verdict::Drifted(lines) => ("drifted", Some(("diff", lines))),
                Verdict::Skipped(why) => ("skipped", Some(("why", why))),
                Verdict::Failed(why) => ("failed", Some(("why", why))),
            };
            let mut shown = json!({"file": file, "request": title, "verdict": word});
            if let Some((key, text)) = text {
                shown[key] = text.as_str().into();
            }
            shown
        };
        let [same, drifted, skipped, failed] = self.counts();
        let fixtures: Vec<Value> = self.0.iter().map(one).collect();
        json!({"fixtures": fixtures, "same": same, "drifted": drifted, "skipped": skipped, "failed": failed})
    }
}
