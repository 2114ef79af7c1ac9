//! An answer → the response of its mapping, whose bytes are those that the backend sent.

mod body;
mod echo;
mod head;
mod large;
mod messages;
mod rpc;
mod stream;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, TRANSFER_ENCODING,
};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::matching::has_own_reason;
use crate::redact::decoded;

use super::clean::Clean;
use super::exchange::{ArrivedBody, Chunk, End, ReceivedAnswer, SentRequest};
use super::files::UnnamedBody;
use super::link_marks::{self, BodyLinks};
use super::text::{Json, Object, json as raw};

pub(super) use head::RecordedHead;
pub(super) use large::FoundLinks;
pub(super) use large::is_searched;
use large::{LargeBody, Searched};
pub(super) use stream::is_stream;

/// The response of a mapping.
#[derive(Debug)]
pub(super) struct RecordedResponse {
    /// `response`, without the name of a file for its body.
    pub(super) response: Object,
    /// A body that is a file of its own.
    pub(super) file: Option<BodyFile>,
    /// A body that is not readable as it is written, as JSON.
    pub(super) readable: Option<Json>,
    /// What comes before its head, and how that is written.
    pub(super) head: RecordedHead,
    /// What it says, whatever its timing was: 16 hexadecimal digits.
    pub(super) digest: String,
    /// Whether its body is compressed: other bytes may say the same.
    pub(super) is_coded: bool,
}

/// A body that is a file.
#[derive(Debug)]
pub(super) struct BodyFile {
    pub(super) extension: &'static str,
    pub(super) content: BodyContent,
}

/// The content of such a file.
#[derive(Debug)]
pub(super) enum BodyContent {
    Held(Bytes),
    File(UnnamedBody),
}

impl RecordedResponse {
    /// The response of an answer. What is not recorded of it is added to `notes`. `folder` is that of the recording.
    ///
    /// # Errors
    /// When the file of a large body cannot be read or written.
    pub(super) fn of(
        sent: &SentRequest,
        answer: ReceivedAnswer,
        clean: &Clean<'_>,
        folder: &Path,
        notes: &mut Vec<String>,
    ) -> io::Result<Self> {
        let ReceivedAnswer { status, headers, reason, waited, body, trailers, end, .. } = answer;
        let ReceivedAnswer { informational, layout, .. } = answer;
        let head = RecordedHead::of(&informational, layout.as_ref(), &headers, clean);
        let in_chunks = layout.as_ref().is_some_and(|layout| {
            layout.names().any(|name| name.eq_ignore_ascii_case(TRANSFER_ENCODING.as_str()))
        });
        let mut response = Object::new();
        if let Some(wait) = stream::wait(waited) {
            response.insert("fixedDelayMilliseconds".to_owned(), raw(wait));
        }
        response.insert("status".to_owned(), raw(status.as_u16()));
        // The phrase that a stub without one has may be another than the backend's.
        let usual = status.canonical_reason().filter(|_| has_own_reason(status));
        if let Some(reason) =
            reason.or_else(|| usual.map(|usual| Bytes::from_static(usual.as_bytes())))
        {
            response.insert("statusMessage".to_owned(), raw(latin1(&reason)));
        }
        let (mut received, mut parts) = match body {
            ArrivedBody::Held(whole, parts)
                if LargeBody::of_packed(&headers, &whole, clean).is_none() =>
            {
                (whole, parts)
            }
            body => {
                let body = match &body {
                    ArrivedBody::Held(whole, _) => LargeBody::Packed(whole),
                    ArrivedBody::File(file) => LargeBody::File(file),
                };
                let trailers = trailers.map(|trailers| fields(&trailers, clean));
                stream::write_trailers(trailers.as_ref(), &mut response);
                let large = Self::large(
                    sent,
                    (status, end),
                    &headers,
                    body,
                    response,
                    clean,
                    folder,
                    notes,
                )?;
                return Ok(Self { head, ..large });
            }
        };
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let answer = Self::of_websocket(&headers, &received, &parts, clean);
            return Ok(Self { head, ..answer });
        }
        let rpc_ids = rpc::RpcIds::of(sent, &headers, &mut received, &mut parts);
        let trailers = trailers.map(|trailers| fields(&trailers, clean));
        let whole = body::without_secrets(received.clone(), &headers, clean, notes);
        let chunks = stream::chunks(sent, &headers, in_chunks, &received, &whole, parts, clean);
        let mut written = body::Written::default();
        if let Some(chunks) = chunks {
            stream::write(chunks, trailers.as_ref(), &mut response);
            written.readable = body::readable(&whole, &headers);
            if end == End::ByClient {
                notes.push("the client ended the stream".to_owned());
            }
        } else {
            written = body::write(&whole, &headers, &mut response);
            stream::write_trailers(trailers.as_ref(), &mut response);
        }
        let mut all = fields(&headers, clean);
        set_length(&mut all, sent, (status, end), &headers, whole.len() as u64);
        if !all.is_empty() {
            response.insert("headers".to_owned(), raw(&all));
        }
        let echoes = echo::Echoes::of(sent, &headers, &all, &whole, clean);
        let file = written.file;
        if sent.links.is_some() || rpc_ids.is_some() || echoes.is_some() {
            let held = file.as_ref().and_then(|file| match &file.content {
                BodyContent::Held(bytes) => Some(&**bytes),
                BodyContent::File(_) => None,
            });
            let body = held.map_or(BodyLinks::InResponse, BodyLinks::InFile);
            mark(sent, (rpc_ids, echoes), &mut response, &body, notes);
        }
        let coding = text(&headers, &CONTENT_ENCODING);
        let plain = decoded(coding, &whole).filter(|_| !coding.is_empty());
        let besides = (trailers.as_ref(), &head.informational[..]);
        let digest = match &plain {
            Some(plain) => {
                all.remove(CONTENT_LENGTH.as_str());
                let mut said = response.clone();
                said.insert("headers".to_owned(), raw(&all));
                digest_with(&said, besides, plain)
            }
            None => digest_with(&response, besides, &whole),
        };
        let (readable, is_coded) = (written.readable, plain.is_some());
        Ok(Self { response, file, readable, head, digest, is_coded })
    }

    /// The response of an answer whose body is large.
    #[expect(clippy::too_many_arguments, reason = "they are what an answer consists of")]
    fn large(
        sent: &SentRequest,
        kind: (StatusCode, End),
        headers: &HeaderMap,
        body: LargeBody<'_>,
        mut response: Object,
        clean: &Clean<'_>,
        folder: &Path,
        notes: &mut Vec<String>,
    ) -> io::Result<Self> {
        let mut file = None;
        let (mut length, mut hash) = (0, [0; 32]);
        let mut links = FoundLinks::default();
        match large::without_secrets(body, headers, folder, clean)? {
            Searched::Opaque(why) => {
                notes.push(format!("the body is not recorded, since it may hold secrets: {why}"));
            }
            Searched::Clean(clean, found) => {
                (length, hash) = (clean.digest.length, clean.digest.sha256);
                let extension = if body.is_text()? { "txt" } else { "bin" };
                file = Some(BodyFile { extension, content: BodyContent::File(clean) });
                links = found;
            }
        }
        let mut all = fields(headers, clean);
        set_length(&mut all, sent, kind, headers, length);
        response.insert("headers".to_owned(), raw(&all));
        mark(sent, (None, None), &mut response, &BodyLinks::Found(links), notes);
        let digest = digest(&response, &hash);
        let head = RecordedHead::default();
        Ok(Self { response, file, readable: None, head, digest, is_coded: false })
    }
}

/// Says in a response which links, ids of calls, and values of the request are in it.
fn mark(
    sent: &SentRequest,
    (rpc_ids, echoes): (Option<rpc::RpcIds>, Option<echo::Echoes>),
    response: &mut Object,
    body: &BodyLinks<'_>,
    notes: &mut Vec<String>,
) {
    // A number that Rust does not have (1E400) is looked at as text.
    let value =
        |json: &Json| serde_json::from_str(json.get()).unwrap_or_else(|_| json.get().into());
    let values: Map<String, Value> =
        response.iter().map(|(key, json)| (key.clone(), value(json))).collect();
    let mut mapping = json!({"response": values});
    if let Some(links) = &sent.links {
        link_marks::mark(links, sent, &mut mapping, body);
    }
    if let Some(ids) = rpc_ids {
        ids.mark(&mut mapping["response"]);
    }
    if let Some(echoes) = echoes {
        echoes.mark(&mut mapping["response"]);
    }
    for key in ["transformers", "transformerParameters"] {
        if let Some(value) = mapping["response"].get(key) {
            response.insert(key.to_owned(), raw(value));
        }
    }
    let new = mapping["metadata"]["standin"]["notes"].as_array();
    notes.extend(new.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
}

impl RecordedResponse {
    /// The response of an upgrade to a `WebSocket`: a client that does not ask for one is asked to.
    fn of_websocket(
        headers: &HeaderMap,
        received: &Bytes,
        parts: &[Chunk],
        clean: &Clean<'_>,
    ) -> Self {
        let mut response = Object::new();
        response.insert("status".to_owned(), raw(StatusCode::UPGRADE_REQUIRED.as_u16()));
        let mut headers = headers.clone();
        for name in [CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS] {
            headers.remove(name);
        }
        response.insert("headers".to_owned(), raw(fields(&headers, clean)));
        messages::write(parts, clean, &mut response);
        let digest = digest(&response, received);
        let head = RecordedHead::default();
        Self { response, file: None, readable: None, head, digest, is_coded: false }
    }
}

/// The header fields of an answer, without those of this moment. Bytes beyond ASCII are written as Latin-1, as they
/// are sent again.
fn fields(headers: &HeaderMap, clean: &Clean<'_>) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for name in headers.keys().filter(|name| **name != DATE) {
        let values = headers.get_all(name).iter();
        let mut values: Vec<String> =
            values.map(|value| clean.header(name, &latin1(value.as_bytes()))).collect();
        let value = if values.len() == 1 { json!(values.remove(0)) } else { json!(values) };
        out.insert(name.as_str().to_owned(), value);
    }
    out
}

/// The length that the answer announces: of an answer without a body, and of one that broke off, what the backend said
/// of the whole; of others that of the body as it is written.
fn set_length(
    fields: &mut BTreeMap<String, Value>,
    sent: &SentRequest,
    (status, end): (StatusCode, End),
    headers: &HeaderMap,
    length: u64,
) {
    let stays = sent.method == Method::HEAD
        || end == End::Broken
        || status == StatusCode::NOT_MODIFIED
        || status == StatusCode::NO_CONTENT;
    if headers.contains_key(CONTENT_LENGTH) && !stays {
        fields.insert(CONTENT_LENGTH.as_str().to_owned(), length.to_string().into());
    }
}

/// Keys of a response that say in which form its body is written, and how long it took: they make no other answer.
const OF_FORM: [&str; 6] = [
    "base64Body",
    "body",
    "fixedDelayMilliseconds",
    "jsonBody",
    "transformerParameters",
    "transformers",
];

fn digest(response: &Object, body: &[u8]) -> String {
    digest_with(response, (None, &[]), body)
}

/// Trailers, and informational answers.
type Beside<'a> = (Option<&'a BTreeMap<String, Value>>, &'a [Value]);

fn digest_with(response: &Object, beside: Beside<'_>, body: &[u8]) -> String {
    let mut digest = Sha256::new();
    let (trailers, informational) = beside;
    if trailers.is_some() || !informational.is_empty() {
        digest.update(json!([trailers, informational]).to_string());
    }
    for (key, value) in response {
        if !OF_FORM.contains(&key.as_str()) {
            digest.update(key.as_bytes());
            digest.update(value.get().as_bytes());
        }
    }
    digest.update(body);
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes as a text of Latin-1.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// The media type of an answer, in lower case and without parameters.
fn media_type(headers: &HeaderMap) -> String {
    text(headers, &CONTENT_TYPE).split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}
