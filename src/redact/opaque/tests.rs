//! Tests of runs that are drawn, and of what looks like one.

use super::*;

fn found(text: &str) -> Vec<&str> {
    runs(text, 0..text.len()).into_iter().map(|run| &text[run]).collect()
}

/// A run of an alphabet, another one for each seed.
fn run(alphabet: &[u8], length: usize, seed: u64) -> String {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap()
    };
    (0..length).map(|_| char::from(alphabet[next() % alphabet.len()])).collect()
}

const DIGITS: &[u8] = b"0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE62: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const BASE64: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

#[test]
fn tokens_are_found_wherever_they_stand() {
    let (mut all, mut missed) = (0, 0);
    for (alphabet, length) in [(BASE62, 30), (BASE62, 40), (LOWER, 32), (LOWER, 40), (BASE32, 32)] {
        for seed in 0..200 {
            let token = run(alphabet, length, seed);
            for text in [
                token.clone(),
                format!("/v1/items/{token}/parts?x=1"),
                format!("cannot use {token}, it has expired"),
                format!("note: \"{token}\"\n"),
                format!("?note={token}&b=c"),
                format!("acme_{token}"),
            ] {
                all += 1;
                missed += usize::from(!found(&text).iter().any(|run| run.contains(&token)));
            }
        }
    }
    // A few draws have no order of characters that words cannot have.
    assert!(missed * 25 < all, "{missed} of {all}");
}

#[test]
fn digests_data_and_identities_stay() {
    for seed in 0..200 {
        let hash = run(HEX, 40, seed);
        let token = run(BASE62, 44, seed);
        let data = run(BASE64, 44, seed);
        let line = run(BASE62, 64, seed);
        for text in [
            hash.clone(),
            // Lines of Git's protocol have no space between them.
            format!("0034shallow {hash}0001000dpackfile\n"),
            format!("object-{hash}andMoreText1x2y3z"),
            hash.to_uppercase(),
            run(DIGITS, 40, seed),
            format!("sha256:{hash}"),
            format!("sha512-{token}"),
            format!("h1:{token}"),
            format!("data:image/png;base64,{token}"),
            format!("{{\"digest\": \"{data}=\"}}"),
            format!("\"{}=\"", &token[..43]),
            format!("{{\"fileId\": \"{token}\"}}"),
            format!("etag: \"{token}\""),
            format!("?pageToken={token}"),
            format!("<VersionId>{token}</VersionId>"),
            format!("{line}\n{line}\n{line}\n"),
            run(BASE62, 27, seed),
            run(BASE62, 400, seed),
        ] {
            assert_eq!(found(&text), Vec::<&str>::new(), "{text}");
        }
    }
}

#[test]
fn words_stay() {
    for text in [
        "AbstractSingletonProxyFactoryBeanConfigurationImpl2Test3V1",
        "com.example.service.internal.ConfigurationProviderFactory",
        "thequickbrownfoxjumpsoverthelazydogs2026",
        "prometheus-kube-prometheus-stack-operator-7f8c9d6b5-x2x9z",
        "io.k8s.api.admissionregistration.v1alpha1.ValidatingAdmissionPolicyBindingSpec",
        "pod-disruption-budget-2026-01-02-build-1234-release-5678",
        "projects/acme/locations/europe-west1/keyRings/ring-1/cryptoKeys/key-1",
        "bWV0YWRhdGEgb2YgYSBwYWdlIG9mIGEgbGlzdCwgcGFnZSAy",
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPGaN",
        "TestTheServerAnswersWithTheRightCode200ForRequests",
    ] {
        assert_eq!(found(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn certificates_stay() {
    let lines = "cm1UcnVzdCBOZXR3b3JraW5nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC\nAQEAtITMMxcua5Rsa2FSoOujz3mUTOWUgJnLVWREZY9nZOIG41w3SfYvm4SEHi3y\n";
    assert_eq!(found(lines), Vec::<&str>::new());
    let redactor = super::super::Redactor::new(super::super::Key::of(b"k"));
    assert_eq!(redactor.pass("/x").changed(lines), None);
}
