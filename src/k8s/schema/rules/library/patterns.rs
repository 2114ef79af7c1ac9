//! The regular expressions of an expression, compiled once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use regex::Regex;

use super::super::super::super::golang::compile_regex;

/// The most patterns that are kept compiled.
const MAX_PATTERNS: usize = 64;

/// The regular expressions of a program, compiled once.
#[derive(Debug, Default)]
pub(in super::super) struct Patterns(Mutex<HashMap<String, Regex>>);

impl Patterns {
    /// # Errors
    /// Go's message for a wrong pattern.
    pub(in super::super) fn get(&self, pattern: &str) -> Result<Regex, String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = known.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = compile_regex(pattern)?;
        if known.len() >= MAX_PATTERNS {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}
