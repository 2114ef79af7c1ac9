//! The page. It is the same for everybody, but for the prefix under which it was asked for.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use sha2::{Digest as _, Sha256};

use crate::message::{Origin, Plan, Request};

use super::super::super::context::RequestContext;
use super::super::reply::AdminError;

/// The files, in the order in which they are one script.
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("page/text.js"),
    include_str!("page/dom.js"),
    include_str!("page/api.js"),
    include_str!("page/list.js"),
    include_str!("page/detail.js"),
    include_str!("page/stub.js"),
    include_str!("page/traffic.js"),
    include_str!("page/scenarios.js"),
    include_str!("page/worlds.js"),
    include_str!("page/objects.js"),
    include_str!("page/recorder.js"),
    include_str!("page/timeline.js"),
    include_str!("page/drill.js"),
    include_str!("page/app.js"),
    "})();\n",
);
const STYLE: &str = include_str!("page/style.css");
const HTML: &str = include_str!("page/page.html");

/// What stands in the page for its script, its style, and where it is.
const PLACES: [&str; 4] = ["{{style}}", "{{script}}", "{{world}}", "{{mount}}"];

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The page, for the world that the request names.
#[expect(clippy::unnecessary_wraps, reason = "a build without the console has an error")]
pub(in super::super) fn page(
    context: &RequestContext,
    request: &Request,
) -> Result<Plan, AdminError> {
    let mount = request.mount.as_deref().unwrap_or_default();
    let html = render(&context.world.name, mount);
    let mut plan = Plan::text(StatusCode::OK, Origin::Admin, html);
    let fixed = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    for (name, value) in fixed {
        plan.headers.insert(name, HeaderValue::from_static(value));
    }
    // It has nothing but base64 and fixed words.
    if let Ok(policy) = HeaderValue::from_str(policy()) {
        plan.headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(plan)
}

/// The page with everything in its place.
fn render(world: &str, mount: &str) -> String {
    let values = [STYLE, SCRIPT, &attribute(world), &attribute(mount)];
    let mut html = String::with_capacity(HTML.len() + STYLE.len() + SCRIPT.len() + 64);
    let mut rest = HTML;
    // Once through, so that what is put in is not looked at again.
    while let Some(at) = rest.find("{{") {
        let (before, from) = rest.split_at(at);
        html.push_str(before);
        let place = PLACES.iter().zip(values).find(|(place, _)| from.starts_with(**place));
        let (place, value) = place.map_or(("{{", "{{"), |(place, value)| (*place, value));
        html.push_str(value);
        rest = &from[place.len()..];
    }
    html.push_str(rest);
    html
}

/// A text for an attribute in double quotes.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// What the page may do: its own script and style, requests to where it came from, and nothing else. No text becomes
/// markup or a script (Trusted Types).
fn policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
             trusted-types 'none'",
            hash(SCRIPT),
            hash(STYLE)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_small_and_asks_nobody_else() {
        let page = render("blue", "/worlds/blue");
        assert!(page.len() <= 150_000, "{} bytes", page.len());
        assert!(
            page.contains("data-world=\"blue\"") && page.contains("data-mount=\"/worlds/blue\"")
        );
        assert!(PLACES.iter().all(|place| !page.contains(place)));
        // SVG has a name that looks like an address.
        let text = page.replace("http://www.w3.org/2000/svg", "");
        for address in ["http://", "https://", "@import", "url(//"] {
            assert!(!text.contains(address), "{address}");
        }
        // What becomes markup or a script would not pass the policy.
        for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
        {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert_eq!(page.matches("<script>").count(), 1);
        assert_eq!(page.matches("</script").count(), 1);
        assert_eq!(page.matches("</style").count(), 1);
    }

    #[test]
    fn the_policy_names_the_script_and_style_that_the_page_has() {
        let page = render("default", "");
        let between = |open: &str, close: &str| {
            let start = page.find(open).unwrap() + open.len();
            &page[start..start + page[start..].find(close).unwrap()]
        };
        for (text, directive) in [
            (between("<script>", "</script>"), "script-src"),
            (between("<style>", "</style>"), "style-src"),
        ] {
            let hash = STANDARD.encode(Sha256::digest(text.as_bytes()));
            assert!(policy().contains(&format!("{directive} 'sha256-{hash}'")), "{directive}");
        }
        assert!(!policy().contains("unsafe"));
    }

    #[test]
    fn a_prefix_is_text() {
        let page = render("default", "/a\"><script>alert(1)</script>{{script}}");
        assert!(page.contains("data-mount=\"/a&quot;>&lt;script>alert(1)&lt;/script>{{script}}\""));
    }
}
