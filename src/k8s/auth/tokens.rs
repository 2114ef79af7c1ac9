//! The static token file: one line `token,user,uid,"group1,group2"` per token
//! (`k8s.io/apiserver/pkg/authentication/token/tokenfile`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::document::{Diagnostic, Diagnostics};
#[cfg(feature = "token-file")]
use crate::document::{Place, Severity};

#[cfg(feature = "token-file")]
use super::user::AUTHENTICATED;
use super::user::User;

/// Tokens with their owners.
pub(super) struct Tokens(HashMap<String, Arc<User>>);

impl Tokens {
    pub(super) fn find(&self, token: &str) -> Option<Arc<User>> {
        self.0.get(token).cloned()
    }

    /// Without a CSV reader the file is refused: to ignore it would let everybody in.
    #[cfg(not(feature = "token-file"))]
    pub(super) fn parse(path: &Path, _: &[u8], problems: &mut Diagnostics) -> Self {
        let what = "this build reads no token files";
        problems.push(Diagnostic::error(path, what).hint("build it with the feature token-file"));
        Self(HashMap::new())
    }

    /// Parses the file; diagnostics are added to `problems`.
    #[cfg(feature = "token-file")]
    pub(super) fn parse(path: &Path, text: &[u8], problems: &mut Diagnostics) -> Self {
        let mut tokens = HashMap::new();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::Headers)
            .from_reader(text);
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    // Messages do not quote the line: it may hold a token.
                    let line = error.position().map(csv::Position::line);
                    problems.push(at(path, line, "the line is not CSV in UTF-8", HINT));
                    break;
                }
            };
            let line = record.position().map(csv::Position::line);
            if record.len() < 3 {
                let what = format!(
                    "a line has at least 3 columns (token, user name, user uid), found {}",
                    record.len()
                );
                problems.push(at(path, line, &what, HINT));
                continue;
            }
            if record[0].is_empty() {
                let mut warning = at(path, line, "a line without a token is ignored", HINT);
                warning.severity = Severity::Warning;
                problems.push(warning);
                continue;
            }
            let groups = record.get(3).unwrap_or_default();
            let mut groups: Vec<String> =
                groups.split(',').filter(|group| !group.is_empty()).map(str::to_owned).collect();
            groups.push(AUTHENTICATED.to_owned());
            let (name, uid) = (record[1].to_owned(), record[2].to_owned());
            let user = User { name, uid, groups, ..User::default() };
            // As upstream: the last line of a token counts.
            tokens.insert(record[0].to_owned(), Arc::new(user));
        }
        Self(tokens)
    }
}

#[cfg(feature = "token-file")]
const HINT: &str = "write token,user,uid,\"group1,group2\"";

#[cfg(feature = "token-file")]
fn at(path: &Path, line: Option<u64>, what: &str, hint: &str) -> Diagnostic {
    let problem = Diagnostic::error(path, what).hint(hint);
    match line.and_then(|line| usize::try_from(line).ok()) {
        Some(line) => problem.at(Place { line, column: 1 }),
        None => problem,
    }
}

impl std::fmt::Debug for Tokens {
    /// Shows how many tokens there are, never the tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

#[cfg(all(test, not(feature = "token-file")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_the_feature_refuses_the_file() {
        let mut problems = Diagnostics::default();
        Tokens::parse(Path::new("tokens.csv"), b"", &mut problems);
        assert_eq!(
            problems.to_string(),
            "tokens.csv: this build reads no token files; build it with the feature token-file"
        );
        assert!(problems.has_errors());
    }
}
