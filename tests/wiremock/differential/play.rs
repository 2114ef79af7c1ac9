//! One round on both servers, and the first thing that differs.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::requests::Generated;
use super::stubs::Round;
use crate::reply::Reply;
use crate::server::Server;
use crate::wire::Outgoing;

/// How long one exchange may take on a busy machine.
const EXCHANGE: Duration = Duration::from_secs(20);

/// Both servers.
pub(super) struct Pair {
    standin: Server,
    wiremock: Server,
}

impl Pair {
    pub(super) fn start(jar: &Path) -> Result<Self, String> {
        Ok(Self { standin: Server::start()?, wiremock: Server::start_wiremock(jar)? })
    }

    /// Plays a round on both.
    pub(super) fn play(&self, round: &Round) -> Result<(), String> {
        let servers = [&self.wiremock, &self.standin];
        for server in servers {
            admin(server, "DELETE", "/__admin/mappings", None)?;
            admin(server, "POST", "/__admin/reset", None)?;
        }
        for stub in &round.stubs {
            let [wiremock, standin] = servers.map(|server| {
                admin(server, "POST", "/__admin/mappings", Some(stub)).map(|reply| reply.status)
            });
            let (wiremock, standin) = (wiremock?, standin?);
            if wiremock != standin {
                return Err(format!("making {stub}: {wiremock:?}, here {standin:?}"));
            }
        }
        for request in &round.requests {
            let [wiremock, standin] =
                servers.map(|server| send(server, request).map(|reply| counted(&reply)));
            let (wiremock, standin) = (wiremock?, standin?);
            // A deliberate difference: the match itself fails there with an exception; here the stub does not match.
            if wiremock == json!({"without a stub": 500})
                && standin == json!({"without a stub": 404})
            {
                continue;
            }
            if wiremock != standin {
                return Err(format!("{request}:\n    WireMock {wiremock}\n    here     {standin}"));
            }
        }
        Ok(())
    }
}

fn admin(server: &Server, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, String> {
    let body = body.map(|body| body.to_string().into_bytes());
    let outgoing = Outgoing::new(method, path, &[], body.as_deref());
    let reply = outgoing.exchange(server.address, false, Instant::now() + EXCHANGE)?;
    if reply.status.is_none() {
        return Err(format!("{method} {path}: no answer ({})", reply.end.name()));
    }
    Ok(reply)
}

fn send(server: &Server, request: &Generated) -> Result<Reply, String> {
    let body = request.body.as_ref().map(String::as_bytes);
    let outgoing = Outgoing::new(request.method, &request.target, &request.headers, body);
    outgoing.exchange(server.address, false, Instant::now() + EXCHANGE)
}

/// What counts of an answer.
fn counted(reply: &Reply) -> Value {
    let stub = reply.header("Matched-Stub-Id");
    // Pages of the server itself: their text is nobody's matter.
    if stub.is_none() && reply.status.is_some_and(|status| status >= 400) {
        return json!({"without a stub": reply.status});
    }
    let repeated: Vec<&str> = reply.all("X-R").collect();
    let mut body = String::from_utf8_lossy(&reply.body).into_owned();
    // An error of a template names Java's classes behind its place.
    if reply.status == Some(500)
        && let Some(end) = body.find(": ")
        && body[..end].split(':').all(|part| part.parse::<u32>().is_ok())
    {
        body.truncate(end);
    }
    json!({
        "status": reply.status,
        "reason": reply.reason,
        "stub": stub,
        "type": reply.header("Content-Type"),
        "repeated": repeated,
        "body": body,
    })
}
