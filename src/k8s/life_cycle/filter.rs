//! Which objects of a type go through stages.

use globset::GlobMatcher;

/// Which objects of a type are taken through phases: all without a glob.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObjectFilter {
    pub(crate) namespace: Option<GlobMatcher>,
    pub(crate) name: Option<GlobMatcher>,
}

impl ObjectFilter {
    pub(super) fn takes(&self, namespace: &str, name: &str) -> bool {
        let holds =
            |glob: &Option<GlobMatcher>, text| glob.as_ref().is_none_or(|glob| glob.is_match(text));
        holds(&self.namespace, namespace) && holds(&self.name, name)
    }
}
