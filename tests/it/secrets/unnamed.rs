//! Secrets that no name and no known prefix gives away, and those beside the name of a service alone, in every place.

/// Shapes of tokens, in the words of [`plant`](super::plant): letters and digits, and small ones alone.
const OPAQUE: [&str; 4] = ["{a}", "{low43}", "acme-{a}", "x{low43}"];

/// Names that services document for their keys, with the shape of these.
const NAMED: [(&str, &str); 8] = [
    ("bitbucket_client_id", "{low43}"),
    ("discord", "{x}"),
    ("message-bird-key", "{low43}"),
    ("newRelicKey", "{a}"),
    ("heroku_key", "{u}"),
    ("acme_key", "{u}"),
    ("fastly", "{a}"),
    ("widget_key", "{x}"),
];

/// Places for a secret `{}` without a name, and for one with the name `{n}`.
const PLACES: [(&str, &str); 16] = [
    ("path", "/items/{}/parts"),
    ("query", "note={}"),
    ("form", "a=b&note={}"),
    ("body application/json", r#"{"a": {"note": "{}"}}"#),
    ("body application/json", r#"{"a": "{\"note\": \"{}\"}"}"#),
    ("body application/xml", "<a><note>{}</note></a>"),
    (
        "body multipart/form-data; boundary=B",
        "--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n{}\r\n--B--\r\n",
    ),
    ("request header X-Note", "{}"),
    ("answer application/json", r#"{"items": [{"note": "{}"}]}"#),
    ("answer application/json+gzip", r#"{"items": [{"note": "{}"}]}"#),
    ("answer text/plain", "cannot sign in with {}, it has expired\n"),
    ("answer application/yaml", "a: 1\nnote: {}\nb: 2\n"),
    ("answer text/event-stream", "data: {\"note\": \"{}\"}\n\n"),
    ("answer application/x-ndjson", "{\"a\": 1}\n{\"note\": \"{}\"}\n"),
    ("answer header Location", "https://other.test/cb?note={}"),
    ("answer text/html", "<a href=\"/x/{}\">{}</a>"),
];

/// Kind, place and text of each.
pub(super) fn kinds() -> Vec<(String, String, String)> {
    let mut kinds = Vec::new();
    for (place, text) in PLACES {
        for shape in OPAQUE {
            let kind = format!("{shape} without a name");
            // A second value of the same kind would be another secret.
            kinds.push((kind, place.to_owned(), text.replacen("{}", shape, 1).replace("{}", "it")));
        }
        for (name, shape) in NAMED {
            if !text.contains("note") || place.starts_with("request header") {
                continue;
            }
            let text = text.replace("note", name).replacen("{}", shape, 1);
            kinds.push((format!("{shape} as {name}"), place.to_owned(), text));
        }
    }
    kinds
}
