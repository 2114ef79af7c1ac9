//! On which of a server's addresses the admin API answers. Where it has an address of its own, scenarios never refuse
//! connections there, and clients of the other address cannot control the server.

use http::StatusCode;

use crate::message::{Origin, Plan, Request};

/// What an address serves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum AdminReach {
    /// The API and the admin API.
    #[default]
    Everything,
    /// The admin API alone.
    AdminAlone,
    /// The API; of the admin API what says that the server is there and whom to trust.
    ApiAlone,
}

impl AdminReach {
    /// Refuses a request to the API on an address that does not serve it.
    pub(super) fn refuse_api(self, request: &Request) -> Option<Plan> {
        // Below the prefix of a world too.
        let is_admin = || request.path().split('/').any(|segment| segment == "__admin");
        if self != Self::AdminAlone || is_admin() {
            return None;
        }
        let why = "this address serves /__admin alone; the API is on the address of --listen\n";
        Some(Plan::text(StatusCode::NOT_FOUND, Origin::Server, why))
    }

    /// Refuses a request to the admin API on an address that does not serve it.
    pub(super) fn refuse_admin(self, path: &str) -> Option<Plan> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if self != Self::ApiAlone || matches!(path, "/__admin/health" | "/__admin/ca") {
            return None;
        }
        let why = "this address does not serve /__admin; it is on the address of --admin-listen\n";
        Some(Plan::text(StatusCode::NOT_FOUND, Origin::Server, why))
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn an_address_serves_what_it_is_for() {
        let refused = |reach: AdminReach, path: &str| {
            let request = Request::new(Method::GET, path);
            let is_admin = path.starts_with("/__admin");
            reach.refuse_api(&request).is_some()
                || (is_admin && reach.refuse_admin(request.path()).is_some())
        };
        for (path, by_admin, by_api) in [
            ("/apis/x", true, false),
            ("/__admin/worlds", false, true),
            ("/worlds/a/__admin/clock", false, false),
            ("/__admin", false, true),
            ("/__admin/health", false, false),
            ("/__admin/health/", false, false),
            ("/__admin/healthy", false, true),
            ("/__admin/ca", false, false),
        ] {
            assert!(!refused(AdminReach::Everything, path), "{path}");
            assert_eq!(refused(AdminReach::AdminAlone, path), by_admin, "{path}");
            assert_eq!(refused(AdminReach::ApiAlone, path), by_api, "{path}");
        }
    }
}
