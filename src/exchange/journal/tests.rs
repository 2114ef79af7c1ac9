use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::json;

use super::*;
use crate::exchange::{ByStub, LateBody};
use crate::matching::testing;
use crate::message::{Body, DEFAULT_WORLD, Origin, Plan, Request, RequestBody, SubEvent};

const MAX_ONE_BODY: usize = 1 << 20;

fn journal(limits: JournalLimits) -> Journal {
    Journal::new(None, limits, Arc::new(Redactor::new(crate::redact::Key::of(b"k"))))
}

fn ok() -> Plan {
    Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty)
}

fn record(journal: &Journal, request: &Request, plan: &Plan, stub: ByStub<'_>) {
    let world: Arc<str> = DEFAULT_WORLD.into();
    journal.record(&Answered {
        request,
        plan,
        late: None,
        began: Instant::now(),
        made: Instant::now(),
        world: &world,
        stub,
    });
}

fn get(journal: &Journal, target: &str) {
    record(journal, &Request::new(Method::GET, target), &ok(), ByStub::No);
}

#[test]
fn the_journal_is_bounded_and_counts_what_it_drops() {
    let journal = journal(JournalLimits::default());
    for n in 0..MAX_EXCHANGES + 5 {
        get(&journal, &format!("/x/{n}"));
    }
    let kept = journal.exchanges();
    assert_eq!(kept.len(), MAX_EXCHANGES);
    assert_eq!((kept[0].path(), kept[0].number), ("/x/5", 6));
    assert_eq!((journal.recorded(), journal.dropped()), (MAX_EXCHANGES as u64 + 5, 5));
    journal.clear();
    assert_eq!((journal.recorded(), journal.dropped(), journal.held().0), (0, 0, 0));
    get(&journal, "/y");
    assert_eq!(journal.exchanges()[0].number, 1);
    assert_ne!(journal.exchanges()[0].id, kept[0].id);
}

#[test]
fn what_is_dropped_is_freed_within_bounds() {
    for (size, most) in [(0, FREED_AT_ONCE - 1), (100 << 10, 2)] {
        let journal = journal(JournalLimits { entries: 10, ..JournalLimits::default() });
        let mut request = Request::new(Method::POST, "/x");
        request.body = RequestBody::Bytes(vec![b'x'; size].into());
        for _ in 0..300 {
            record(&journal, &request, &ok(), ByStub::No);
            let inner = journal.lock();
            assert!(inner.gone.len() <= most && inner.gone_bytes < MOST_UNFREED);
        }
        assert_eq!((journal.exchanges().len(), journal.dropped()), (10, 290));
    }
}

#[test]
fn without_room_the_journal_is_off() {
    let journal = journal(JournalLimits { entries: 0, ..JournalLimits::default() });
    get(&journal, "/x");
    assert!(journal.is_off() && journal.exchanges().is_empty());
}

#[test]
fn what_is_observed_only_is_not_kept() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&seen);
    let observer: Observer = Box::new(move |exchange: &Exchange| {
        lines.lock().unwrap().push(exchange.to_line());
    });
    let journal = Journal::new(Some(observer), JournalLimits::default(), Arc::default());
    let plan = Plan::new(StatusCode::OK, Origin::Admin, Body::Empty);
    let world: Arc<str> = DEFAULT_WORLD.into();
    let request = Request::new(Method::GET, "/a");
    let (began, stub) = (Instant::now(), ByStub::No);
    journal.observe(&Answered {
        request: &request,
        plan: &plan,
        late: None,
        began,
        made: Instant::now(),
        world: &world,
        stub,
    });
    record(&journal, &Request::new(Method::GET, "/b"), &plan, ByStub::No);
    assert_eq!(*seen.lock().unwrap(), ["GET /a → 200 admin", "GET /b → 200 admin"]);
    assert_eq!(journal.exchanges().len(), 1);
}

#[test]
fn bodies_have_their_own_bound() {
    let journal = journal(JournalLimits::default());
    for _ in 0..40 {
        let mut request = Request::new(Method::POST, "/x");
        request.body = RequestBody::Bytes(Bytes::from(vec![b'x'; MAX_ONE_BODY + 7]));
        record(&journal, &request, &ok(), ByStub::No);
    }
    let kept = journal.exchanges();
    let bytes: usize = kept.iter().map(|exchange| exchange.body.len()).sum();
    let (held, most) = journal.held();
    assert!(bytes <= held && held <= most && most - held < 2 * MAX_ONE_BODY, "{bytes} {held}");
    assert_eq!(kept[0].to_json()["request"]["standin"]["bodyCut"]["bytes"], MAX_ONE_BODY + 7);
}

#[test]
fn heads_count_as_bodies_do() {
    let journal = journal(JournalLimits { bytes: 1 << 20, ..JournalLimits::default() });
    for n in 0..200 {
        let mut request = Request::new(Method::GET, "/x");
        request.headers.insert("x-n", n.into());
        request.headers.insert("x-long", "y".repeat(60_000).parse().unwrap());
        record(&journal, &request, &ok(), ByStub::No);
    }
    let kept = journal.exchanges();
    assert!((15..=17).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last().unwrap().headers["x-n"], "199");
    journal.clear_world(DEFAULT_WORLD);
    assert_eq!(journal.held().0, 0);
}

#[test]
fn credentials_are_not_shown() {
    let journal = journal(JournalLimits::default());
    let mut request = Request::new(Method::GET, "/x?a=b&access_token=s3cret-4711-abcdef");
    request.headers.insert("authorization", "Bearer s3cret-4711-abcdef".parse().unwrap());
    request.headers.insert("x-client", "a".parse().unwrap());
    record(
        &journal,
        &request,
        &Plan::text(StatusCode::OK, Origin::Admin, "s3cret-4711-abcdef"),
        ByStub::No,
    );
    let exchange = &journal.exchanges()[0];
    let line = exchange.to_line();
    assert!(
        line.starts_with("GET /x?a=b&access_token=") && line.ends_with(" → 200 admin"),
        "{line}"
    );
    assert!(!line.contains("s3cret-4711-abcdef"), "{line}");
    let shown = exchange.to_json().to_string();
    assert!(
        !shown.contains("s3cret-4711-abcdef") && shown.contains("\"X-Client\":\"a\""),
        "{shown}"
    );
}

#[test]
fn few_exchanges_are_found_among_many_without_looking_at_the_others() {
    let journal = journal(JournalLimits::default());
    let stub = Arc::new(testing::stub(&json!({"response": {"body": "b"}})));
    for n in 0..MAX_EXCHANGES {
        let request = Request::new(Method::GET, &format!("/x/{}?n={n}", n % 1000));
        let by = if n % 2000 == 7 { ByStub::Fixed(&stub) } else { ByStub::No };
        let mut plan = ok();
        if n % 5000 == 9 {
            plan.origin = Origin::Unmatched;
        }
        record(&journal, &request, &plan, by);
    }
    let found = |lookup: Lookup<'_>| journal.select(lookup).len();
    assert_eq!(found(Lookup::Path("/x/3")), 10);
    assert_eq!(found(Lookup::Path("/x")), 0);
    assert_eq!(found(Lookup::Stub(stub.id)), 5);
    assert_eq!(found(Lookup::Unmatched), 2);
    assert_eq!(found(Lookup::All), MAX_EXCHANGES);
    // Each exchange is taken up once, whoever asks, and leaves the index after it has left the log.
    assert_eq!(journal.lock().index.steps(), MAX_EXCHANGES);
    for n in 0..5 * MAX_EXCHANGES {
        get(&journal, &format!("/y/{n}"));
        if n % 100 == 0 {
            assert_eq!(found(Lookup::Path(&format!("/y/{n}"))), 1);
        }
    }
    assert_eq!(found(Lookup::Path("/x/3")), 0);
    assert!(journal.lock().index.size() <= 4 * MAX_EXCHANGES + 2);
    assert!(journal.lock().index.steps() <= 8 * MAX_EXCHANGES);
}

#[test]
fn exchanges_are_found_by_id_and_removed() {
    let journal = journal(JournalLimits::default());
    for n in 0..10 {
        get(&journal, &format!("/x/{n}"));
    }
    let id = journal.exchanges()[3].id;
    let slot = journal.find(id).unwrap();
    assert_eq!(slot.request().path(), "/x/3");
    journal.remove(&[slot]);
    assert!(journal.find(id).is_none());
    assert!(journal.select(Lookup::Path("/x/3")).is_empty());
    assert_eq!(journal.select(Lookup::Path("/x/4")).len(), 1);
    assert_eq!((journal.exchanges().len(), journal.recorded()), (9, 10));
}

#[test]
fn a_serve_event_has_request_response_and_stub() {
    let journal = journal(JournalLimits::default());
    let id = "00000000-0000-4000-8000-000000000001";
    let mapping = json!({"id": id, "response": {"body": "A", "headers": {"X-ID": "1"}}});
    let stub = Arc::new(testing::stub(&mapping));
    let mut request = testing::request(
        "POST",
        "/a?q=1&q=2",
        &[("host", "h.example:81"), ("cookie", "a=\"\"; b="), ("x", "1"), ("x", "2")],
        "body",
    );
    request.peer = Some("127.0.0.1:99".parse().unwrap());
    record(&journal, &request, &testing::answer(&stub, &request), ByStub::Fixed(&stub));
    let event = journal.exchanges()[0].to_json();
    let logged = &event["request"];
    assert_eq!(logged["absoluteUrl"], "http://h.example:81/a?q=1&q=2");
    assert_eq!(logged["queryParams"], json!({"q": {"key": "q", "values": ["1", "2"]}}));
    assert_eq!(logged["headers"]["X"], json!(["1", "2"]));
    assert_eq!((&logged["clientIp"], &logged["body"]), (&json!("127.0.0.1"), &json!("body")));
    assert_eq!(event["stubMapping"]["id"], id);
    let response = json!({
        "status": 200, "body": "A", "bodyAsBase64": "QQ==",
        "headers": {"Matched-Stub-Id": id, "X-ID": "1"},
    });
    assert_eq!(event["response"], response);
    // A plan that was rendered for the request is stored itself, with its further events.
    let mut plan = Plan::text(StatusCode::CREATED, Origin::Stub(stub.id), "B");
    plan.add_sub_events([SubEvent::warning("w")]);
    record(&journal, &request, &plan, ByStub::Rendered(&stub));
    let event = journal.exchanges()[1].to_json();
    assert_eq!(
        (&event["response"]["status"], &event["response"]["body"]),
        (&json!(201), &json!("B"))
    );
    assert_eq!(event["subEvents"][0]["data"], json!({"message": "w"}));
}

#[test]
fn an_unmatched_exchange_has_its_report_as_a_sub_event() {
    let journal = journal(JournalLimits::default());
    let plan = Plan::text(StatusCode::NOT_FOUND, Origin::Unmatched, "the report");
    record(&journal, &Request::new(Method::GET, "/a"), &plan, ByStub::No);
    let event = journal.exchanges()[0].to_json();
    assert_eq!(event["wasMatched"], false);
    assert_eq!(event["response"], json!({"status": 404, "body": "", "bodyAsBase64": ""}));
    let data = json!({"status": 404, "contentType": "text/plain", "report": "the report"});
    assert_eq!(event["subEvents"][0]["data"], data);
}

#[test]
fn large_and_streamed_responses_are_cut() {
    let journal = journal(JournalLimits::default());
    for body in [
        Body::Bytes(Bytes::from(vec![b'x'; 100_000])),
        Body::Pieces(vec![Bytes::from(vec![b'x'; 3000]); 20]),
        Body::Stream(Box::pin(futures_util::stream::empty())),
    ] {
        let plan = Plan::new(StatusCode::OK, Origin::Kubernetes, body);
        record(&journal, &Request::new(Method::GET, "/a"), &plan, ByStub::No);
    }
    let events: Vec<_> = journal.exchanges().iter().map(Exchange::to_json).collect();
    let cut = |n: usize| &events[n]["request"]["standin"]["responseBodyCut"]["bytes"];
    assert_eq!([cut(0), cut(1), cut(2)], [&json!(100_000), &json!(60_000), &json!(null)]);
    assert_eq!(events[1]["response"]["body"].as_str().unwrap().len(), 4096);
    assert!(events[2]["request"]["standin"].get("responseBodyCut").is_some());
}

#[tokio::test]
async fn a_body_that_comes_late_is_waited_for() {
    let journal = journal(JournalLimits::default());
    let request = Request::new(Method::POST, "/a");
    let late = Arc::new(LateBody::new(4));
    let world: Arc<str> = DEFAULT_WORLD.into();
    let (plan, began, stub) = (ok(), Instant::now(), ByStub::No);
    let given = Some(Arc::clone(&late));
    journal.record(&Answered {
        request: &request,
        plan: &plan,
        late: given,
        began,
        made: Instant::now(),
        world: &world,
        stub,
    });
    let slots = journal.select(Lookup::All);
    assert_eq!(slots[0].request().body.bytes().unwrap(), "");
    let fill = async { late.fill(Some(Bytes::from_static(b"late"))) };
    tokio::join!(journal.settle(&slots), fill);
    assert_eq!(slots[0].request().body.bytes().unwrap(), "late");
    assert!(journal.held().0 >= size_of::<Entry>() + 4);
}

#[test]
fn an_answer_of_a_stub_takes_little_room() {
    let size = size_of::<Entry>();
    assert!(size <= 240, "{size} bytes");
}
