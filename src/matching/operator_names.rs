//! The names of the operators (`C/matching/StringValuePatternJsonDeserializer.java`): for reading a pattern, for
//! writing its mapping, and for showing it where it does not match.

/// Every operator.
pub(super) const OPERATORS: [&str; 25] = [
    "binaryEqualTo",
    "equalTo",
    "equalToJson",
    "matchesJsonPath",
    "matchesJsonSchema",
    "equalToXml",
    "matchesXPath",
    "contains",
    "not",
    "doesNotContain",
    "matches",
    "doesNotMatch",
    "before",
    "after",
    "equalToDateTime",
    "anything",
    "absent",
    "and",
    "or",
    "matchesPathTemplate",
    "equalToNumber",
    "greaterThanNumber",
    "greaterThanEqualNumber",
    "lessThanNumber",
    "lessThanEqualNumber",
];
