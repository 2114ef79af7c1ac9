//! The named formats (`k8s.io/apiserver/pkg/cel/library/format.go`).

use super::super::super::super::names;
use super::super::super::validate::fits_format;
use super::super::kinds::url::Url;

/// The named formats.
pub(super) const FORMATS: [&str; 13] = [
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
];

/// The size of the regular expression of a format, for the cost of it.
pub(in super::super) fn regex_size(format: &str) -> u64 {
    match format {
        "dns1123Label" | "dns1035Label" | "dns1123LabelPrefix" | "dns1035LabelPrefix" => 30,
        "dns1123Subdomain" | "dns1123SubdomainPrefix" | "qualifiedName" => 60,
        "labelValue" => 40,
        "uri" => 1103,
        "byte" => 84,
        "uuid" => 70,
        _ => 71,
    }
}

/// What is wrong with a text of a named format.
pub(super) fn problems(format: &str, text: &str) -> Vec<String> {
    let prefix = |text: &str| match text.strip_suffix('-') {
        // The character before the dash goes too (`maskTrailingDash`).
        Some(rest) if !rest.is_empty() => {
            let kept = rest.char_indices().next_back().map_or(0, |(at, _)| at);
            format!("{}a", &rest[..kept])
        }
        _ => text.to_owned(),
    };
    match format {
        "dns1123Label" => names::label(text),
        "dns1123Subdomain" => names::subdomain(text),
        "dns1035Label" => names::dns_1035_label(text),
        "qualifiedName" => names::qualified_name(text),
        "dns1123LabelPrefix" => names::label(&prefix(text)),
        "dns1123SubdomainPrefix" => names::subdomain(&prefix(text)),
        "dns1035LabelPrefix" => names::dns_1035_label(&prefix(text)),
        "labelValue" => names::label_value(text),
        "uri" => Url::parse(text).err().into_iter().collect(),
        other if fits_format(other, text) => Vec::new(),
        "uuid" => vec!["does not match the UUID format".to_owned()],
        "byte" => vec!["invalid base64".to_owned()],
        _ => vec![format!("invalid {format}")],
    }
}
