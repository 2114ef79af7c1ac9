//! Large bodies of all kinds: their secrets go, and every other byte stays.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderValue, Method};
use tempfile::TempDir;

use super::*;
use crate::record::exchange::{BodyCopy, SentRequest};
use crate::record::spool::{SpoolFolder, SpoolThread};
use crate::redact::{Key, Redactor};

const SECRET: &str = "hunter2-Swordfish-99";

/// What becomes of the body of an answer to a request with a secret.
fn searched(target: &str, coding: &'static str, body: &[u8]) -> Result<Vec<u8>, String> {
    let folder = TempDir::new().unwrap();
    let redactor = Arc::new(Redactor::new(Key::of(b"key")));
    let bearer = HeaderValue::from_static("Bearer hunter2-Swordfish-99");
    let sent = SentRequest {
        origin: None,
        method: Method::GET,
        target: target.to_owned(),
        headers: HeaderMap::from_iter([(http::header::AUTHORIZATION, bearer)]),
        body: BodyCopy::default(),
        links: None,
    };
    let mut headers = HeaderMap::new();
    if !coding.is_empty() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    let clean = Clean::of(&sent, &headers, b"", &redactor, &|| true).unwrap();
    let thread = SpoolThread::start(SpoolFolder::new(folder.path(), &redactor)).unwrap();
    let spooled = thread.begin(Bytes::copy_from_slice(body)).finish();
    match without_secrets(LargeBody::File(&spooled), &headers, folder.path(), &clean).unwrap() {
        Searched::Opaque(why) => Err(why),
        Searched::Clean(body, _) => {
            let mut bytes = Vec::new();
            body.open().unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(body.digest.length, bytes.len() as u64);
            Ok(bytes)
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

/// Bytes that no compression makes smaller, and that are not text.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn secrets_in_binary_bodies_go_and_other_bytes_stay() {
    let noise = noise(100 << 10);
    assert_eq!(searched("/blob", "", &noise).unwrap(), noise);
    let known = [&noise[..], SECRET.as_bytes(), &noise[..]].concat();
    let named = [&noise[..], b"\0password=correct-horse-battery\0", &noise[..]].concat();
    for (body, secret) in [(known, SECRET), (named, "correct-horse-battery")] {
        let new = searched("/blob", "", &body).unwrap();
        assert!(!contains(&new, secret.as_bytes()), "{secret}");
        assert!(new.starts_with(&noise[..noise.len() - 64]));
        assert!(new.ends_with(&noise[64..]));
    }
}

#[test]
fn secrets_in_large_texts_go_wherever_pieces_end() {
    // Lines, one line of JSON, and one line without any good place to cut.
    let filler = |unit: &str| unit.repeat((20 << 10) / unit.len());
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n";
    for unit in ["a line of a log\n", "{\"a\":1},", "x"] {
        for offset in [0, 7, 4_000, 6_123] {
            let before = format!("{}{}", filler(unit), "y".repeat(offset));
            let body = format!("{before} {SECRET} {}\n{key}{}", filler(unit), filler(unit));
            let new = searched("/text", "", body.as_bytes()).unwrap();
            assert!(!contains(&new, SECRET.as_bytes()), "{unit:?} {offset}");
            assert!(!contains(&new, b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"), "{unit:?} {offset}");
            assert!(!contains(&new, b"BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"), "{unit:?} {offset}");
            assert!(new.starts_with(before.as_bytes()));
        }
    }
}

#[test]
fn wide_texts_are_read_as_such() {
    let text = format!("{}{SECRET}\n{}", "a line\n".repeat(3_000), "a line\n".repeat(2_000));
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let secret: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let new = searched("/wide", "", &wide).unwrap();
    assert!(!contains(&new, &secret));
    assert_eq!(new.len(), wide.len(), "a pseudonym has the length of its secret");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_bodies_are_searched_and_stay_where_they_are_clean() {
    let text = "a line of a log\n".repeat(2_000);
    let with_secret = format!("{text}token: {SECRET}\n{text}");
    let clean = gzip(text.as_bytes());
    // With the field or by its first bytes; also in a second member.
    for coding in ["gzip", ""] {
        assert_eq!(searched("/gz", coding, &clean).unwrap(), clean);
        let members = [clean.clone(), gzip(with_secret.as_bytes())].concat();
        let new = searched("/gz", coding, &members).unwrap();
        let mut plain = Vec::new();
        MultiGzDecoder::new(&new[..]).read_to_end(&mut plain).unwrap();
        assert!(plain.starts_with(text.as_bytes()) && !contains(&plain, SECRET.as_bytes()));
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(with_secret.as_bytes()).unwrap();
    let new = searched("/z", "deflate", &zlib.finish().unwrap()).unwrap();
    let mut plain = Vec::new();
    flate2::read::ZlibDecoder::new(&new[..]).read_to_end(&mut plain).unwrap();
    assert!(plain.ends_with(text.as_bytes()) && !contains(&plain, SECRET.as_bytes()));
}

#[test]
fn what_cannot_be_searched_is_not_recorded() {
    let twice = gzip(&gzip(b"text"));
    assert!(searched("/a", "gzip", &twice).unwrap_err().contains("twice"));
    assert!(searched("/a", "compress", b"text").unwrap_err().contains("compress"));
    let of_secrets = searched("/api/v1/secrets", "", b"k8s\0").unwrap_err();
    assert!(of_secrets.contains("Kubernetes Secrets"), "{of_secrets}");
    // Cut in the middle: what can be read of it tells.
    let packed = gzip(&noise(50 << 10));
    let cut = &packed[..packed.len() / 2];
    assert_eq!(searched("/a", "gzip", cut).unwrap(), cut);
    let packed = gzip(&[SECRET.as_bytes(), &noise(50 << 10)].concat());
    let cut = &packed[..packed.len() / 2];
    assert!(searched("/a", "gzip", cut).unwrap_err().contains("secrets"));
    assert!(searched("/a", "br", SECRET.as_bytes()).is_err(), "a text under a wrong name");
}

#[test]
fn a_small_body_that_holds_much_is_searched_in_pieces() {
    let folder = TempDir::new().unwrap();
    let redactor = Arc::new(Redactor::new(Key::of(b"key")));
    let sent = SentRequest {
        origin: None,
        method: Method::GET,
        target: "/bomb".to_owned(),
        headers: HeaderMap::new(),
        body: BodyCopy::default(),
        links: None,
    };
    let mut named = HeaderMap::new();
    named.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let secret = b"\npassword = hunter2-Swordfish-99\n";
    for (zeros, is_large) in [(9 << 20, true), (1 << 20, false)] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&vec![0; zeros]).unwrap();
        encoder.write_all(secret).unwrap();
        let packed = encoder.finish().unwrap();
        for headers in [&named, &HeaderMap::new()] {
            let clean = Clean::of(&sent, headers, &packed, &redactor, &|| true).unwrap();
            let body = LargeBody::of_packed(headers, &packed, &clean);
            assert_eq!(body.is_some(), is_large, "{zeros}");
            let Some(body) = body else { continue };
            let searched = without_secrets(body, headers, folder.path(), &clean).unwrap();
            let Searched::Clean(body, _) = searched else { panic!("it can be searched") };
            let mut plain = Vec::new();
            MultiGzDecoder::new(body.open().unwrap()).read_to_end(&mut plain).unwrap();
            assert!(plain.len() > zeros && !contains(&plain, SECRET.as_bytes()));
        }
    }
}
