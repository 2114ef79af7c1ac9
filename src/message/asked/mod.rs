//! What a request asks for: its parts decoded and parsed, each at most once, when a stage first needs it.
//!
//! ```text
//! Request ─→ [Asked] ─→ matching, scenario, k8s, serve (responses, grading), explain
//! ```
//!
//! All stages of the pipeline share one [`Asked`], so that they agree on what was asked. A new one costs nothing
//! but its own place: the short way of a request that a stub answers uses the path alone.
//!
//! A part that another stage needs gets its place here: what belongs to the head in [`head`], what needs the
//! body in [`body`], the grammar of Kubernetes paths in [`request_info`].

mod body;
mod head;
mod lazy_json;
mod request_info;

use std::borrow::Cow;
use std::sync::OnceLock;

use super::request::Request;
use super::target::Query;

use head::Decoded;
pub(crate) use lazy_json::LazyJson;
pub(crate) use request_info::{RequestInfo, ResourceInfo, is_true};

/// A lazy view of a request.
#[derive(Debug)]
pub struct Asked<'r> {
    request: &'r Request,
    path: &'r str,
    query: OnceLock<Decoded<Query<'r>>>,
    info: OnceLock<Decoded<RequestInfo<'r>>>,
    /// The resource's `plural.group`.
    resource: OnceLock<Option<String>>,
    text: OnceLock<Option<Cow<'r, str>>>,
    json: LazyJson,
}

impl<'r> Asked<'r> {
    /// A view of a request. Nothing is decoded yet.
    #[must_use]
    pub fn new(request: &'r Request) -> Self {
        Self {
            request,
            path: request.path(),
            query: OnceLock::new(),
            info: OnceLock::new(),
            resource: OnceLock::new(),
            text: OnceLock::new(),
            json: LazyJson::default(),
        }
    }

    /// The request itself.
    pub(crate) fn request(&self) -> &'r Request {
        self.request
    }
}
