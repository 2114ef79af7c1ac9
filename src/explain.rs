//! `standin explain`: which stub, rule or resource would answer a request, and why the nearest
//! others would not.

use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderValue, Method};
use serde_json::{Value, json};

use crate::error::Error;
use crate::message::{Asked, Handler, Origin, Plan, Request, RequestBody, WorldName};
use crate::redact::Redactor;
use crate::scenario::ScenarioSet;
use crate::scenario::{Compared, RuleExplanation};
use crate::serve::{
    AdminReach, Assembly, Pipeline, RequestContext, Settings, Sources, WORLD_HEADER, WORLD_PREFIX,
};

/// The files and the world to explain a request with.
#[derive(Debug, Default)]
pub(crate) struct ExplainOptions {
    /// Fixture files and directories; if empty, the embedded ones.
    pub fixtures: Vec<PathBuf>,
    /// Scenario names and files.
    pub scenarios: Vec<String>,
    /// The world of the request.
    pub world: String,
}

/// The explanation of a request.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// The scenario rules, in the order in which they are tried.
    pub rules: Vec<RuleExplanation>,
    /// The stub that would answer: its id and name.
    pub stub: Option<String>,
    /// The Kubernetes resource that would answer: verb, type and name.
    pub resource: Option<String>,
    /// The near misses, if nothing would answer.
    pub nearest: Option<String>,
    /// The answer in one sentence.
    pub answer: String,
}

/// Explains a request: sends it through the pipeline of a server without a listener.
///
/// # Errors
/// Every problem of every file; a target that cannot be decoded.
pub(crate) async fn explain(
    options: &ExplainOptions,
    request: &Request,
) -> Result<Explanation, Error> {
    let sources = Sources {
        fixtures: options.fixtures.clone(),
        scenarios: options.scenarios.clone(),
        ..Sources::default()
    };
    let loaded = sources.load().map_err(Error::Invalid)?;
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    let strict = sources.are_recordings(&loaded);
    let settings = Settings {
        engine: !strict,
        strict,
        world_prefix: Some(WORLD_PREFIX.to_owned()),
        loopback: true,
        ..Settings::default()
    };
    let assembly =
        Assembly { settings, sources, loaded, observer: None, tls: None, stopping, store: None };
    let shared = assembly.shared().map_err(Error::Invalid)?;
    let name = WorldName::parse(&options.world).map_err(|error| Error::World(error.to_string()))?;
    let pipeline = Pipeline::new(Arc::clone(&shared), AdminReach::Everything);
    let first = pipeline.handle(Box::new(copy_of(request, &name))).plan().await;
    // The stages see the path without its world. A request that the server refuses has no stages.
    let mut inner = copy_of(request, &name);
    let world = shared.enter(&mut inner).ok();
    let context = world.map(|world| RequestContext::new(Arc::clone(&shared), world));
    let asked = Asked::new(&inner);
    let scenarios = shared.scenarios.load_full();
    let mut rules = Vec::new();
    let mut without = None;
    if let Some(context) = &context
        && asked.target_error().is_none()
        && first.origin != Origin::Admin
        && !scenarios.is_empty()
    {
        rules = scenarios.explain(&asked, &context.world.name).rules;
        // The same request without rules, and without the effects of the first. There are no other writers.
        let _ = context.reset();
        shared.scenarios.store(Arc::new(ScenarioSet::default()));
        without = Some(pipeline.handle(Box::new(copy_of(request, &name))).plan().await);
    }
    let base = without.as_ref().unwrap_or(&first);
    let stubs = shared.stubs.load();
    let stub = match &base.origin {
        Origin::Stub(id) => stubs.get(*id).map(|stub| match stub.name() {
            Some(name) => format!("{} ({name})", stub.id),
            None => stub.id.to_string(),
        }),
        _ => None,
    };
    let resource = (base.origin == Origin::Kubernetes).then(|| resource(&asked));
    let nearest = (base.origin == Origin::Unmatched && !stubs.is_empty())
        .then(|| stubs.miss_report(&inner, &Redactor::default()));
    let answer = sentence(&first, base, &rules, stub.as_deref(), resource.as_deref());
    Ok(Explanation { rules, stub, resource, nearest, answer })
}

/// Returns a copy of the request, whose body has already been read.
fn copy_of(request: &Request, world: &WorldName) -> Request {
    let mut copy = Request::new(request.method.clone(), "/");
    copy.uri = request.uri.clone();
    copy.version = request.version;
    copy.headers = request.headers.clone();
    if let Some(body) = request.body.bytes().filter(|body| !body.is_empty()) {
        copy.body = RequestBody::Bytes(body.clone());
    }
    if !world.is_default()
        && let Ok(value) = HeaderValue::from_str(world)
    {
        copy.headers.insert(WORLD_HEADER, value);
    }
    copy
}

/// Returns the operation on the Kubernetes API: verb, type and object.
fn resource(asked: &Asked<'_>) -> String {
    let (Some(verb), Some(resource)) = (asked.verb(), asked.resource()) else {
        return "discovery".to_owned();
    };
    let place: Vec<&str> = [asked.namespace(), asked.name()].into_iter().flatten().collect();
    format!("{verb} {resource} {}", place.join("/")).trim_end().to_owned()
}

/// Returns the answer in one sentence.
fn sentence(
    first: &Plan,
    base: &Plan,
    rules: &[RuleExplanation],
    stub: Option<&str>,
    resource: Option<&str>,
) -> String {
    let status = base.status.as_u16();
    let base = match (&base.origin, stub, resource) {
        (_, Some(stub), _) => format!("stub {stub} answers {status}"),
        (_, _, Some(resource)) => format!("the Kubernetes API answers {status}: {resource}"),
        (Origin::Admin, ..) => format!("the admin API answers {status}"),
        (Origin::Server, ..) => format!("the server refuses it with {status}"),
        _ => format!("nothing answers: {status}"),
    };
    if let Origin::Scenario(rule) = &first.origin {
        let status = first.status.as_u16();
        return format!("{rule} answers {status}; where it lets a request pass, {base}");
    }
    let names: Vec<&str> =
        rules.iter().filter(|rule| rule.holds).map(|rule| rule.rule.as_str()).collect();
    if names.is_empty() { base } else { format!("{}, then {base}", names.join(", then ")) }
}

/// Returns the request to explain.
///
/// # Errors
/// A message about an invalid method or path.
pub(crate) fn request(method: &str, target: &str) -> Result<Request, String> {
    let wrong = |what: &str| format!("{what}; write it like explain GET /api/v1/pods");
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| wrong(&format!("{method:?} is not a method")))?;
    let is_path = target.starts_with('/') && target.parse::<http::Uri>().is_ok();
    if !is_path {
        return Err(wrong(&format!("{target:?} is not a path")));
    }
    Ok(Request::new(method, target))
}

impl Explanation {
    /// Renders the explanation as JSON.
    #[must_use]
    pub(crate) fn to_json(&self) -> Value {
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

    /// Renders the explanation as text.
    #[must_use]
    pub(crate) fn to_text(&self) -> String {
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
            let behind = if self.stub.is_some() { ", after the stub" } else { "" };
            text.push_str(&format!("✓ resource {resource}{behind}\n"));
        }
        if let Some(nearest) = &self.nearest {
            text.push_str(nearest);
            text.push('\n');
        }
        text
    }
}
