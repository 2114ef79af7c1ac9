//! Repeats the requests of a recording.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::fixtures;
use crate::message::Request;
use crate::record::{CompleteExchange, FetchedAnswer, Recorder, Upstream};
use crate::recorded::{Answers, LiteralRequest, RecordedAnswer, RecordedStub, Recording};
use crate::redact::Redactor;
use crate::transport::Logger;

use super::compare::compare;
use super::noise::IgnoreRules;
use super::report::{Comparison, Report, Verdict};
use super::scratch::Scratch;
use super::update::Recorded;

/// How requests are repeated.
pub(crate) struct LiveOptions<'a> {
    pub(crate) upstream: &'a Upstream,
    /// The URL of the backend without a path.
    pub(crate) origin: String,
    /// Header fields for all requests: credentials.
    pub(crate) headers: HeaderMap,
    pub(crate) ignore: IgnoreRules,
    /// With the key of the recording.
    pub(crate) redactor: Arc<Redactor>,
}

/// Compares each recorded answer with the live one. Also returns the live answers of those that
/// have drifted, as they would be recorded.
pub(crate) async fn live(
    recording: &Recording,
    answers: &Answers,
    options: &LiveOptions<'_>,
) -> (Report, Vec<Recorded>) {
    let mut report = Report::default();
    let mut drifted = Vec::new();
    let mut reached = Reached::default();
    for (at, stub) in recording.stubs.iter().enumerate() {
        let verdict = if is_superseded(recording, at) {
            Verdict::Skipped("a later answer of its sequence is compared".to_owned())
        } else {
            match one(stub, answers, options, &mut reached).await {
                Ok((diff, recorded)) => match diff {
                    None => Verdict::Same,
                    Some(_)
                        if another_is_same(recording, at, answers, &recorded, options).await =>
                    {
                        Verdict::Same
                    }
                    Some(diff) => {
                        drifted.push(recorded);
                        Verdict::Drifted(diff)
                    }
                },
                Err(verdict) => verdict,
            }
        };
        let file = stub.file().display().to_string();
        report.0.push(Comparison { file, title: stub.title(), verdict });
    }
    (report, drifted)
}

/// How many consecutive requests may stay unanswered, if none was answered, before the rest is
/// skipped: each may take as long as the time limit.
const MOST_UNANSWERED: u32 = 3;

/// Tracks whether the backend answers at all.
#[derive(Debug, Default)]
struct Reached {
    answered: bool,
    unanswered: u32,
}

impl Reached {
    /// Sends a request, unless the backend is known to be unreachable.
    async fn fetch(
        &mut self,
        upstream: &Upstream,
        asked: Request,
    ) -> Result<FetchedAnswer, String> {
        if !self.answered && self.unanswered >= MOST_UNANSWERED {
            return Err(format!(
                "not asked, as {MOST_UNANSWERED} requests before it had no answer"
            ));
        }
        let fetched = upstream.fetch(asked).await;
        match &fetched {
            Ok(_) => self.answered = true,
            Err(_) => self.unanswered += 1,
        }
        fetched
    }
}

/// Returns whether the sequence of a stub continues: only its last answer is compared.
fn is_superseded(recording: &Recording, at: usize) -> bool {
    let stub = &recording.stubs[at];
    let later = recording.stubs.get(at + 1);
    stub.sequence().is_some()
        && later.is_some_and(|later| {
            later.sequence() == stub.sequence()
                && later.mapping["request"] == stub.mapping["request"]
        })
}

/// Returns whether another stub for the same request has the live answer: one of another client, or
/// earlier in the sequence.
async fn another_is_same(
    recording: &Recording,
    at: usize,
    answers: &Answers,
    live: &Recorded,
    options: &LiveOptions<'_>,
) -> bool {
    let request = &recording.stubs[at].mapping["request"];
    for (other, stub) in recording.stubs.iter().enumerate() {
        if other == at || stub.mapping["request"] != *request {
            continue;
        }
        let literal = LiteralRequest::of(request).ok();
        if let Ok(answer) = answers.of(stub, literal.as_ref()).await
            && compare(&answer, &live.answer, &options.ignore).is_none()
        {
            return true;
        }
    }
    false
}

/// Repeats one request. Returns the diff of its answer, and the live answer.
async fn one(
    stub: &RecordedStub,
    answers: &Answers,
    options: &LiveOptions<'_>,
    reached: &mut Reached,
) -> Result<(Option<String>, Recorded), Verdict> {
    let request = LiteralRequest::of(&stub.mapping["request"]).map_err(Verdict::Skipped)?;
    if !request.is_safe() {
        return Err(Verdict::Skipped(format!("{} changes something", request.method)));
    }
    let answer = answers.of(stub, Some(&request)).await;
    let answer = answer.map_err(|error| Verdict::Skipped(error.to_string()))?;
    if is_stream(&request, &answer) {
        return Err(Verdict::Skipped("its answer is a stream".to_owned()));
    }
    let mut asked = Request::new(request.method.clone(), &request.target);
    asked.headers = request.headers.clone();
    for (name, value) in &options.headers {
        asked.headers.insert(name, value.clone());
    }
    let headers = asked.headers.clone();
    asked.headers.remove(ACCEPT_ENCODING);
    let live = reached.fetch(options.upstream, asked).await.map_err(Verdict::Failed)?;
    let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
    if refused.contains(&live.status) && !refused.contains(&answer.status) {
        return Err(Verdict::Failed(format!(
            "the backend refuses the request with {}; give credentials with --header or --token-file",
            live.status.as_u16()
        )));
    }
    let exchange = CompleteExchange {
        origin: Some(options.origin.clone()),
        method: request.method.clone(),
        target: request.target.clone(),
        headers,
        body: request.body.clone(),
        status: live.status,
        reason: None,
        waited: Duration::ZERO,
        answer_headers: live.headers,
        answer: live.body,
    };
    let recorded = record(stub, exchange, &request, options).await.map_err(Verdict::Failed)?;
    Ok((compare(&answer, &recorded.answer, &options.ignore), recorded))
}

/// Returns whether the answer is a stream: a watch, a followed log, server-sent events.
fn is_stream(request: &LiteralRequest, answer: &RecordedAnswer) -> bool {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let follows = query
        .split('&')
        .any(|pair| matches!(pair.split_once('='), Some(("watch" | "follow", "true" | "1"))));
    let media = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    follows || media.is_some_and(|media| media.starts_with("text/event-stream"))
}

/// Records the live exchange in its own folder, and reads the answer back.
async fn record(
    stub: &RecordedStub,
    exchange: CompleteExchange,
    request: &LiteralRequest,
    options: &LiveOptions<'_>,
) -> Result<Recorded, String> {
    let failed = |error: std::io::Error| format!("the live answer cannot be recorded: {error}");
    let scratch = Scratch::new().map_err(failed)?;
    let log: Logger = Arc::new(|_: &str| {});
    let recorder = Recorder::scratch(scratch.path(), &options.redactor, &log).map_err(failed)?;
    if !recorder.record(exchange).await {
        return Err("the live answer is too large".to_owned());
    }
    recorder.flush().await;
    drop(recorder);
    let paths = [scratch.path().to_path_buf()];
    let read = |path: &Path| fixtures::has_files(path);
    if !read(scratch.path()) {
        return Err("the live answer cannot be recorded".to_owned());
    }
    let again = Recording::load(&paths).map_err(|problems| problems.to_string())?;
    let Some(live) = again.stubs.into_iter().next() else {
        return Err("the live answer cannot be recorded".to_owned());
    };
    // With links as in recorded answers: both refer to the backend by its URL.
    let base = options.origin.parse().ok();
    let answers = Answers::new(&paths, base).map_err(|problems| problems.to_string())?;
    let answer = answers.of(&live, Some(request)).await.map_err(|error| error.to_string())?;
    Ok(Recorded { stub: stub.clone(), answer, live, scratch })
}
