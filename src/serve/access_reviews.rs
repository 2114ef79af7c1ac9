//! Asks authorization webhooks what they say of users and their actions, when a request cannot be decided on without. No
//! lock is held meanwhile: the engine has run, and runs again when the answers are there.

use futures_util::{StreamExt as _, stream};

use crate::k8s::{AuthCache, Question};

use super::context::RequestContext;

/// How many questions are asked at the same time.
const AT_ONCE: usize = 16;

/// How often webhooks are asked for one request: one after another, and for what the engine asks later.
pub(super) const MOST: usize = 1000;

/// What authorization keeps, for one request: where webhooks are asked it is apart from that of others.
pub(super) fn cache(context: &RequestContext) -> Option<AuthCache> {
    let asks = context.shared.settings.auth.asks_webhooks();
    asks.then(|| context.world.auth.for_request(context.world.clock.now()))
}

/// What is decided on a request, once webhooks have said what it depends on.
pub(super) async fn decided<T>(
    context: &RequestContext,
    mut decide: impl FnMut(&AuthCache) -> T,
) -> T {
    let Some(cache) = cache(context) else { return decide(&context.world.auth) };
    let mut found = decide(&cache);
    for _ in 0..MOST {
        let unasked = cache.take_unasked();
        if unasked.is_empty() {
            break;
        }
        // What waits is large, and most servers ask no webhooks.
        Box::pin(ask(context, &cache, unasked)).await;
        found = decide(&cache);
    }
    found
}

/// Asks all that a request needs to know.
pub(super) async fn ask(context: &RequestContext, cache: &AuthCache, unasked: Vec<Question>) {
    let settings = &context.shared.settings;
    let all = unasked.into_iter().map(|question| async move {
        let answer = match settings.access_webhooks.get(question.webhook) {
            Some(webhook) => webhook.ask(&question.review).await,
            None => Err("there is no such webhook".to_owned()),
        };
        if let Err(why) = &answer {
            settings.log.line(&format!("the authorization webhook: {why}"));
        }
        settings.auth.learn_opinion(cache, question, answer.as_ref().map_err(String::clone));
    });
    stream::iter(all).buffer_unordered(AT_ONCE).collect::<()>().await;
}
