//! Backends that fail, and recorders that are killed or full.

use super::*;

#[tokio::test]
async fn a_backend_that_is_down_or_breaks_off() {
    let directory = TempDir::new().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (proxy, _said) = proxy_to(gone, &directory);
    let plan = proxy.answer(request(Method::GET, "/x", &[], "")).await;
    assert_eq!(plan.status, 502);
    let Body::Bytes(text) = plan.body else { panic!("a text") };
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(
        text.starts_with(&format!("the backend http://{gone}/base does not answer: ")),
        "{text}"
    );
    assert!(
        text.to_lowercase().contains("refused") && text.ends_with("is it running?\n"),
        "{text}"
    );

    // It breaks off once half of it was read.
    let read = Arc::new(tokio::sync::Notify::new());
    let was_read = Arc::clone(&read);
    let address = backend(move |_| {
        let was_read = Arc::clone(&was_read);
        let broken = stream::once(async move {
            was_read.notified().await;
            Err(crate::message::BodyError::Broken("on purpose".to_owned()))
        });
        let body = stream::iter([Ok(Bytes::from_static(b"half"))]).chain(broken);
        (200, vec![], Box::pin(body) as BodyStream)
    })
    .await;
    drop(proxy);
    let (proxy, mut said) = proxy_to(address, &directory);
    let plan = proxy.answer(request(Method::GET, "/y", &[], "")).await;
    let Body::Passed(answer) = plan.body else { panic!("a stream") };
    let mut answer = answer.into_stream();
    assert_eq!(answer.next().await.unwrap().unwrap(), "half");
    read.notify_one();
    let error = answer.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("ended early"), "{error}");
    assert!(
        said.recv()
            .await
            .unwrap()
            .starts_with("not recorded: the backend broke off its answer to GET /y")
    );
    proxy.flush().await;
    assert_eq!(recorded(&directory), [], "nothing, and nothing half");

    // A listener that never answers: its backlog takes the connection.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = UpstreamOptions::default().timeout(std::time::Duration::from_millis(20));
    let upstream = Upstream::new(&format!("http://{}", silent.local_addr().unwrap()), &options);
    let plan = Proxy::new(upstream.unwrap(), None).answer(request(Method::GET, "/", &[], "")).await;
    assert_eq!(plan.status, 504);
}

#[test]
fn urls_that_cannot_be_a_backend_are_errors() {
    let table = [
        ("127.0.0.1:8001", "http:// or https:// is missing"),
        ("ftp://x", "only http, https, h2c and unix are supported"),
        ("http://user:secret@x", "credentials do not belong there"),
        ("http://x/?a=b", "it has a query"),
        ("http://", ""),
    ];
    for (url, why) in table {
        let error = Upstream::new(url, &UpstreamOptions::default()).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("write it like http://"), "{url}: {error}");
    }
    let missing = UpstreamOptions::default().ca_file("no/such.pem");
    let error = Upstream::new("https://x", &missing).unwrap_err().to_string();
    assert!(error.starts_with("the CA file no/such.pem: "), "{error}");
}

fn silent() -> crate::transport::Logger {
    Arc::new(|_: &str| {})
}

#[tokio::test]
async fn what_a_killed_recorder_left_is_removed_and_what_another_writes_stays() {
    let directory = tempfile::tempdir().unwrap();
    let bodies = directory.path().join("__files");
    fs::create_dir(&bodies).unwrap();
    // A process that has ended, one that runs, this one before it was restarted, and an older version's.
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let running = std::os::unix::process::parent_id();
    let at =
        |directory: &Path, writer: &str| directory.join(format!(".get-a.json{writer}.unfinished"));
    let own = std::process::id();
    for directory in [directory.path(), &*bodies] {
        for writer in
            [format!(".{}", ended.id()), format!(".{running}"), format!(".{own}"), String::new()]
        {
            fs::write(at(directory, &writer), "{").unwrap();
        }
    }
    fs::write(directory.path().join("get-b.json"), "{}").unwrap();
    // A machine that lost its power leaves names without content.
    for (name, content) in [("get-c.json", ""), ("get-d.json", "\0\0")] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    let recorder = Recorder::new(
        directory.path(),
        RecordingOf::default(),
        limits(1 << 20),
        &Arc::default(),
        &silent(),
    )
    .unwrap();
    let names: Vec<String> = files(directory.path()).into_iter().map(|(name, _)| name).collect();
    let left = format!(".get-a.json.{running}.unfinished");
    let manifest = ".standin-recording".to_owned();
    assert_eq!(names, [left.clone(), manifest, format!("__files/{left}"), "get-b.json".to_owned()]);
    drop(recorder);
}

#[tokio::test]
async fn new_requests_wait_while_the_recorder_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(
        directory.path(),
        RecordingOf::default(),
        limits(1_000),
        &Arc::default(),
        &silent(),
    )
    .unwrap();
    recorder.wait_for_room().await;
    let mut first = recorder.reserve();
    first.grow(999);
    recorder.wait_for_room().await;
    let mut second = recorder.reserve();
    second.grow(5_000);
    assert_eq!(recorder.held(), (5_999, 1_000));
    let mut waiting = std::pin::pin!(recorder.wait_for_room());
    assert!((&mut waiting).now_or_never().is_none());
    drop(first);
    assert!((&mut waiting).now_or_never().is_none());
    drop(second);
    waiting.await;
}

#[test]
fn a_recording_of_a_newer_version_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = directory.path().join(crate::fixtures::MANIFEST);
    fs::write(&manifest, "{\n  \"format\": 99\n}").unwrap();
    let start = || {
        let (of, limits) = (RecordingOf::default(), limits(1 << 20));
        Recorder::new(directory.path(), of, limits, &Arc::default(), &silent())
    };
    let error = start().unwrap_err().to_string();
    assert!(error.contains(".standin-recording:2:") && error.contains("newer version"), "{error}");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), "{\n  \"format\": 99\n}");
    fs::remove_file(&manifest).unwrap();
    start().unwrap();
}
