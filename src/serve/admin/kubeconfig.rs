//! A kubeconfig for clients of a world, with the URL that the request came to.

use crate::message::{Plan, Request, WorldName};

use super::super::context::RequestContext;
use super::super::world::World;
use super::reply::AdminError;

/// For a world by its name, which is made where there is none yet.
pub(super) fn of_name(
    context: &RequestContext,
    request: &Request,
    name: &str,
) -> Result<Plan, AdminError> {
    let name = WorldName::parse(name)?;
    of_world(context, request, &context.shared.world(&name))
}

/// For a world.
#[cfg(feature = "kubeconfig")]
pub(super) fn of_world(
    context: &RequestContext,
    request: &Request,
    world: &World,
) -> Result<Plan, AdminError> {
    use http::StatusCode;
    use http::header::{CONTENT_TYPE, HeaderValue};

    use crate::message::Origin;

    let settings = &context.shared.settings;
    let mut url = base_url(request, settings.api_port, context.shared.tls.is_some())?;
    if !world.name.is_default() {
        let Some(prefix) = &settings.world_prefix else {
            let why = "no path selects a world here, so no kubeconfig can (--world-prefix)";
            return Err(AdminError::Conflict(why.to_owned()));
        };
        url.push_str(&format!("{prefix}/{}", &*world.name));
    }
    let ca = context.shared.tls.as_ref().filter(|_| url.starts_with("https:"));
    let text = crate::kubeconfig::of_url(&url, ca.map(|tls| tls.ca_pem()).as_deref());
    let mut plan = Plan::text(StatusCode::OK, Origin::Admin, text);
    plan.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    Ok(plan)
}

/// This build writes none.
#[cfg(not(feature = "kubeconfig"))]
pub(super) fn of_world(_: &RequestContext, _: &Request, _: &World) -> Result<Plan, AdminError> {
    let why = "this build writes no kubeconfig: build it with the feature `kubeconfig`";
    Err(AdminError::NotFound(why.to_owned()))
}

/// The URL of the API, as the client reached the server: behind another port of a container, too.
#[cfg(feature = "kubeconfig")]
fn base_url(request: &Request, api_port: Option<u16>, has_tls: bool) -> Result<String, AdminError> {
    use http::header::HOST;
    use http::uri::Authority;

    let named = request.headers.get(HOST).and_then(|host| host.to_str().ok()?.parse().ok());
    let authority: Authority =
        named.or_else(|| request.uri.authority().cloned()).ok_or_else(|| {
            AdminError::Invalid("the request names no host, so the URL is not known".to_owned())
        })?;
    Ok(match api_port {
        Some(port) => {
            let scheme = if has_tls { "https" } else { "http" };
            format!("{scheme}://{}:{port}", authority.host())
        }
        None => format!("{}://{authority}", if request.tls { "https" } else { "http" }),
    })
}

#[cfg(all(test, feature = "kubeconfig"))]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn the_url_is_the_one_that_the_client_used() {
        let url = |host: Option<&'static str>, tls: bool, port: Option<u16>| {
            let mut request = Request::new(Method::GET, "/__admin/kubeconfig");
            request.tls = tls;
            if let Some(host) = host {
                request.headers.insert("host", host.parse().unwrap());
            }
            base_url(&request, port, tls || port.is_some()).map_err(|_| ())
        };
        assert_eq!(url(Some("standin:80"), false, None), Ok("http://standin:80".to_owned()));
        assert_eq!(url(Some("[::1]:9"), true, None), Ok("https://[::1]:9".to_owned()));
        assert_eq!(url(Some("localhost:9"), false, Some(8)), Ok("https://localhost:8".to_owned()));
        assert_eq!(url(None, false, None), Err(()));
    }
}
