//! The same request again: its answers come in their order, and the last one from then on.

use super::*;

fn record(book: &Book, target: &str, answers: &[&str]) {
    for answer in answers {
        book.record(&sent(Method::GET, target, &[], b""), received(200, &[], answer.as_bytes()));
    }
}

fn ask(target: &str, times: usize) -> Vec<Request> {
    (0..times).map(|_| Request::new(Method::GET, target)).collect()
}

#[test]
fn answers_come_in_their_order_and_the_last_one_stays() {
    for (answers, replayed) in [
        ("a", "a a"),
        ("a b", "a b b"),
        ("a a b", "a a b b"),
        ("a b a", "a b a a"),
        ("a b b b c c a", "a b b b c c a a"),
        ("a a a", "a a a a"),
    ] {
        let book = Book::new();
        let answers: Vec<&str> = answers.split(' ').collect();
        record(&book, "/job", &answers);
        record(&book, "/other", &["x"]);
        let replayed: Vec<&str> = replayed.split(' ').collect();
        assert_eq!(book.replay(&ask("/job", replayed.len())), replayed);
        assert_eq!(book.replay(&ask("/other", 2)), ["x", "x"]);
    }
}

#[test]
fn a_sequence_is_a_scenario_with_stable_names() {
    let write = |answers: &[&str]| {
        let book = Book::new();
        record(&book, "/job", answers);
        book.files.0.into_inner().unwrap()
    };
    let files = write(&["a", "a", "b"]);
    assert_eq!(files, write(&["a", "a", "b"]), "recorded again");
    let names: Vec<&String> = files.keys().collect();
    let stem = names.iter().find_map(|name| name.strip_suffix("-03.json")).unwrap();
    assert!(stem.starts_with("get-job-"), "{names:?}");
    let mappings: Vec<Value> =
        files.values().map(|content| serde_json::from_slice(content).unwrap()).collect();
    let states: Vec<[&Value; 3]> = mappings
        .iter()
        .map(|of| ["scenarioName", "requiredScenarioState", "newScenarioState"].map(|key| &of[key]))
        .collect();
    let text = |text: &str| Value::from(text);
    let (name, first) = (text(stem), text("Started"));
    let (second, third) = (text("answer-2"), text("answer-3"));
    let expected =
        [[&name, &second, &third], [&name, &third, &Value::Null], [&name, &first, &second]];
    assert_eq!(states, expected);
    let ids: std::collections::BTreeSet<String> =
        mappings.iter().map(|mapping| mapping["id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
    // One answer needs no scenario, and the first keeps its name and id when others follow.
    let alone = write(&["a", "a"]);
    assert_eq!(alone.len(), 1);
    let (first, content) = alone.first_key_value().unwrap();
    assert_eq!(*first, format!("{stem}.json"));
    let alone: Value = serde_json::from_slice(content).unwrap();
    assert_eq!(alone["scenarioName"], Value::Null);
    assert_eq!(alone["id"], mappings[2]["id"]);
}

#[test]
fn clients_have_sequences_of_their_own() {
    let book = Book::new();
    let of = |client: &str| [("authorization", format!("Bearer {client}-token-1"))];
    let as_client = |client: &str, answer: &str| {
        let [(name, value)] = &of(client);
        let sent = sent(Method::GET, "/n", &[(name, value)], b"");
        book.record(&sent, received(200, &[], answer.as_bytes()));
    };
    for (client, answer) in [("ann", "1"), ("bob", "1"), ("ann", "2"), ("ann", "3"), ("bob", "9")] {
        as_client(client, answer);
    }
    let names = book.mappings().into_iter().map(|(_, mapping)| mapping["scenarioName"].to_string());
    let names: std::collections::BTreeSet<String> = names.collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(book.ledger.counts().sequences(), 2);
    assert_eq!(book.ledger.counts().exchanges(), 5);
    assert_eq!(book.ledger.counts().files(), 5);
}

#[test]
fn the_time_of_day_and_the_pauses_make_no_other_answer() {
    let book = Book::new();
    for n in 1..5 {
        let date = format!("Mon, 0{n} Jan 2001 00:00:00 GMT");
        let mut answer =
            received(200, &[("date", &date), ("content-type", "text/event-stream")], b"");
        let data = &b"data: x\n\n"[..];
        answer.body = arrived(&[(0, data), (90 * n, data), (180 * n, data)]);
        book.record(&sent(Method::GET, "/s", &[], b""), answer);
    }
    assert_eq!(book.mappings().len(), 1);
}

#[test]
fn an_earlier_recording_is_replaced_or_extended() {
    for (earlier, expected) in [(Earlier::Replace, "c d d"), (Earlier::Extend, "a a b c d d")] {
        let folder = TempDir::new().unwrap();
        let write = |earlier, answers: &[&str]| {
            let mut book =
                Book { ledger: Ledger::open(folder.path(), earlier).unwrap(), ..Book::new() };
            for (name, content) in files(folder.path()) {
                book.files.0.get_mut().unwrap().insert(name, content.into());
            }
            record(&book, "/job?x=1", answers);
            if answers.len() > 2 {
                record(&book, "/stale", &["s"]);
            }
            for entry in fs::read_dir(folder.path()).unwrap() {
                fs::remove_file(entry.unwrap().path()).unwrap();
            }
            for (name, content) in &*book.files.0.lock().unwrap() {
                fs::write(folder.path().join(name), content).unwrap();
            }
            book
        };
        write(Earlier::Replace, &["a", "a", "b"]);
        let book = write(earlier, &["c", "d"]);
        let expected: Vec<&str> = expected.split(' ').collect();
        assert_eq!(book.replay(&ask("/job?x=1", expected.len())), expected);
        assert_eq!(book.replay(&ask("/stale", 1)), ["s"], "what is not asked again stays");
        assert_eq!(book.ledger.counts().files(), book.mappings().len() as u64);
    }
}
