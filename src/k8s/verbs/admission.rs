//! Admission of a request: what its plugins see of it, and the places in the verbs where they are called
//! (`k8s.io/apiserver/pkg/endpoints/handlers/{create,update,patch,delete,rest}.go`,
//! `pkg/registry/rest/{create,update,delete}.go`).

use serde_json::{Map, Value};

use super::super::admission::attributes::{Attributes, Operation, Versioned};
use super::super::admission::chain;
use super::super::admission::webhooks::Caller;
use super::super::fields::wrong_managers;
use super::super::golang::go_package;
use super::super::meta;
use super::super::options::{DeleteOptions, WriteOptions};
use super::super::resource::Scale;
use super::super::status::ApiError;
use super::{Call, admit, body, scale_value};

/// A change of a new object by the built-in plugins.
pub(super) type BuiltIn<'f> = &'f dyn Fn(&mut Value) -> Result<(), ApiError>;

/// The admission of a request.
pub(super) struct Admission<'c, 'a> {
    pub(super) call: &'c Call<'a>,
    /// The fields of its options.
    options: Map<String, Value>,
    /// Whether nothing is stored.
    pub(super) dry_run: bool,
    /// The subresource that its object is shown as.
    scale: Option<&'c Scale>,
}

impl<'c, 'a> Admission<'c, 'a> {
    /// The admission of a request that writes.
    pub(super) fn of_write(call: &'c Call<'a>, options: &WriteOptions) -> Self {
        let mut fields = Map::new();
        for name in ["fieldManager", "fieldValidation"] {
            if let Some(text) = call.query.first(name).filter(|text| !text.is_empty()) {
                fields.insert(name.to_owned(), text.into());
            }
        }
        if options.dry_run {
            fields.insert("dryRun".to_owned(), vec!["All"].into());
        }
        Self { call, options: fields, dry_run: options.dry_run, scale: None }
    }

    /// The admission of a request that writes the Scale of an object.
    pub(super) fn of_scale(call: &'c Call<'a>, options: &WriteOptions, scale: &'c Scale) -> Self {
        Self { scale: Some(scale), ..Self::of_write(call, options) }
    }

    /// The admission of a request that deletes.
    ///
    /// # Errors
    /// A body that is no `DeleteOptions`.
    pub(super) fn of_delete(call: &'c Call<'a>, options: &DeleteOptions) -> Result<Self, ApiError> {
        let mut fields = Map::new();
        if let Some(Value::Object(sent)) = body::delete_options(call)? {
            fields = sent;
            fields.retain(|name, value| {
                !value.is_null() && !matches!(name.as_str(), "kind" | "apiVersion")
            });
        } else {
            for name in ["gracePeriodSeconds", "orphanDependents", "propagationPolicy"] {
                let text = call.query.first(name).filter(|text| !text.is_empty());
                let Some(text) = text else { continue };
                let value = text.parse::<i64>().map(Value::from);
                let value = value.or_else(|_| text.parse::<bool>().map(Value::from));
                let value = value.unwrap_or_else(|_| text.into());
                fields.insert(name.to_owned(), value);
            }
            if options.dry_run {
                fields.insert("dryRun".to_owned(), vec!["All"].into());
            }
        }
        Ok(Self { call, options: fields, dry_run: options.dry_run, scale: None })
    }

    /// The admission of a request that opens a connection.
    pub(super) fn of_connect(call: &'c Call<'a>) -> Self {
        Self { call, options: Map::new(), dry_run: false, scale: None }
    }

    /// What calls the webhooks.
    fn caller(&self) -> Caller<'_> {
        let call = self.call;
        Caller {
            state: &call.state,
            webhooks: call.webhooks,
            reviews: call.reviews,
            forms: self,
            #[cfg(feature = "cel")]
            authorizer: call.authorizer(),
        }
    }

    /// Whether there are plugins that change objects, besides the built-in ones.
    pub(super) fn mutates(&self) -> bool {
        chain::mutates(&self.caller())
    }

    /// Whether the objects of the request are those of its type.
    pub(super) fn is_own(&self) -> bool {
        let of = &self.call.served.of;
        self.kind() == Versioned { group: of.group(), version: self.version(), name: &of.kind }
    }

    pub(super) fn version(&self) -> &str {
        &self.call.served.version().name
    }

    /// The kind of the request's objects.
    pub(super) fn kind(&self) -> Versioned<'_> {
        let of = &self.call.served.of;
        let core = |name| Versioned { group: "", version: "v1", name };
        let is_pod = of.is_built_in() && of.plural() == "pods";
        match (&*self.call.info.subresource, of.plural()) {
            ("scale", _) => Versioned { group: "autoscaling", version: "v1", name: "Scale" },
            ("eviction", _) if is_pod => {
                Versioned { group: "policy", version: "v1", name: "Eviction" }
            }
            ("token", "serviceaccounts") => {
                Versioned { group: "authentication.k8s.io", version: "v1", name: "TokenRequest" }
            }
            ("binding", _) if is_pod => core("Binding"),
            ("exec", _) if is_pod => core("PodExecOptions"),
            ("attach", _) if is_pod => core("PodAttachOptions"),
            ("portforward", _) if is_pod => core("PodPortForwardOptions"),
            ("proxy", "pods") => core("PodProxyOptions"),
            ("proxy", "services") => core("ServiceProxyOptions"),
            ("proxy", "nodes") => core("NodeProxyOptions"),
            _ => Versioned { group: of.group(), version: self.version(), name: &of.kind },
        }
    }

    /// The options as plugins see them.
    fn options(&self, operation: Operation) -> Value {
        let kind = match operation {
            Operation::Create => "CreateOptions",
            Operation::Update => "UpdateOptions",
            Operation::Delete => "DeleteOptions",
            Operation::Connect => return Value::Null,
        };
        let mut options = self.options.clone();
        options.insert("kind".to_owned(), kind.into());
        options.insert("apiVersion".to_owned(), "meta.k8s.io/v1".into());
        Value::Object(options)
    }

    /// The request as plugins see it. Its name is that of the path, or else that of its new object.
    fn request<'r>(
        &'r self,
        operation: Operation,
        options: &'r Value,
        name: &'r str,
        (object, old_object): (Option<&'r Value>, Option<&'r Value>),
    ) -> Attributes<'r> {
        let (of, info) = (&self.call.served.of, self.call.info);
        let name = if info.name.is_empty() { name } else { &*info.name };
        let is_namespace = of.is_built_in() && of.plural() == "namespaces";
        let namespace = match &*info.namespace {
            "" if is_namespace => name,
            namespace => namespace,
        };
        Attributes {
            operation,
            kind: self.kind(),
            resource: Versioned { group: of.group(), version: self.version(), name: of.plural() },
            subresource: &info.subresource,
            namespace,
            name,
            object,
            old_object,
            options,
            dry_run: self.dry_run,
            user: self.call.user,
        }
    }

    /// Gives an object the namespace of the request (`rest.EnsureObjectNamespaceMatchesRequestNamespace`).
    pub(super) fn place(&self, object: &mut Value) {
        if self.call.served.of.namespaced && meta::text(object, "namespace").is_empty() {
            meta::set(object, "namespace", (*self.call.info.namespace).into());
        }
    }

    /// Lets the plugins change an object of another type than that of the request's path, which is created.
    ///
    /// # Errors
    /// The refusal of a plugin.
    pub(super) fn mutate_other(&self, mut object: Value) -> Result<Value, ApiError> {
        if self.mutates() {
            self.place(&mut object);
            object = self.mutate(None, object, &|_| Ok(()))?;
        }
        Ok(object)
    }

    /// Lets the plugins change an object: a new one, or that in place of `before`.
    ///
    /// # Errors
    /// The refusal of a plugin.
    pub(super) fn mutate(
        &self,
        before: Option<&Value>,
        mut object: Value,
        built_in: BuiltIn<'_>,
    ) -> Result<Value, ApiError> {
        let operation = if before.is_some() { Operation::Update } else { Operation::Create };
        let options = self.options(operation);
        let name = meta::text(&object, "name").to_owned();
        let managed = object["metadata"]["managedFields"].clone();
        let request = self.request(operation, &options, &name, (None, before));
        chain::mutate(&self.caller(), &request, &mut object, built_in)?;
        let of = &self.call.served.of;
        let kind = object["kind"].as_str().unwrap_or_default();
        if self.is_own() && of.is_built_in() && kind != &*of.kind {
            return Err(ApiError::unclassified(format!(
                "converting ({}.{kind}) to ({}.{}): unknown conversion",
                self.version(),
                go_package(of.group()),
                of.kind
            )));
        }
        if let Some(why) = wrong_managers(&object["metadata"]["managedFields"]) {
            meta::set(&mut object, "managedFields", managed);
            self.call.reviews.warn(&format!(
                ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated \
                 mutating admission controller; please fix your requests: {why}"
            ));
        }
        if let Some(warning) = admit::deduplicate_owners(&mut object, true) {
            self.call.reviews.warn(&warning);
        }
        Ok(object)
    }

    /// Lets the plugins judge an object that is valid otherwise.
    ///
    /// # Errors
    /// The refusal of a plugin.
    pub(super) fn validate(&self, before: Option<&Value>, object: &Value) -> Result<(), ApiError> {
        let caller = self.caller();
        if !chain::validates(&caller) {
            return Ok(());
        }
        let operation = if before.is_some() { Operation::Update } else { Operation::Create };
        let options = self.options(operation);
        let shown = match self.scale {
            Some(of) => Some((
                scale_value::of_value(of, object)?,
                before.map(|before| scale_value::of_value(of, before)).transpose()?,
            )),
            None => None,
        };
        let objects = match &shown {
            Some((object, before)) => (Some(object), before.as_ref()),
            None => (Some(object), before),
        };
        let request = self.request(operation, &options, meta::text(object, "name"), objects);
        chain::validate(&caller, &request)
    }

    /// Lets the plugins judge the deletion of an object; `grace` are the seconds that it has.
    ///
    /// # Errors
    /// The refusal of a plugin.
    pub(super) fn delete(&self, object: &Value, grace: Option<i64>) -> Result<(), ApiError> {
        let caller = self.caller();
        if !chain::mutates(&caller) && !chain::validates(&caller) {
            return Ok(());
        }
        let mut options = self.options(Operation::Delete);
        if let Some(grace) = grace {
            options["gracePeriodSeconds"] = grace.into();
        }
        if object["kind"] == "Namespace" && self.is_own() {
            // `REST.Delete` of namespaces.
            options["preconditions"]["uid"] = meta::text(object, "uid").into();
        }
        let request = self.request(Operation::Delete, &options, "", (None, Some(object)));
        chain::mutate(&caller, &request, &mut Value::Null, &|_| Ok(()))?;
        chain::validate(&caller, &request)
    }

    /// Lets the plugins judge a connection.
    ///
    /// # Errors
    /// The refusal of a plugin.
    pub(super) fn connect(&self, mut object: Value) -> Result<(), ApiError> {
        let (caller, options) = (self.caller(), Value::Null);
        let request = self.request(Operation::Connect, &options, "", (None, None));
        chain::mutate(&caller, &request, &mut object, &|_| Ok(()))?;
        let request = Attributes { object: Some(&object), ..request };
        chain::validate(&caller, &request)
    }
}
