//! Tokens of every known shape, in every place; and what looks like one and is none.

use serde_json::json;

use super::super::{Key, Media, Redacted, Redactor};

/// Shapes of tokens. `{32x}` stands for 32 characters of a kind: `x` hexadecimal, `u` capitals and digits, `l` small
/// letters and digits, `a` letters and digits, `d` digits, `s` letters, digits, `-` and `_`.
const SHAPES: &[&str] = &[
    "rootly_{64x}",
    "slk_{64x}",
    "bb_pr_{30x}",
    "thog-agent-{32x}",
    "VF.DM.{24x}.{16a}",
    "AA{40x}-NRMA",
    "{36x}FFFFNRAL",
    "NRIQ-{32s}",
    "3MVG9{80a}",
    "1000.{32x}.{32x}",
    "pk_{6u}_{34x}",
    "flb_live_{20a}",
    "api_{22a}.{22a}",
    "A3-{6u}-{11u}-{5u}-{5u}-{5u}",
    "A3-{6u}-{6u}-{5u}-{5u}-{5u}-{5u}",
    "ops_eyJ{250a}",
    "p8e-{32l}",
    "AGE-SECRET-KEY-1{58u}",
    "pat{14a}.{64x}",
    "LTAI{20l}",
    "sk-ant-api03-{93s}AA",
    "AKCp{69a}",
    "cmVmd{59a}",
    "ATATT3{186s}",
    "sc_{10l}.{5l}.acc-{20l}.{60l}",
    "AKIA{16u}",
    "ASIA{16u}",
    "ABSK{110a}",
    "abc1Q~{33a}",
    "b_{44l}",
    "4b1d{38a}",
    "CLOJARS_{60l}",
    "v1.0-{24x}-{146x}",
    "dapi{32x}",
    "dnkey-{26l}-{52l}",
    "doo_v1_{64x}",
    "dop_v1_{64x}",
    "dor_v1_{64x}",
    "dp.pt.{43l}",
    "duffel_test_{43l}",
    "dt0c01.{24u}.{64u}",
    "EZAK{54l}",
    "EZTK{54l}",
    "{15d}|{30l}",
    "EAAC{110a}",
    "FLWSECK_TEST-{12x}",
    "FLWSECK_TEST-{32x}-X",
    "fo1_{43s}",
    "fm2_{100a}",
    "fio-u-{64l}",
    "AIza{35a}",
    "github_pat_{82a}",
    "ghp_{36a}",
    "gho_{36a}",
    "ghs_{36a}",
    "ghr_{36a}",
    "glpat-{20s}",
    "gldt-{20s}",
    "glrt-{20s}",
    "glptt-{40x}",
    "glimt-{25s}",
    "GR1348941{20s}",
    "glc_{60a}=",
    "glsa_{32a}_{8x}",
    "eyJrIjoi{80a}",
    "pat.{22s}.{24x}.{20a}",
    "sat.{22s}.{24a}.{20a}",
    "{14l}.atlasv1.{66l}",
    "HRKU-{60s}",
    "hf_{34a}",
    "api_org_{34a}",
    "ico-{32a}",
    "s-s4t2ud-{64x}",
    "lin_api_{40l}",
    "{32x}-us12",
    "key-{32x}",
    "pk.{60l}.{22l}",
    "{6a}_{29a}_mmk",
    "NRAK-{27u}",
    "NRII-{32l}",
    "NRJS-{19x}",
    "ntn_{46a}",
    "npm_{36a}",
    "API-{26u}",
    "00{40s}",
    "sk-{20a}T3BlbkFJ{20a}",
    "sk-proj-{74s}T3BlbkFJ{74s}",
    "sha256~{43s}",
    "pplx-{48a}",
    "access-production-{8x}-{4x}-{4x}-{4x}-{12x}",
    "pscale_tkn_{40s}",
    "pscale_pw_{40s}",
    "pscale_oauth_{40s}",
    "PMAK-{24x}-{34x}",
    "pnu_{36a}",
    "pul-{40x}",
    "pypi-AgEIcHlwaS5vcmc{60s}",
    "rdme_{70l}",
    "rubygems_{48x}",
    "tk-us-{48s}",
    "SG.{22s}.{43s}",
    "xkeysib-{64x}-{16l}",
    "xsmtpsib-{64x}-{16l}",
    "sntryu_{64x}",
    "sntrys_{80a}",
    "sm_aat_{16a}",
    "sm_pat_{16a}",
    "sm_sat_{16a}",
    "shippo_test_{40x}",
    "shpat_{32x}",
    "shpca_{32x}",
    "shppa_{32x}",
    "shpss_{32x}",
    "xapp-1-{11u}-{12d}-{31l}",
    "xoxb-{12d}-{12d}-{24a}",
    "xoxe.xoxp-1-{163u}",
    "xoxe-1-{146u}",
    "xoxp-{12d}-{12d}-{12d}-{32x}",
    "sgp_{16x}_{40x}",
    "sgp_local_{40x}",
    "sq0atp-{22s}",
    "EAAA{60s}",
    "sk_live_{24a}",
    "rk_test_{24a}",
    "whsec_{32a}",
    "{10d}:AA{33s}",
    "SK{32x}",
    "tfp_{59s}",
    "hvs.{95s}",
    "hvb.{150s}",
    "s.{24a}",
    "t1.{9s}.{86s}",
    "AQVN{36s}",
    "YC{38s}",
    "live_{40l}",
    "test_{35x}",
    "ya29.{40s}",
    "GOCSPX-{28s}",
    "AKID{32a}",
    "nfp_{40a}",
    "r8_{37a}",
    "gsk_{52a}",
    "xai-{80a}",
    "tskey-auth-{16a}-{32a}",
    "CFPAT-{43s}",
    "figd_{40s}",
    "dckr_pat_{27s}",
    "HPUA{17u}",
    "sl.{140s}",
];

/// A token of a shape.
fn token(shape: &str, seed: &mut u64) -> String {
    let mut out = String::new();
    let mut rest = shape;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (kind, after) = after.split_once('}').unwrap();
        let (count, kind) = kind.split_at(kind.len() - 1);
        let alphabet: &[u8] = match kind {
            "x" => b"0123456789abcdef",
            "u" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "l" => b"abcdefghijklmnopqrstuvwxyz0123456789",
            "d" => b"1234567890",
            "s" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            _ => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        };
        let count: usize = count.parse().unwrap();
        for at in 0..count {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let drawn = usize::try_from(*seed >> 33).unwrap();
            // A token ends with a letter or a digit.
            let most =
                if at == 0 || at + 1 == count { alphabet.len().min(62) } else { alphabet.len() };
            out.push(char::from(alphabet[drawn % most]));
        }
        rest = after;
    }
    out + rest
}

#[test]
fn tokens_of_every_shape_are_found_in_every_place() {
    let redactor = Redactor::new(Key::of(b"k"));
    let mut seed = 7;
    let mut left = Vec::new();
    for shape in SHAPES {
        for _ in 0..3 {
            let token = token(shape, &mut seed);
            let texts = [
                format!("cannot sign in with {token}, it has expired"),
                format!("use \"{token}\" or '{token}'."),
                json!({"note": token, "list": [token]}).to_string(),
                json!({"note": json!({"note": token}).to_string()}).to_string(),
                format!("note: {token}\nother: 1\n"),
                format!("<a note=\"{token}\"><b>{token}</b></a>"),
                format!("note={token}&other=1"),
                format!("https://x.test/a?note={token}#b"),
                format!("curl https://x:{token}@x.test/"),
                format!("export NOTE={token}"),
            ];
            for text in texts {
                let pass = redactor.pass("/x");
                let new = match pass.body(&Media::default(), text.as_bytes()) {
                    Redacted::Changed(new) => String::from_utf8(new).unwrap(),
                    _ => text.clone(),
                };
                if new.contains(&token) {
                    left.push(format!("{shape}: {text}"));
                }
            }
        }
    }
    assert!(left.is_empty(), "{} of them: {:#?}", left.len(), &left[..left.len().min(30)]);
}

#[test]
fn what_only_looks_like_a_token_stays() {
    let redactor = Redactor::new(Key::of(b"k"));
    let mut seed = 9;
    let mut changed = Vec::new();
    for shape in [
        "{8x}-{4x}-4{3x}-a{3x}-{12x}",
        "{40x}",
        "{64x}",
        "{32x}",
        "sha256:{64x}",
        "\"{32x}\"",
        "W/\"{16x}\"",
        "web-{10x}-{5l}",
        "coredns-{10x}-{5l}",
        "job-{8d}-{5l}",
        "2026-01-02T03:04:05.{6d}Z",
        "v1.{2d}.{1d}-rc.1",
        "req-{8x}-{4x}-{4x}-{4x}-{12x}",
        "arn:aws:iam::{12d}:role/admin",
        "i-0{16x}",
        "vpc-{17x}",
        "sg-{17x}",
        "ami-{17x}",
        "{24x}",
        "cus_{3l}",
        "urn:uuid:{8x}-{4x}-{4x}-{4x}-{12x}",
        "ip-10-0-{2d}-{2d}.eu-west-1.compute.internal",
        "gcr.io/p/app@sha256:{64x}",
        "{10d}",
        "{13d}",
        "{20d}",
        "+49151{8d}",
        "kube-root-ca.crt-{5l}",
        "b_long_name_of_a_variable_in_a_programme_text",
        "live_preview_of_the_whole_document_in_browser",
        "test_that_the_server_answers_with_the_right_code",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA",
        "prometheus-kube-prometheus-stack-operator",
        "com.example.service.internal.ConfigurationProviderFactory",
        "thequickbrownfoxjumpsoverthelazydogs",
        "index-{8l}.js",
        "chunk-vendors.{8x}.css",
        "user_{4d}",
    ] {
        for _ in 0..20 {
            let value = token(shape, &mut seed);
            let texts = [
                json!({"id": value.trim_matches('"'), "name": "x"}).to_string(),
                format!("see {value} for more\n"),
                format!("name: {value}\n"),
            ];
            for text in texts {
                let pass = redactor.pass("/x");
                if let Redacted::Changed(new) = pass.body(&Media::default(), text.as_bytes()) {
                    changed.push(format!("{shape}: {}", String::from_utf8_lossy(&new)));
                }
            }
        }
    }
    assert!(
        changed.is_empty(),
        "{} of them: {:#?}",
        changed.len(),
        &changed[..changed.len().min(30)]
    );
}
