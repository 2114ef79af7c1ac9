//! The fields of the lazy view of a request, each filled when the part is first needed.

use std::borrow::Cow;
use std::sync::OnceLock;

use http::Method;
use jiff::Timestamp;

use super::super::multipart::Part;
use super::super::parameters::Parameters;
use super::super::request::Request;
use super::super::target::{Query, TargetError};
use super::lazy_json::LazyJson;
use super::request_info::RequestInfo;

/// A lazy view of a request.
#[derive(Debug)]
pub struct Asked<'r> {
    pub(super) request: &'r Request,
    pub(super) path: &'r str,
    /// The time that `now` is in patterns of dates; that of the system where none is given.
    now: Option<Timestamp>,
    pub(super) upper_case_method: OnceLock<Cow<'r, Method>>,
    pub(super) query: OnceLock<Decoded<Query<'r>>>,
    pub(super) parameters: OnceLock<Parameters<'r>>,
    pub(super) info: OnceLock<Decoded<RequestInfo<'r>>>,
    /// The resource's `plural.group`.
    pub(super) resource: OnceLock<Option<String>>,
    pub(super) body: OnceLock<PlainBody<'r>>,
    pub(super) json: LazyJson,
    pub(super) form: OnceLock<Parameters<'static>>,
    pub(super) parts: OnceLock<Option<Vec<Part>>>,
}

impl<'r> Asked<'r> {
    /// Creates a view of a request. Nothing is decoded yet.
    #[must_use]
    pub fn new(request: &'r Request) -> Self {
        Self {
            request,
            path: request.path(),
            now: None,
            upper_case_method: OnceLock::new(),
            query: OnceLock::new(),
            parameters: OnceLock::new(),
            info: OnceLock::new(),
            resource: OnceLock::new(),
            body: OnceLock::new(),
            json: LazyJson::default(),
            form: OnceLock::new(),
            parts: OnceLock::new(),
        }
    }

    /// Returns the same view at a time.
    #[must_use]
    pub(crate) fn at(self, now: Option<Timestamp>) -> Self {
        Self { now, ..self }
    }

    /// Returns the time of the request, where it is not that of the system.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// Returns the request itself.
    pub(crate) fn request(&self) -> &'r Request {
        self.request
    }
}

/// A decoded part of the target, and its error. A part that cannot be decoded counts as empty.
#[derive(Debug)]
pub(super) struct Decoded<T> {
    pub(super) value: T,
    pub(super) error: Option<TargetError>,
}

impl<T> Decoded<T> {
    pub(super) fn of(decoded: Result<T, TargetError>, otherwise: impl FnOnce() -> T) -> Self {
        match decoded {
            Ok(value) => Self { value, error: None },
            Err(error) => Self { value: otherwise(), error: Some(error) },
        }
    }
}

/// A body without compression, and its text.
#[derive(Debug)]
pub(super) struct PlainBody<'r> {
    pub(super) bytes: Cow<'r, [u8]>,
    pub(super) text: Cow<'r, str>,
}
