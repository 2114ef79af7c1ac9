//! A thread that sends spans to a collector in batches, over HTTP with protobuf bodies (OTLP 1.x, `http/protobuf`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prost::Message as _;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{sleep, timeout};

use crate::Exchange;

use super::super::console::Console;
use super::super::error::CommandError;
use super::messages::{
    ExportTraceServiceRequest, InstrumentationScope, Resource, ResourceSpans, ScopeSpans, Span,
};
use super::settings::Settings;
use super::span;

/// The most spans that wait to be sent; further ones are dropped and counted.
const MOST_WAITING: usize = 2048;
/// The most spans of a batch, and how long the first one waits for others: those of OpenTelemetry's batch processor.
const BATCH: usize = 512;
const PERIOD: Duration = Duration::from_secs(1);
/// How long a collector may take for a batch, and how long to wait before it is sent a second time.
const TIMEOUT: Duration = Duration::from_secs(5);
const BACK_OFF: Duration = Duration::from_secs(1);
/// How long the last batch may take when the server stops.
const LAST: Duration = Duration::from_secs(2);

/// What sends spans. Clones share it.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Exporter {
    /// Until [`Exporter::end`].
    spans: Arc<Mutex<Option<Sender<Span>>>>,
    dropped: Arc<AtomicU64>,
    ended: Arc<Mutex<Option<std::sync::mpsc::Receiver<()>>>>,
}

impl Exporter {
    /// Starts the thread. Failures of the collector are reported as lines, the first of each row of them.
    pub(in crate::cli) fn start(settings: Settings, errors: Console) -> Result<Self, CommandError> {
        let (spans, received) = channel(MOST_WAITING);
        let (done, ended) = std::sync::mpsc::channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CommandError::Start)?;
        let run = move || {
            runtime.block_on(export(&settings, received, &lost, &errors));
            drop(done);
        };
        let thread = thread::Builder::new().name("standin-traces".to_owned()).spawn(run);
        thread.map_err(CommandError::Start)?;
        let spans = Arc::new(Mutex::new(Some(spans)));
        Ok(Self { spans, dropped, ended: Arc::new(Mutex::new(Some(ended))) })
    }

    /// Queues the span of an exchange. Never waits.
    pub(in crate::cli) fn send(&self, exchange: &Exchange) {
        let Some(span) = span::of(exchange) else { return };
        let spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.as_ref().is_some_and(|spans| spans.try_send(span).is_err()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends what is left, for at most [`LAST`].
    pub(in crate::cli) fn end(&self) {
        drop(self.spans.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(ended) = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The thread drops its end.
            let _ = ended.recv_timeout(LAST);
        }
    }
}

async fn export(
    settings: &Settings,
    mut spans: Receiver<Span>,
    dropped: &AtomicU64,
    errors: &Console,
) {
    let client: Client<HttpConnector, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let mut is_failing = false;
    while let Some(batch) = next(&mut spans).await {
        let count = batch.len() as u64;
        let body = Bytes::from(request(settings, batch).encode_to_vec());
        let mut sent = post(&client, settings, body.clone()).await;
        if matches!(sent, Err(Failure::Temporary(_))) {
            sleep(BACK_OFF).await;
            sent = post(&client, settings, body).await;
        }
        match sent {
            Ok(()) => {
                let lost = dropped.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    errors
                        .line(&format!("standin: {lost} spans were not sent to {}", settings.url));
                }
                is_failing = false;
            }
            Err(Failure::Temporary(why) | Failure::Lasting(why)) => {
                dropped.fetch_add(count, Ordering::Relaxed);
                if !std::mem::replace(&mut is_failing, true) {
                    errors
                        .line(&format!("standin: traces are not sent to {}: {why}", settings.url));
                }
            }
        }
    }
}

/// The spans of the next batch; nothing when no more come.
async fn next(spans: &mut Receiver<Span>) -> Option<Vec<Span>> {
    let mut batch = vec![spans.recv().await?];
    let fill = async {
        while batch.len() < BATCH {
            let Some(span) = spans.recv().await else { break };
            batch.push(span);
        }
    };
    // What came by then is sent.
    let _ = timeout(PERIOD, fill).await;
    Some(batch)
}

fn request(settings: &Settings, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: settings.resource.clone() }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans }],
        }],
    }
}

/// Why a batch did not arrive.
enum Failure {
    /// It may be sent again (OTLP, "Failures").
    Temporary(String),
    Lasting(String),
}

async fn post(
    client: &Client<HttpConnector, Full<Bytes>>,
    settings: &Settings,
    body: Bytes,
) -> Result<(), Failure> {
    let mut request = Request::post(settings.url.clone())
        .body(Full::new(body))
        .map_err(|why| Failure::Lasting(why.to_string()))?;
    request.headers_mut().extend(settings.headers.clone());
    let protobuf = http::HeaderValue::from_static("application/x-protobuf");
    request.headers_mut().insert(CONTENT_TYPE, protobuf);
    let answer = timeout(TIMEOUT, client.request(request)).await;
    let late = || Failure::Temporary(format!("no answer within {} s", TIMEOUT.as_secs()));
    let answer = answer.map_err(|_| late())?;
    let answer = answer.map_err(|error| Failure::Temporary(crate::record::causes(&error)))?;
    let status = answer.status();
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Err(Failure::Temporary(format!("status {status}"))),
        status => Err(Failure::Lasting(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener, TcpStream};

    use super::super::messages::{SpanKind, StatusCode as Code, Value};
    use super::*;
    use crate::Server;

    /// A collector: answers one request after the other with these statuses, and returns the requests.
    fn collector(statuses: &'static [&str]) -> (SocketAddr, thread::JoinHandle<Vec<Vec<u8>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answered = move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut requests = Vec::new();
            for status in statuses {
                let mut bytes = Vec::new();
                let is_whole = |bytes: &[u8]| {
                    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
                    let (head, _) = text.split_once("\r\n\r\n")?;
                    let length = head.split("content-length: ").nth(1)?.lines().next()?;
                    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
                    (bytes.len() == end + length.parse::<usize>().ok()?).then_some(())
                };
                while is_whole(&bytes).is_none() {
                    let mut some = [0; 4096];
                    let read = stream.read(&mut some).unwrap();
                    assert!(read > 0, "a whole request");
                    bytes.extend_from_slice(&some[..read]);
                }
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
                requests.push(bytes);
            }
            requests
        };
        (address, thread::spawn(answered))
    }

    fn exporter(address: SocketAddr) -> Exporter {
        let variable = |name: &str| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(format!("http://{address}")),
            "OTEL_EXPORTER_OTLP_HEADERS" => Some("api-key=k".to_owned()),
            "OTEL_SERVICE_NAME" => Some("under-test".to_owned()),
            _ => None,
        };
        let settings = Settings::read(None, variable).unwrap().unwrap();
        Exporter::start(settings, Console::new("standard error", std::io::sink())).unwrap()
    }

    /// Sends requests to a server, one after the other, whose exchanges are exported. The last one closes the connection.
    async fn exchanges(exporter: &Exporter, requests: &[&str]) {
        let sender = exporter.clone();
        let server = Server::builder().observe(move |exchange| sender.send(exchange));
        let server = server.start().await.unwrap();
        let (address, requests) = (server.address(), requests.join(""));
        let asked = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(requests.as_bytes()).unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap()
        });
        assert!(asked.await.unwrap() > 0);
        server.shutdown().await;
    }

    fn spans(request: &[u8]) -> (String, Vec<Span>) {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        let mut message = ExportTraceServiceRequest::decode(&request[end..]).unwrap();
        let mut all = message.resource_spans.remove(0);
        let resource = all.resource.unwrap().attributes;
        assert!(
            resource.contains(&super::super::messages::KeyValue::new("service.name", "under-test"))
        );
        let scope = all.scope_spans.remove(0);
        assert_eq!(scope.scope.unwrap().name, "standin");
        (head, scope.spans)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_span_continues_the_trace_of_its_client() {
        let (address, requests) = collector(&["200"]);
        let exporter = exporter(address);
        let ours = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=1\r\n";
        let not_sampled =
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r\n";
        let list = "/apis/kubeflow.org/v1/tfjobs?token=s3cret-s3cret-s3cret";
        exchanges(
            &exporter,
            &[
                &format!("GET {list} HTTP/1.1\r\nhost: x\r\nuser-agent: t\r\n{ours}\r\n"),
                &format!("GET /x HTTP/1.1\r\nhost: x\r\n{not_sampled}\r\n"),
                "GET /y HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            ],
        )
        .await;
        exporter.end();
        let requests = requests.join().unwrap();
        let (head, spans) = spans(&requests[0]);
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("api-key: k") && head.contains("application/x-protobuf"), "{head}");
        let [span, other] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(span.trace_id[..2], [0x0a, 0xf7]);
        assert_eq!(span.parent_span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
        assert_eq!((&*span.trace_state, &*span.name), ("a=1", "list tfjobs.kubeflow.org"));
        assert_eq!((span.kind(), span.span_id.len()), (SpanKind::Server, 8));
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
        assert_eq!((span.flags, span.status.as_ref()), (0x301, None));
        let attributes: BTreeMap<&str, &Value> = span
            .attributes
            .iter()
            .filter_map(|pair| Some((&*pair.key, pair.value.as_ref()?.value.as_ref()?)))
            .collect();
        assert_eq!(attributes["http.response.status_code"], &Value::Number(200));
        assert_eq!(attributes["url.path"], &Value::from("/apis/kubeflow.org/v1/tfjobs"));
        assert_eq!(attributes["standin.stage"], &Value::from("kubernetes"));
        assert!(!format!("{attributes:?}").contains("s3cret-s3cret"), "{attributes:?}");
        assert!(other.parent_span_id.is_empty() && other.trace_id != span.trace_id, "{other:?}");
        assert_eq!((&*other.name, other.flags), ("GET", 1));
        assert_ne!(other.status.as_ref().map(|status| status.code), Some(Code::Error.into()));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_batch_that_is_refused_for_now_is_sent_again() {
        let (address, requests) = collector(&["503", "200"]);
        let exporter = exporter(address);
        exchanges(&exporter, &["GET /y HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]).await;
        exporter.end();
        let requests = requests.join().unwrap();
        assert_eq!(spans(&requests[0]), spans(&requests[1]));
        assert_eq!(exporter.dropped.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collector_that_is_not_there_costs_spans_and_nothing_else() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let exporter = exporter(free);
        exchanges(&exporter, &["GET /y HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]).await;
        exporter.end();
        assert_eq!(exporter.dropped.load(Ordering::Relaxed), 1);
    }
}
