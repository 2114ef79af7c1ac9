//! `audit.k8s.io/v1` `Event`: a request at one of its stages (`k8s.io/apiserver/pkg/apis/audit/v1/types.go`,
//! `pkg/audit/request.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::message::ResourceInfo;

use super::super::auth::User;
use super::super::golang::write_json;
use super::super::{meta, protobuf};
use super::levels::{Level, Stage};
use super::notes::AuditNotes;
use super::policy::AuditRule;

/// The longest name of a client that is written whole, in bytes (`maxUserAgentLength`).
const LONGEST_AGENT: usize = 1024;

/// What is written down of a request, as far as it is known.
#[derive(Debug)]
pub(crate) struct AuditRecord {
    /// How it is written down.
    pub(crate) rule: AuditRule,
    /// `Audit-ID` of the request, or a new one.
    pub(crate) id: String,
    /// Path and query.
    pub(crate) uri: String,
    /// The verb.
    pub(crate) verb: String,
    /// The sender; nothing where nobody knows who it is.
    pub(crate) user: Option<Arc<User>>,
    /// As whom the request is made, where it impersonates.
    pub(crate) impersonated: Option<(Arc<User>, &'static str)>,
    /// The addresses that it came from.
    pub(crate) sources: Vec<String>,
    /// `User-Agent`.
    pub(crate) agent: String,
    /// The resource; nothing for other paths.
    pub(crate) object: Option<ObjectReference>,
    /// When it was received.
    pub(crate) received: Timestamp,
    /// The patch of a patch, which is its object.
    pub(crate) patch: Option<Value>,
    /// What the engine says of it.
    pub(crate) notes: Arc<AuditNotes>,
}

/// `objectRef`.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectReference {
    #[serde(skip_serializing_if = "String::is_empty")]
    resource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    api_group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    api_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    resource_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subresource: String,
}

impl From<&ResourceInfo<'_>> for ObjectReference {
    fn from(info: &ResourceInfo<'_>) -> Self {
        Self {
            resource: info.resource.to_string(),
            namespace: info.namespace.to_string(),
            name: info.name.to_string(),
            api_group: info.group.to_string(),
            api_version: info.version.to_string(),
            subresource: info.subresource.to_string(),
            ..Self::default()
        }
    }
}

impl ObjectReference {
    /// Takes from the sent object what the path does not say.
    fn complete(&mut self, object: &Value) {
        for (own, field) in [
            (&mut self.namespace, "namespace"),
            (&mut self.name, "name"),
            (&mut self.uid, "uid"),
            (&mut self.resource_version, "resourceVersion"),
        ] {
            if own.is_empty() {
                meta::text(object, field).clone_into(own);
            }
        }
    }
}

/// An event, in the order of its fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    kind: &'static str,
    api_version: &'static str,
    level: &'static str,
    #[serde(rename = "auditID")]
    audit_id: &'a str,
    stage: &'static str,
    #[serde(rename = "requestURI")]
    request_uri: &'a str,
    verb: &'a str,
    user: UserInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impersonated_user: Option<UserInfo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_metadata: Option<Value>,
    #[serde(rename = "sourceIPs", skip_serializing_if = "<[String]>::is_empty")]
    source_ips: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_ref: Option<ObjectReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_object: Option<Value>,
    request_received_timestamp: String,
    stage_timestamp: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// `authentication.k8s.io/v1` `UserInfo`.
#[derive(Default, Serialize)]
struct UserInfo<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    groups: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a BTreeMap<String, Vec<String>>>,
}

impl<'a> From<&'a User> for UserInfo<'a> {
    fn from(user: &'a User) -> Self {
        let extra = Some(&user.extra).filter(|extra| !extra.is_empty());
        Self { username: &user.name, uid: &user.uid, groups: &user.groups, extra }
    }
}

impl AuditRecord {
    /// Whether a stage is written down.
    pub(crate) fn has(&self, stage: Stage) -> bool {
        self.rule.level != Level::None && !self.rule.omit_stages.contains(&stage)
    }

    /// Whether the object of the answer is written down.
    pub(crate) fn has_response(&self) -> bool {
        self.rule.level >= Level::RequestResponse
    }

    /// The line of an event: `stage` at `now`; `answered` are the status code of the answer and its object. `shown`
    /// hides secrets in the objects.
    pub(crate) fn line(
        &self,
        stage: Stage,
        now: Timestamp,
        answered: Option<(u16, Option<&Value>)>,
        shown: &dyn Fn(Value) -> Value,
    ) -> Vec<u8> {
        let has_begun = stage != Stage::RequestReceived;
        let (annotations, object) = self.notes.read();
        let (annotations, object) =
            if has_begun { (annotations, object) } else { (BTreeMap::new(), None) };
        let mut reference = self.object.clone();
        if let (Some(reference), Some(object)) = (&mut reference, &object) {
            reference.complete(object);
        }
        let patch = self.patch.clone().filter(|_| has_begun);
        let with_objects = self.rule.level >= Level::Request;
        let sent = patch.or(object).filter(|_| with_objects);
        let response = answered.and_then(|(_, object)| object.cloned());
        let user = self.user.as_deref().map(UserInfo::from).unwrap_or_default();
        let constraint = self.impersonated.as_ref().map(|(_, how)| *how).unwrap_or_default();
        let impersonated = self.impersonated.as_ref().map(|(user, _)| UserInfo::from(&**user));
        let agent = truncated(&self.agent);
        let event = Event {
            kind: "Event",
            api_version: "audit.k8s.io/v1",
            level: self.rule.level.name(),
            audit_id: &self.id,
            stage: stage.name(),
            request_uri: &self.uri,
            verb: &self.verb,
            user,
            impersonated_user: impersonated.filter(|_| has_begun),
            authentication_metadata: (has_begun && !constraint.is_empty())
                .then(|| json!({"impersonationConstraint": constraint})),
            source_ips: &self.sources,
            user_agent: &agent,
            object_ref: reference,
            response_status: answered.map(|(code, object)| status(code, object)),
            request_object: sent.map(|value| shown(self.without_managers(value))),
            response_object: response
                .filter(|_| self.has_response())
                .map(|value| shown(self.without_managers(value))),
            request_received_timestamp: micro_time(self.received),
            stage_timestamp: micro_time(if has_begun { now } else { self.received }),
            annotations,
        };
        let mut line = Vec::new();
        write_json(&mut line, &event);
        line.push(b'\n');
        line
    }

    /// An object without its managed fields, where the policy leaves them out (`copyWithoutManagedFields`).
    fn without_managers(&self, mut object: Value) -> Value {
        if !self.rule.omit_managed_fields {
            return object;
        }
        let remove = |object: &mut Value| {
            if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
                metadata.remove("managedFields");
            }
        };
        remove(&mut object);
        if let Some(Value::Array(items)) = object.get_mut("items") {
            items.iter_mut().for_each(remove);
        }
        if let Some(Value::Array(rows)) = object.get_mut("rows") {
            rows.iter_mut().filter_map(|row| row.get_mut("object")).for_each(remove);
        }
        object
    }
}

/// `responseStatus`: the fields of a Status that are bounded, and the code (`LogResponseObject`).
fn status(code: u16, object: Option<&Value>) -> Value {
    let mut status = Map::new();
    status.insert("metadata".to_owned(), json!({}));
    if let Some(object) = object.filter(|object| object["kind"] == "Status") {
        for field in ["status", "message", "reason", "details"] {
            if let Some(value) = object.get(field) {
                status.insert(field.to_owned(), value.clone());
            }
        }
    }
    status.insert("code".to_owned(), code.into());
    Value::Object(status)
}

/// The object of a body: JSON, or Kubernetes' form of protobuf.
pub(crate) fn object_of_body(body: &[u8]) -> Option<Value> {
    if body.starts_with(b"k8s\0") {
        return protobuf::decode(body).ok();
    }
    serde_json::from_slice(body).ok()
}

/// `maybeTruncateUserAgent`.
fn truncated(agent: &str) -> String {
    if agent.len() <= LONGEST_AGENT {
        return agent.to_owned();
    }
    let end = (0..=LONGEST_AGENT).rev().find(|end| agent.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...TRUNCATED", &agent[..end])
}

/// `v1.MicroTime`.
fn micro_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(level: Level) -> AuditRecord {
        let notes = AuditNotes::new(level);
        notes.annotate("a", "<b>");
        notes.object(&json!({"metadata": {"name": "x", "managedFields": [1]}}));
        AuditRecord {
            rule: AuditRule {
                level,
                omit_stages: vec![Stage::ResponseStarted],
                omit_managed_fields: true,
            },
            id: "id".to_owned(),
            uri: "/api/v1/namespaces/n/configmaps?a=1&b=2".to_owned(),
            verb: "create".to_owned(),
            user: Some(Arc::new(User { name: "ann".to_owned(), ..User::default() })),
            impersonated: None,
            sources: vec!["127.0.0.1".to_owned()],
            agent: "a".repeat(2000),
            object: Some(ObjectReference {
                resource: "configmaps".to_owned(),
                namespace: "n".to_owned(),
                api_version: "v1".to_owned(),
                ..ObjectReference::default()
            }),
            received: Timestamp::UNIX_EPOCH,
            patch: None,
            notes: Arc::new(notes),
        }
    }

    fn event(record: &AuditRecord, stage: Stage, answered: Option<(u16, Option<&Value>)>) -> Value {
        let line = record.line(stage, Timestamp::UNIX_EPOCH, answered, &|value| value);
        assert_eq!(line.last(), Some(&b'\n'));
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn an_event_has_as_much_as_its_level_and_its_stage_allow() {
        let of = record(Level::Metadata);
        let received = event(&of, Stage::RequestReceived, None);
        assert!(received["annotations"].is_null() && received["responseStatus"].is_null());
        assert_eq!(received["objectRef"]["name"], Value::Null);
        let answer = json!({"kind": "Status", "status": "Failure", "reason": "Conflict", "code": 409, "x": 1});
        let done = event(&of, Stage::ResponseComplete, Some((409, Some(&answer))));
        assert_eq!(
            done["responseStatus"],
            json!({"metadata": {}, "status": "Failure", "reason": "Conflict", "code": 409})
        );
        assert!(done["requestObject"].is_null() && done["responseObject"].is_null());
        assert_eq!(done["objectRef"]["name"], "x");
        assert_eq!(done["requestReceivedTimestamp"], "1970-01-01T00:00:00.000000Z");
        assert!(done["userAgent"].as_str().unwrap().ends_with("aaa...TRUNCATED"));
        let done =
            event(&record(Level::Request), Stage::ResponseComplete, Some((201, Some(&answer))));
        assert_eq!(done["requestObject"], json!({"metadata": {"name": "x"}}));
        assert!(done["responseObject"].is_null());
        let list = json!({"items": [{"metadata": {"managedFields": [1], "name": "y"}}]});
        let done = event(
            &record(Level::RequestResponse),
            Stage::ResponseComplete,
            Some((200, Some(&list))),
        );
        assert_eq!(done["responseObject"], json!({"items": [{"metadata": {"name": "y"}}]}));
    }

    #[test]
    fn a_line_is_written_as_go_writes_it() {
        let of = record(Level::Metadata);
        let line = of.line(Stage::ResponseComplete, Timestamp::UNIX_EPOCH, None, &|value| value);
        let text = String::from_utf8(line).unwrap();
        assert!(text.starts_with(
            "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\",\"auditID\":\"id\","
        ));
        assert!(text.contains("?a=1\\u0026b=2") && text.contains("\"a\":\"\\u003cb\\u003e\""));
        assert!(of.has(Stage::ResponseComplete) && !of.has(Stage::ResponseStarted));
        assert!(!record(Level::None).has(Stage::ResponseComplete));
    }
}
