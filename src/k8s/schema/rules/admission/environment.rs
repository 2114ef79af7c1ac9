//! The variables of expressions with their types, and the types that expressions must have
//! (`pkg/admission/plugin/cel/{compile,composition}.go`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use super::super::super::Schema;
use super::super::evaluate::COMPOSED;
use super::super::language::patch_types::{OBJECT, OPERATION};
use super::super::language::types::{Decl, ObjectDecl, Shape, Type};
use super::Expression;

/// The variables that expressions may name, besides those that all have.
#[derive(Debug, Clone)]
pub(in super::super::super::super) struct Environment {
    params: bool,
    authorizer: bool,
    /// The fields of `variables`; nothing where there is no such variable.
    composed: Option<BTreeMap<String, Type>>,
    /// Whether expressions make patches.
    pub(super) patches: bool,
    /// The one variable of expressions that see nothing else.
    alone: Option<(&'static str, &'static LazyLock<Type>)>,
    /// The type of `object` and `oldObject`, and that of `params`.
    objects: (Type, Type),
}

impl Environment {
    /// With an `authorizer`, and with `params` where there are any.
    pub(in super::super::super::super) fn new(params: bool) -> Self {
        let objects = (Type::Dyn, Type::Dyn);
        Self { params, authorizer: true, composed: None, patches: false, alone: None, objects }
    }

    /// That of expressions which select devices (`k8s.io/dynamic-resource-allocation/cel`).
    pub(in super::super::super::super) fn of_devices() -> Self {
        Self { alone: Some(("device", &DEVICE)), ..Self::new(false) }
    }

    /// That of the conditions of authorization webhooks, which see a review (`k8s.io/apiserver/pkg/authorization/cel`).
    pub(in super::super::super::super) fn of_access_reviews() -> Self {
        Self { alone: Some(("request", &REVIEW)), ..Self::new(false) }
    }

    /// With objects and parameters of schemas, each with the name of its type: the use of their fields is checked
    /// (`typeOverwrite` in `pkg/admission/plugin/policy/validating/typechecking.go`).
    #[must_use]
    pub(in super::super::super::super) fn with_schemas(
        &self,
        object: (&Schema, &str),
        params: Option<(&Schema, &str)>,
    ) -> Self {
        let of = |(schema, name): (&Schema, &str)| {
            Decl::of(schema, true, name).map_or(Type::Dyn, |decl| decl.cel_type())
        };
        Self { objects: (of(object), params.map_or(Type::Dyn, of)), ..self.clone() }
    }

    /// Without the `authorizer`.
    #[must_use]
    pub(in super::super::super::super) fn without_authorizer(&self) -> Self {
        Self { authorizer: false, ..self.clone() }
    }

    /// With the types of patches.
    #[must_use]
    pub(in super::super::super::super) fn with_patches(&self) -> Self {
        Self { patches: true, ..self.clone() }
    }

    /// With `variables`, which has no fields yet.
    #[must_use]
    pub(in super::super::super::super) fn with_composed(mut self) -> Self {
        self.composed = Some(BTreeMap::new());
        self
    }

    /// Adds a field of `variables`, of the type that an expression has (`convertCelTypeToDeclType`).
    pub(in super::super::super::super) fn declare(&mut self, name: &str, of: &Expression) {
        if let Some(composed) = &mut self.composed {
            composed.insert(name.to_owned(), declared(&of.output.0));
        }
    }

    /// All variables with their types.
    pub(super) fn variables(&self) -> Vec<(&'static str, Type)> {
        if let Some((name, of)) = self.alone {
            return vec![(name, Type::clone(of))];
        }
        let mut variables = vec![
            ("object", self.objects.0.clone()),
            ("oldObject", self.objects.0.clone()),
            ("namespaceObject", NAMESPACE.clone()),
            ("request", REQUEST.clone()),
        ];
        if self.params {
            variables.push(("params", self.objects.1.clone()));
        }
        if self.authorizer {
            let authorizer = Type::Opaque("kubernetes.authorization.Authorizer");
            let resource = Type::Opaque("kubernetes.authorization.ResourceCheck");
            variables.push(("authorizer", authorizer));
            variables.push(("authorizer.requestResource", resource));
        }
        if let Some(composed) = &self.composed {
            let fields = composed.iter().map(|(name, of)| (name.as_str(), of.clone()));
            variables.push((COMPOSED, object("kubernetes.variables", fields)));
        }
        variables
    }
}

/// The type of a field for the values of an expression: types of objects and of libraries become dynamic.
fn declared(of: &Type) -> Type {
    match of {
        Type::List(item) => Type::list(declared(item)),
        Type::Map(key, value) => Type::Map(Arc::new(declared(key)), Arc::new(declared(value))),
        Type::Null
        | Type::Bool
        | Type::Int
        | Type::Uint
        | Type::Double
        | Type::String
        | Type::Bytes
        | Type::Duration
        | Type::Timestamp => of.clone(),
        _ => Type::Dyn,
    }
}

/// The type of an expression's values.
#[derive(Debug)]
pub(super) struct Output(Type);

impl Default for Output {
    fn default() -> Self {
        Self(Type::Dyn)
    }
}

impl Output {
    pub(super) fn of(found: Option<&Type>) -> Self {
        found.map_or_else(Self::default, |of| Self(of.clone()))
    }
}

/// The types that an expression may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super::super::super) enum Returns {
    /// Any type: a variable.
    Any,
    Bool,
    /// Whether a device is selected.
    Selection,
    Text,
    TextOrNull,
    /// An object of a literal: what is applied.
    Configuration,
    /// Operations of a JSON Patch.
    Operations,
}

impl Returns {
    pub(super) fn check(self, output: &Output) -> Result<(), String> {
        let found = &output.0;
        let wanted = match (self, found) {
            (Self::Any, _)
            | (Self::Bool | Self::Selection, Type::Bool)
            | (Self::Selection, Type::Dyn)
            | (Self::Text | Self::TextOrNull, Type::String)
            | (Self::TextOrNull, Type::Null) => return Ok(()),
            (Self::Bool, _) => "bool",
            (Self::Selection, _) => {
                let why = "must evaluate to bool or the unknown type, not";
                return Err(format!("{why} {}", shown(found)));
            }
            (Self::Configuration, Type::Patch(name)) if **name == *OBJECT => return Ok(()),
            (Self::Operations, Type::List(item)) if is_operation(item) => return Ok(()),
            (Self::Configuration, _) => OBJECT,
            (Self::Operations, _) => "list(JSONPatch)",
            (Self::Text, _) => "string",
            (Self::TextOrNull, _) => "one of [string null_type]",
        };
        Err(format!("must evaluate to {wanted} but got {}", shown(found)))
    }
}

fn is_operation(of: &Type) -> bool {
    matches!(of, Type::Patch(name) if **name == *OPERATION)
}

/// A type as `cel.Type.String` shows it.
fn shown(of: &Type) -> String {
    let mut out = of.name();
    let parts: Vec<String> = of.parts().into_iter().map(shown).collect();
    if !parts.is_empty() {
        let _ = write!(out, "({})", parts.join(", "));
    }
    out
}

fn field(of: Type) -> Arc<Decl> {
    Arc::new(Decl { shape: Shape::Simple(of), max: 0, min_size: 0 })
}

fn object<'n>(name: &str, fields: impl IntoIterator<Item = (&'n str, Type)>) -> Type {
    let fields = fields.into_iter().map(|(name, of)| (name.to_owned(), field(of))).collect();
    Type::Object(Arc::new(ObjectDecl { name: name.to_owned(), fields }))
}

fn texts(name: &str, fields: &[&str]) -> Type {
    object(name, fields.iter().map(|field| (*field, Type::String)))
}

fn map(value: Type) -> Type {
    Type::Map(Arc::new(Type::String), Arc::new(value))
}

/// `buildRequestType` of authorization.
static REVIEW: LazyLock<Type> = LazyLock::new(|| {
    let attributes = ["namespace", "verb", "group", "version", "resource", "subresource", "name"];
    let resource = texts("kubernetes.ResourceAttributes", &attributes);
    let path = texts("kubernetes.NonResourceAttributes", &["path", "verb"]);
    let fields = [
        ("resourceAttributes", resource),
        ("nonResourceAttributes", path),
        ("user", Type::String),
        ("groups", Type::list(Type::String)),
        ("extra", map(Type::list(Type::String))),
        ("uid", Type::String),
    ];
    object("kubernetes.SubjectAccessReviewSpec", fields)
});

/// `BuildRequestType`.
static REQUEST: LazyLock<Type> = LazyLock::new(|| {
    let kind = texts("kubernetes.GroupVersionKind", &["group", "version", "kind"]);
    let resource = texts("kubernetes.GroupVersionResource", &["group", "version", "resource"]);
    let user = [
        ("username", Type::String),
        ("uid", Type::String),
        ("groups", Type::list(Type::String)),
        ("extra", map(Type::list(Type::String))),
    ];
    let fields = [
        ("kind", kind.clone()),
        ("resource", resource.clone()),
        ("subResource", Type::String),
        ("requestKind", kind),
        ("requestResource", resource),
        ("requestSubResource", Type::String),
        ("name", Type::String),
        ("namespace", Type::String),
        ("operation", Type::String),
        ("userInfo", object("kubernetes.UserInfo", user)),
        ("dryRun", Type::Bool),
        ("options", Type::Dyn),
    ];
    object("kubernetes.AdmissionRequest", fields)
});

/// `BuildNamespaceType`.
static NAMESPACE: LazyLock<Type> = LazyLock::new(|| {
    let condition = [
        ("status", Type::String),
        ("type", Type::String),
        ("lastTransitionTime", Type::Timestamp),
        ("message", Type::String),
        ("reason", Type::String),
    ];
    let condition = object("kubernetes.NamespaceCondition", condition);
    let metadata = [
        ("name", Type::String),
        ("generateName", Type::String),
        ("namespace", Type::String),
        ("labels", map(Type::String)),
        ("annotations", map(Type::String)),
        ("UID", Type::String),
        ("creationTimestamp", Type::Timestamp),
        ("deletionGracePeriodSeconds", Type::Int),
        ("deletionTimestamp", Type::Timestamp),
        ("generation", Type::Int),
        ("resourceVersion", Type::String),
        ("finalizers", Type::list(Type::String)),
    ];
    let status = [("conditions", Type::list(condition)), ("phase", Type::String)];
    let spec = [("finalizers", Type::list(Type::String))];
    let fields = [
        ("metadata", object("kubernetes.NamespaceMetadata", metadata)),
        ("spec", object("kubernetes.NamespaceSpec", spec)),
        ("status", object("kubernetes.NamespaceStatus", status)),
    ];
    object("kubernetes.Namespace", fields)
});

/// The variable of expressions that select devices.
static DEVICE: LazyLock<Type> = LazyLock::new(|| {
    let fields = [
        ("driver", Type::String),
        ("attributes", map(map(Type::Dyn))),
        ("capacity", map(map(Type::Opaque("kubernetes.Quantity")))),
        ("allowMultipleAllocations", Type::Bool),
    ];
    object("kubernetes.DRADevice", fields)
});
