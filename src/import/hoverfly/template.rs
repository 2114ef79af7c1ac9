//! Hoverfly's response templates → Handlebars as stubs have them.

/// Returns the template with the stub's words, or `None` if a part of it has no equivalent.
pub(super) fn translate(template: &str) -> Option<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        out.push_str(&rest[..at]);
        let inner = rest[at..].trim_start_matches('{');
        let end = inner.find("}}")?;
        out.push_str(&format!("{{{{{{{}}}}}}}", expression(inner[..end].trim())?));
        rest = inner[end..].trim_start_matches('}');
    }
    out.push_str(rest);
    Some(out)
}

/// Returns one expression.
fn expression(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let path = |prefix: &str| words.first().and_then(|word| word.strip_prefix(prefix));
    Some(match words.as_slice() {
        ["Request.Method"] => "request.method".to_owned(),
        ["Request.Host"] => "request.host".to_owned(),
        ["Request.Scheme"] => "request.scheme".to_owned(),
        ["Request.Body"] => "request.body".to_owned(),
        ["Request.Body", kind, query] if matches!(unquoted(kind), "jsonpath" | "xpath") => {
            let helper = if unquoted(kind) == "jsonpath" { "jsonPath" } else { "xPath" };
            format!("{helper} request.body {query}")
        }
        ["randomUuid"] => "randomValue type='UUID'".to_owned(),
        ["randomString"] => "randomValue length=10 type='ALPHABETIC'".to_owned(),
        ["randomStringLength", length] => {
            let length: u32 = length.parse().ok()?;
            format!("randomValue length={length} type='ALPHABETIC'")
        }
        ["randomInteger"] => "randomInt".to_owned(),
        ["randomIntegerRange", low, high] => {
            let (low, high): (i64, i64) = (low.parse().ok()?, high.parse().ok()?);
            format!("randomInt lower={low} upper={}", high.checked_add(1)?)
        }
        ["currentDateTime" | "iso8601DateTime"] => "now".to_owned(),
        [_] => {
            if let Some(name) = path("Request.QueryParam.") {
                format!("request.query.{name}")
            } else if let Some(name) = path("Request.Header.") {
                format!("request.headers.{name}")
            } else if let Some(name) = path("Request.FormData.") {
                format!("request.formData.{name}")
            } else {
                let at = path("Request.Path.")?.trim_matches(['[', ']']);
                at.parse::<usize>().ok()?;
                format!("request.pathSegments.[{at}]")
            }
        }
        _ => return None,
    })
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['\'', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_expressions_are_translated_and_others_are_not() {
        let table = [
            ("a {{ Request.QueryParam.q }} b", Some("a {{{request.query.q}}} b")),
            ("{{{Request.Path.[1]}}}", Some("{{{request.pathSegments.[1]}}}")),
            ("{{ Request.Body 'jsonpath' '$.id' }}", Some("{{{jsonPath request.body '$.id'}}}")),
            ("{{randomIntegerRange 1 6}}", Some("{{{randomInt lower=1 upper=7}}}")),
            ("plain", Some("plain")),
            ("{{ #if Request.Method }}", None),
            ("{{ State.x }}", None),
            ("{{ open", None),
        ];
        for (template, expected) in table {
            assert_eq!(translate(template).as_deref(), expected, "{template}");
        }
    }
}
