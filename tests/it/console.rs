//! What the console needs of the server: its page, the journal as a stream, objects past scenarios, differences.

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use crate::stub_admin::add;
use crate::support::{PATIENCE, TFJOBS, ask, bounds, post, send, with_scenario};

/// Server-sent events, read one after the other.
struct Events(BufReader<TcpStream>);

impl Events {
    async fn open(server: &RunningServer, target: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Little is on its way to a client that does not read.
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(server.address()).await.unwrap();
        // HTTP/1.0: the stream is the body as it is, without chunks.
        let request = format!("GET {target} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut events = Self(BufReader::new(stream));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(events.0.read_line(&mut head).await.unwrap() > 0, "{head}");
        }
        assert!(head.contains("200 OK") && head.contains("text/event-stream"), "{head}");
        events
    }

    /// The next event: its name, its id, its data. Nothing at the end.
    async fn next(&mut self) -> Option<(String, Option<u64>, Value)> {
        let (mut name, mut id, mut data) = ("message".to_owned(), None, None);
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line);
            if tokio::time::timeout(PATIENCE, read).await.expect("an event").unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("event", value)) => name = value.to_owned(),
                Some(("id", value)) => id = value.parse().ok(),
                Some(("data", value)) => data = serde_json::from_str(value).ok(),
                _ if line == "\n" && data.is_some() => return Some((name, id, data?)),
                _ => {}
            }
        }
    }

    /// The targets of the next exchanges.
    async fn targets(&mut self, many: usize) -> Vec<String> {
        let mut targets = Vec::new();
        while targets.len() < many {
            let (_, _, data) = self.next().await.expect("an event");
            targets.extend(data["target"].as_str().map(str::to_owned));
        }
        targets
    }
}

#[tokio::test]
async fn the_page_is_served_to_every_browser_and_asks_the_server_alone() {
    let server = Server::builder().start().await.unwrap();
    for path in ["/__admin/ui", "/__admin/ui/"] {
        let page = ask(&server, "GET", path).await;
        assert_eq!(
            (page.status.as_u16(), &page.headers["content-type"]),
            (200, &"text/html; charset=utf-8".parse().unwrap())
        );
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(page.text().contains("data-world=\"default\" data-mount=\"\""));
        assert!(page.body.len() <= 150_000);
    }
    // A link on another site leads to it; what that site asks for itself is refused.
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(send(&server, "GET", "/__admin/ui", &foreign, "").await.status, 200);
    assert_eq!(send(&server, "GET", "/__admin/events", &foreign, "").await.status, 403);
    assert_eq!(send(&server, "GET", "/__admin/objects/api", &foreign, "").await.status, 403);
    let page = ask(&server, "GET", "/worlds/blue/__admin/ui").await;
    assert!(page.text().contains("data-world=\"blue\" data-mount=\"/worlds/blue\""));
    let wrong = ask(&server, "POST", "/__admin/ui").await;
    assert_eq!(
        (wrong.status.as_u16(), &wrong.headers["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
    assert_eq!(server.journal().recorded(), 0);
}

#[tokio::test]
async fn the_journal_is_a_stream() {
    let server = Server::builder().start().await.unwrap();
    ask(&server, "GET", "/before?token=s3cret-4711-abcdef").await;
    let mut events = Events::open(&server, "/__admin/events").await;
    let (name, _, hello) = events.next().await.unwrap();
    assert_eq!((name.as_str(), hello["journal"].is_string()), ("journal", true));
    let (_, id, row) = events.next().await.unwrap();
    assert_eq!((id, &row["stage"], &row["status"]), (Some(1), &json!("unmatched"), &json!(404)));
    assert!(!row.to_string().contains("s3cret-4711-abcdef"), "{row}");
    send(&server, "GET", TFJOBS, &[("x-standin-world", "blue")], "").await;
    ask(&server, "GET", "/__admin/health").await;
    let (_, id, row) = events.next().await.unwrap();
    assert_eq!((id, &row["world"], &row["target"]), (Some(2), &json!("blue"), &json!(TFJOBS)));
    // From another world its own are seen; a client that comes back goes on where it was.
    let mut blue = Events::open(&server, "/worlds/blue/__admin/events").await;
    assert_eq!(blue.targets(1).await, [TFJOBS]);
    let mut again = Events::open(&server, "/__admin/events?after=1").await;
    assert_eq!(again.targets(1).await, [TFJOBS]);
    ask(&server, "DELETE", "/__admin/requests").await;
    assert_eq!(events.next().await.unwrap().0, "cleared");
    ask(&server, "GET", "/after").await;
    assert_eq!(events.next().await.unwrap().1, Some(3));
    // A deleted world ends its streams, and so does the server.
    ask(&server, "DELETE", "/__admin/worlds/blue").await;
    ask(&server, "GET", "/more").await;
    while blue.next().await.is_some() {}
    server.shutdown().await;
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let server = Server::builder().start().await.unwrap();
    for (query, why) in [("?after=x", "after must be"), ("?after=-1", "after must be")] {
        let answer = ask(&server, "GET", &format!("/__admin/events{query}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    let off = bounds(|bounds| bounds.journal.entries = 0);
    let server = Server::builder().bounds(off).start().await.unwrap();
    assert_eq!(ask(&server, "GET", "/__admin/events").await.status, 500);
}

#[tokio::test]
async fn a_client_that_does_not_read_delays_nobody_and_loses_the_oldest() {
    const MANY: usize = 1500;
    let few = bounds(|bounds| bounds.journal.entries = 100);
    let server = Server::builder().bounds(few).start().await.unwrap();
    let mut events = Events::open(&server, "/__admin/events").await;
    let (mut read, mut write) = TcpStream::connect(server.address()).await.unwrap().into_split();
    let long = "x".repeat(8000);
    let asking = tokio::spawn(async move {
        for number in 0..MANY {
            let last = if number + 1 == MANY { "Connection: close\r\n" } else { "" };
            let request = format!("GET /{number}/{long} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n");
            write.write_all(request.as_bytes()).await.unwrap();
        }
        // The half that is dropped is closed, which tells the server that its client is gone.
        write
    });
    let mut answers = Vec::new();
    read.read_to_end(&mut answers).await.unwrap();
    drop(asking.await.unwrap());
    let answers = String::from_utf8_lossy(&answers);
    let others: Vec<&str> =
        answers.split("HTTP/1.1 ").skip(1).filter(|answer| !answer.starts_with("404")).collect();
    assert_eq!(others, Vec::<&str>::new());
    assert_eq!(answers.matches("HTTP/1.1 404").count(), MANY);
    // Every exchange was either read or counted as lost, in order.
    let (mut seen, mut lost, mut last) = (0, 0, 0);
    while last < MANY as u64 {
        let (name, id, data) = events.next().await.unwrap();
        if let Some(id) = id {
            assert!(id > last);
            (seen, last) = (seen + 1, id);
        } else if name == "lost" {
            lost += data["lost"].as_u64().unwrap();
        }
    }
    assert!(lost > 0 && seen + lost == MANY as u64, "{seen} seen, {lost} lost");
}

#[tokio::test]
async fn objects_are_read_past_scenarios_journal_and_policies() {
    let server = with_scenario("throttling/burst").await;
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 429);
    let before = server.journal().recorded();
    let list = ask(&server, "GET", &format!("/__admin/objects{TFJOBS}?limit=1")).await;
    assert_eq!((list.status.as_u16(), list.names().len()), (200, 1));
    let accept = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    let path = format!("/__admin/objects{TFJOBS}");
    let table = send(&server, "GET", &path, &accept, "").await;
    assert_eq!(table.at("/kind"), "Table");
    assert_eq!(ask(&server, "GET", "/__admin/objects/apis").await.at("/kind"), "APIGroupList");
    for (method, path, status) in [
        ("GET", "/__admin/objects/orders", 404),
        ("GET", "/__admin/objects/__admin/requests", 404),
        ("GET", "/__admin/objects/api/v1/pods/%zz", 404),
        ("GET", "/__admin/objects", 404),
        ("DELETE", &path, 405),
        ("POST", &path, 405),
    ] {
        assert_eq!(ask(&server, method, path).await.status, status, "{method} {path}");
    }
    // A watch is a stream, and ends with its client.
    let mut watch = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {path}?watch=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    watch.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    while !text.contains("\"ADDED\"") {
        let mut piece = [0; 4096];
        let read = watch.read(&mut piece).await.unwrap();
        assert!(read > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    assert_eq!(server.journal().recorded(), before);
}

#[tokio::test]
async fn a_miss_is_compared_with_the_nearest_stubs() {
    let server = Server::builder().start().await.unwrap();
    let stub = json!({
        "name": "things",
        "request": {"method": "POST", "url": "/things", "headers": {"x-a": {"equalTo": "1"}}},
    });
    add(&server, &stub).await;
    send(
        &server,
        "POST",
        "/thing",
        &[("x-a", "1"), ("authorization", "Bearer s3cret-4711-abcdef")],
        "",
    )
    .await;
    let id = server.journal().exchanges()[0].id;
    let path = format!("/__admin/requests/{id}/differences");
    let answer = ask(&server, "GET", &path).await;
    assert_eq!(answer.at("/nearest/0/stubMapping/name"), "things");
    let parts = answer.at("/nearest/0/parts");
    let part = |name: &str| {
        let found = parts.as_array().unwrap().iter().find(|part| part["part"] == name);
        found.unwrap_or_else(|| panic!("{name} in {parts}")).clone()
    };
    assert_eq!(part("HTTP method")["difference"], Value::Null);
    assert_eq!(part("Header")["difference"], Value::Null);
    let url = part("URL");
    assert_eq!(
        (&url["expected"], &url["actual"], &url["difference"]),
        (&json!("/things"), &json!("/thing"), &json!("URL does not match"))
    );
    assert!(!answer.text().contains("s3cret-4711-abcdef"));
    assert_eq!(ask(&server, "GET", "/__admin/requests/x/differences").await.status, 400);
    let unknown = format!("/__admin/requests/{}/differences", uuid_of_nothing());
    assert_eq!(ask(&server, "GET", &unknown).await.status, 404);
}

fn uuid_of_nothing() -> &'static str {
    "00000000-0000-4000-8000-000000000001"
}

#[tokio::test]
async fn available_scenarios_say_which_are_on() {
    let server = with_scenario("throttling/burst").await;
    let on = async || -> Vec<String> {
        let all = ask(&server, "GET", "/__admin/standin/scenarios/available").await.json();
        let all = all["scenarios"].as_array().unwrap().clone();
        assert!(all.len() > 20 && all.iter().all(|one| one["name"].is_string()));
        let on = all.iter().filter(|one| one["on"] == true);
        on.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(on().await, ["throttling/burst"]);
    let other = json!({"scenarios": ["brownout/phases"]});
    post(&server, "PUT", "/__admin/scenarios", &other).await;
    assert_eq!(on().await, ["brownout/phases"]);
    let text = "rules:\n- id: a\n  match: {path: /x}\n  then: {status: 503}\n";
    assert_eq!(send(&server, "PUT", "/__admin/scenarios/mine", &[], text).await.status, 200);
    assert_eq!(on().await, ["brownout/phases", "mine"]);
    ask(&server, "DELETE", "/__admin/scenarios").await;
    assert_eq!(on().await, ["throttling/burst"]);
}

#[tokio::test]
async fn a_clock_goes_at_another_rate() {
    let server = Server::builder().start().await.unwrap();
    let rate = async |body: Value| post(&server, "POST", "/__admin/clock/rate", &body).await;
    assert_eq!(ask(&server, "GET", "/__admin/clock").await.at("/rate"), json!(1.0));
    assert_eq!(rate(json!({"rate": 60})).await.at("/rate"), json!(60.0));
    for wrong in [
        json!({"rate": 0}),
        json!({"rate": -1}),
        json!({"rate": "2"}),
        json!({}),
        json!({"rate": 1e9}),
    ] {
        let refused = rate(wrong.clone()).await;
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.text().contains("from 0.001 to 100000"), "{}", refused.text());
    }
    ask(&server, "POST", "/__admin/clock/freeze").await;
    let frozen = ask(&server, "GET", "/__admin/clock").await;
    assert_eq!((frozen.at("/frozen"), frozen.at("/rate")), (json!(true), json!(60.0)));
    ask(&server, "POST", "/__admin/reset").await;
    assert_eq!(ask(&server, "GET", "/__admin/clock").await.at("/rate"), json!(1.0));
}
