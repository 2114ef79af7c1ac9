//! Whether objects are as definitions say: for recorded objects beside the definitions of today.

use serde_json::Value;

use super::crd::{self, CrdError};
use super::resource::ResourceType;
use super::schema;

/// Resource types of `CustomResourceDefinition`s.
#[derive(Debug, Default)]
pub(crate) struct Definitions(Vec<ResourceType>);

impl Definitions {
    /// Adds a definition.
    ///
    /// # Errors
    /// The first missing or invalid key.
    pub(crate) fn add(&mut self, crd: &Value) -> Result<(), CrdError> {
        let mut crd = crd.clone();
        crd::to_v1(&mut crd);
        crd::set_defaults(&mut crd);
        self.0.push(crd::parse(&crd)?);
        Ok(())
    }

    /// What is wrong with an object; nothing where no definition is about its type.
    pub(crate) fn problems(&self, object: &Value) -> Option<Vec<String>> {
        let (group, version) = object["apiVersion"].as_str()?.split_once('/')?;
        let kind = object["kind"].as_str()?;
        let of =
            self.0.iter().find(|of| &*of.kind == kind && *of.group_resource.group == *group)?;
        let served = of.versions.iter().find(|found| &*found.name == version && found.served);
        let Some(served) = served else {
            return Some(vec![format!("the version {version} is not served any more")]);
        };
        let Some(schema) = &served.schema else { return Some(Vec::new()) };
        let errors = schema::validate(schema, object, "");
        let mut problems: Vec<String> =
            errors.iter().map(|error| format!("{}: {}", error.field, error.body)).collect();
        let unknown = schema::prune(schema, &mut object.clone());
        problems.extend(unknown.iter().map(|field| format!("{field}: the field is not defined")));
        Some(problems)
    }
}
