//! The functions that rules may call, with their signatures: those of the language (`cel-go/common/stdlib`), of its
//! extensions (`cel-go/ext`: strings 2, sets, lists 3, two-variable comprehensions), and of Kubernetes
//! (`k8s.io/apiserver/pkg/cel/{environment,library}`).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::signatures::SIGNATURES;
use super::types::Type;

/// One signature of a function.
#[derive(Debug)]
pub(in super::super) struct Overload {
    pub(in super::super) id: &'static str,
    /// Whether the first argument stands before the dot.
    pub(in super::super) member: bool,
    pub(in super::super) args: Vec<Type>,
    pub(in super::super) result: Type,
    /// The unknown types in it.
    pub(in super::super) params: Vec<Arc<str>>,
}

/// The signatures of a function; `None` for an unknown one.
pub(in super::super) fn overloads(name: &str) -> Option<&'static [Overload]> {
    TABLE.get(name).map(Vec::as_slice)
}

/// A type that expressions can name.
pub(in super::super) fn type_of_name(name: &str) -> Option<Type> {
    if !TYPE_NAMES.split(' ').any(|known| known == name) {
        return None;
    }
    let dynamic = || Arc::new(Type::Dyn);
    Some(match name {
        "list" => Type::List(dynamic()),
        "map" => Type::Map(dynamic(), dynamic()),
        "type" => Type::Type(None),
        "null_type" => Type::Null,
        "optional_type" => Type::Optional(dynamic()),
        "google.protobuf.Timestamp" => Type::Timestamp,
        "google.protobuf.Duration" => Type::Duration,
        name => opaque(name).unwrap_or_else(|| parse_type(name)),
    })
}

const TYPE_NAMES: &str = "bool bytes double int list map null_type string type uint google.protobuf.Timestamp \
     google.protobuf.Duration optional_type kubernetes.Quantity kubernetes.URL kubernetes.NamedFormat kubernetes.Semver \
     net.IP net.CIDR";

/// The types of the libraries of Kubernetes: the word of the table, and the name.
const OPAQUE: [(&str, &str); 11] = [
    ("quantity", "kubernetes.Quantity"),
    ("url", "kubernetes.URL"),
    ("format", "kubernetes.NamedFormat"),
    ("semver", "kubernetes.Semver"),
    ("ip", "net.IP"),
    ("cidr", "net.CIDR"),
    ("authorizer", "kubernetes.authorization.Authorizer"),
    ("pathcheck", "kubernetes.authorization.PathCheck"),
    ("groupcheck", "kubernetes.authorization.GroupCheck"),
    ("resourcecheck", "kubernetes.authorization.ResourceCheck"),
    ("decision", "kubernetes.authorization.Decision"),
];

fn opaque(name: &str) -> Option<Type> {
    OPAQUE.iter().find(|(_, full)| *full == name).map(|(_, full)| Type::Opaque(full))
}

static TABLE: LazyLock<HashMap<&'static str, Vec<Overload>>> = LazyLock::new(|| {
    let mut table: HashMap<&'static str, Vec<Overload>> = HashMap::new();
    for line in SIGNATURES.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, overload) = parse_line(line);
        table.entry(name).or_default().push(overload);
    }
    for (name, word) in
        [("_<_", "less"), ("_<=_", "less_equals"), ("_>_", "greater"), ("_>=_", "greater_equals")]
    {
        table.entry(name).or_default().extend(comparisons(word));
    }
    table
});

/// The signatures of a comparison; numbers of different types can be compared.
fn comparisons(word: &'static str) -> impl Iterator<Item = Overload> {
    const PAIRS: [(&str, &str, &str); 14] = [
        ("bool", "bool", "bool"),
        ("int64", "int", "int"),
        ("int64_double", "int", "double"),
        ("int64_uint64", "int", "uint"),
        ("uint64", "uint", "uint"),
        ("uint64_double", "uint", "double"),
        ("uint64_int64", "uint", "int"),
        ("double", "double", "double"),
        ("double_int64", "double", "int"),
        ("double_uint64", "double", "uint"),
        ("string", "string", "string"),
        ("bytes", "bytes", "bytes"),
        ("timestamp", "timestamp", "timestamp"),
        ("duration", "duration", "duration"),
    ];
    PAIRS.into_iter().map(move |(suffix, left, right)| Overload {
        // The table lives as long as the program.
        id: Box::leak(format!("{word}_{suffix}").into_boxed_str()),
        member: false,
        args: vec![parse_type(left), parse_type(right)],
        result: Type::Bool,
        params: Vec::new(),
    })
}

/// `id name(arg, arg) -> result`, or `id receiver.name(arg) -> result`.
fn parse_line(line: &'static str) -> (&'static str, Overload) {
    let (id, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (call, result) = rest.split_once(" -> ").unwrap_or((rest, "dyn"));
    let open = head_length(call);
    let (head, args) = (&call[..open], &call[open + 1..call.len() - 1]);
    let mut arguments: Vec<Type> = split_types(args).into_iter().map(parse_type).collect();
    let (receiver, name) = match head.rsplit_once(':') {
        // The colon of the conditional operator is part of its name.
        Some((receiver, name)) if name != "_" => (Some(parse_type(receiver)), name),
        _ => (None, head),
    };
    let member = receiver.is_some();
    arguments.splice(0..0, receiver);
    let result = parse_type(result);
    let mut params = Vec::new();
    arguments.iter().chain([&result]).for_each(|of| collect_params(of, &mut params));
    (name, Overload { id, member, args: arguments, result, params })
}

/// The length of what stands before the arguments: types in the receiver have parentheses too.
fn head_length(call: &str) -> usize {
    let from = call.rfind(':').map_or(0, |at| at + 1);
    from + call[from..].find('(').unwrap_or(call.len() - from)
}

fn split_types(text: &'static str) -> Vec<&'static str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    parts.extend((!last.is_empty()).then_some(last));
    parts
}

fn parse_type(text: &str) -> Type {
    if let Some((word, inner)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let mut depth = 0;
        let comma = inner.char_indices().find(|(_, c)| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            *c == ',' && depth == 0
        });
        let part = |text: &str| Arc::new(parse_type(text.trim()));
        return match (word, comma) {
            ("list", _) => Type::List(part(inner)),
            ("optional", _) => Type::Optional(part(inner)),
            ("map", Some((at, _))) => Type::Map(part(&inner[..at]), part(&inner[at + 1..])),
            _ => Type::Type(Some(part(inner))),
        };
    }
    match text {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "duration" => Type::Duration,
        "timestamp" => Type::Timestamp,
        "null" => Type::Null,
        "dyn" => Type::Dyn,
        text => match OPAQUE.iter().find(|(word, _)| *word == text) {
            Some((_, name)) => Type::Opaque(name),
            None => Type::Param(text.into()),
        },
    }
}

fn collect_params(of: &Type, params: &mut Vec<Arc<str>>) {
    match of {
        Type::Param(name) if !params.contains(name) => params.push(Arc::clone(name)),
        Type::List(inner) | Type::Optional(inner) | Type::Type(Some(inner)) => {
            collect_params(inner, params);
        }
        Type::Map(key, value) => {
            collect_params(key, params);
            collect_params(value, params);
        }
        _ => {}
    }
}
