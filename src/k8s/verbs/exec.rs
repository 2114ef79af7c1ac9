//! `pods/exec` and `pods/attach`: what a command in a container writes, over WebSocket
//! (`k8s.io/apimachinery/pkg/util/remotecommand/constants.go`, `k8s.io/kubelet/pkg/cri/streaming/remotecommand`).
//!
//! No container runs: an annotation of the pod holds the answers to commands, for all containers or for one of them.
//!
//! ```yaml
//! standin.dev/exec: |
//!   - {command: [cat, /etc/hosts], stdout: "127.0.0.1 localhost\n"}
//!   - {command: ["false"], stderr: "no\n", exitCode: 1}
//!   - {stdout: "anything else\n"}
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use serde_json::{Value, json};

use crate::document::{Format, Source};
use crate::message::{Body, Effects, Message, Origin, Plan, Turn};

use super::super::status::ApiError;
use super::{Call, Outcome, Resolved, log};

/// The annotation with the answers of all containers; behind a dot, the name of one.
const ANNOTATION: &str = "standin.dev/exec";

/// The subprotocols that are spoken: they differ in what a client may close.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// The channels of a message, in its first byte.
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;

/// The code of a normal end (RFC 6455, section 7.4.1).
const NORMAL: u16 = 1000;

/// What a command does.
#[derive(Debug, Default, PartialEq, Eq)]
struct Execution {
    stdout: String,
    stderr: String,
    exit_code: i64,
}

/// Answers a client that runs a command, or attaches to a container.
///
/// # Errors
/// A container that the pod does not have, a client that does not ask for a WebSocket, and 501 where no annotation has
/// an answer.
pub(super) fn run(call: &Call<'_>, pod: &Value) -> Result<Resolved, ApiError> {
    let container = log::container(call.query.first("container").unwrap_or_default(), pod)?;
    let annotations = &pod["metadata"]["annotations"];
    let annotated = |name: &str| {
        let own = annotations[format!("{name}.{container}")].as_str();
        own.or_else(|| annotations[name].as_str())
    };
    let found = if &*call.info.subresource == "attach" {
        let stdout = annotated(log::ANNOTATION).map(str::to_owned);
        stdout.map(|stdout| Execution { stdout, ..Execution::default() })
    } else {
        let command: Vec<&str> = call.query.all("command").collect();
        if command.is_empty() && log::has_kubelet(call, pod) {
            return Err(ApiError::bad_request(
                "you must specify at least 1 command for the container",
            ));
        }
        annotated(ANNOTATION).map(|text| execution(text, &command)).transpose()?.flatten()
    };
    let Some(found) = found else { return Err(log::not_behind(call, pod)) };
    if cfg!(not(feature = "websocket")) {
        return Err(ApiError::not_implemented(
            "this build runs no commands; build it with the feature websocket",
        ));
    }
    let upgrade = call.headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    if !upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")) {
        return Err(ApiError::bad_request(
            "Upgrade request required: commands are run over WebSocket alone",
        ));
    }
    let Some(protocol) = protocol(call) else {
        let known = PROTOCOLS.join(", ");
        return Err(ApiError::bad_request(format!(
            "the client asks for none of the subprotocols {known} in Sec-WebSocket-Protocol"
        )));
    };
    let mut plan = Plan::new(StatusCode::SWITCHING_PROTOCOLS, Origin::Kubernetes, Body::Empty);
    plan.headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    let effects = Effects { conversation: Some(found.turns()), ..Effects::default() };
    plan.delivery = effects.into();
    Ok(Resolved::Outcome(Outcome::Plan(plan)))
}

/// The first subprotocol of the client that is spoken.
fn protocol(call: &Call<'_>) -> Option<&'static str> {
    let lists = call.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let mut asked = lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(','));
    asked.find_map(|one| PROTOCOLS.into_iter().find(|known| *known == one.trim()))
}

/// What an annotation says about a command: the first of its answers whose command the given one begins with.
///
/// # Errors
/// An annotation that has no answers in YAML.
fn execution(annotation: &str, command: &[&str]) -> Result<Option<Execution>, ApiError> {
    let wrong = |why: &str| {
        ApiError::internal(&format!(
            "the annotation {ANNOTATION} is no list of answers with command, stdout, stderr and exitCode: {why}"
        ))
    };
    let source =
        Source::from_bytes(ANNOTATION.into(), Format::Yaml, annotation.as_bytes().to_vec());
    let documents = source.and_then(|source| source.parse());
    let documents = documents.map_err(|problem| wrong(&problem.to_string()))?;
    let answers = match documents.first() {
        Some(Value::Array(answers)) => answers,
        // A text is what every command writes.
        Some(Value::String(text)) => {
            return Ok(Some(Execution { stdout: text.clone(), ..Execution::default() }));
        }
        _ => return Err(wrong("it has another form")),
    };
    let is_meant = |answer: &&Value| {
        let words = answer["command"].as_array().map_or(&[][..], Vec::as_slice);
        words.len() <= command.len()
            && words.iter().zip(command).all(|(word, given)| word == *given)
    };
    let text = |answer: &Value, field: &str| answer[field].as_str().unwrap_or_default().to_owned();
    Ok(answers.iter().find(is_meant).map(|answer| Execution {
        stdout: text(answer, "stdout"),
        stderr: text(answer, "stderr"),
        exit_code: answer["exitCode"].as_i64().unwrap_or_default(),
    }))
}

impl Execution {
    /// The messages to the client.
    fn turns(&self) -> Arc<[Turn]> {
        let mut messages = Vec::new();
        for (channel, text) in [(STDOUT, &*self.stdout), (STDERR, &*self.stderr)] {
            if !text.is_empty() {
                messages.push(on_channel(channel, text.as_bytes()));
            }
        }
        messages.push(on_channel(STATUS, self.status().to_string().as_bytes()));
        messages.push(Message::Close(NORMAL, Bytes::new()));
        let turn = |message| Turn {
            by_client: false,
            after: Duration::ZERO,
            message,
            frames: Box::default(),
        };
        messages.into_iter().map(turn).collect()
    }

    /// How it ended (`NonZeroExitCodeReason`).
    fn status(&self) -> Value {
        if self.exit_code == 0 {
            return json!({"metadata": {}, "status": "Success"});
        }
        let code = self.exit_code.to_string();
        json!({
            "metadata": {},
            "status": "Failure",
            "message": format!(
                "command terminated with non-zero exit code: error executing command, exit code {code}"
            ),
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": code}]},
        })
    }
}

fn on_channel(channel: u8, text: &[u8]) -> Message {
    Message::Binary([&[channel], text].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_whose_command_is_the_beginning_counts() {
        let annotation =
            "- {command: [cat, /a], stdout: a}\n- {command: [cat], stderr: no, exitCode: 1}\n";
        let found = |command: &[&str]| execution(annotation, command).unwrap();
        assert_eq!(found(&["cat", "/a", "/b"]).unwrap().stdout, "a");
        assert_eq!(found(&["cat"]).unwrap().exit_code, 1);
        assert_eq!(found(&["ls"]), None);
        let text = execution("hello", &["ls"]).unwrap().unwrap();
        assert_eq!((&*text.stdout, text.exit_code), ("hello", 0));
        assert!(execution("{a: b}", &["ls"]).is_err() && execution("[", &["ls"]).is_err());
    }

    #[test]
    fn a_command_writes_and_ends_on_channels() {
        let execution = Execution { stdout: "out".to_owned(), stderr: String::new(), exit_code: 3 };
        let turns = execution.turns();
        let messages: Vec<&Message> = turns.iter().map(|turn| &turn.message).collect();
        let [Message::Binary(out), Message::Binary(status), Message::Close(1000, _)] = &*messages
        else {
            panic!("{messages:?}")
        };
        assert_eq!(&**out, b"\x01out");
        assert_eq!(status[0], STATUS);
        let status: Value = serde_json::from_slice(&status[1..]).unwrap();
        assert_eq!(status["details"]["causes"][0], json!({"reason": "ExitCode", "message": "3"}));
        let fine = Execution::default();
        assert_eq!(fine.status(), json!({"metadata": {}, "status": "Success"}));
    }
}
