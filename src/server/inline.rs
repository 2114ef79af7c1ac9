//! Scenarios, stubs and objects as values: a test needs no files.

use serde_json::{Value, json};

use crate::document::InlineText;

use super::Builder;

/// # Without files
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// use serde_json::json;
/// use standin::{Server, Stub};
/// let server = Server::builder()
///     .stub(Stub::get("/hello").reply("world"))
///     .stub(Stub::post("/jobs").header("X-Key", "k").reply(json!({"id": 1})).status(201))
///     .object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}))
///     .scenario_yaml("rules: [{match: {path: /hello}, steps: [{times: 1, then: {status: 503}}]}]")
///     .start()
///     .await?;
/// assert_eq!((server.stubs(), server.rules()), (2, 1));
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Turns a scenario on whose text this is, YAML or JSON. It is checked as a file is; its name is `inline`, or
    /// `inline-N` for the N-th.
    pub fn scenario_yaml(mut self, text: impl Into<String>) -> Self {
        let name = match self.sources.inline_scenarios.len() {
            0 => "inline".to_owned(),
            before => format!("inline-{}", before + 1),
        };
        self.sources.inline_scenarios.push(InlineText { name, text: text.into() });
        self
    }

    /// Adds fixtures whose text this is, YAML or JSON: stubs, objects, definitions. It is checked as a file is.
    /// The embedded fixtures are not served then.
    pub fn fixture_yaml(mut self, text: impl Into<String>) -> Self {
        let name = format!("inline fixture {}", self.sources.inline_fixtures.len() + 1);
        self.sources.inline_fixtures.push(InlineText { name, text: text.into() });
        self
    }

    /// Adds a stub.
    #[expect(clippy::needless_pass_by_value, reason = "a builder takes what it is given")]
    pub fn stub(self, stub: Stub) -> Self {
        self.fixture_yaml(stub.0.to_string())
    }

    /// Adds a Kubernetes object, or the definition of a type.
    #[expect(clippy::needless_pass_by_value, reason = "a builder takes what it is given")]
    pub fn object(self, object: Value) -> Self {
        self.fixture_yaml(object.to_string())
    }
}

/// A stub as a value, for [`Builder::stub`]: a request and its answer, in the terms of a stub mapping of `WireMock`.
///
/// ```
/// let stub = standin::Stub::get("/jobs").query("limit", "5").reply("none").status(404);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a stub does nothing until it is given to a builder"]
pub struct Stub(Value);

impl Stub {
    /// A request by its method and its path; the query may be anything.
    pub fn new(method: &str, path: &str) -> Self {
        Self(json!({"request": {"method": method, "urlPath": path}, "response": {"status": 200}}))
    }

    /// A GET request for a path.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST request for a path.
    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    /// A PUT request for a path.
    pub fn put(path: &str) -> Self {
        Self::new("PUT", path)
    }

    /// A DELETE request for a path.
    pub fn delete(path: &str) -> Self {
        Self::new("DELETE", path)
    }

    /// The request has a header field of this value.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["request"]["headers"][name] = json!({"equalTo": value});
        self
    }

    /// The request has a query parameter of this value.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.0["request"]["queryParameters"][name] = json!({"equalTo": value});
        self
    }

    /// The body of the answer: a text, or a value that is sent as JSON.
    pub fn reply(mut self, body: impl Into<Value>) -> Self {
        match body.into() {
            Value::String(text) => self.0["response"]["body"] = text.into(),
            value => {
                self.0["response"]["jsonBody"] = value;
                let headers = &mut self.0["response"]["headers"];
                if headers["Content-Type"].is_null() {
                    headers["Content-Type"] = "application/json".into();
                }
            }
        }
        self
    }

    /// The status of the answer; 200 without it.
    pub fn status(mut self, status: u16) -> Self {
        self.0["response"]["status"] = status.into();
        self
    }

    /// A header field of the answer.
    pub fn reply_header(mut self, name: &str, value: &str) -> Self {
        self.0["response"]["headers"][name] = value.into();
        self
    }
}
