//! How documents are compared: the options of `equalToXml`.

use super::namespaces::Namespaces;
use super::placeholder::Placeholders;

/// The options of a comparison.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) namespaces: Namespaces,
    pub(super) placeholders: Option<Placeholders>,
    /// Whether elements of one name are compared in the order of their texts.
    pub(super) sorted_by_text: bool,
    /// Whether elements are compared in their order, regardless of names.
    pub(super) ordered: bool,
    /// The comparisons to skip, as bits.
    pub(super) exempt: u64,
}

impl Rules {
    /// Returns whether differences of a kind are ignored.
    pub(super) fn is_exempt(&self, comparison: Comparison) -> bool {
        self.exempt & 1 << comparison as u64 != 0
    }
}

/// What `XMLUnit` compares (`ComparisonType`). Those that `WireMock` counts come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    ElementTagName,
    SchemaLocation,
    NoNamespaceSchemaLocation,
    NodeType,
    NamespaceUri,
    TextValue,
    InstructionTarget,
    InstructionData,
    AttributeCount,
    AttributeValue,
    ChildCount,
    ChildLookup,
    AttributeLookup,
}

/// Their names, followed by those of the comparisons that never count.
pub(super) const COMPARISONS: [&str; 23] = [
    "ELEMENT_TAG_NAME",
    "SCHEMA_LOCATION",
    "NO_NAMESPACE_SCHEMA_LOCATION",
    "NODE_TYPE",
    "NAMESPACE_URI",
    "TEXT_VALUE",
    "PROCESSING_INSTRUCTION_TARGET",
    "PROCESSING_INSTRUCTION_DATA",
    "ELEMENT_NUM_ATTRIBUTES",
    "ATTR_VALUE",
    "CHILD_NODELIST_LENGTH",
    "CHILD_LOOKUP",
    "ATTR_NAME_LOOKUP",
    "XML_VERSION",
    "XML_STANDALONE",
    "XML_ENCODING",
    "HAS_DOCTYPE_DECLARATION",
    "DOCTYPE_NAME",
    "DOCTYPE_PUBLIC_ID",
    "DOCTYPE_SYSTEM_ID",
    "ATTR_VALUE_EXPLICITLY_SPECIFIED",
    "CHILD_NODELIST_SEQUENCE",
    "NAMESPACE_PREFIX",
];
