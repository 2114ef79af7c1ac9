//! The answers to requests that nothing serves.

use http::HeaderMap;

use crate::message::{Plan, Query, RequestInfo};

use super::output::error_plan;
use super::resource::Registry;
use super::status::ApiError;
use super::{non_resource, options};

/// Upstream's answer to a request that nothing serves: a Status below the paths of web services, which are
/// those of built-in groups; plain text elsewhere; and the index of paths at the root.
#[must_use]
pub(crate) fn miss(
    types: &Registry,
    path: &str,
    info: &RequestInfo<'_>,
    headers: &HeaderMap,
    query: &Query<'_>,
) -> Plan {
    if let Err(error) = options::check_timeout(info, query) {
        return error_plan(&error, headers, query);
    }
    if matches!(path, "/" | "/index.html") {
        return non_resource::index(types);
    }
    let group = match &info.resource {
        Some(of) => Some(&*of.group),
        None => path.strip_prefix("/apis/").and_then(|rest| rest.split('/').next()),
    };
    let of_service = path.starts_with("/api/")
        || path.starts_with("/version/")
        || path.starts_with("/apis/")
            && group.is_some_and(|group| !group.is_empty() && types.is_built_in_group(group));
    let error = if lacks_resource(path) {
        ApiError::no_request_info(path)
    } else if of_service {
        ApiError::no_such_resource()
    } else {
        ApiError::no_such_path()
    };
    error_plan(&error, headers, query)
}

/// Whether a path ends with one of the old verbs in the place of a resource.
fn lacks_resource(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(
        parts.as_slice(),
        ["", "api", _, "watch" | "proxy"] | ["", "apis", _, _, "watch" | "proxy"]
    )
}
