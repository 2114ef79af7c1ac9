//! Asks the webhook about tokens that nobody else knows, before a request is authenticated. No lock is held meanwhile.

use http::Method;

use crate::k8s::{self, TokenWorld};
use crate::message::Asked;

use super::context::RequestContext;

/// Asks about the token of a request, and about the one that a `TokenReview` is about, where nobody else knows them.
pub(super) async fn ask(context: &RequestContext, asked: &Asked<'_>) {
    let Some(client) = &context.shared.settings.token_webhook else { return };
    let auth = &context.shared.settings.auth;
    let world =
        || TokenWorld { state: context.world.store.state(), now: context.world.clock.now() };
    let certificate = asked.request().certificate.as_deref();
    let own = auth.unknown_token(asked.headers(), certificate, world);
    let reviewed = reviewed_token(asked).await.filter(|token| auth.is_unknown(token, world));
    for token in own.into_iter().chain(reviewed) {
        let Some(review) = auth.token_review(&token) else { return };
        match client.ask(&review).await {
            Ok(answer) => auth.learn_token(&token, &answer, context.world.clock.now()),
            Err(why) => context.shared.settings.log.line(&format!("the token webhook: {why}")),
        }
    }
}

/// The token that a `TokenReview` is about.
async fn reviewed_token(asked: &Asked<'_>) -> Option<String> {
    let of = asked.info().resource.as_ref()?;
    let is_review = *asked.method() == Method::POST
        && (&*of.group, &*of.resource) == ("authentication.k8s.io", "tokenreviews");
    if !is_review {
        return None;
    }
    let body = asked.read_body(k8s::MAX_BODY_BYTES).await.ok()?;
    let review = k8s::object_of_body(&body)?;
    review["spec"]["token"].as_str().filter(|token| !token.is_empty()).map(str::to_owned)
}
