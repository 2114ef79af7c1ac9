//! What a comparison found, for people and for programs.

use serde_json::{Value, json};

/// What was found out about one fixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Its file.
    pub(crate) file: String,
    /// Method and path.
    pub(crate) title: String,
    pub(crate) verdict: Verdict,
}

/// How a fixture stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The answer is the same, but for noise.
    Same,
    /// It is another one: the lines of a diff, or what is wrong.
    Drifted(String),
    /// The request was not made again: why.
    Skipped(String),
    /// There was no answer to compare with: why.
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

    /// 0 where nothing has drifted, 1 where something has, 2 where something could not be asked.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.count(|verdict| matches!(verdict, Verdict::Failed(_))) > 0 {
            NO_ANSWER
        } else if self.count(|verdict| matches!(verdict, Verdict::Drifted(_))) > 0 {
            DRIFT
        } else {
            SAME
        }
    }

    /// For people: a paragraph for each fixture that is not the same, then the counts.
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

    /// Returns whether nothing was found out: no answer was compared, and none is missing.
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

    /// For programs.
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
