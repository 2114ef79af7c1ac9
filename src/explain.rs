//! Who would answer a request, and why the next best would not: asked without serving.

use std::path::PathBuf;

use http::Method;
use serde_json::{Value, json};

use crate::error::Error;
use crate::k8s::{self, DEFAULT_HISTORY};
use crate::message::Request;
use crate::scenario::{Compared, Tried};
use crate::serve::{Asked, RuleFacts, Sources, build_world};

/// What to explain, and with which files.
#[derive(Debug, Default)]
pub struct ExplainOptions {
    /// Fixture files and directories; none means the embedded ones.
    pub fixtures: Vec<PathBuf>,
    /// Scenario names and files.
    pub scenarios: Vec<String>,
    /// The world, for what depends on it.
    pub world: String,
}

/// Who would answer a request.
#[derive(Debug)]
pub struct Explanation {
    /// Each rule, in the order in which they are asked.
    pub rules: Vec<Tried>,
    /// The stub that would answer: its id, its name and its URL.
    pub stub: Option<String>,
    /// The resource that would answer: verb, type and name.
    pub resource: Option<String>,
    /// The nearest stubs, where none answers.
    pub nearest: Option<String>,
    /// In one sentence.
    pub answer: String,
}

/// Says who would answer a request.
///
/// # Errors
/// Every problem of every file; a target that cannot be decoded.
pub fn explain(options: &ExplainOptions, request: &Request) -> Result<Explanation, Error> {
    let sources = Sources {
        fixtures: options.fixtures.clone(),
        scenarios: options.scenarios.clone(),
        ..Sources::default()
    };
    let mut loaded = sources.load().map_err(Error::Invalid)?;
    let (_, state) = build_world(&mut loaded.fixtures, &loaded.scenarios, DEFAULT_HISTORY)
        .map_err(Error::Invalid)?;
    let uri = request.uri.clone();
    let asked = Asked::parse(request, &uri).map_err(|error| Error::Usage(error.to_string()))?;
    let of = RuleFacts::of(request, &asked);
    let facts = of.facts(&asked, &request.headers, request.body_bytes(), &options.world);
    let rules = loaded.scenarios.explain(&facts).rules;
    let stubs = &loaded.fixtures.stubs;
    let stub = stubs.find(request).map(|stub| match &stub.name {
        Some(name) => format!("{} ({name})", stub.id),
        None => stub.id.to_string(),
    });
    let info = &asked.info;
    let resource = k8s::owns(&state.types, asked.path, info).then(|| match &info.resource {
        Some(of) => {
            let resource = k8s::GroupResource::new(&of.group, &of.resource);
            let place = [&of.namespace, &of.name].map(ToString::to_string).into_iter();
            let place: Vec<String> = place.filter(|part| !part.is_empty()).collect();
            format!("{} {resource} {}", info.verb, place.join("/")).trim_end().to_owned()
        }
        None => "discovery".to_owned(),
    });
    let nearest = (stub.is_none() && resource.is_none() && !stubs.is_empty())
        .then(|| stubs.nearest(request).to_string());
    let matching: Vec<&Tried> = rules.iter().filter(|rule| rule.holds).collect();
    let base = match (&stub, &resource) {
        (Some(stub), _) => format!("stub {stub} answers"),
        (None, Some(resource)) => format!("the Kubernetes side answers: {resource}"),
        (None, None) => "nothing answers: 404".to_owned(),
    };
    let answer = match matching.as_slice() {
        [] => base,
        rules => {
            let names: Vec<&str> = rules.iter().map(|rule| rule.rule.as_str()).collect();
            format!("{}; where it lets it pass, {base}", names.join(", then "))
        }
    };
    Ok(Explanation { rules, stub, resource, nearest, answer })
}

/// The request that is asked about.
///
/// # Errors
/// What is wrong with the method or the target.
pub fn request(method: &str, target: &str) -> Result<Request, Error> {
    let wrong = |what: &str| Error::Usage(format!("{what}; like explain GET /api/v1/pods"));
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| wrong(&format!("{method:?} is not a method")))?;
    let is_path = target.starts_with('/') && target.parse::<http::Uri>().is_ok();
    if !is_path {
        return Err(wrong(&format!("{target:?} is not a path")));
    }
    Ok(Request::new(method, target))
}

impl Explanation {
    /// As JSON, for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let compared = |part: &Compared| json!({"key": part.key, "wanted": part.wanted, "found": part.found, "holds": part.holds});
        let rules: Vec<Value> = self
            .rules
            .iter()
            .map(|rule| {
                json!({
                    "rule": rule.rule,
                    "holds": rule.holds,
                    "does": rule.does,
                    "compared": rule.compared.iter().map(compared).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "answer": self.answer,
            "rules": rules,
            "stub": self.stub,
            "resource": self.resource,
            "nearest": self.nearest,
        })
    }

    /// For people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.answer);
        for rule in &self.rules {
            let mark = if rule.holds { "✓" } else { "✗" };
            text.push_str(&format!("{mark} rule {}\n", rule.rule));
            if rule.holds {
                for line in rule.does.lines() {
                    text.push_str(&format!("    {line}\n"));
                }
            }
            for part in rule.compared.iter().filter(|part| !part.holds) {
                let found = part.found.as_deref().unwrap_or("nothing");
                text.push_str(&format!("    {} {}: found {found}\n", part.key, part.wanted));
            }
        }
        if let Some(stub) = &self.stub {
            text.push_str(&format!("✓ stub {stub}\n"));
        }
        if let Some(resource) = &self.resource {
            let behind = if self.stub.is_some() { ", behind the stub" } else { "" };
            text.push_str(&format!("✓ resource {resource}{behind}\n"));
        }
        if let Some(nearest) = &self.nearest {
            text.push_str(nearest);
            text.push('\n');
        }
        text
    }
}
