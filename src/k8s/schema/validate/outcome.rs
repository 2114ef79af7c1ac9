//! The violations of a value, and how much of it fits (`validate.Result`).

use std::fmt::Display;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::path::Path;

/// One violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// Of a field inside of the value.
    Field(FieldError),
    /// Of the value as a whole: upstream names no field.
    Whole(String),
}

/// The violations of a value.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) problems: Vec<Problem>,
    /// How many checks it passed: of several alternatives the best one explains the failure.
    pub(super) matches: u32,
}

impl Problem {
    pub(super) fn at(path: &Path<'_>, error: impl FnOnce(String) -> FieldError) -> Self {
        Self::Field(error(path.to_string()))
    }

    pub(super) fn invalid(path: &Path<'_>, value: impl Display, why: &str) -> Self {
        Self::at(path, |field| FieldError::invalid(field, value, why))
    }

    /// `InvalidType`: the found type, format or text is part of the message.
    pub(super) fn wrong_type(path: &Path<'_>, wanted: &str, found: &str) -> Self {
        let found = quote(found);
        let why = format!("{path} in body must be of type {wanted}: {found}");
        Self::at(path, |field| FieldError::type_invalid(field, &found, &why))
    }
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], matches: 0 }
    }
}

impl Outcome {
    pub(super) fn matched(matches: u32) -> Self {
        Self { problems: Vec::new(), matches }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    /// Adds a violation that is not there yet.
    pub(super) fn add(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.matches += other.matches;
        other.problems.into_iter().for_each(|problem| self.add(problem));
    }

    /// The violations as field errors, of a value that stands at a field (`kubeOpenAPIResultToFieldErrors`).
    pub(super) fn into_errors(self, field: &str) -> Vec<FieldError> {
        let errors = self.problems.into_iter().map(|problem| match problem {
            Problem::Whole(why) => {
                let field = if field.is_empty() { "<nil>" } else { field };
                FieldError::invalid(field, quote(""), &why)
            }
            Problem::Field(mut error) => {
                let inner = error.field.strip_prefix('.').unwrap_or(&error.field);
                error.field = match (field, inner) {
                    ("", "") => "<nil>".to_owned(),
                    ("", inner) => inner.to_owned(),
                    (field, "") => field.to_owned(),
                    (field, inner) => format!("{field}.{inner}"),
                };
                error
            }
        });
        errors.collect()
    }
}
