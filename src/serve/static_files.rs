//! Files below `__files` for requests that no stub answers, as Jetty's `DefaultServlet` serves them
//! (`Jetty11HttpServer.addMockServiceContext`).

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};

use crate::fixtures;
use crate::message::{Body, Origin, Plan, Request, decode_segment};

use super::media_types;
use super::ranges::{self, Ranges};

/// The files that stand for their directory, the first that is there.
const WELCOME: [&str; 4] = ["index.json", "index.html", "index.xml", "index.txt"];

/// The type of a file without a known extension.
const DEFAULT_TYPE: &str = "application/json";

/// The file for a request, or what there is in its place; nothing where no directory has one.
pub(super) fn find(directories: &[PathBuf], request: &Request) -> Option<Plan> {
    if request.method != Method::GET || directories.is_empty() {
        return None;
    }
    let name = name(request.path())?;
    directories.iter().find_map(|directory| in_directory(directory, &name, request))
}

/// The name of a file in a path; nothing where it leads out, or names no file.
fn name(path: &str) -> Option<String> {
    let decoded = decode_segment(path.strip_prefix('/')?).ok()?;
    let decoded = decoded.split(';').next().unwrap_or_default();
    let stays = !decoded.contains("//") && !decoded.starts_with('/') && !decoded.contains('\0');
    stays.then(|| decoded.to_owned())
}

fn in_directory(directory: &Path, name: &str, request: &Request) -> Option<Plan> {
    let path = fixtures::body_file(directory, name).ok()?;
    if !path.is_dir() {
        // A file has no slash behind its name.
        return (!name.ends_with('/')).then(|| file(&path, false, request)).flatten();
    }
    let welcome = WELCOME.iter().map(|name| path.join(name)).find(|path| path.is_file());
    match welcome.filter(|path| fixtures::is_in_body_directory(directory, path)) {
        Some(path) => file(&path, true, request),
        None => Some(refused(StatusCode::FORBIDDEN, "this is a directory without an index")),
    }
}

fn refused(status: StatusCode, why: &str) -> Plan {
    Plan::text(status, Origin::Files, format!("{} {why}\n", status.as_u16()))
}

/// The answer with a file, or with a part of it.
fn file(path: &Path, is_welcome: bool, request: &Request) -> Option<Plan> {
    let modified = path.metadata().ok()?.modified().unwrap_or(UNIX_EPOCH);
    let (content, _) = fixtures::read_body_file(path).ok()?;
    let media_type = media_types::of_name(path.file_name()?.to_str()?).unwrap_or(DEFAULT_TYPE);
    // Of the types of welcome files, Jetty knows a charset for these two.
    let with_charset = is_welcome && ["text/html", "application/xml"].contains(&media_type);
    let media_type = match (with_charset, media_type) {
        (false, media_type) => HeaderValue::from_static(media_type),
        (true, media_type) => HeaderValue::try_from(format!("{media_type};charset=utf-8")).ok()?,
    };
    let head = |status, body| {
        let mut plan = Plan::new(status, Origin::Files, body);
        plan.headers.insert(header::CONTENT_TYPE, media_type.clone());
        plan
    };
    let since = |name| time(request, name);
    // Times in header fields are whole seconds.
    let is_newer = |than: SystemTime| modified >= than + Duration::from_secs(1);
    if since(header::IF_MODIFIED_SINCE).is_some_and(|time| !is_newer(time)) {
        return Some(head(StatusCode::NOT_MODIFIED, Body::Empty));
    }
    if since(header::IF_UNMODIFIED_SINCE).is_some_and(is_newer) {
        return Some(refused(StatusCode::PRECONDITION_FAILED, "the file is newer"));
    }
    let length = content.len();
    let range = request.headers.get(header::RANGE).map(|range| ranges::of(range, length));
    let mut several = None;
    let (status, content, range) = match range {
        None | Some(Ranges::TooMany) => (StatusCode::OK, content, None),
        Some(Ranges::One(from, to)) => {
            let range = format!("bytes {from}-{to}/{length}");
            (StatusCode::PARTIAL_CONTENT, content.slice(from..=to), Some(range))
        }
        Some(Ranges::Several(parts)) => {
            let (media_type, body) = ranges::multipart(&content, &parts, &media_type);
            several = HeaderValue::try_from(media_type).ok();
            (StatusCode::PARTIAL_CONTENT, body, None)
        }
        Some(Ranges::None) => {
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), Some(format!("bytes */{length}")))
        }
    };
    let length = content.len();
    let mut plan = head(status, Body::Bytes(content));
    if let Some(media_type) = several {
        plan.headers.insert(header::CONTENT_TYPE, media_type);
    }
    let modified = HeaderValue::try_from(httpdate::fmt_http_date(modified)).ok()?;
    plan.headers.insert(header::LAST_MODIFIED, modified);
    plan.headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(range) = range {
        plan.headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(range).ok()?);
    }
    plan.headers.insert(header::CONTENT_LENGTH, length.into());
    Some(plan)
}

/// A time in a header field; one that is none is ignored.
fn time(request: &Request, name: header::HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(request.headers.get(name)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn get(directory: &Path, target: &str, fields: &[(&'static str, &str)]) -> Option<Plan> {
        let mut request = Request::new(Method::GET, target);
        for (name, value) in fields {
            request.headers.insert(*name, value.parse().unwrap());
        }
        find(&[directory.join("__files")], &request)
    }

    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let files = directory.path().join("__files");
        fs::create_dir_all(files.join("sub")).unwrap();
        fs::create_dir_all(files.join("home")).unwrap();
        for (name, content) in
            [("a.txt", "0123456789"), ("b c", "{}"), ("home/index.html", "<p>"), ("../secret", "s")]
        {
            fs::write(files.join(name), content).unwrap();
        }
        directory
    }

    #[test]
    fn files_folders_and_welcome_files() {
        let directory = tree();
        for (target, answer) in [
            ("/a.txt", Some((200, "text/plain"))),
            ("/a.txt?q=1", Some((200, "text/plain"))),
            ("/sub/../a.txt", Some((200, "text/plain"))),
            ("/b%20c", Some((200, "application/json"))),
            ("/home", Some((200, "text/html;charset=utf-8"))),
            ("/home/", Some((200, "text/html;charset=utf-8"))),
            ("/home/index.html", Some((200, "text/html"))),
            ("/sub", Some((403, "text/plain; charset=utf-8"))),
            ("/", Some((403, "text/plain; charset=utf-8"))),
            ("/a.txt/", None),
            ("//a.txt", None),
            ("/sub//a.txt", None),
            ("/gone", None),
            ("/../secret", None),
            ("/%2e%2e/secret", None),
            ("/sub/..%2f..%2fsecret", None),
        ] {
            let plan = get(directory.path(), target, &[]);
            let plan = plan.as_ref();
            let found = plan.map(|plan| {
                let media_type = plan.headers["content-type"].to_str().unwrap();
                (plan.status.as_u16(), media_type)
            });
            assert_eq!(found, answer, "{target}");
        }
        let mut post = Request::new(Method::POST, "/a.txt");
        assert!(find(&[directory.path().join("__files")], &post).is_none());
        post.method = Method::GET;
        assert!(find(&[], &post).is_none());
    }

    #[test]
    fn parts_and_conditions() {
        let directory = tree();
        for (name, value, status, body, range) in [
            ("range", "bytes=0-3", 206, "0123", Some("bytes 0-3/10")),
            ("range", "bytes=5-", 206, "56789", Some("bytes 5-9/10")),
            ("range", "bytes=-4", 206, "6789", Some("bytes 6-9/10")),
            ("range", "bytes=8-99", 206, "89", Some("bytes 8-9/10")),
            ("range", "bytes=10-", 416, "", Some("bytes */10")),
            ("range", "bytes=3-2", 416, "", Some("bytes */10")),
            ("range", "x", 416, "", Some("bytes */10")),
            ("if-modified-since", "Mon, 15 Nov 2990 00:00:00 GMT", 304, "", None),
            ("if-modified-since", "Wed, 15 Nov 2000 00:00:00 GMT", 200, "0123456789", None),
            ("if-modified-since", "yesterday", 200, "0123456789", None),
        ] {
            let plan = get(directory.path(), "/a.txt", &[(name, value)]).unwrap();
            let bytes = match &plan.body {
                Body::Bytes(bytes) => bytes.clone(),
                _ => Bytes::new(),
            };
            assert_eq!((plan.status.as_u16(), &bytes[..]), (status, body.as_bytes()), "{value}");
            let sent = plan.headers.get("content-range").map(|range| range.to_str().unwrap());
            assert_eq!(sent, range, "{value}");
        }
        let unmodified = [("if-unmodified-since", "Wed, 15 Nov 2000 00:00:00 GMT")];
        assert_eq!(get(directory.path(), "/a.txt", &unmodified).unwrap().status, 412);
    }
}
