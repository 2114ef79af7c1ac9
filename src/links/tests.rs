use bytes::Bytes;
use http::Method;
use http::header::{HeaderMap, HeaderName};
use proptest::prelude::*;

use super::stream::Rewriting;
use super::*;
use crate::message::Request;

fn links(backends: &[(&str, &str)]) -> Links {
    let backend = |(url, below): &(&str, &str)| Backend::new(url, below).unwrap();
    Links::new(backends.iter().map(backend).collect())
}

fn client(authority: &str) -> ClientBase {
    ClientBase { secure: false, authority: authority.into(), path: String::new() }
}

fn text(links: &Links, text: &str) -> String {
    let new = links.to_client(text.as_bytes(), &client("c:1"));
    new.map_or_else(|| text.to_owned(), |new| String::from_utf8(new).unwrap())
}

fn field(
    links: &Links,
    target: &str,
    base: &ClientBase,
    name: &'static str,
    value: &str,
) -> String {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    links.fields_to_client(&mut headers, target, base);
    headers[name].to_str().unwrap().to_owned()
}

#[test]
fn links_lead_to_the_client_however_they_are_spelled() {
    let of = links(&[("http://api.test:8001", "")]);
    for (before, after) in [
        ("http://api.test:8001/x?y=1", "http://c:1/x?y=1"),
        (r#"{"next":"http://api.test:8001"}"#, r#"{"next":"http://c:1"}"#),
        (r#"{"next":"http:\/\/api.test:8001\/x"}"#, r#"{"next":"http:\/\/c:1\/x"}"#),
        (r#""https://api.test:8001/""#, r#""http://c:1/""#),
        ("u=http%3A%2F%2Fapi.test%3A8001%2Fx", "u=http%3A%2F%2Fc%3A1%2Fx"),
        ("u=http%3a%2f%2fapi.test%3a8001%2fx", "u=http%3A%2F%2Fc%3A1%2fx"),
        ("u=http%253A%252F%252Fapi.test%253A8001", "u=http%253A%252F%252Fc%253A1"),
        ("u=http%3A//api.test%3A8001/x", "u=http%3A//c%3A1/x"),
        ("u=http:%2F%2Fapi.test:8001%2Fx", "u=http:%2F%2Fc:1%2Fx"),
        (r"http:\u002f\u002fapi.test:8001", r"http:\u002F\u002Fc:1"),
        ("http:&#x2F;&#x2F;api.test:8001&#x2F;x", "http:&#x2F;&#x2F;c:1&#x2F;x"),
        ("<a href='//api.test:8001/x'>", "<a href='//c:1/x'>"),
        ("ws://api.test:8001/s", "ws://c:1/s"),
        ("HTTP://api.test:8001", "http://c:1"),
        (r#""a\nhttp://api.test:8001 is up.""#, r#""a\nhttp://c:1 is up.""#),
        ("see http://api.test:8001.", "see http://c:1."),
        ("http://api.test:8001,http://api.test:8001", "http://c:1,http://c:1"),
    ] {
        assert_eq!(text(&of, before), after, "{before}");
    }
}

#[test]
fn other_addresses_stay() {
    let of = links(&[("http://api.test:8001", "")]);
    for other in [
        "http://api.test/x",
        "http://api.test:80010/x",
        "http://api.test:8001.example.com/",
        "http://api.test.example.com:8001/",
        "http://my-api.test:8001/",
        "http://user@api.test:8001/",
        "ftp://api.test:8001/",
        "xhttp://api.test:8001/",
        "the host is api.test:8001",
        "http%3A%2F%2Fapi.test%3A80019",
        "a//api.test:8001",
        "",
    ] {
        assert_eq!(text(&of, other), other);
    }
    let of = links(&[("https://api.test", "")]);
    for (before, after) in [
        ("https://api.test/x", "http://c:1/x"),
        ("https://api.test:443/x", "http://c:1/x"),
        ("http://api.test/x", "http://c:1/x"),
        ("https://api.test:8443/x", "https://api.test:8443/x"),
    ] {
        assert_eq!(text(&of, before), after, "{before}");
    }
    let of = links(&[("http://127.0.0.1:9000", "")]);
    assert_eq!(text(&of, "http://localhost:9000/ http://[::1]:9000"), "http://c:1/ http://c:1");
}

#[test]
fn a_backend_is_found_at_its_path() {
    let of = links(&[
        ("https://api.test/v1", ""),
        ("https://auth.test", "/auth"),
        ("https://api.test/v1/admin", "/adm"),
    ]);
    for (before, after) in [
        ("https://api.test/v1/pods", "http://c:1/pods"),
        ("https://api.test/v1", "http://c:1"),
        ("https://api.test/v1?x", "http://c:1?x"),
        ("https://api.test/v10", "https://api.test/v10"),
        ("https://api.test/v2", "https://api.test/v2"),
        ("https://api.test/v1/admin/x", "http://c:1/adm/x"),
        (r"https:\/\/auth.test\/token", r"http:\/\/c:1\/auth\/token"),
        ("r=https%3A%2F%2Fapi.test%2Fv1%2Fx", "r=http%3A%2F%2Fc%3A1%2Fx"),
    ] {
        assert_eq!(text(&of, before), after, "{before}");
    }
}

#[test]
fn fields_follow_the_place_of_their_backend() {
    let of = links(&[("https://api.test/v1", ""), ("https://auth.test", "/auth")]);
    let world = ClientBase { secure: false, authority: "c:1".into(), path: "/worlds/a".into() };
    let plain = client("c:1");
    for (target, base, name, before, after) in [
        ("/x", &plain, "location", "https://api.test/v1/y", "http://c:1/y"),
        ("/x", &plain, "location", "/v1/y", "/y"),
        ("/x", &plain, "location", "/v1", "/"),
        ("/x", &plain, "location", "/other", "/other"),
        ("/x", &plain, "location", "y/z", "y/z"),
        (
            "/auth/x",
            &plain,
            "location",
            "/login?to=https%3A%2F%2Fapi.test%2Fv1",
            "/auth/login?to=http%3A%2F%2Fc%3A1",
        ),
        ("/auth/x", &world, "location", "/login", "/worlds/a/auth/login"),
        ("/x", &world, "content-location", "https://api.test/v1/y", "http://c:1/worlds/a/y"),
        ("/x", &plain, "refresh", "5; url=/v1/y", "5; url=/y"),
        (
            "/x",
            &plain,
            "link",
            "</v1/y?p=2>; rel=\"next\", <https://api.test/v1/z>; rel=last",
            "</y?p=2>; rel=\"next\", <http://c:1/z>; rel=last",
        ),
        (
            "/x",
            &plain,
            "www-authenticate",
            "Bearer realm=\"https://auth.test/token\",service=\"s\"",
            "Bearer realm=\"http://c:1/auth/token\",service=\"s\"",
        ),
        ("/x", &plain, "access-control-allow-origin", "https://auth.test", "http://c:1/auth"),
        ("/x", &plain, "etag", "\"api.test\"", "\"api.test\""),
        ("/x", &plain, "set-cookie", "a=b; Domain=api.test; Secure; HttpOnly", "a=b; HttpOnly"),
        ("/x", &plain, "set-cookie", "a=b; domain=.test; path=/v1/x", "a=b; Path=/x"),
        ("/x", &plain, "set-cookie", "a=b; Domain=other.example", "a=b; Domain=other.example"),
        ("/x", &plain, "set-cookie", "__Host-a=b; Secure; Path=/", "__Host-a=b; Secure; Path=/"),
        ("/auth/x", &plain, "set-cookie", "a=b; Path=/", "a=b; Path=/auth/"),
    ] {
        assert_eq!(field(&of, target, base, name, before), after, "{target} {name}: {before}");
    }
    let secure = ClientBase { secure: true, ..client("c:1") };
    assert_eq!(field(&of, "/x", &secure, "set-cookie", "a=b; Secure"), "a=b; Secure");
    assert_eq!(field(&of, "/x", &secure, "location", "https://api.test/v1"), "https://c:1");
}

#[test]
fn what_a_client_says_of_the_server_names_the_backend() {
    let of = links(&[("https://api.test/v1", ""), ("http://auth.test:81", "/auth")]);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("origin", "http://c:1"),
        ("referer", "http://c:1/page"),
        ("destination", "http://other/x"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let mut second = headers.clone();
    of.fields_to_backend(&mut headers, "/x", &client("c:1"));
    assert_eq!(
        (&headers["origin"], &headers["referer"]),
        (&"https://api.test".parse().unwrap(), &"https://api.test/v1/page".parse().unwrap())
    );
    assert_eq!(headers["destination"], "http://other/x");
    second.insert("referer", "http://c:1/auth/page".parse().unwrap());
    of.fields_to_backend(&mut second, "/auth/x", &client("c:1"));
    assert_eq!(
        (&second["origin"], &second["referer"]),
        (&"http://auth.test:81".parse().unwrap(), &"http://auth.test:81/page".parse().unwrap())
    );
}

#[test]
fn only_texts_are_rewritten() {
    let of = |fields: &[(&str, &str)]| {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
        };
        fields.iter().map(pair).collect::<HeaderMap>()
    };
    for (media, text) in [
        ("application/json; charset=utf-8", true),
        ("application/hal+json", true),
        ("application/vnd.pypi.simple.v1+json", true),
        ("text/html", true),
        ("text/event-stream", true),
        ("application/atom+xml", true),
        ("image/svg+xml", true),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false),
        ("application/octet-stream", false),
        ("application/x-git-upload-pack-result", false),
        ("application/grpc", false),
        ("image/png", false),
    ] {
        assert_eq!(is_rewritten(&of(&[("content-type", media)])), text, "{media}");
    }
    for field in [
        ("content-range", "bytes 0-1/2"),
        ("content-encoding", "br"),
        ("docker-content-digest", "sha256:0"),
    ] {
        let headers = of(&[("content-type", "application/json"), field]);
        assert!(!is_rewritten(&headers) && kept_because(&headers).is_some(), "{field:?}");
    }
}

#[test]
fn the_base_is_that_of_the_request() {
    let of = |fields: &[(&'static str, &str)]| {
        let mut request = Request::new(Method::GET, "/x");
        for (name, value) in fields {
            request.headers.insert(*name, value.parse().unwrap());
        }
        request.mount = Some("/worlds/w".into());
        ClientBase::of(&request).map(|base| base.origin() + &base.path)
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[("host", "h:1")]).as_deref(), Some("http://h:1/worlds/w"));
    let forwarded =
        [("host", "h"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "f.test, g")];
    assert_eq!(of(&forwarded).as_deref(), Some("https://f.test/worlds/w"));
}

#[test]
fn places_in_a_text_move_with_it() {
    let of = links(&[("http://backend.test:8001", "")]);
    let before = "ab http://backend.test:8001/x cd";
    let mut cuts = [0, 3, 5, 27, 29, before.len()];
    let new = of.to_client_cut(before.as_bytes(), &client("c:1"), &mut cuts).unwrap();
    assert_eq!(String::from_utf8(new).unwrap(), "ab http://c:1/x cd");
    assert_eq!(cuts, [0, 3, 13, 13, 15, 18]);
}

#[cfg(feature = "record")]
#[test]
fn nothing_waits_that_begins_no_link() {
    let of = links(&[("http://api.test:8001/base", "")]);
    let mut rewriting = Rewriting::new(&of, client("c:1"));
    let mut push = |piece: &'static str| rewriting.push(&of, Bytes::from_static(piece.as_bytes()));
    for piece in ["data: 1\n\n", "a width", "see /x", "x", "{\"a\":\"http://other/\""] {
        assert_eq!(push(piece), piece);
    }
    assert_eq!(push("to http://api.te"), "to ");
    assert_eq!(push("st:8001/ba"), "");
    assert_eq!(push("se/x and"), "http://c:1/x and");
    assert_eq!(push(" h"), " ");
    assert_eq!(rewriting.finish(&of), "h");
}

#[cfg(feature = "record")]
proptest! {
    /// The split of a body does not change the result.
    #[test]
    fn a_body_in_pieces_is_rewritten_as_the_whole(
        parts in prop::collection::vec(prop::sample::select(vec![
            "http://api.test:8001", "http:\\/\\/api.test:8001\\/x", "//api.test:8001/", "https://api.test", "http", "://",
            " ", "\"", "/a", "http%3A%2F%2Fapi.test%3A8001", "é", "\n",
        ]), 0..12),
        cuts in prop::collection::vec(0..200_usize, 0..6),
    ) {
        let of = links(&[("http://api.test:8001", "/b")]);
        let whole = parts.concat();
        let expected = of.to_client(whole.as_bytes(), &client("c:1")).unwrap_or_else(|| whole.clone().into_bytes());
        let mut rewriting = Rewriting::new(&of, client("c:1"));
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).collect();
        cuts.sort_unstable();
        cuts.push(whole.len());
        let (mut out, mut start) = (Vec::new(), 0);
        for cut in cuts {
            out.extend_from_slice(&rewriting.push(&of, Bytes::copy_from_slice(&whole.as_bytes()[start..cut])));
            start = cut;
        }
        out.extend_from_slice(&rewriting.finish(&of));
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
    }
}

#[test]
fn references_by_a_path_lose_the_path_of_the_backend() {
    let of = links(&[("https://api.test/v1", "")]);
    for (before, after) in [
        (r#"{"next":"/v1/items?page=2"}"#, r#"{"next":"/items?page=2"}"#),
        (r#"{"next":"\/v1\/items"}"#, r#"{"next":"\/items"}"#),
        (r#"{"up":"/v1","q":"/v1?a=b"}"#, r#"{"up":"/","q":"/?a=b"}"#),
        ("<a href='/v1/x'>/v1/x</a>", "<a href='/x'>/v1/x</a>"),
        ("<a href=/v1/x><D:href>/v1/x</D:href> /v1/x", "<a href=/x><D:href>/x</D:href> /v1/x"),
        ("<img srcset='/v1/a 1x, /v1/b 2x'>", "<img srcset='/a 1x, /b 2x'>"),
        ("a { background: url(/v1/b.png) }", "a { background: url(/b.png) }"),
        (
            r#"{"a":"/v10/x","b":"x/v1/y","c":"/other"}"#,
            r#"{"a":"/v10/x","b":"x/v1/y","c":"/other"}"#,
        ),
        (r#"{"a":"https://api.test/v1/x"}"#, r#"{"a":"http://c:1/x"}"#),
    ] {
        assert_eq!(text(&of, before), after, "{before}");
    }
    let below = links(&[("http://auth.test/realm", "/auth")]);
    assert_eq!(text(&below, r#""/realm/x""#), r#""/auth/x""#);
}

#[test]
fn references_by_a_path_get_the_path_of_the_backend_that_answers() {
    let all = links(&[("http://api.test/v1", ""), ("http://auth.test", "/auth")]);
    assert!(
        all.answering("/x", &client("c:1")).is_none(),
        "a reference without its path leads nowhere"
    );
    let of = all.answering("/auth/login", &client("c:1")).unwrap();
    let pairs = [
        (r#"{"next": "/login?p=2"}"#, r#"{"next": "/auth/login?p=2"}"#),
        (r#"{"nextPageUrl":"\/login"}"#, r#"{"nextPageUrl":"\/auth\/login"}"#),
        (r#"{"@odata.nextLink" : "/x"}"#, r#"{"@odata.nextLink" : "/auth/x"}"#),
        (r#"{"_links":{"self":{"href":"/"}}}"#, r#"{"_links":{"self":{"href":"/auth/"}}}"#),
        (r#"{"url":"http://auth.test/x"}"#, r#"{"url":"http://c:1/auth/x"}"#),
        (
            "<form action='/do'><a href=\"/x\">/x</a>",
            "<form action='/auth/do'><a href=\"/auth/x\">/x</a>",
        ),
        ("<D:href>/dav/a</D:href>", "<D:href>/auth/dav/a</D:href>"),
        ("<img alt=x src=/a.png>", "<img alt=x src=/auth/a.png>"),
        (
            "<img srcset=\"/a.png 1x, /b.png 2x,/c.png 3x\">",
            "<img srcset=\"/auth/a.png 1x, /auth/b.png 2x,/auth/c.png 3x\">",
        ),
        (
            "@import '/a.css'; a { background: URL( /b.png ) } b { src: url('/c.woff') }",
            "@import '/auth/a.css'; a { background: URL( /auth/b.png ) } b { src: url('/auth/c.woff') }",
        ),
        (
            "<meta http-equiv=refresh content='5; url=/x'>",
            "<meta http-equiv=refresh content='5; url=/auth/x'>",
        ),
        (
            "<div data=\"&quot;next&quot;:&quot;/x&quot;\">",
            "<div data=\"&quot;next&quot;:&quot;/auth/x&quot;\">",
        ),
    ];
    for (before, after) in pairs {
        assert_eq!(text(&of, before), after, "{before}");
        for size in 1..before.len() {
            let mut rewriting = Rewriting::new(&of, client("c:1"));
            let pieces = before.as_bytes().chunks(size);
            let mut out: Vec<u8> = pieces
                .flat_map(|piece| rewriting.push(&of, Bytes::copy_from_slice(piece)))
                .collect();
            out.extend_from_slice(&rewriting.finish(&of));
            assert_eq!(String::from_utf8(out).unwrap(), after, "{size}");
        }
    }
    for same in [
        r#"{"path":"/usr/bin","next":"x/y","url":"//other.test/x","also":"/v1/x"}"#,
        r#"{"next":"\/\/other.test","mount":"/auth","text":"see \"next\":/x"}"#,
        "<link>text /x</link></href>/x",
        "<p class=a>next=/x</p> url=/x, /y <a title=\"see, /x\" rel=/x>",
    ] {
        assert_eq!(text(&of, same), same);
    }
    // A world has a path of its own.
    let alone = links(&[("http://api.test", "")]);
    let world = ClientBase { path: "/w/1".to_owned(), ..client("c:1") };
    let in_world = alone.answering("/x", &world).unwrap();
    let new = in_world.to_client(br#"{"next":"/x?p=2","path":"/x"}"#, &world).unwrap();
    assert_eq!(new, br#"{"next":"/w/1/x?p=2","path":"/x"}"#);
    assert!(alone.answering("/x", &client("c:1")).is_none());
    assert!(alone.answering_in_worlds("/x").unwrap().are_in(br#"{"next":"/x"}"#));
    // The server that was asked is one more backend while an answer is recorded.
    let with_own = of.and(Backend::new("http://own.test", "").unwrap());
    assert_eq!(text(&with_own, r#"{"next":"/x"}"#), r#"{"next":"/auth/x"}"#);
}
