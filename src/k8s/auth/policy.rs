//! The ABAC policy file: one JSON object per line, `#` starts a comment
//! (`k8s.io/kubernetes/pkg/auth/authorizer/abac`, `pkg/apis/abac`).

use std::path::Path;

use crate::document::{Decoder, Diagnostic, Diagnostics, Format, Node, Place, Source};

use super::rules::UserRule;
use super::user::{AUTHENTICATED, Attributes, User};

/// The lines of a policy file. An action is allowed where one line allows it.
#[derive(Debug, Default)]
pub(super) struct Policies(Vec<Policy>);

/// One line, in the form of `v1beta1`.
#[derive(Debug, Default)]
struct Policy {
    user: String,
    group: String,
    readonly: bool,
    api_group: String,
    resource: String,
    namespace: String,
    non_resource_path: String,
}

impl Policies {
    pub(super) fn allow(&self, user: &User, attributes: &Attributes<'_>) -> bool {
        self.0.iter().any(|policy| policy.matches(user, attributes))
    }

    /// The rules of the lines that apply to a user in a namespace.
    pub(super) fn rules(&self, user: &User, namespace: &str) -> Vec<UserRule> {
        let about = self.0.iter().filter(|policy| {
            policy.is_about(user) && (policy.namespace == "*" || policy.namespace == namespace)
        });
        about.map(Policy::rule).collect()
    }

    /// Parses the file; diagnostics are added to `problems`.
    pub(super) fn parse(path: &Path, text: &[u8], problems: &mut Diagnostics) -> Self {
        let text = match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Diagnostic::error(path, format!("cannot be read: {error}")));
                return Self::default();
            }
        };
        let mut policies = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let source =
                Source { path: path.to_path_buf(), format: Format::Json, text: line.to_owned() };
            let mut found = match source.parse() {
                Ok(documents) => {
                    let decoder = Decoder::new(&source, 0);
                    let value = documents.into_iter().next().unwrap_or_default();
                    policies.extend(policy(&decoder.root(&value)));
                    decoder.finish()
                }
                Err(problem) => vec![problem],
            };
            for problem in &mut found {
                let column = problem.place.map_or(1, |place| place.column);
                problem.place = Some(Place { line: number, column });
            }
            problems.extend(found);
        }
        Self(policies)
    }
}

fn policy(root: &Node<'_>) -> Option<Policy> {
    let keys = root.keys()?;
    let text = |node: Option<Node<'_>>| {
        node.map_or(Some(String::new()), |node| node.text().map(str::to_owned))
    };
    let (api_version, kind) = (keys.get("apiVersion"), keys.get("kind"));
    if api_version.is_none() && kind.is_none() {
        // The unversioned form: an absent property matches everything.
        let all = |text: String| if text.is_empty() { "*".to_owned() } else { text };
        let user = text(keys.get("user"))?;
        let group = text(keys.get("group"))?;
        let readonly = keys.get("readonly").map_or(Some(false), |node| node.bool())?;
        let resource = text(keys.get("resource"))?;
        let namespace = text(keys.get("namespace"))?;
        keys.finish();
        let everything = resource.is_empty() && namespace.is_empty();
        let (user, group) = if user.is_empty() && group.is_empty() {
            (user, AUTHENTICATED.to_owned())
        } else {
            subject(user, group)
        };
        return Some(Policy {
            user,
            group,
            readonly,
            api_group: "*".to_owned(),
            resource: all(resource),
            namespace: all(namespace),
            non_resource_path: if everything { "*".to_owned() } else { String::new() },
        });
    }
    let known = [("abac.authorization.kubernetes.io/v1beta1", ())];
    let version =
        api_version.map_or_else(|| keys.required("apiVersion").map(drop), |node| node.word(&known));
    if let Some(node) = kind {
        let _ = node.word(&[("Policy", ())]);
    }
    let spec = keys.required("spec").and_then(|node| node.keys());
    // Metadata is accepted and ignored.
    let _ = keys.get("metadata");
    keys.finish();
    let (spec, ()) = (spec?, version?);
    let (user, group) = subject(text(spec.get("user"))?, text(spec.get("group"))?);
    let policy = Policy {
        user,
        group,
        readonly: spec.get("readonly").map_or(Some(false), |node| node.bool())?,
        api_group: text(spec.get("apiGroup"))?,
        resource: text(spec.get("resource"))?,
        namespace: text(spec.get("namespace"))?,
        non_resource_path: text(spec.get("nonResourcePath"))?,
    };
    spec.finish();
    Some(policy)
}

/// `*` as user or group means all authenticated users.
fn subject(user: String, group: String) -> (String, String) {
    if user == "*" || group == "*" {
        return (String::new(), AUTHENTICATED.to_owned());
    }
    (user, group)
}

impl Policy {
    fn matches(&self, user: &User, attributes: &Attributes<'_>) -> bool {
        let read_only = matches!(attributes.verb, "get" | "list" | "watch");
        self.is_about(user)
            && (read_only || !self.readonly)
            && if attributes.is_resource() {
                let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
                fits(&self.namespace, attributes.namespace)
                    && fits(&self.resource, attributes.resource)
                    && fits(&self.api_group, attributes.group)
            } else {
                self.allows_path(attributes.path)
            }
    }

    fn rule(&self) -> UserRule {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let one = |text: &String| {
            if text.is_empty() { Vec::new() } else { vec![text.clone()] }
        };
        UserRule {
            verbs: texts(if self.readonly { &["get", "list", "watch"] } else { &["*"] }),
            groups: vec![self.api_group.clone()],
            resources: one(&self.resource),
            names: Vec::new(),
            paths: one(&self.non_resource_path),
        }
    }

    fn is_about(&self, user: &User) -> bool {
        (!self.user.is_empty() || !self.group.is_empty())
            && (self.user.is_empty() || self.user == user.name)
            && (self.group.is_empty() || user.groups.contains(&self.group))
    }

    fn allows_path(&self, path: &str) -> bool {
        let pattern = &self.non_resource_path;
        pattern == "*"
            || pattern == path
            || pattern.ends_with('*') && path.starts_with(pattern.trim_end_matches('*'))
    }
}
