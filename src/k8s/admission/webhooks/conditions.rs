//! Whether a request meets the conditions of a webhook (`Webhook.ShouldCallHook`).

use serde_json::Value;

use super::super::super::auth::Authorizer;
use super::super::super::resource::GroupResource;
use super::super::super::schema::admission::Inputs;
use super::super::super::status::ApiError;
use super::super::attributes::Attributes;
use super::super::authority::RequestAuthority;
use super::super::matching::{Match, Verdict};
use super::configuration::Webhook;
use super::review;

/// Whether a request that the rules name meets the conditions. `shown` gives an object in the version of the webhook.
///
/// # Errors
/// That they cannot be evaluated, where that refuses requests.
pub(super) fn meets(
    webhook: &Webhook,
    request: &Attributes<'_>,
    found: &Match<'_>,
    authorizer: Authorizer<'_>,
    shown: impl Fn(Option<&Value>) -> Result<Value, ApiError>,
) -> Result<bool, ApiError> {
    let (object, old_object) = (shown(request.object)?, shown(request.old_object)?);
    let of_request = review::request(request, found, None, None);
    let authority = RequestAuthority { authorizer, user: request.user };
    let verdict = webhook.conditions.decide(Inputs {
        object: &object,
        old_object: &old_object,
        request: &of_request,
        namespace: &Value::Null,
        params: &Value::Null,
        authority: Some(&authority),
        variables: &[],
    });
    match verdict {
        Verdict::Matched => Ok(true),
        Verdict::NotMatched => Ok(false),
        Verdict::Failed(why) => {
            let resource = GroupResource::new(request.resource.group, request.resource.name);
            Err(ApiError::forbidden(&resource, request.name, &why))
        }
    }
}
