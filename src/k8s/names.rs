//! The rules for names, labels and label values, with upstream's messages
//! (`k8s.io/apimachinery/pkg/util/validation/validation.go`).

const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
     with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
     validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const QUALIFIED_SHAPE: &str = "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and \
     end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
     validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix \
     and '/' (e.g. 'example.com/MyName')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
     must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
     regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
     must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation \
     is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
     start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
     validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
     alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
     validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// The violations of a qualified name: a label or annotation key, a finalizer.
pub(super) fn qualified_name(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        ["", name] => {
            problems.push("prefix part must be non-empty".to_owned());
            name
        }
        [prefix, name] => {
            if prefix.len() > 253 {
                problems.push("prefix part must be no more than 253 bytes".to_owned());
            }
            if !prefix.split('.').all(is_dns_label) {
                problems.push(format!("prefix part {SUBDOMAIN}"));
            }
            name
        }
        _ => return vec![QUALIFIED_SHAPE.to_owned()],
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        problems.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_word(name) {
        problems.push(QUALIFIED.to_owned());
    }
    problems
}

/// The violations of a label value.
pub(super) fn label_value(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 bytes".to_owned());
    }
    if !text.is_empty() && !is_word(text) {
        problems.push(LABEL_VALUE.to_owned());
    }
    problems
}

/// The violations of a DNS-1123 subdomain: the name of most objects.
pub(super) fn subdomain(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 253 {
        problems.push("must be no more than 253 characters".to_owned());
    }
    if !text.split('.').all(is_dns_label) {
        problems.push(SUBDOMAIN.to_owned());
    }
    problems
}

/// The violations of a subdomain whose parts may have underscores (`IsDNS1123SubdomainWithUnderscore`).
pub(super) fn subdomain_with_underscores(text: &str) -> Vec<String> {
    const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or \
         '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation \
         is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
    let mut problems = Vec::new();
    if text.len() > 253 {
        problems.push("must be no more than 253 characters".to_owned());
    }
    let is_part = |part: &str| {
        let part = part.strip_prefix('_').unwrap_or(part);
        !part.starts_with('_') && !part.ends_with('_') && is_dns_label(&part.replace('_', "-"))
    };
    if !text.split('.').all(is_part) {
        problems.push(SUBDOMAIN.to_owned());
    }
    problems
}

/// The violations of a DNS-1123 label: the name of a namespace.
pub(super) fn label(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 characters".to_owned());
    }
    if !is_dns_label(text) {
        // A subdomain is no label only because of its dots.
        let dotted = text.split('.').all(is_dns_label);
        problems.push(if dotted { "must not contain dots" } else { LABEL }.to_owned());
    }
    problems
}

/// The violations of a DNS-1035 label: a Kind in lower case.
pub(super) fn dns_1035_label(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 characters".to_owned());
    }
    if !is_dns_label(text) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        problems.push(LABEL_1035.to_owned());
    }
    problems
}

/// The violations of a name that is one segment of a path: the rule for every object
/// (`k8s.io/apimachinery/pkg/api/validate/content/path.go`). `prefix` is for the base of a generated name.
pub(super) fn path_segment(text: &str, prefix: bool) -> Vec<String> {
    if !prefix && matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    let found = ["/", "%"].into_iter().filter(|part| text.contains(part));
    found.map(|part| format!("may not contain '{part}'")).collect()
}

fn is_word(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let bytes = text.as_bytes();
    bytes.iter().all(|b| inner(*b))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

fn is_dns_label(text: &str) -> bool {
    let outer = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.iter().all(|b| outer(b) || *b == b'-')
        && bytes.first().is_some_and(outer)
        && bytes.last().is_some_and(outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_validated_as_upstream_does() {
        assert!(qualified_name("app").is_empty());
        assert!(qualified_name("example.com/My_name.1").is_empty());
        assert_eq!(qualified_name("/x"), ["prefix part must be non-empty"]);
        assert_eq!(qualified_name("a/b/c").len(), 1);
        assert_eq!(qualified_name("").len(), 2);
        assert!(label_value("").is_empty());
        assert_eq!(label_value("has space").len(), 1);
        assert!(subdomain("a-1.b").is_empty());
        assert_eq!(subdomain("Bad_Name").len(), 1);
        assert_eq!(subdomain(&"x".repeat(254)), ["must be no more than 253 characters"]);
        assert_eq!(label("a.b").len(), 1);
        assert_eq!(path_segment("..", false), ["may not be '..'"]);
        assert_eq!(path_segment("a/b%", true), ["may not contain '/'", "may not contain '%'"]);
    }
}
