//! Secrets planted in every place: none is left, and what is none stays as it was.

use base64::Engine as _;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

mod bodies;
mod kinds;

const SECRET: &str = "SECRET123dzq";

fn redactor() -> Redactor {
    Redactor::new(Key::of(b"k"))
}

fn text(text: &str) -> String {
    redactor().pass("/x").changed(text).unwrap_or_else(|| text.to_owned())
}

fn header(name: &'static str, value: &str) -> String {
    redactor().pass("/x").header(&HeaderName::from_static(name), value)
}

fn media(kind: &str, coding: Option<&str>) -> Media {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, kind.parse().unwrap());
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, coding.parse().unwrap());
    }
    Media::of(&headers)
}

#[test]
fn no_secret_is_left_in_a_text() {
    let s = SECRET;
    let json_in_json = json!({"body": json!({"password": s}).to_string()}).to_string();
    let applied = json!({"kind": "Secret", "stringData": {"k": s}}).to_string();
    let planted = [
        format!(r#"{{"a":{{"b":[{{"password":"{s}"}}]}}}}"#),
        format!(r#"{{"auth":{{"identity":{{"methods":["token"],"token":{{"id":"{s}"}}}}}}}}"#),
        format!(r#"{{"tokens":["{s}"],"token":["{s}"]}}"#),
        format!(r#"{{"password":{{"value":"{s}"}},"auth":{{"key":"{s}"}}}}"#),
        format!(r#"{{"credential":{{"access":"{s}","secret":"{s}","securitytoken":"{s}"}}}}"#),
        format!(r#"{{"env":[{{"name":"DB_PASSWORD","value":"{s}"}}]}}"#),
        format!(r#"{{"headers":[{{"key":"Authorization","value":"Bearer {s}"}}]}}"#),
        format!(r#"[{{"op":"replace","path":"/password","value":"{s}"}}]"#),
        format!(r#"{{"url":"postgres://u:{s}@db/x","u2":"http://x/?X-Amz-Signature={s}"}}"#),
        format!(r#"{{"dsn":"user:{s}@tcp(db:3306)/x"}}"#),
        format!(r#"{{"id":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{s}.abc"}}"#),
        format!(r#"{{"cert":"-----BEGIN PRIVATE KEY-----\n{s}\n-----END PRIVATE KEY-----"}}"#),
        format!(r#"{{"query":"mutation {{ login(password: \"{s}\") {{ token }} }}"}}"#),
        format!(r#"{{"connectionString":"Server=db;Password={s};"}}"#),
        format!(r#"{{"kind":"Secret","stringData":{{"anything":"{s}"}}}}"#),
        format!(r#"{{"kind":"SecretList","items":[{{"data":{{"k":"{s}"}}}}]}}"#),
        format!(r#"{{"type":"ADDED","object":{{"kind":"Secret","data":{{"k":"{s}"}}}}}}"#),
        json!({"metadata": {"annotations": {"last-applied": applied}}}).to_string(),
        json_in_json,
        format!("{{\"password\":\"{s}\"}}\n{{\"token\":\"{s}\"}}\n"),
        format!("data: {{\"access_token\":\"{s}\"}}\n\ndata: {{\"x\":1}}\n\n"),
        format!("event: login\ndata: token={s}\n\n"),
        format!("grant_type=x&client%5Fsecret={s}"),
        format!("username=u&password={s}"),
        format!("grant_type=authorization_code&code={s}&code_verifier={s}"),
        format!("<login><password>{s}</password></login>"),
        format!("<l:login xmlns:l=\"x\"><l:Password type=\"t\"> {s} </l:Password></l:login>"),
        format!("<p><![CDATA[x]]></p><apiKey><![CDATA[{s}]]></apiKey>"),
        format!("<user password=\"{s}\"/><property name=\"password\" value='{s}'/>"),
        format!(
            "<input type=hidden name=csrf_token value=\"{s}\"><meta name=\"csrf-token\" content=\"{s}\">"
        ),
        format!("<entry key=\"password\">{s}</entry>"),
        format!("password: {s}\nuser: x\n"),
        format!("db:\n  - password: \"{s}\"\n  - token: '{s}'\n"),
        format!("password: |\n  {s}\n  {s}\nuser: x\n"),
        format!("kind: Secret\napiVersion: v1\nmetadata: {{name: c}}\nstringData: {{k: {s}}}\n"),
        format!("apiVersion: v1\nkind: Secret\ndata:\n  whatever: {s}\n"),
        format!(r#"{{"property":"password","newValue":"{s}"}}"#),
        format!(r#"[["x-api-key","{s}"]]"#),
        format!(r#"{{"argv":["mysql","-p{s}","db"]}}"#),
        format!(r#"{{"mfa":{{"code":"{s}"}}}}"#),
        format!("data: {{\"token\":\ndata: \"{s}\"}}\n\n"),
        format!("INSERT INTO u (name, password) VALUES ('a, b', '{s}'), ('c', '{s}');"),
        format!("ldapsearch -D cn=a -w {s} && openssl x -k {s}"),
        format!("pw = <<EOT\n{s}\nEOT\n"),
        format!("let apiKey: String = \"{s}\"\nAPI_KEY ?= {s}\n"),
        format!("Passwort: {s}\nmot de passe : {s}\n"),
        format!(
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{s}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----"
        ),
        format!("password={s}\ntoken: {s}\n"),
        format!("export AWS_SECRET_ACCESS_KEY={s}\n"),
        format!("[db]\npassword = {s}\n"),
        format!("-----BEGIN RSA PRIVATE KEY-----\n{s}\n-----END RSA PRIVATE KEY-----\n"),
        format!("curl -H 'Authorization: Bearer {s}' https://x/"),
        format!("GET /x?access_token={s}&a=b HTTP/1.1"),
        format!("https://hooks.example.com/hooks/T0/B0/{s}"),
        format!("--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{s}\r\n--B--\r\n"),
        format!(
            "--B\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{{\"token\":\"{s}\"}}\r\n--B--\r\n"
        ),
        format!(r#"{{"args":["--password={s}","--token","{s}","--name","x"]}}"#),
        format!(
            r#"{{"args":["--api-key={s}","sh","-c","PGPASSWORD={s} psql --db-password {s}"]}}"#
        ),
        format!("machine h login u password {s}\n"),
        format!("CREATE USER u IDENTIFIED BY '{s}'; ALTER ROLE r PASSWORD '{s}'"),
        format!("<plist><key>password</key><string>{s}</string></plist>"),
        format!("<input type=\"password\" name=\"p\" value=\"{s}\">"),
        format!("user,password,id\nann,{s},1\nbob,\"{s}\",2\n"),
        format!("https://hooks.slack.com/services/T000/B000/{s}"),
        format!("https://x/account/reset/{s}?a=b"),
        format!("https://x/;jsessionid={s}"),
        format!(r#"{{"verification_code":"{s}","recoveryCodes":["{s}"],"secret_key_base":"{s}"}}"#),
        format!(r#"{{"cookies":[{{"name":"a","value":"{s}"}}],"X-Password":"{s}"}}"#),
        format!("spring.datasource.password={s}\n"),
        format!("var csrfToken = \"{s}\"; window.__TOKEN__='{s}'"),
        format!("<wsse:Password Type=\"x#PasswordText\">{s}</wsse:Password>"),
        "ghp_SECRET123dzqSECRET123dzq xoxb-SECRET123dzq-x AKIASECRET123DZQ0000".to_owned(),
    ];
    for text_in in planted {
        let out = text(&text_in);
        assert!(!out.contains(SECRET), "{text_in}\n{out}");
        assert_eq!(out.len(), text_in.len(), "{text_in}\n{out}");
    }
}

#[test]
fn base64_is_looked_into() {
    let engine = base64::engine::general_purpose::STANDARD;
    let inner = engine.encode(format!("{{\"password\":\"{SECRET}\"}}"));
    let out = text(&format!("{{\"data\":\"{inner}\"}}"));
    assert!(!out.contains(&inner));
    let value: Value = serde_json::from_str(&out).unwrap();
    let decoded = engine.decode(value["data"].as_str().unwrap()).unwrap();
    let decoded: Value = serde_json::from_slice(&decoded).unwrap();
    assert_ne!(decoded["password"], SECRET);
    let harmless = "{\"data\":\"aGVsbG8gd29ybGQgaGVsbG8gd29y\"}";
    assert_eq!(text(harmless), harmless);
}

#[test]
fn what_is_no_secret_stays_as_it_was() {
    for plain in [
        r#"{"b" : 1, "a":[1.0e3, "x"],  "metadata":{"continue":"abc","resourceVersion":"5"}}"#,
        r#"{"nextPageToken":"abcdef","token_type":"Bearer","expires_in":3600,"max_tokens":100}"#,
        r#"{"imagePullSecrets":[{"name":"regcred"}],"secretName":"tls","automountServiceAccountToken":false}"#,
        r#"{"kind":"ConfigMap","data":{"key":"value"}}"#,
        "name: x\nspec:\n  replicas: 3\n",
        "<a><name>x</name></a>",
        "a=b&c=d",
        "the token was not found",
        "https://example.com/a/b?page=2&limit=10#top",
        "key: value\nauthor: me\n",
        "kind: ConfigMap\ndata:\n  a: b\n",
        "https://x/hooks/build-v2 and https://x/hooks/events2-eu1",
        "https://x/repos/a/hooks/x1/deliveries and /v1/hooks/3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "sha512-9hW5dUPpjZBHlXV1Zc1SbNn4zFbTbXEV8C0bH8rG3hQ and index 83db48f..bf269f4 100644",
        r#"{"projectKey":"PROJ","objectKey":"a/d41d8cd98f00b204e9800998ecf8427e","id":"password"}"#,
        r#"{"methods":["token","password"],"key":"greeting","text":"hello"}"#,
        "",
    ] {
        assert_eq!(text(plain), plain);
    }
}

#[test]
fn all_else_in_a_text_comes_back_byte_for_byte() {
    let before =
        "{ \"z\" : 1.50, \"password\":\"SECRET123dzq\" ,\"a\":[ 1,2 ],\n\"z\":\"\\u00e9\" }\n";
    let after = text(before);
    let at = before.find(SECRET).unwrap();
    assert_eq!(after[..at], before[..at]);
    assert_eq!(after[at + SECRET.len()..], before[at + SECRET.len()..]);
}

#[test]
fn header_fields_by_name_and_by_what_stands_in_them() {
    for (name, value, kept) in [
        ("authorization", "Bearer SECRET123dzq", "Bearer "),
        ("authorization", "SECRET123dzq", ""),
        ("proxy-authorization", "Basic dTpTRUNSRVQxMjNkenE=", "Basic dTp"),
        (
            "authorization",
            "Digest username=\"u\", response=\"SECRET123dzq\"",
            "Digest username=\"u\", response=\"",
        ),
        ("cookie", "a=SECRET123dzq; b=SECRET123dzq", "a="),
        ("set-cookie", "session=SECRET123dzq; Path=/; HttpOnly", "session="),
        ("set-cookie", "SECRET123dzq", ""),
        ("x-api-key", "SECRET123dzq", ""),
        ("x-token", "Token SECRET123dzq", "Token "),
        ("referer", "https://x/?access_token=SECRET123dzq", "https://x/?access_token="),
        (
            "location",
            "/cb?code=SECRET123dzq&access_token=SECRET123dzq#id_token=SECRET123dzq",
            "/cb?code=",
        ),
        ("link", "<https://x/?access_token=SECRET123dzq>; rel=next", "<https://x/?access_token="),
        ("www-authenticate", "Bearer token=\"SECRET123dzq\"", "Bearer "),
        (
            "sec-websocket-protocol",
            "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.SECRET123dzq",
            "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.",
        ),
        ("x-forwarded-uri", "/a?sig=SECRET123dzq", "/a?sig="),
    ] {
        let out = header(name, value);
        assert!(!out.contains(SECRET) && !out.contains("dTpTRUNSRVQxMjNkenE="), "{name}: {out}");
        assert!(out.starts_with(kept), "{name}: {out}");
        assert_eq!(out.len(), value.len(), "{name}: {out}");
    }
    assert_eq!(
        header("content-type", "application/json; charset=utf-8"),
        "application/json; charset=utf-8"
    );
    assert_eq!(header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), "dGhlIHNhbXBsZSBub25jZQ==");
}

#[test]
fn targets_lose_their_secrets_and_keep_the_rest() {
    let pass = redactor();
    let target = |text: &str| pass.pass(text).target(text);
    for name in ["token", "access%5Ftoken", "X-Amz-Signature", "code", "sig", "api_key"] {
        let out = target(&format!("/q/?a=b&{name}={SECRET}&c=d"));
        assert!(out.starts_with(&format!("/q/?a=b&{name}=")) && out.ends_with("&c=d"), "{out}");
        assert!(!out.contains(SECRET), "{out}");
    }
    assert!(!target(&format!("/q3/?bad=%zz&access_token={SECRET}")).contains(SECRET));
    assert!(!target(&format!("/s/hook/{SECRET}")).contains(SECRET));
    assert!(!target("/s/hook/u-s3cr3t-path").contains("s3cr3t"));
    // What follows a name is in its segment, if anywhere.
    for path in ["/Pw:/a", "/Pw:/AAAaa", "/x/password:/", "/token=/hunter22"] {
        assert_eq!(target(path), path);
    }
    let nested = format!("/x?filter=%7B%22password%22%3A%22{SECRET}%22%7D");
    assert!(!target(&nested).contains(SECRET), "{}", target(&nested));
    assert_eq!(
        target("/apis/batch/v1/jobs?limit=5&continue=abc"),
        "/apis/batch/v1/jobs?limit=5&continue=abc"
    );
    let encoded = target("/x?password=a%2Fb%20c9");
    assert!(
        encoded.contains("%2F") && encoded.contains("%20") && !encoded.contains("a%2Fb"),
        "{encoded}"
    );
}

#[test]
fn requests_about_secrets_are_known_by_their_path() {
    let redactor = redactor();
    let pass = redactor.pass("/api/v1/namespaces/d/secrets/a?x=y");
    for body in [
        format!(r#"{{"stringData":{{"k":"{SECRET}"}},"data":{{"k":"U0VDUkVUMTIzZHpx"}}}}"#),
        format!(
            r#"[{{"op":"add","path":"/stringData/k","value":"{SECRET}"}},{{"op":"add","path":"/data/k","value":"U0VDUkVUMTIzZHpx"}}]"#
        ),
        format!("stringData:\n  k: {SECRET}\ndata: {{k: U0VDUkVUMTIzZHpx}}\n"),
    ] {
        let out = pass.changed(&body).unwrap();
        assert!(!out.contains(SECRET) && !out.contains("U0VDUkVUMTIzZHpx"), "{out}");
    }
    let list = r#"{"kind":"SecretList","items":[{"metadata":{"name":"a"},"data":{"tls.key":"U0VDUkVUMTIzZHpx"}}]}"#;
    let out: Value = serde_json::from_str(&pass.changed(list).unwrap()).unwrap();
    assert_eq!(out["items"][0]["metadata"]["name"], "a");
    let value = out["items"][0]["data"]["tls.key"].as_str().unwrap();
    let value = base64::engine::general_purpose::STANDARD.decode(value).unwrap();
    assert_eq!(value.len(), SECRET.len());
}

#[test]
fn a_secret_is_found_again_where_it_has_no_name() {
    let redactor = redactor();
    let pass = redactor.pass("/login");
    pass.header(&HeaderName::from_static("authorization"), "Bearer abc123xyz");
    pass.changed(r#"{"session_id":"sess-0123456789","word":"x"}"#);
    redactor.learn(&pass);
    let known = redactor.known_with(&pass);
    let text = "you sent abc123xyz and have sess-0123456789".to_owned();
    let out = redactor.without(&known, text);
    assert!(!out.contains("abc123xyz") && !out.contains("sess-0123456789"), "{out}");
    assert!(out.contains(&Key::of(b"k").pseudonym("abc123xyz")), "one secret stays one: {out}");
    let token = |n: usize| format!("t-{n:010}");
    for n in 0..200 {
        let pass = redactor.pass("/x");
        pass.changed(&format!("token={}", token(n)));
        redactor.learn(&pass);
    }
    let known = redactor.remembered();
    for n in [0, 100, 199] {
        assert_ne!(redactor.without(&known, token(n)), token(n), "all are remembered");
    }
}

#[test]
fn patterns_have_a_mark_where_a_secret_stood() {
    let marks = Redactor::marks("/x");
    let marked = |text: &str| marks.changed(text).unwrap();
    assert_eq!(
        marked("<a><password>p1</password></a>"),
        format!("<a><password>{MARK}</password></a>")
    );
    assert_eq!(
        marked(r#"{"password":"p","otp":123456}"#),
        format!(r#"{{"password":"{MARK}","otp":"{MARK}0"}}"#)
    );
    let inner = marked(r#"{"body":"{\"password\":\"p\"}"}"#);
    assert_eq!(inner, format!(r#"{{"body":"{MARK}"}}"#));
    assert_eq!(marks.target("/x?token=a%20b"), format!("/x?token={MARK}"));
}

/// Places of a secret, which is at `{}`.
const PLACES: [&str; 24] = [
    "password={}",
    "a=b&access_token={}&c=d",
    r#"{"clientSecret":"{}"}"#,
    r#"{"a":{"tokens":["{}"]}}"#,
    r#"{"secrets":{"ci":"{}"}}"#,
    r#"{"name":"API_KEY","value":"{}"}"#,
    r#"[{"op":"add","path":"/spec/password","value":"{}"}]"#,
    r#"{"body":"{\"password\":\"{}\"}"}"#,
    r#"{"kty":"oct","k":"{}"}"#,
    r#"{"kind":"Secret","stringData":{"x":"{}"}}"#,
    "kind: Secret\napiVersion: v1\nstringData:\n  x: {}\n",
    "users:\n- name: u\n  user:\n    token: {}\n",
    "- name: DB_PASSWORD\n  value: {}\n",
    "<login><password>{}</password></login>",
    "<input type=hidden value=\"{}\" name=\"csrf_token\">",
    "https://user:{}@host/path",
    "see https://x/?a=b&sig={} there",
    "Authorization: Bearer {}",
    "export SECRET_KEY={}\n",
    "run --api-key {} now",
    "curl -u me:{} https://x/",
    "machine h login u password {}\n",
    "CREATE USER u PASSWORD '{}';",
    "name,password\nann,{}\n",
];

proptest! {
    /// Every shape of a token is gone from every place, and from what repeats it encoded.
    #[test]
    fn a_secret_of_any_shape_is_gone_from_any_place(
        place in prop::sample::select(PLACES.to_vec()),
        secret in prop_oneof![
            "[A-Z][a-z]{3}[0-9]{2}[A-Za-z0-9]{4,34}", "[0-9]{2}[a-f][0-9a-f]{29,61}", "[A-Z2-7]{15,31}7", "[a-z]{6}[0-9][a-z0-9]{9,20}"
        ],
    ) {
        let redactor = redactor();
        let pass = redactor.pass("/x");
        let text_in = place.replace("{}", &secret);
        let out = pass.changed(&text_in).unwrap_or_else(|| text_in.clone());
        prop_assert!(!out.contains(&secret), "{}\n{}", text_in, out);
        redactor.learn(&pass);
    let known = redactor.known_with(&pass);
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("me:{secret}"));
        let out = redactor.without(&known, format!("{encoded} {secret}"));
        prop_assert!(!out.contains(&secret) && !out.contains(&encoded), "{}", out);
    }

    /// Whatever stands around it, a planted secret is gone, and JSON stays JSON.
    #[test]
    fn a_planted_secret_is_gone(
        secret in "[A-Za-z][A-Za-z0-9]{5}[0-9][A-Za-z]{6}",
        name in prop::sample::select(vec!["password", "apiKey", "access_token", "clientSecret", "DB_PASSWORD"]),
        before in "[a-z {}\\[\\]:,\"\\\\é\n]{0,20}",
        nested in 0..3_usize,
    ) {
        let mut value = json!({(name): secret, "note": before, "n": [1, {"x": null}]});
        for _ in 0..nested {
            value = json!({"inner": value.to_string(), "list": [value]});
        }
        let out = text(&value.to_string());
        prop_assert!(!out.contains(&secret), "{}", out);
        prop_assert!(serde_json::from_str::<Value>(&out).is_ok(), "{}", out);
    }

    #[test]
    fn no_text_breaks_the_redactor(text_in in "\\PC{0,200}", piece in prop::sample::select(vec!["{\"password\":\"", "token=", "<password>", "-----BEGIN PRIVATE KEY-----", "://u:p@", "kind: Secret\ndata:\n  a: b\n"])) {
        text(&format!("{piece}{text_in}"));
        text(&format!("{text_in}{piece}"));
        let redactor = redactor();
        redactor.pass("/api/v1/secrets").changed(&text_in);
        redactor.pass(&text_in).target(&text_in);
    }
}
