//! The lines of a server: exchanges and messages → text, JSON, or the combined format of web servers' access logs.

use http::{Version, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::Exchange;
use crate::message::Origin;

use super::args::LogFormat;

/// An exchange as a line.
pub(super) fn exchange(format: LogFormat, exchange: &Exchange) -> String {
    match format {
        LogFormat::Text => text(exchange),
        LogFormat::Json => object(exchange).to_string(),
        LogFormat::Access => access(exchange),
    }
}

/// A message as a line: start, warnings, reloads, broken clients.
pub(super) fn message(format: LogFormat, line: &str) -> String {
    match format {
        LogFormat::Json => {
            json!({"time": Timestamp::now().to_string(), "kind": "message", "message": line})
                .to_string()
        }
        LogFormat::Text | LogFormat::Access => line.to_owned(),
    }
}

/// A request with the time of day, what answered, and how long the decision took.
fn text(exchange: &Exchange) -> String {
    let took = milliseconds(exchange);
    format!("{} {took:.1}ms {}", time(exchange).strftime("%H:%M:%S%.3f"), exchange.to_line())
}

fn time(exchange: &Exchange) -> Timestamp {
    Timestamp::try_from(exchange.at).unwrap_or_default()
}

fn milliseconds(exchange: &Exchange) -> f64 {
    exchange.took.as_secs_f64() * 1e3
}

fn object(exchange: &Exchange) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("time", time(exchange).to_string().into());
    put("kind", "request".into());
    put("method", exchange.method.as_str().into());
    put("target", exchange.shown_target().into());
    put("status", exchange.status.as_u16().into());
    put("durationMs", ((milliseconds(exchange) * 1e3).round() / 1e3).into());
    put("delayMs", u64::try_from(exchange.delay().as_millis()).ok().filter(|ms| *ms > 0).into());
    put("bytes", exchange.response_length().into());
    put("stage", exchange.origin.label().into());
    put("stub", exchange.origin.id().map(|id| id.to_string()).into());
    put("stubName", exchange.stub_name().into());
    put("rule", exchange.rule().into());
    put("fault", exchange.fault.into());
    put("hint", exchange.hint().into());
    if exchange.origin == Origin::Kubernetes
        && let Some((verb, resource)) = exchange.verb_and_resource()
    {
        put("verb", verb.into());
        put("resource", resource.into());
    }
    put("world", (&*exchange.world).into());
    put("peer", exchange.peer().map(|peer| peer.to_string()).into());
    put("userAgent", exchange.shown_header(&header::USER_AGENT).into());
    put("id", exchange.id.to_string().into());
    Value::Object(fields)
}

/// `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i"`, as Apache HTTP Server and nginx write it. The user is not
/// known here, and of a stream the length is not known when it begins.
fn access(exchange: &Exchange) -> String {
    let peer = exchange.peer().map_or_else(|| "-".to_owned(), |peer| peer.ip().to_string());
    let at = time(exchange).strftime("%d/%b/%Y:%H:%M:%S +0000");
    let request =
        format!("{} {} {}", exchange.method, exchange.shown_target(), version(exchange.version()));
    let length = match exchange.response_length() {
        Some(length) if length > 0 => length.to_string(),
        _ => "-".to_owned(),
    };
    let field = |name| exchange.shown_header(&name).unwrap_or_else(|| "-".to_owned());
    format!(
        "{peer} - - [{at}] \"{}\" {} {length} \"{}\" \"{}\"",
        escaped(&request),
        exchange.status.as_u16(),
        escaped(&field(header::REFERER)),
        escaped(&field(header::USER_AGENT)),
    )
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// A text that ends neither its field nor its line: the characters that Apache escapes (`ap_escape_logitem`).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => escaped.extend(['\\', letter]),
            letter if letter.is_control() => {
                for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                    escaped.push_str(&format!("\\x{byte:02x}"));
                }
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sends_stays_in_its_field() {
        let shown = escaped("a\"b\\c\nd\u{7f}\u{85}e\u{e4}");
        assert_eq!(shown, "a\\\"b\\\\c\\x0ad\\x7f\\xc2\\x85e\u{e4}");
    }

    #[test]
    fn messages_are_json_where_all_lines_are() {
        assert_eq!(message(LogFormat::Text, "a \"b\""), "a \"b\"");
        let line = message(LogFormat::Json, "a \"b\"\nc");
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&json["message"], &json["kind"]), (&json!("a \"b\"\nc"), &json!("message")));
        assert!(!line.contains('\n'), "one message, one line");
    }
}
