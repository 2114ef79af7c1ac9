//! The lazy view of a request: its parts are decoded and parsed at most once, when a stage first
//! needs them.
//!
//! ```text
//! Request ─→ [Asked] ─→ matching, scenario, k8s, serve (responses, grading), explain
//! ```
//!
//! All stages of the pipeline share one [`Asked`], so that they agree on its meaning. A new one
//! costs nothing but its own place: the fast path of a request that a stub answers uses only the
//! path alone.
//!
//! A part that another stage needs gets a field in [`view`], and its methods in [`head`] if it
//! belongs to the head, in [`body`] if it needs the body; the grammar of Kubernetes paths is in
//! [`request_info`].

mod body;
mod call;
mod head;
mod lazy_json;
mod request_info;
mod view;

pub(crate) use call::call_id;
pub(crate) use head::{authority, client_address, cookies};
pub(crate) use lazy_json::LazyJson;
pub(crate) use request_info::{RequestInfo, ResourceInfo, is_true};
pub use view::Asked;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Method;
    use serde_json::json;

    use super::*;
    use crate::message::{Bodies, Request, RequestBody};

    #[test]
    fn a_request_for_a_resource_has_its_parts() {
        let target = "/apis/kubeflow.org/v1/namespaces/a%2Db/tfjobs/x/status?limit=5";
        let request = Request::new(Method::PUT, target);
        let asked = Asked::new(&request);
        let parts = [asked.verb(), asked.resource(), asked.namespace(), asked.name()];
        assert_eq!(parts.map(Option::unwrap), ["update", "tfjobs.kubeflow.org", "a-b", "x"]);
        assert_eq!((asked.subresource(), asked.page()), (Some("status"), None));
        let core = Request::new(Method::GET, "/api/v1/pods");
        let asked = Asked::new(&core);
        assert_eq!((asked.resource(), asked.namespace()), (Some("pods"), None));
        let other = Request::new(Method::GET, "/version");
        let asked = Asked::new(&other);
        assert_eq!((asked.verb(), asked.resource(), asked.name()), (None, None, None));
        assert_eq!(asked.info().verb, "get");
    }

    #[test]
    fn the_page_stands_in_the_continue_token() {
        let page = |query: &str| {
            let request = Request::new(Method::GET, &format!("/api/v1/pods?{query}"));
            Asked::new(&request).page()
        };
        assert_eq!(page("limit=5"), Some(1));
        assert_eq!(page("continue="), Some(1));
        // {"page":3}, {}, and what is not a token.
        assert_eq!(page("continue=eyJwYWdlIjozfQ"), Some(3));
        assert_eq!(page("continue=e30"), Some(2));
        assert_eq!(page("continue=%25"), Some(2));
        assert_eq!(page("watch=1"), None, "a watch has no pages");
    }

    #[test]
    fn a_target_that_cannot_be_decoded_counts_as_empty_and_says_why() {
        for (target, why) in [("/a?x=%zz", "%zz"), ("/api/v1/pods/%z", "%z")] {
            let request = Request::new(Method::GET, target);
            let asked = Asked::new(&request);
            assert!(asked.target_error().unwrap().to_string().contains(why), "{target}");
            assert_eq!((asked.query().first("x"), asked.resource()), (None, None));
        }
        let request = Request::new(Method::GET, "/a%20b?x=%20");
        assert_eq!(Asked::new(&request).target_error(), None);
    }

    #[tokio::test]
    async fn a_body_is_unknown_until_it_is_read() {
        let mut request = Request::new(Method::POST, "/");
        let pieces = [b"{\"a\"".as_slice(), b":1}"].map(|piece| Ok(Bytes::from_static(piece)));
        let stream = Box::pin(futures_util::stream::iter(pieces));
        let bodies = Bodies::default();
        request.body = RequestBody::arriving(stream, bodies.clone());
        let asked = Asked::new(&request);
        assert_eq!((asked.body(), asked.text(), asked.json()), (None, None, None));
        assert!(asked.read_body(7).await.is_ok());
        assert_eq!(asked.text(), Some("{\"a\":1}"));
        assert_eq!(asked.json(), Some(&json!({"a": 1})));
        assert!(asked.read_body(6).await.is_err(), "the limit holds for later readers too");
        assert_eq!(bodies.held().0, 7);
        drop(request);
        assert_eq!(bodies.held().0, 0);
        let empty = Request::new(Method::GET, "/");
        let asked = Asked::new(&empty);
        assert_eq!((asked.body(), asked.text()), (Some(&[][..]), None));
    }
}
