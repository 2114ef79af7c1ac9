//! The options of `standin serve` about recordings: what is recorded, how it is replayed, what is reported.

use std::path::PathBuf;

use clap::{Args, ValueEnum as _};

use crate::message::ReplaySpeed;
use crate::server::RecordMode;

#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "the options are named so")]
pub(crate) struct Replay {
    /// Record the backend's responses as fixtures in this directory. A mode in its place is --record-mode for the
    /// directory of --fixtures.
    #[arg(long, value_name = "DIR|MODE")]
    record: Option<PathBuf>,
    /// When to ask the backend: none (only replay), once (record where there is no recording yet, else replay),
    /// `new_episodes` (replay, and record new requests), all (record everything again). Default: record what the
    /// fixtures do not answer.
    #[arg(long, value_name = "MODE", requires = "record")]
    record_mode: Option<RecordMode>,
    /// Whether only stubs answer: no Kubernetes API, no files. Default: true if all fixtures are recordings.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) strict: Option<bool>,
    /// How fast the delays and pauses of stubs pass: 1 as recorded, 10 ten times as fast, 0 at once.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) replay_speed: ReplaySpeed,
    /// At the end, print the stubs that never answered, the sequences that were asked on after their last answer,
    /// and the requests without an answer.
    #[arg(long)]
    pub(crate) report_unused: bool,
    /// The same, and exit with code 1 if there is a stub that never answered, or a sequence that was asked on.
    #[arg(long)]
    pub(crate) fail_unused: bool,
    /// The same, and exit with code 1 if there is a request without an answer.
    #[arg(long)]
    pub(crate) fail_unmatched: bool,
}

/// What is recorded, and when.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) directory: PathBuf,
    pub(crate) mode: Option<RecordMode>,
}

impl Replay {
    /// The directory and the mode; nothing where nothing is recorded or replayed by a mode.
    ///
    /// # Errors
    /// A mode is in place of the directory, and `fixtures` are not one directory.
    pub(crate) fn recorded(&self, fixtures: &[PathBuf]) -> Result<Option<Recorded>, String> {
        let Some(record) = &self.record else { return Ok(None) };
        let named = record.to_str().and_then(|text| RecordMode::from_str(text, false).ok());
        let Some(mode) = named else {
            let (directory, mode) = (record.clone(), self.record_mode);
            return Ok(Some(Recorded { directory, mode }));
        };
        let [directory] = fixtures else {
            return Err(format!(
                "--record {}: name one directory with --fixtures, or write --record DIR --record-mode {0}",
                mode.name()
            ));
        };
        Ok(Some(Recorded { directory: directory.clone(), mode: Some(mode) }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        replay: Replay,
    }

    fn recorded(line: &[&str], fixtures: &[&str]) -> Result<Option<Recorded>, String> {
        let words = std::iter::once("standin").chain(line.iter().copied());
        let fixtures: Vec<PathBuf> = fixtures.iter().map(PathBuf::from).collect();
        Line::parse_from(words).replay.recorded(&fixtures)
    }

    #[test]
    fn a_mode_stands_beside_the_directory_or_in_its_place() {
        let of = |directory: &str, mode| Ok(Some(Recorded { directory: directory.into(), mode }));
        assert_eq!(recorded(&[], &["f"]), Ok(None));
        assert_eq!(recorded(&["--record", "d"], &["f"]), of("d", None));
        let once = Some(RecordMode::Once);
        assert_eq!(recorded(&["--record", "d", "--record-mode", "once"], &["f"]), of("d", once));
        let episodes = Some(RecordMode::NewEpisodes);
        for word in ["new_episodes", "new-episodes"] {
            assert_eq!(recorded(&["--record", word], &["f"]), of("f", episodes), "{word}");
        }
        assert_eq!(recorded(&["--record", "./once"], &["f"]), of("./once", None));
        assert!(recorded(&["--record", "none"], &["f", "g"]).is_err());
        assert!(recorded(&["--record", "none"], &[]).is_err());
    }

    #[test]
    fn strictness_is_given_with_or_without_a_value() {
        for (line, strict) in
            [(&[][..], None), (&["--strict"], Some(true)), (&["--strict=false"], Some(false))]
        {
            let words = std::iter::once("standin").chain(line.iter().copied());
            assert_eq!(Line::parse_from(words).replay.strict, strict, "{line:?}");
        }
    }
}
