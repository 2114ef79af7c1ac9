//! `MutatingWebhookConfiguration` and `ValidatingWebhookConfiguration`: compiled once for each of their versions
//! (`pkg/admission/configuration` and `pkg/admission/plugin/webhook/accessors.go` in `k8s.io/apiserver`).

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::Value;

use super::super::super::resource::GroupResource;
use super::super::super::store::{Object, Snapshot};
use super::super::super::webhook::WebhookClient;
#[cfg(feature = "cel")]
use super::super::matching::Conditions;
use super::super::matching::{ResourceRules, Selectors};
#[cfg(feature = "cel")]
use super::super::policies::PolicyCache;

const GROUP: &str = "admissionregistration.k8s.io";
const API_VERSION: &str = "admissionregistration.k8s.io/v1";

static MUTATING: LazyLock<GroupResource> =
    LazyLock::new(|| GroupResource::new(GROUP, "mutatingwebhookconfigurations"));
static VALIDATING: LazyLock<GroupResource> =
    LazyLock::new(|| GroupResource::new(GROUP, "validatingwebhookconfigurations"));

/// How long a webhook has where its configuration does not say, in seconds.
const DEFAULT_SECONDS: u64 = 10;

/// The versions of `AdmissionReview`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReviewVersion {
    /// `admission.k8s.io/v1`.
    V1,
    /// `admission.k8s.io/v1beta1`.
    V1Beta1,
}

impl ReviewVersion {
    /// The version alone.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta1 => "v1beta1",
        }
    }
}

/// A webhook of a configuration.
#[derive(Debug)]
pub(super) struct Webhook {
    /// Identifies it among the webhooks of its plugin, in this version of its configuration.
    pub(super) id: String,
    pub(super) name: String,
    /// The name of its configuration.
    pub(super) configuration: String,
    pub(super) client: WebhookClient,
    pub(super) rules: ResourceRules,
    pub(super) selectors: Selectors,
    /// Whether a request goes on where the webhook cannot be asked (`failurePolicy: Ignore`).
    pub(super) ignores_failures: bool,
    /// How long it has, in seconds.
    pub(super) seconds: u64,
    /// The form of the reviews that it is sent; nothing where it has no known one.
    pub(super) review: Option<ReviewVersion>,
    /// Whether it is asked again when later plugins have changed the object (`reinvocationPolicy: IfNeeded`).
    pub(super) is_reinvoked: bool,
    /// Whether it may be asked in a dry run.
    pub(super) supports_dry_run: bool,
    /// What requests have to meet besides.
    #[cfg(feature = "cel")]
    pub(super) conditions: Conditions,
}

/// The webhooks of a plugin, in the order in which they are asked.
pub(super) type Webhooks = Arc<[Arc<Webhook>]>;

impl Webhook {
    fn of(configuration: &Object, index: usize, hook: &Value) -> Self {
        let text = |field: &str| hook[field].as_str().unwrap_or_default();
        let (name, revision) = (&configuration.meta.name, configuration.meta.revision);
        let versions = hook["admissionReviewVersions"].as_array().into_iter().flatten();
        let mut known = versions.filter_map(|version| match version.as_str()? {
            "v1" => Some(ReviewVersion::V1),
            "v1beta1" => Some(ReviewVersion::V1Beta1),
            _ => None,
        });
        Self {
            id: format!("{name}/{index}@{revision}"),
            name: text("name").to_owned(),
            configuration: name.to_string(),
            client: WebhookClient::of(&hook["clientConfig"]),
            rules: ResourceRules::new(&hook["rules"], &hook["matchPolicy"]),
            selectors: Selectors::new(hook),
            ignores_failures: text("failurePolicy") == "Ignore",
            seconds: hook["timeoutSeconds"].as_u64().unwrap_or(DEFAULT_SECONDS),
            review: known.next(),
            is_reinvoked: text("reinvocationPolicy") == "IfNeeded",
            supports_dry_run: matches!(text("sideEffects"), "None" | "NoneOnDryRun"),
            #[cfg(feature = "cel")]
            conditions: Conditions::of_webhook(hook),
        }
    }
}

/// The compiled webhooks and policies of a world.
#[derive(Debug, Default)]
pub(crate) struct WebhookCache {
    mutating: Mutex<Compiled>,
    validating: Mutex<Compiled>,
    /// The compiled policies.
    #[cfg(feature = "cel")]
    pub(in super::super) policies: PolicyCache,
}

#[derive(Debug, Default)]
struct Compiled {
    /// Of which content of the collection.
    content: u64,
    webhooks: Option<Webhooks>,
}

impl WebhookCache {
    /// Whether there are configurations of mutating webhooks.
    pub(in super::super) fn has_mutating(&self, snapshot: &Snapshot) -> bool {
        self.mutating(snapshot).is_some()
    }

    /// Whether there are configurations of validating webhooks.
    pub(in super::super) fn has_validating(&self, snapshot: &Snapshot) -> bool {
        self.validating(snapshot).is_some()
    }

    /// The mutating webhooks; nothing where there are none.
    pub(super) fn mutating(&self, snapshot: &Snapshot) -> Option<Webhooks> {
        find(&self.mutating, snapshot, &MUTATING, "MutatingWebhookConfiguration")
    }

    /// The validating webhooks; nothing where there are none.
    pub(super) fn validating(&self, snapshot: &Snapshot) -> Option<Webhooks> {
        find(&self.validating, snapshot, &VALIDATING, "ValidatingWebhookConfiguration")
    }
}

fn find(
    cached: &Mutex<Compiled>,
    snapshot: &Snapshot,
    resource: &GroupResource,
    kind: &str,
) -> Option<Webhooks> {
    let collection = snapshot.collection(resource).filter(|found| found.count("") > 0)?;
    let mut cached = cached.lock().unwrap_or_else(PoisonError::into_inner);
    if cached.content == collection.content()
        && let Some(webhooks) = &cached.webhooks
    {
        return Some(Arc::clone(webhooks));
    }
    let mut webhooks = Vec::new();
    for object in collection.range("", "") {
        let configuration = object.value(API_VERSION, kind);
        let hooks = configuration["webhooks"].as_array().into_iter().flatten().enumerate();
        webhooks.extend(hooks.map(|(index, hook)| Arc::new(Webhook::of(object, index, hook))));
    }
    let webhooks: Webhooks = webhooks.into();
    *cached = Compiled { content: collection.content(), webhooks: Some(Arc::clone(&webhooks)) };
    Some(webhooks)
}
