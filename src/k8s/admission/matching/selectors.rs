//! Selectors of namespaces and objects (`pkg/admission/plugin/webhook/predicates/{namespace,object}/matcher.go` in
//! `k8s.io/apiserver`).

use serde_json::Value;

use super::super::super::resource::GroupResource;
use super::super::super::select::LabelSelector;
use super::super::super::status::ApiError;
use super::super::super::store::Snapshot;
use super::super::attributes::{Attributes, Operation};

/// `namespaceSelector` and `objectSelector`.
#[derive(Debug)]
pub(crate) struct Selectors {
    namespace: Result<LabelSelector, String>,
    object: Result<LabelSelector, String>,
}

impl Selectors {
    /// The selectors of a webhook, or of the `matchConstraints` or `matchResources` of a policy.
    pub(crate) fn new(of: &Value) -> Self {
        Self {
            namespace: LabelSelector::of_object(&of["namespaceSelector"]),
            object: LabelSelector::of_object(&of["objectSelector"]),
        }
    }

    /// Whether the namespace of a request is selected. Requests for cluster-scoped objects other than namespaces are
    /// always; those that write a namespace are by its new labels.
    ///
    /// # Errors
    /// 404 where the namespace does not exist, 500 for a selector that cannot be read.
    pub(crate) fn select_namespace(
        &self,
        request: &Attributes<'_>,
        snapshot: &Snapshot,
    ) -> Result<bool, ApiError> {
        let is_namespace = request.resource.name == "namespaces";
        if request.namespace.is_empty() && !is_namespace {
            return Ok(true);
        }
        let selector = self.namespace.as_ref().map_err(|why| ApiError::internal(why))?;
        if selector.is_empty() {
            return Ok(true);
        }
        let writes = matches!(request.operation, Operation::Create | Operation::Update);
        if is_namespace && request.subresource.is_empty() && writes {
            return Ok(request.object.is_some_and(|object| selects(selector, object)));
        }
        let name = if request.namespace.is_empty() { request.name } else { request.namespace };
        let namespaces = GroupResource::new("", "namespaces");
        match snapshot.get(&namespaces, name) {
            Some(found) => Ok(selector.matches(|key| found.label(key))),
            None => Err(ApiError::not_found(&namespaces, name)),
        }
    }

    /// Whether the new or the old object of a request is selected.
    ///
    /// # Errors
    /// 500 for a selector that cannot be read.
    pub(crate) fn select_object(&self, request: &Attributes<'_>) -> Result<bool, ApiError> {
        let selector = self.object.as_ref().map_err(|why| ApiError::internal(why))?;
        let mut objects = [request.object, request.old_object].into_iter().flatten();
        Ok(selector.is_empty() || objects.any(|object| selects(selector, object)))
    }
}

fn selects(selector: &LabelSelector, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    selector.matches(|key| labels.get(key).and_then(Value::as_str))
}
