//! A request as it is generated, and as a command.

/// A request. Its texts may hold places that earlier answers fill in: `@ns@`, `@rv@`, `@rv0@`, `@uid@`, `@continue@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The parameters, as they are sent.
    pub(crate) query: Vec<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    /// Whether the answer may be a stream of events.
    pub(crate) watch: bool,
}

impl Step {
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            watch: false,
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn query(mut self, parameter: impl Into<String>) -> Self {
        self.query.push(parameter.into());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "most bodies are made for it")]
    pub(crate) fn body(mut self, body: impl ToString) -> Self {
        self.body = Some(body.to_string());
        self
    }

    /// The path with its query.
    pub(crate) fn target(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, self.query.join("&"))
    }

    fn command(&self, base: &str) -> String {
        let mut command = format!("curl -sk -X {} '{base}{}'", self.method, quoted(&self.target()));
        for (name, value) in &self.headers {
            command.push_str(&format!(" -H '{}: {}'", name, quoted(value)));
        }
        if let Some(body) = &self.body {
            if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                command.push_str(" -H 'Content-Type: application/json'");
            }
            command.push_str(&format!(" --data-binary '{}'", quoted(body)));
        }
        command
    }
}

fn quoted(text: &str) -> String {
    text.replace('\'', r"'\''")
}

/// The commands that repeat some requests, without the token.
pub(crate) fn commands(steps: &[Step], base: &str) -> String {
    steps.iter().map(|step| step.command(base)).collect::<Vec<_>>().join("\n")
}
