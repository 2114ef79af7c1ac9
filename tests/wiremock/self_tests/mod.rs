//! The driver itself: that it reads answers as they are, and that what differs is found.

mod replies;

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::case::{Case, Step, Variables};
use crate::compare::same;
use crate::normal::{ANY_TEXT, Normal};
use crate::open::{self, Open};
use crate::suite::{Mode, Suite, verdict};
use crate::table::table;
use crate::wire::Outgoing;

pub(crate) fn trials(suite: &Arc<Suite>) -> Vec<Trial> {
    let suite = Arc::clone(suite);
    let test = |name: &str, run: fn()| {
        Trial::test(format!("driver/{name}"), move || {
            run();
            Ok(())
        })
    };
    let changes = move || {
        each_change_of_an_expectation_is_found(&suite.cases);
        Ok(())
    };
    vec![
        Trial::test("driver/each change of an expectation is found", changes),
        test("numbers are compared by value", numbers_are_compared_by_value),
        test("chosen ids become placeholders", chosen_ids_become_placeholders),
        test("steps keep the order of their members", steps_keep_the_order_of_their_members),
        test("chunks and gzip are undone", replies::chunks_and_gzip_are_undone),
        test("a connection's end is named", replies::a_connections_end_is_named),
        test("a silent server is left", replies::a_silent_server_is_left),
        test("the list of open cases is exact", the_list_of_open_cases_is_exact),
        test("the table counts by theme", the_table_counts_by_theme),
    ]
}

fn each_change_of_an_expectation_is_found(cases: &[Case]) {
    let expectations = cases.iter().flat_map(|case| &case.expect);
    let mut changes = 0;
    for want in expectations {
        assert!(same(want, want), "{want}");
        for got in changed(want) {
            assert!(!same(want, &got), "{want}\n{got}");
            changes += 1;
        }
    }
    assert!(changes > cases.len(), "{changes} changes of {} cases", cases.len());
}

/// The value with one change, in all places; none where any text stands for it.
fn changed(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![json!("changed")],
        Value::Bool(value) => vec![json!(!value)],
        Value::Number(_) => vec![json!(-12345), json!(value.to_string())],
        Value::String(text) if text == ANY_TEXT => vec![Value::Null],
        Value::String(text) => vec![json!(format!("{text} ")), Value::Null],
        Value::Array(items) => {
            let longer: Value = items.iter().cloned().chain([Value::Null]).collect();
            let inside = items
                .iter()
                .enumerate()
                .flat_map(|(index, item)| changed(item).into_iter().map(move |item| (index, item)));
            let inside = inside.map(|(index, item)| {
                let mut items = items.clone();
                items[index] = item;
                Value::from(items)
            });
            inside.chain([longer]).collect()
        }
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert("changed".to_owned(), Value::Null);
            let mut out = vec![Value::from(more)];
            for (key, member) in members {
                let mut less = members.clone();
                less.remove(key);
                out.push(less.into());
                out.extend(changed(member).into_iter().map(|member| {
                    let mut members = members.clone();
                    members.insert(key.clone(), member);
                    Value::from(members)
                }));
            }
            out
        }
    }
}

fn numbers_are_compared_by_value() {
    assert!(same(&json!([1]), &json!([1.0])));
    assert!(!same(&json!(9_007_199_254_740_993_u64), &json!(9_007_199_254_740_992_u64)));
    assert!(!same(&json!(1), &json!(true)));
    assert!(!same(&json!(1), &json!("1")));
}

fn case(name: &str, theme: &str, step: &str) -> Case {
    let steps = vec![RawValue::from_string(step.to_owned()).expect("JSON")];
    Case { name: name.to_owned(), theme: theme.to_owned(), last: false, steps, expect: vec![] }
}

fn chosen_ids_become_placeholders() {
    let id = |digit: &str| {
        let of = |count| digit.repeat(count);
        format!("{}-{}-{}-{}-{}", of(8), of(4), of(4), of(4), of(12))
    };
    let (named, first, second) = (id("1"), id("2"), id("3"));
    let case = case("a", "b", &json!({"path": format!("/{named}")}).to_string());
    let mut normal = Normal::new(&case, ("127.0.0.1", 80), "127.0.0.1:8000");
    let got = normal.value(&json!({
        "a": second, "id": first, "named": named, "again": [first], "distance": 0.25, "version": 3,
        "url": "http://127.0.0.1:8000/x", "host": "localhost:80", "timing": {"total": 7},
    }));
    let want = json!({
        "id": "<uuid1>", "a": "<uuid2>", "named": named, "again": ["<uuid1>"], "distance": "<above 0>",
        "version": "<version>", "url": "<backend>/x", "host": "<target>", "timing": {"total": "<ms>"},
    });
    assert_eq!(got, want);
}

fn steps_keep_the_order_of_their_members() {
    let raw = r#"{"method": "PUT", "path": "/<<where>>", "headers": {"Z": ["1", "2"], "A": "3"}, "body": {"z": 1.50, "a": "<<what>>"}}"#;
    let raw = RawValue::from_string(raw.to_owned()).expect("JSON");
    let variables: Variables =
        [("where".to_owned(), "x".to_owned()), ("what".to_owned(), "\"q\"".to_owned())].into();
    let step = Step::read(&raw, &variables).expect("a step");
    let Step::Request(step) = step else { panic!("{step:?}") };
    let sent = Outgoing::of(&step).expect("a request").bytes;
    let want = "PUT /x HTTP/1.1\r\nHost: stub.example:8080\r\nZ: 1\r\nZ: 2\r\nA: 3\r\n\
                Content-Length: 25\r\n\r\n{\"z\": 1.50, \"a\": \"\\\"q\\\"\"}";
    assert_eq!(String::from_utf8(sent).expect("text"), want);
}

fn the_list_of_open_cases_is_exact() {
    let differs = || Err("differs".to_owned());
    assert!(verdict("a", Ok(()), false, &Mode::Check).is_ok());
    assert!(verdict("a", differs(), true, &Mode::Check).is_ok());
    assert!(verdict("a", differs(), false, &Mode::Check).is_err());
    let passes = verdict("a", Ok(()), true, &Mode::Check).err().expect("it must be taken out");
    assert_eq!(passes.message(), Some("a passes now: take it out of tests/wiremock/open.txt"));
    let cases = [case("a", "b", "{}")];
    open::check(&Open::from(["a".to_owned()]), &cases).expect("there is such a case");
    let problem = open::check(&Open::from(["x".to_owned()]), &cases).expect_err("there is none");
    assert!(problem.ends_with("tests/wiremock/open.txt: x"), "{problem}");
}

fn the_table_counts_by_theme() {
    let cases = [case("a", "one", "{}"), case("b", "one", "{}"), case("c", "two", "{}")];
    let page = table(&cases, &Open::from(["b".to_owned()]));
    assert!(page.contains("\n2 of 3 cases pass.\n"), "{page}");
    let rows = "| one | 2 | 1 | <details><summary>1</summary>b</details> |\n| two | 1 | 1 |  |\n";
    assert!(page.contains(rows), "{page}");
}
