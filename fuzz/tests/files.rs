//! What comes from files: YAML, stubs.

use std::path::PathBuf;

use standin::internals::{Format, Source};
use standin_fuzz::text;

#[test]
fn yaml() {
    const PIECES: &[&str] = &[
        "a",
        "b: ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "&a ",
        "*a",
        "<<: ",
        "|\n",
        ">-\n",
        "'",
        "\"",
        "\\",
        "# c",
        "---\n",
        "...\n",
        "!!str ",
        "!x ",
        "? ",
        "~",
        "true",
        "0x10",
        "1e3",
        "\t",
        "%YAML 1.2\n",
        "\u{feff}",
        "\u{85}",
        "x: y\n",
    ];
    bolero::check!().for_each(|bytes: &[u8]| {
        let source = Source {
            path: PathBuf::from("x.yaml"),
            format: Format::Yaml,
            text: text(PIECES, bytes),
        };
        match source.parse() {
            Ok(documents) => {
                for (number, document) in documents.iter().enumerate() {
                    if let Some(key) = document.as_object().and_then(|map| map.keys().next()) {
                        let _ = source.place(
                            number,
                            &[standin::internals::Step::Key(key.clone())],
                            true,
                        );
                    }
                }
            }
            Err(problem) => assert!(!problem.message.is_empty()),
        }
    });
}

#[test]
fn stubs() {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        r#""request":"#,
        r#""response":"#,
        r#""mappings":"#,
        r#""method":"GET""#,
        r#""url":"/a""#,
        r#""urlPathPattern":"/a(b|c)*""#,
        r#""urlPattern":"(?=x)["#,
        r#""headers":"#,
        r#""queryParameters":"#,
        r#""bodyPatterns":"#,
        r#"{"equalTo":"x"}"#,
        r#"{"matches":"(a+)+$"}"#,
        r#"{"equalToJson":"{\"a\":1}"}"#,
        r#"{"contains":"x"}"#,
        r#"{"and":["#,
        r#"{"not":"#,
        r#""status":200"#,
        r#""body":"x""#,
        r#""jsonBody":"#,
        r#""base64Body":"!!""#,
        r#""fixedDelayMilliseconds":10"#,
        r#""fault":"EMPTY_RESPONSE""#,
        r#""priority":-1"#,
        r#""id":"x""#,
        r#""x":"#,
        "null",
        "1",
        r#""apiVersion":"v1""#,
        r#""kind":"List""#,
        r#""items":"#,
        r#""metadata":{"name":"a"}"#,
        r#""data":"#,
    ];
    const WHOLE: &str = r#"{"request":{"url":"/a"},"response":{}}"#;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("s.json");
    bolero::check!().for_each(|bytes: &[u8]| {
        // Half of them inside of a stub that is one.
        let pieces = text(PIECES, bytes);
        let inside = bytes.first().is_some_and(|byte| byte % 2 == 0);
        let text = if inside { WHOLE.replacen("{}", &format!("{{{pieces}}}"), 1) } else { pieces };
        std::fs::write(&path, text).expect("written");
        match standin::internals::load_fixtures(std::slice::from_ref(&path)) {
            Ok(loaded) => drop(loaded),
            Err(problems) => assert!(!problems.to_string().is_empty()),
        }
    });
}
