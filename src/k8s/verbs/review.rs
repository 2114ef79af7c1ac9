//! `create` of a review: it is answered and not stored.

use http::StatusCode;

use serde_json::Value;

use crate::message::Body;

use super::super::auth::{self, Review};
use super::super::golang::write_json;
use super::super::meta;
use super::super::options::WriteOptions;
use super::super::output;
use super::super::status::ApiError;
use super::admission::Admission;
use super::admit::{self, Admitted};
use super::write::{Tracking, track};
use super::{Call, Outcome, body, built_in};

pub(super) fn run(call: &Call<'_>, verb: &str) -> Result<Outcome, ApiError> {
    let of = &call.served.of;
    let review = Review::of(of.group(), of.plural()).filter(|_| verb == "create");
    let review = review.ok_or_else(ApiError::method_not_allowed)?;
    let output = call.negotiate()?;
    let options = WriteOptions::parse(call.query, "CreateOptions", false)?;
    let decoded = body::object(call, options.validation)?;
    let Admitted { value: mut question, warnings } = admit::admit(call, decoded, &options)?;
    call.note_object(&question);
    if review == Review::LocalSubjectAccess {
        meta::set(&mut question, "namespace", call.namespace().into());
    }
    let managed = managers(call, &question);
    if !matches!(review, Review::SelfSubject | Review::SelfSubjectRules) {
        meta::set(&mut question, "managedFields", managed);
    }
    let admission = Admission::of_write(call, &options);
    let question = admission.mutate_other(question)?;
    admission.validate(None, &question)?;
    let mut answer = auth::answer_review(
        review,
        call.auth,
        &call.authorizer(),
        call.user,
        auth::TokenWorld { state: std::sync::Arc::clone(&call.state), now: call.now },
        question,
    )?;
    if review == Review::SelfSubject {
        meta::set(&mut answer, "creationTimestamp", meta::time_text(call.now).into());
    }
    let mut text = Vec::new();
    write_json(&mut text, &answer);
    let body = output.render(text);
    let mut plan = output::plan(StatusCode::CREATED, output.content_type(), Body::Bytes(body));
    for warning in warnings.iter().filter_map(|text| output::warning(text)) {
        plan.headers.append("warning", warning);
    }
    Ok(Outcome::Plan(plan))
}

/// The owner of what was asked: upstream tracks it before it answers, and new objects in the place of a question have
/// none.
fn managers(call: &Call<'_>, question: &Value) -> Value {
    let mut tracked = question.clone();
    track(call, &built_in::empty(call), Some(question), &mut tracked, &Tracking::Update);
    tracked["metadata"]["managedFields"].take()
}
