//! Where traces go and under which name: an option, or the variables that OpenTelemetry has for all programs
//! (`OTEL_EXPORTER_OTLP_ENDPOINT` and others).

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use super::messages::KeyValue;

/// The path of traces below the URL of a collector.
const PATH: &str = "/v1/traces";

/// The settings of an exporter.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Settings {
    pub(super) url: Uri,
    pub(super) headers: HeaderMap,
    pub(super) resource: Vec<KeyValue>,
}

impl Settings {
    /// The settings of the environment, or of a URL that comes first. Nothing where neither names a collector.
    ///
    /// # Errors
    /// What is wrong with a value, by the name of its option or variable.
    pub(in crate::cli) fn read(
        option: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, String> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        if variable("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let below = |url: &str| format!("{}{PATH}", url.trim_end_matches('/'));
        let found = if let Some(url) = option {
            // A URL with a path is that of traces.
            let has_path = url.split_once("://").is_some_and(|(_, rest)| {
                rest.split_once('/').is_some_and(|(_, path)| !path.is_empty())
            });
            Some(("--otlp-endpoint", if has_path { url.to_owned() } else { below(url) }))
        } else if let Some(url) = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            Some(("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url))
        } else {
            let name = "OTEL_EXPORTER_OTLP_ENDPOINT";
            variable(name).map(|url| (name, below(&url)))
        };
        let Some((name, url)) = found else { return Ok(None) };
        let parsed: Uri = url.parse().map_err(|why| format!("{name}: {url:?} is no URL: {why}"))?;
        if parsed.scheme_str() != Some("http") || parsed.authority().is_none() {
            return Err(format!(
                "{name}: {url:?} has to begin with http://; a collector beside the server passes traces on over TLS"
            ));
        }
        let mut headers = HeaderMap::new();
        for name in ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] {
            for (key, value) in pairs(name, &variable(name).unwrap_or_default())? {
                let field = HeaderName::try_from(&key).ok().zip(HeaderValue::try_from(value).ok());
                let (key, value) =
                    field.ok_or_else(|| format!("{name}: {key:?} is not a header field"))?;
                headers.insert(key, value);
            }
        }
        let name = "OTEL_RESOURCE_ATTRIBUTES";
        let mut resource = pairs(name, &variable(name).unwrap_or_default())?;
        if let Some(service) = variable("OTEL_SERVICE_NAME") {
            resource.retain(|(key, _)| key != "service.name");
            resource.push(("service.name".to_owned(), service));
        }
        for (key, value) in
            [("service.name", "standin"), ("service.version", env!("CARGO_PKG_VERSION"))]
        {
            if !resource.iter().any(|(known, _)| known == key) {
                resource.push((key.to_owned(), value.to_owned()));
            }
        }
        let resource = resource.into_iter().map(|(key, value)| KeyValue::new(&key, value));
        Ok(Some(Self { url: parsed, headers, resource: resource.collect() }))
    }
}

/// `key=value` pairs with commas between them, percent-encoded.
fn pairs(name: &str, text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
    pairs
        .map(|pair| {
            let (key, value) =
                pair.split_once('=').ok_or_else(|| format!("{name}: write KEY=VALUE,KEY=VALUE"))?;
            Ok((decoded(key), decoded(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(option: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Settings::read(option, |name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    fn url(option: Option<&str>, variables: &[(&str, &str)]) -> Option<String> {
        read(option, variables).unwrap().map(|settings| settings.url.to_string())
    }

    #[test]
    fn the_collector_is_named_by_the_option_or_by_variables() {
        let both = "OTEL_EXPORTER_OTLP_ENDPOINT";
        let traces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        assert_eq!(url(None, &[]), None);
        assert_eq!(url(None, &[(both, "")]), None);
        assert_eq!(url(None, &[(both, "http://c:4318/")]).unwrap(), "http://c:4318/v1/traces");
        assert_eq!(url(None, &[(both, "http://c"), (traces, "http://d/x")]).unwrap(), "http://d/x");
        assert_eq!(url(Some("http://e:1"), &[(both, "http://c")]).unwrap(), "http://e:1/v1/traces");
        assert_eq!(url(Some("http://e:1/y"), &[]).unwrap(), "http://e:1/y");
        assert_eq!(url(None, &[(both, "http://c"), ("OTEL_SDK_DISABLED", "true")]), None);
        let error = read(None, &[(both, "https://c")]).unwrap_err();
        assert!(error.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT: \"https://c/v1"), "{error}");
        assert!(read(Some("c:4318"), &[]).unwrap_err().starts_with("--otlp-endpoint: "));
    }

    #[test]
    fn header_fields_and_names_come_from_variables() {
        let settings = read(
            Some("http://c"),
            &[
                ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=1"),
                ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,zone=z"),
                ("OTEL_SERVICE_NAME", "mine"),
            ],
        );
        let settings = settings.unwrap().unwrap();
        assert!(settings.headers["api-key"] == "a b" && settings.headers["x"] == "1");
        let resource = settings.resource;
        assert!(resource.contains(&KeyValue::new("service.name", "mine")), "{resource:?}");
        assert!(resource.contains(&KeyValue::new("zone", "z")), "{resource:?}");
        assert_eq!(resource.len(), 3, "{resource:?}");
        let wrong = read(Some("http://c"), &[("OTEL_EXPORTER_OTLP_HEADERS", "api-key")]);
        assert!(wrong.unwrap_err().starts_with("OTEL_EXPORTER_OTLP_HEADERS: "));
    }
}
