//! `deletecollection`: the objects of a list are deleted, in order; the answer is the list before the
//! deletion (`k8s.io/apiserver/pkg/registry/generic/registry/store.go`).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;

use crate::message::{Body, is_true};

use super::super::golang;
use super::super::list::page::{NoPage, Page};
use super::super::list::select_page;
use super::super::options::DeleteOptions;
use super::super::output;
use super::super::status::ApiError;
use super::super::store::{Object, StoreChange};
use super::super::{DeleteAnswer, resource::GroupResource};
use super::admission::Admission;
use super::{Call, Resolved, delete, list, not_reached, written};

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    let mut options = list::options(call, call.query.first("watch").is_some_and(is_true))?;
    // Upstream lists with a limit of 10,000, so that a resourceVersion alone means the exact revision.
    let unlimited = options.limit.is_none();
    let no_revision = matches!(golang::parse_uint(&options.resource_version), Ok(0))
        || options.resource_version.is_empty();
    if unlimited && !no_revision && options.version_match.is_empty() {
        "Exact".clone_into(&mut options.version_match);
    }
    let delete_options = delete::options(call)?;
    let page = if let Some(page) = call.listed.kept() {
        page
    } else {
        let seen = list::seen(call);
        let seen = seen.as_deref();
        let page = match select_page(
            call.pinned,
            &call.state,
            &call.served,
            call.namespace(),
            &options,
            None,
            seen,
        ) {
            Ok(page) => list::shown(call, page, output),
            Err(NoPage::NotReached(asked)) => {
                return Ok(Resolved::Outcome(not_reached(asked, &call.state)));
            }
            Err(NoPage::Refused(error)) => return Err(error),
        };
        call.listed.note(page)
    };
    let mut change = StoreChange::on(&call.state);
    let admission = Admission::of_delete(call, &delete_options)?;
    // Objects deleted before an error stay deleted, as in upstream, where each delete is a write of its own.
    if let Err(error) = delete_listed(call, &mut change, &page.objects, &delete_options, &admission)
    {
        let error = call.config.amended(error);
        return Ok(written::planned(change, output::error_plan(&error, call.headers, call.query)));
    }
    let answer = match call.config.delete_collection {
        DeleteAnswer::List => list::plan(call, &page, output),
        DeleteAnswer::Status => {
            let details = status_details(&call.served.of.group_resource);
            output::plan(StatusCode::OK, output.content_type(), Body::Bytes(output.render(details)))
        }
    };
    Ok(written::planned(change, answer))
}

/// What was listed when the request was decided: where a part of it is carried out already, the rest is deleted by the same
/// list, as in upstream, which lists once.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    page: Mutex<Option<Arc<Page>>>,
    keeps: AtomicBool,
}

impl Listed {
    /// The list stays.
    pub(crate) fn keep(&self) {
        self.keeps.store(true, Ordering::Relaxed);
    }

    fn kept(&self) -> Option<Arc<Page>> {
        let keeps = self.keeps.load(Ordering::Relaxed);
        keeps.then(|| self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()).flatten()
    }

    fn note(&self, page: Page) -> Arc<Page> {
        let page = Arc::new(page);
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&page));
        page
    }
}

/// Adds the deletions of the listed objects to a change, up to the first error.
fn delete_listed(
    call: &Call<'_>,
    change: &mut StoreChange,
    listed: &[Arc<Object>],
    options: &DeleteOptions,
    admission: &Admission<'_, '_>,
) -> Result<(), ApiError> {
    for (done, listed) in (0_u64..).zip(listed) {
        if let Some((after, error)) = &call.faults.fail_after
            && done >= *after
        {
            return Err(error.clone());
        }
        // The list may be of an older revision than the state.
        let found = change.snapshot().get(&listed.resource, &listed.key).cloned();
        if let Some(object) = found {
            delete::delete(call, change, &object, options, Some(admission))?;
        }
    }
    Ok(())
}

/// The `Status` of a deleted collection: [`DeleteAnswer::Status`].
fn status_details(resource: &GroupResource) -> Vec<u8> {
    let details = super::super::status::Details::of(resource, "");
    serde_json::json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
        "code": 200,
    })
    .to_string()
    .into_bytes()
}
