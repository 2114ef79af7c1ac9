//! Tests of templates against results of `WireMock` 3.13.2 (`asked.json`), and with generated
//! input.
//!
//! An entry of `asked.json` has a template, the request (GET /t from stub.example:8080 by default),
//! and the original's result: `text`; `fails` with the place of a helper's exception; `invalid`
//! with the parser's error.

mod generated;
mod rules;

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;

use super::{
    Host, Model, Parameters, PartData, RenderContext, RenderError, RequestSource, SystemSource,
    SystemValue, Template,
};

/// A host with one permitted system key.
struct TestHost;

impl Host for TestHost {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn system_value(&self, source: SystemSource, key: &str) -> SystemValue {
        match (source, key) {
            (SystemSource::Environment, "OPEN") => SystemValue::Text("value".to_owned()),
            (SystemSource::Environment, "OPEN_EMPTY") => SystemValue::Absent,
            _ => SystemValue::Denied,
        }
    }
}

/// 2021-03-04T05:06:07.089Z.
const NOW: i64 = 1_614_834_367_089;

fn render_for(text: &str, model: &Model) -> Result<String, RenderError> {
    let template = Template::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut state = 1_u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state ^ (state >> 29)
    };
    template.render(model, &mut RenderContext { now: NOW, random: &mut random, host: &TestHost })
}

fn render(text: &str) -> Result<String, RenderError> {
    render_for(text, &Model::new(Asked::default().into_source(), &Parameters::default()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    method: Option<String>,
    path: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
    parameters: Option<Box<serde_json::value::RawValue>>,
}

/// A request of a test.
#[derive(Debug)]
struct TestRequest {
    method: String,
    url: String,
    path_parameters: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
    body: Bytes,
    parts: Option<Vec<PartData>>,
}

impl RequestSource for TestRequest {
    fn id(&self) -> String {
        "b5e1f5f5-3a64-4e8c-9f6e-000000000001".to_owned()
    }
    fn method(&self) -> &str {
        &self.method
    }
    fn url(&self) -> &str {
        &self.url
    }
    fn scheme(&self) -> String {
        "http".to_owned()
    }
    fn host(&self) -> String {
        "stub.example".to_owned()
    }
    fn port(&self) -> u16 {
        8080
    }
    fn client_ip(&self) -> String {
        "127.0.0.1".to_owned()
    }
    fn path_parameters(&self) -> Vec<(String, String)> {
        self.path_parameters.clone()
    }
    fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }
    fn cookies(&self) -> Vec<(String, String)> {
        self.cookies.clone()
    }
    fn body(&self) -> Bytes {
        self.body.clone()
    }
    fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    fn parts(&self) -> Option<Vec<PartData>> {
        self.parts.clone()
    }
}

impl Asked {
    fn into_source(self) -> Arc<dyn RequestSource> {
        Arc::new(self.into_data())
    }

    fn into_data(self) -> TestRequest {
        let mut headers = vec![
            ("Accept-Encoding".to_owned(), "identity".to_owned()),
            ("Host".to_owned(), "stub.example:8080".to_owned()),
        ];
        headers.extend(self.headers);
        let cookies = headers.iter().filter(|(name, _)| name == "Cookie");
        let cookies = cookies.flat_map(|(_, value)| value.split("; "));
        let cookies = cookies.filter_map(|cookie| cookie.split_once('='));
        let cookies = cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        TestRequest {
            method: self.method.unwrap_or_else(|| "GET".to_owned()),
            url: self.path.unwrap_or_else(|| "/t".to_owned()),
            path_parameters: Vec::new(),
            headers,
            cookies,
            body: Bytes::from(self.body),
            parts: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    template: String,
    #[serde(default)]
    request: Asked,
    text: Option<String>,
    fails: Option<String>,
    invalid: Option<String>,
}

#[test]
fn templates_render_as_the_original_renders_them() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("asked.json")).unwrap();
    let mut wrong = Vec::new();
    for mut case in cases {
        let parameters = match case.request.parameters.take() {
            Some(json) => Parameters::from_text(json.get()).unwrap(),
            None => Parameters::default(),
        };
        let model = Model::new(case.request.into_source(), &parameters);
        let made = match Template::compile(&case.template) {
            Err(error) => format!("invalid {error}"),
            Ok(_) => match render_for(&case.template, &model) {
                Ok(text) => format!("text {text}"),
                Err(RenderError::Helper { at, .. } | RenderError::Partial { at, .. }) => {
                    format!("fails {}:{}", at.line, at.column)
                }
                Err(limit) => format!("{limit}"),
            },
        };
        let expected = match (case.text, case.fails, case.invalid) {
            (Some(text), None, None) => format!("text {text}"),
            (None, Some(place), None) => format!("fails {place}"),
            (None, None, Some(error)) => format!("invalid {error}"),
            _ => panic!("an entry has one outcome: {}", case.template),
        };
        if made != expected {
            wrong.push(format!("{}\n  expected {expected:?}\n  made     {made:?}", case.template));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
