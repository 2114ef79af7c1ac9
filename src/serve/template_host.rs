//! What templates may learn about the machine: its name, and the variables of the environment that are permitted.

use std::sync::OnceLock;
use std::{env, fs};

use crate::template::{Host, SystemSource, SystemValue};

/// The keys that are permitted where none are named, as in `WireMock`.
const DEFAULT_KEYS: &str = "wiremock.*";

/// The machine, as far as templates may know it.
#[derive(Debug, Default)]
pub(crate) struct TemplateHost {
    name: OnceLock<String>,
    /// Expressions for the whole of a key, in any case. Those that are permitted where none are named are compiled when
    /// a template asks: few do, and compiling takes longer than the rest of a start.
    permitted: OnceLock<Vec<regex::Regex>>,
}

impl TemplateHost {
    /// Permits the keys that one of the expressions matches; with none, those that begin with `wiremock`.
    ///
    /// # Errors
    /// The sentence for people: which expression is none.
    pub(crate) fn new(permitted: &[String]) -> Result<Self, String> {
        let host = Self::default();
        if !permitted.is_empty() {
            let compiled = permitted.iter().map(|key| compile(key)).collect::<Result<_, _>>()?;
            host.permitted.get_or_init(|| compiled);
        }
        Ok(host)
    }

    fn is_permitted(&self, key: &str) -> bool {
        let permitted = self.permitted.get_or_init(|| compile(DEFAULT_KEYS).into_iter().collect());
        permitted.iter().any(|permitted| permitted.is_match(key))
    }
}

fn compile(key: &str) -> Result<regex::Regex, String> {
    regex::Regex::new(&format!("^(?i:{key})$"))
        .map_err(|error| format!("{key:?} is not a regular expression: {error}"))
}

impl Host for TemplateHost {
    fn name(&self) -> &str {
        self.name.get_or_init(|| {
            let of_kernel = || fs::read_to_string("/proc/sys/kernel/hostname").ok();
            let of_environment = || env::var("HOSTNAME").or_else(|_| env::var("COMPUTERNAME")).ok();
            let name = of_kernel().or_else(of_environment).unwrap_or_default();
            let name = name.trim();
            if name.is_empty() { "localhost" } else { name }.to_owned()
        })
    }

    fn system_value(&self, source: SystemSource, key: &str) -> SystemValue {
        if !self.is_permitted(key) {
            return SystemValue::Denied;
        }
        match source {
            // There is no Java, and so none of its properties.
            SystemSource::Property => SystemValue::Absent,
            SystemSource::Environment => {
                env::var(key).map_or(SystemValue::Absent, SystemValue::Text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_permitted_as_a_whole() {
        let host = TemplateHost::new(&["PA.H".to_owned()]).unwrap();
        let value = |key| host.system_value(SystemSource::Environment, key);
        assert!(matches!(value("PATH"), SystemValue::Text(_)));
        assert_eq!(value("XPATHX"), SystemValue::Denied);
        assert_eq!(host.system_value(SystemSource::Property, "path"), SystemValue::Absent);
        let host = TemplateHost::new(&[]).unwrap();
        let value = |key| host.system_value(SystemSource::Environment, key);
        assert_eq!(value("PATH"), SystemValue::Denied);
        assert_eq!(value("wiremock.none"), SystemValue::Absent);
        assert!(TemplateHost::new(&["(".to_owned()]).is_err());
        assert!(!host.name().is_empty());
    }
}
