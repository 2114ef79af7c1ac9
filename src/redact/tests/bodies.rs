//! Secrets in bodies, whatever they are encoded in.

use http::header::SET_COOKIE;

use super::*;

#[cfg(feature = "gzip")]
#[test]
fn compressed_bodies_are_looked_into() {
    use std::io::{Read as _, Write as _};
    let plain = format!("{{\"password\":\"{SECRET}\",\"hello\":\"x\"}}");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let redactor = redactor();
    let pass = redactor.pass("/x");
    for of in [media("application/json", Some("gzip")), media("application/octet-stream", None)] {
        let Redacted::Changed(new) = pass.body(&of, &gzip) else { panic!("changed") };
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*new).read_to_string(&mut text).unwrap();
        assert!(!text.contains(SECRET) && text.contains("\"hello\":\"x\""), "{text}");
    }
    assert_eq!(pass.body(&media("text/plain", Some("gzip")), b"no gzip"), Redacted::Same);
    let cut = &gzip[..gzip.len() - 8];
    assert!(matches!(pass.body(&media("text/plain", Some("gzip")), cut), Redacted::Opaque(_)));
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain.as_bytes()).unwrap();
    let raw = encoder.finish().unwrap();
    assert!(matches!(pass.body(&media("text/plain", Some("deflate")), &raw), Redacted::Changed(_)));
}

#[cfg(not(feature = "gzip"))]
#[test]
fn compressed_bodies_are_not_shown_by_a_build_that_cannot_read_them() {
    let redactor = redactor();
    let shown = redactor.pass("/x").body(&media("text/plain", Some("gzip")), b"\x1f\x8b\x08");
    let Redacted::Opaque(why) = shown else { panic!("{shown:?}") };
    assert!(why.ends_with("this build lacks the feature gzip"), "{why}");
}

#[test]
fn bodies_are_looked_into_whatever_they_are_encoded_in() {
    let plain = format!("{{\"password\":\"{SECRET}\",\"hello\":\"x\"}}");
    let redactor = redactor();
    let pass = redactor.pass("/x");
    let mislabelled = format!("password={SECRET}");
    for coding in ["br", "zstd", "gzip"] {
        let shown = pass.body(&media("text/plain", Some(coding)), mislabelled.as_bytes());
        assert!(!matches!(shown, Redacted::Same), "{coding}");
    }
    for (mark, pair) in
        [(&[0xff_u8, 0xfe][..], u16::to_le_bytes as fn(u16) -> [u8; 2]), (&[], u16::to_be_bytes)]
    {
        let units = plain.encode_utf16().flat_map(pair);
        let wide: Vec<u8> = mark.iter().copied().chain(units).collect();
        let Redacted::Changed(new) = pass.body(&media("application/json", None), &wide) else {
            panic!("changed")
        };
        assert_eq!(new.len(), wide.len());
        let narrow: Vec<u8> = new.iter().copied().filter(|byte| *byte != 0).collect();
        assert!(!String::from_utf8_lossy(&narrow).contains(SECRET));
    }
    let latin = [b"password=".as_slice(), b"SECRET123\xe9dzq\n", b"name=\xfc\n"].concat();
    let Redacted::Changed(new) = pass.body(&media("text/plain", None), &latin) else { panic!() };
    assert!(new.ends_with(b"name=\xfc\n") && !new.windows(9).any(|part| part == b"SECRET123"));
    assert_eq!(pass.body(&media("text/plain", None), b"\xff\x00 nothing"), Redacted::Same);
    let secrets = redactor.pass("/api/v1/namespaces/d/secrets/a");
    assert!(matches!(
        secrets.body(&media("application/vnd.kubernetes.protobuf", None), b"k8s\0.."),
        Redacted::Opaque(_)
    ));
}

#[cfg(feature = "record")]
#[test]
fn a_secret_of_several_parts_is_replaced_as_a_whole() {
    let token = "fWgWeVimYi5GpsTHBF1RO5djFzspg9Aap3Yd1SP3mZ3m-Ymb5U7Ss_";
    let redactor = redactor();
    let pass = redactor.pass("/x");
    let issued = pass.changed(&format!(r#"{{"access_token":"{token}"}}"#)).unwrap();
    redactor.learn(&pass);
    let known = redactor.known();
    let issued: Value = serde_json::from_str(&issued).unwrap();
    let pseudonym = issued["access_token"].as_str().unwrap();
    let pass = redactor.pass("/x");
    let change = |text: &str| pass.changed(text).unwrap_or_else(|| text.to_owned());
    for text in ["{}", "see {} there", r#"{"note":"{}"}"#, "<a>{}</a> {}", "a={}&b={}"] {
        let new = redactor.without_around(&known, &text.replace("{}", token), change);
        assert_eq!(new, text.replace("{}", pseudonym));
        let marked = Redactor::marked_around(&known, &text.replace("{}", token), |text| {
            Redactor::marks("/x").changed(text).unwrap_or_else(|| text.to_owned())
        });
        assert!(!marked.contains("Ymb5U7Ss"), "{marked}");
    }
    // What is beside it under a name is secret too.
    let longer = format!("password: alpha-{token}-omega\n");
    let new = redactor.without_around(&known, &longer, change);
    assert!(!["alpha", "omega", "Ymb5U7Ss"].iter().any(|part| new.contains(part)), "{new}");
    let marked = Redactor::marked_around(&known, &longer, |text| {
        Redactor::marks("/x").changed(text).unwrap_or_else(|| text.to_owned())
    });
    assert!(!["alpha", "omega", "Ymb5U7Ss"].iter().any(|part| marked.contains(part)), "{marked}");
}

#[test]
fn what_is_escaped_is_the_secret_that_it_escapes() {
    let redactor = redactor();
    let pass = redactor.pass("/x");
    let set = pass.header(&SET_COOKIE, "session=tok%2BabX1Z0%2f%3D%3d; Path=/");
    let encoded = set.strip_prefix("session=").unwrap().split(';').next().unwrap();
    let plain = percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap();
    assert_eq!(pass.parameter("token", "tok+abX1Z0/=="), plain);
    assert_ne!(plain, "tok+abX1Z0/==");
    // A form of an answer.
    let form = pass.changed("oauth_token=tok%2BabX1Z0%2F%3D%3D&x=1").unwrap();
    assert_eq!(form, format!("oauth_token={encoded}&x=1"));
    assert_eq!(encoded, plain.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
}
