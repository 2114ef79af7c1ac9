//! The types of values, with their units: how each is written.
//!
//! The patterns tell editors what [`crate::document`] and the words' own files accept; a test
//! compares the two.

use super::shape::{Looks, Type};

pub(super) const TEXT: Type =
    Type { name: "text", meaning: "Any text.", looks: Looks::Schema(r#"{"type": "string"}"#) };

pub(super) const NAME: Type = Type {
    name: "name",
    meaning: "A name of your choice; where a rule or a phase refers to one, one that the file declares.",
    looks: Looks::Schema(r#"{"type": "string"}"#),
};

pub(super) const FILE_NAME: Type = Type {
    name: "file name",
    meaning: "The name of a file in the scenario's directory, or below it.",
    looks: Looks::Schema(r#"{"type": "string"}"#),
};

pub(super) const FLAG: Type = Type {
    name: "flag",
    meaning: "`true` or `false`.",
    looks: Looks::Schema(r#"{"type": "boolean"}"#),
};

pub(super) const TIME: Type = Type {
    name: "time",
    meaning: "A number with `us`, `ms`, `s`, `m` or `h`, or several of them: `400ms`, `1m30s`.",
    looks: Looks::Schema(
        r#"{"type": "string", "pattern": "^\\s*(([0-9]+\\.?[0-9]*|\\.[0-9]+)(us|ms|s|m|h))+\\s*$"}"#,
    ),
};

pub(super) const SIZE: Type = Type {
    name: "size",
    meaning: "Bytes: a number alone, or with `B`, `KB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`: `512B`, `64KiB`.",
    looks: Looks::Schema(
        r#"{"anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern":
            "^\\s*(([0-9]+\\.?|[0-9]*\\.0+)\\s*B?|([0-9]+\\.?[0-9]*|\\.[0-9]+)\\s*([kKMG]B|[KMG]iB))\\s*$"}
    ]}"#,
    ),
};

pub(super) const POSITIVE_SIZE: Type = Type {
    name: "positive size",
    meaning: "A size of at least one byte.",
    looks: Looks::Schema(
        r##"{"allOf": [
        {"$ref": "#/$defs/size"},
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "[1-9]"}]}
    ]}"##,
    ),
};

pub(super) const WINDOW: Type = Type {
    name: "window",
    meaning: "A size from one byte to below 2 GiB.",
    looks: Looks::Schema(
        r##"{"allOf": [
        {"$ref": "#/$defs/positive-size"},
        {"anyOf": [{"type": "string"}, {"maximum": 2147483647}]}
    ]}"##,
    ),
};

pub(super) const PERCENTAGE: Type = Type {
    name: "percentage",
    meaning: "A number from 0 to 100 with `%`: `30%`, `2.5%`.",
    looks: Looks::Schema(
        r#"{"type": "string", "pattern": "^\\s*(0*100\\.?0*|0*[0-9]{1,2}(\\.[0-9]*)?|0*\\.[0-9]+)\\s*%\\s*$"}"#,
    ),
};

pub(super) const RATE: Type = Type {
    name: "rate",
    meaning: "Bytes a second, as a positive size with `/s`: `16KiB/s`.",
    looks: Looks::Schema(
        r#"{"type": "string", "pattern":
        "^\\s*([0-9]*[1-9][0-9]*\\.?[0-9]*|[0-9]*\\.[0-9]*[1-9][0-9]*)\\s*(B|[kKMG]B|[KMG]iB)?\\s*/s$"}"#,
    ),
};

pub(super) const GLOB: Type = Type {
    name: "glob",
    meaning: "A text with the wildcards `*`, `?`, `[a-z]` and `{a,b}`.",
    looks: Looks::Schema(r#"{"type": "string"}"#),
};

pub(super) const PATH_GLOB: Type = Type {
    name: "path glob",
    meaning: "A glob that begins with `/` or `*`; `*` stays inside one segment of the path, `**` crosses them.",
    looks: Looks::Schema(r#"{"type": "string", "pattern": "^[/*]"}"#),
};

pub(super) const SCALAR: Type = Type {
    name: "scalar",
    meaning: "A text, a number, `true` or `false`.",
    looks: Looks::Schema(r#"{"type": ["string", "number", "boolean"]}"#),
};

pub(super) const PATTERN: Type = Type {
    name: "pattern",
    meaning: "A scalar that must be equal, or a glob.",
    looks: Looks::Schema(r#"{"type": ["string", "number", "boolean"]}"#),
};

pub(super) const JSON_PATH: Type = Type {
    name: "JSONPath",
    meaning: "A path of RFC 9535, like `$.spec.replicas` or `$..containers[?@.image]`.",
    looks: Looks::Schema(r#"{"type": "string", "pattern": "^\\$"}"#),
};

pub(super) const HEADER_NAME: Type = Type {
    name: "header name",
    meaning: "The name of a header field, in upper or lower case.",
    looks: Looks::Schema(r#"{"type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}"#),
};

pub(super) const PERCENTILE: Type = Type {
    name: "percentile",
    meaning: "`p` and a number above 0 and up to 100: `p50`, `p99.9`.",
    looks: Looks::Schema(
        r#"{"type": "string", "pattern": "^p(0*100\\.?0*|0*[1-9][0-9]?(\\.[0-9]*)?|0*\\.0*[1-9][0-9]*)$"}"#,
    ),
};

pub(super) const REQUEST: Type = Type {
    name: "request",
    meaning: "A method and a path: `POST /v3/auth/tokens`.",
    looks: Looks::Schema(r#"{"type": "string", "pattern": "^[^ ]* /"}"#),
};

pub(super) const TOKEN_PLACE: Type = Type {
    name: "token place",
    meaning: "`bearer`, for `Authorization: Bearer`, or `header` and the name of a header field.",
    looks: Looks::Schema(
        r#"{"type": "string", "pattern": "^(bearer|header \\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\\s*)$"}"#,
    ),
};

pub(super) const REQUEST_KEY: Type = Type {
    name: "request key",
    meaning: "`request` (the same method, path, query and body, as in a retry), `client` (the matching one of `clients`, else its token, else its address), `token` (what `Authorization` or `X-Auth-Token` has), `address`, `method`, `path`, `header NAME`, `query NAME`, or a JSONPath of the body.",
    looks: Looks::Schema(
        r#"{"type": "string", "pattern": "^(request|client|token|address|method|path|header \\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\\s*|query \\s*\\S.*|\\$.*)$"}"#,
    ),
};

pub(super) const NUMBERED_NAME: Type = Type {
    name: "numbered name",
    meaning: "A name with its number in it: `job-{n}`, or `job-{n:04}` for four digits.",
    looks: Looks::Schema(
        r#"{"type": "string", "pattern": "^[^{]*\\{n(:0+([0-9]|1[0-8]))?\\}[^{]*$"}"#,
    ),
};

pub(super) const JSON: Type =
    Type { name: "JSON", meaning: "Any value.", looks: Looks::Schema("true") };
