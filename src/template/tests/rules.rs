//! Tests of rules that were not recorded from the original: bounds, randomness, time, the host, and
//! parts of the model.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::super::limits::Limit;
use super::super::{Model, Parameters, PartData, RenderError, Template};
use super::{Asked, render, render_for};

fn limit(text: &str) -> Limit {
    match render(text).unwrap_err() {
        RenderError::Limit { limit, .. } => limit,
        other @ (RenderError::Helper { .. } | RenderError::Partial { .. }) => {
            panic!("{text}: {other}")
        }
    }
}

#[test]
fn loops_and_growing_texts_end_at_the_limits() {
    let inner = "{{#each (range 1 1000)}}".repeat(4);
    assert_eq!(limit(&format!("{inner}x{}", "{{/each}}".repeat(4))), Limit::Steps);
    let double = "{{#assign 'v'}}{{v}}{{v}}{{/assign}}".repeat(40);
    assert_eq!(
        limit(&format!("{{{{#assign 'v'}}}}0123456789{{{{/assign}}}}{double}")),
        Limit::Output
    );
    assert_eq!(limit("{{range 1 2000000000}}"), Limit::Parts);
    let deeper =
        "{{val 'x' assign='v'}}{{#each (range 1 500)}}{{val (array v) assign='v'}}{{/each}}";
    assert_eq!(limit(deeper), Limit::Depth);
    let wider = "{{val 'x' assign='v'}}{{#each (range 1 100)}}{{val (array v v v) assign='v'}}{{/each}}{{v}}";
    assert_eq!(limit(wider), Limit::Parts);
    assert_eq!(limit("{{rjust 'a' size=2000000000}}"), Limit::Output);
}

#[test]
fn errors_name_the_place_and_the_helper() {
    let error = render("a\n{{#if true}}\n{{size nothing}}{{/if}}").unwrap_err();
    assert_eq!(error.to_string(), "2:2: size: the value is missing");
    let error = render("{{gt 'a' 1}}").unwrap_err();
    assert_eq!(error.to_string(), "1:2: gt: a text and a number have no order");
    let error = render("{{now timezone='Nowhere/City'}}").unwrap_err();
    assert!(error.to_string().contains("use a name such as Europe/Berlin"), "{error}");
}

#[test]
fn time_comes_from_the_context() {
    for (text, expected) in [
        ("{{now}}", "2021-03-04T05:06:07Z"),
        ("{{now offset='3 days'}}", "2021-03-07T05:06:07Z"),
        ("{{now offset='now -1 years'}}", "2020-03-04T05:06:07Z"),
        ("{{now timezone='Asia/Tokyo'}}", "2021-03-04T14:06:07+09:00"),
        ("{{now timezone='+02:00' format='HH:mm XXX'}}", "07:06 +02:00"),
        ("{{now format='epoch'}}|{{now format='unix'}}", "1614834367089|1614834367"),
        ("{{date format='yyyy'}}", "2021"),
    ] {
        assert_eq!(render(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn random_values_stay_in_the_requested_range() {
    let many = |call: &str| {
        let text = format!("{{{{#each (range 1 300)}}}}{{{{{call}}}}} {{{{/each}}}}");
        let made = render(&text).unwrap();
        made.split_whitespace().map(str::to_owned).collect::<BTreeSet<String>>()
    };
    assert_eq!(
        many("randomInt lower=5 upper=9").into_iter().collect::<Vec<_>>(),
        ["5", "6", "7", "8"]
    );
    assert_eq!(many("pickRandom 'a' 'b'").into_iter().collect::<Vec<_>>(), ["a", "b"]);
    let all = |call: &str, length: usize, allowed: fn(char) -> bool| {
        for made in many(call) {
            assert!(made.len() == length && made.chars().all(allowed), "{call}: {made}");
        }
    };
    all("randomValue length=12", 12, |c| c.is_ascii_digit() || c.is_ascii_lowercase());
    all("randomValue length=12 type='ALPHABETIC' uppercase=true", 12, |c| c.is_ascii_uppercase());
    all("randomValue type='NUMERIC'", 36, |c| c.is_ascii_digit());
    all("randomValue length=9 type='HEXADECIMAL'", 9, |c| matches!(c, '0'..='9' | 'a'..='f'));
    all("randomValue length=9 type='ALPHANUMERIC_AND_SYMBOLS'", 9, |c| c.is_ascii_graphic());
    for made in many("randomValue type='UUID'") {
        assert_eq!(uuid::Uuid::parse_str(&made).unwrap().get_version_num(), 4);
    }
    for made in many("randomDecimal lower=-10.1 upper=-0.9") {
        assert!((-10.1..-0.9).contains(&made.parse::<f64>().unwrap()), "{made}");
    }
    assert_eq!(render("{{randomInt}}").unwrap(), render("{{randomInt}}").unwrap());
}

#[test]
fn the_host_returns_permitted_values_only() {
    for (text, expected) in [
        ("{{hostname}}", "machine"),
        ("{{systemValue key='OPEN'}}", "value"),
        ("{{systemValue key='OPEN_EMPTY' default='d'}}", "d"),
        ("[{{systemValue key='OPEN_EMPTY'}}]", "[]"),
        ("{{systemValue key='HOME'}}", "[ERROR: Access to HOME is denied]"),
        ("{{systemValue type='PROPERTY' key='OPEN'}}", "[ERROR: Access to OPEN is denied]"),
    ] {
        assert_eq!(render(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn paths_of_a_template_have_names_and_numbers() {
    let mut data =
        Asked { path: Some("/c/12/a/99?x=1".to_owned()), ..Asked::default() }.into_data();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    data.path_parameters = vec![pair("contactId", "12"), pair("addressId", "99")];
    let model = Model::new(Arc::new(data), &Parameters::default());
    let text = "{{request.path.contactId}}|{{request.path.addressId}}|{{request.path.[1]}}|{{request.path}}|{{request.requestLine.path}}";
    assert_eq!(render_for(text, &model).unwrap(), "12|99|12|/c/12/a/99|/c/12/a/99");
    let text = "{{#each request.pathSegments}}{{this}},{{/each}}";
    assert_eq!(render_for(text, &model).unwrap(), ",c,12,a,99,");
}

#[test]
fn parts_of_a_multipart_body_are_named() {
    let mut data = Asked { method: Some("POST".to_owned()), ..Asked::default() }.into_data();
    let part = |name: Option<&str>, body: &'static str| PartData {
        name: name.map(str::to_owned),
        headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
        body: Bytes::from_static(body.as_bytes()),
    };
    data.parts = Some(vec![part(Some("p"), "hello"), part(None, "second")]);
    let model = Model::new(Arc::new(data), &Parameters::default());
    let text = "{{request.multipart}}|{{request.parts.p.body}}|{{request.parts.p.bodyAsBase64}}|{{request.parts.p.headers.content-type}}|{{request.parts.part-0.body}}|{{request.parts.p.binary}}";
    assert_eq!(render_for(text, &model).unwrap(), "true|hello|aGVsbG8=|text/plain|second|false");
}

#[test]
fn numbers_are_laid_out_by_patterns() {
    for (text, expected) in [
        ("{{numberFormat 1234567.891 '#,##0.##'}}", "1,234,567.89"),
        ("{{numberFormat 0.005 '0.00'}}|{{numberFormat 0.015 '0.00'}}", "0.01|0.01"),
        ("{{numberFormat 9.999 '0.00'}}", "10.00"),
        ("{{numberFormat 1234.5 '#,##0.00' 'fr_FR'}}", "1\u{202f}234,50"),
        (
            "{{numberFormat 2.5 '0' roundingMode='up'}}|{{numberFormat -2.5 '0' roundingMode='floor'}}",
            "3|-3",
        ),
        (
            "{{stringFormat '%5.2f|%05d|%x|%s|%S|%-5s|%,d|%b|%e|%%' 1.5 42 255 'a' 'b' 'c' 1234567 true 12.5}}",
            " 1.50|00042|ff|a|B|c    |1,234,567|true|1.250000e+01|%",
        ),
        ("{{stringFormat '%+d|%(d|% d|%08.3f|%.2s' 5 -5 5 -1.5 'abc'}}", "+5|(5)| 5|-001.500|ab"),
    ] {
        assert_eq!(render(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn text_around_comments_stays() {
    for (template, text) in [
        ("{{!c}}x", "x"),
        ("a{{!c}}x", "ax"),
        ("a {{!-- {{b}} --}} c", "a  c"),
        ("{{!a}}{{!-- b --}}z\n", "z\n"),
        ("{{!a}}", ""),
    ] {
        let template = Template::compile(template).unwrap();
        assert_eq!(template.as_plain(), Some(text));
    }
}
