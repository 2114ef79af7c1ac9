//! The Go structs of the built-in types: what JSON is decoded into, in which order it is written, and how its
//! lists merge. Source: `data/types.txt`, made by `data/generate` from `k8s.io/api`.
//!
//! The text is parsed on first use: once for the places of all structs, then each struct when it is needed.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use serde_json::Value;

/// A struct.
#[derive(Debug)]
pub(in super::super) struct GoStruct {
    /// Its package and name: `core/v1.PodSpec`.
    pub(in super::super) key: &'static str,
    /// Its name with the package, as Go prints it: `v1.PodSpec`.
    pub(in super::super) name: &'static str,
    /// Its fields in the order of the source, inlined ones in their place.
    pub(in super::super) fields: Box<[Field]>,
    /// Whether it merges as a single value (`x-kubernetes-map-type: atomic`).
    pub(in super::super) atomic: bool,
}

/// A field of a struct.
#[derive(Debug)]
pub(in super::super) struct Field {
    /// The name in JSON.
    pub(in super::super) name: &'static str,
    pub(in super::super) pointer: bool,
    /// `omitempty`.
    pub(in super::super) omit_empty: bool,
    /// `omitzero`.
    pub(in super::super) omit_zero: bool,
    pub(in super::super) kind: GoKind,
    /// `patchStrategy`, such as `merge,retainKeys`.
    pub(in super::super) patch_strategy: &'static str,
    /// `patchMergeKey`.
    pub(in super::super) merge_key: Option<&'static str>,
    /// `x-kubernetes-list-type`; empty where the document has none.
    pub(in super::super) list_type: &'static str,
    /// `x-kubernetes-list-map-keys`.
    pub(in super::super) list_keys: Box<[&'static str]>,
    /// Whether it merges as a single value, where the field says so itself.
    pub(in super::super) atomic: Option<bool>,
    /// The embedded structs that it is in, such as `VolumeSource`; empty for a field of the struct itself.
    pub(in super::super) inside: &'static str,
    /// The default in OpenAPI, where it is not the zero value.
    pub(in super::super) default: Option<Value>,
}

/// The type of a field. The names are those of named types, where they differ from the usual one.
#[derive(Debug, Clone)]
pub(in super::super) enum GoKind {
    Text(&'static str),
    Bool(&'static str),
    Int {
        name: &'static str,
        bits: u32,
    },
    Float(&'static str),
    /// `[]byte`, in base64.
    Bytes,
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    /// Any JSON value: `RawExtension`, `FieldsV1`, and other types that decode themselves.
    Any(&'static str),
    List(Option<&'static str>, Box<GoKind>),
    Map(&'static str, Box<GoKind>),
    Struct(StructId),
}

/// A struct of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct StructId(u32);

struct Table {
    ids: HashMap<&'static str, StructId>,
    texts: Vec<(&'static str, &'static str)>,
    structs: Vec<OnceLock<GoStruct>>,
    roots: HashMap<(&'static str, &'static str, &'static str), &'static str>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("data/types.txt")));

impl Table {
    fn read(text: &'static str) -> Self {
        let (mut ids, mut texts, mut roots) = (HashMap::new(), Vec::new(), HashMap::new());
        let mut rest = text;
        while !rest.is_empty() {
            // A struct ends before the next line that does not begin with a tab.
            let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            let (head, after) = rest.split_at(line_end);
            let head = head.trim_end();
            if let Some(root) = head.strip_prefix('!') {
                if let [group, version, kind, key] = root.split(' ').collect::<Vec<_>>().as_slice()
                {
                    roots.insert((*group, *version, *kind), *key);
                }
                rest = after;
                continue;
            }
            let end = if after.starts_with('\t') {
                let mut end = 0;
                loop {
                    match after[end..].find('\n') {
                        Some(at) => end += at + 1,
                        None => break after.len(),
                    }
                    if !after[end..].starts_with('\t') {
                        break end;
                    }
                }
            } else {
                0
            };
            let key = head.split(' ').next().unwrap_or_default();
            ids.insert(key, StructId(u32::try_from(texts.len()).unwrap_or(u32::MAX)));
            texts.push((head, &after[..end]));
            rest = &after[end..];
        }
        let structs = texts.iter().map(|_| OnceLock::new()).collect();
        Self { ids, texts, structs, roots }
    }
}

/// The struct of a kind.
pub(in super::super) fn of_kind(
    group: &str,
    version: &str,
    kind: &str,
) -> Option<&'static GoStruct> {
    TABLE.roots.get(&(group, version, kind)).and_then(|key| named(key))
}

/// The struct of a key, such as `core/v1.PodSpec`; `core.PodSpec` is the internal one.
pub(in super::super) fn named(key: &str) -> Option<&'static GoStruct> {
    TABLE.ids.get(key).map(|id| id.get())
}

impl StructId {
    /// The struct.
    pub(in super::super) fn get(self) -> &'static GoStruct {
        static EMPTY: LazyLock<GoStruct> =
            LazyLock::new(|| GoStruct { key: "", name: "", fields: Box::default(), atomic: false });
        let at = self.0 as usize;
        let (Some(slot), Some((head, text))) = (TABLE.structs.get(at), TABLE.texts.get(at)) else {
            return &EMPTY;
        };
        slot.get_or_init(|| {
            let key = head.split(' ').next().unwrap_or_default();
            GoStruct {
                key,
                name: key.rsplit_once('/').map_or(key, |(_, name)| name),
                fields: text.lines().filter_map(|line| Field::read(line.trim_start())).collect(),
                atomic: head.ends_with(" mt=atomic"),
            }
        })
    }
}

impl GoStruct {
    /// The field of a JSON name.
    pub(in super::super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The name without the package.
    pub(in super::super) fn short_name(&self) -> &'static str {
        self.name.rsplit_once('.').map_or(self.name, |(_, name)| name)
    }
}

impl Field {
    fn read(line: &'static str) -> Option<Self> {
        let (line, default) = match line.split_once(" d=") {
            Some((line, default)) => (line, serde_json::from_str(default).ok()),
            None => (line, None),
        };
        let mut words = line.split(' ');
        let (name, flags, kind) = (words.next()?, words.next()?, words.next()?);
        let mut field = Self {
            name,
            pointer: flags.contains('p'),
            omit_empty: flags.contains('o'),
            omit_zero: flags.contains('z'),
            kind: GoKind::read(kind)?.0,
            patch_strategy: "",
            merge_key: None,
            list_type: "",
            list_keys: Box::default(),
            atomic: None,
            inside: "",
            default,
        };
        for word in words {
            match word.split_once('=')? {
                ("ps", strategy) => field.patch_strategy = strategy,
                ("mk", key) => field.merge_key = Some(key),
                ("lt", kind) => field.list_type = kind,
                ("lk", keys) => field.list_keys = keys.split(',').collect(),
                ("in", embedded) => field.inside = embedded,
                ("mt", kind) => field.atomic = Some(kind == "atomic"),
                _ => {}
            }
        }
        Some(field)
    }
}

impl GoKind {
    fn read(text: &'static str) -> Option<(Self, &'static str)> {
        fn bracketed(text: &'static str) -> (Option<&'static str>, &'static str) {
            match text.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                Some((name, rest)) => (Some(name), rest),
                None => (None, text),
            }
        }
        if let Some(rest) = text.strip_prefix("[]") {
            let (name, rest) = bracketed(rest);
            let (item, rest) = Self::read(rest)?;
            return Some((Self::List(name, Box::new(item)), rest));
        }
        if let Some(rest) = text.strip_prefix("{}") {
            let (name, rest) = bracketed(rest);
            let (item, rest) = Self::read(rest)?;
            return Some((Self::Map(name.unwrap_or("map[string]string"), Box::new(item)), rest));
        }
        if let Some(key) = text.strip_prefix('#') {
            return Some((Self::Struct(*TABLE.ids.get(key)?), ""));
        }
        let letter = text.get(..1)?;
        let (name, rest) = bracketed(&text[1..]);
        let or = |usual: &'static str| name.unwrap_or(usual);
        let kind = match letter {
            "s" => Self::Text(or("string")),
            "b" => Self::Bool(or("bool")),
            "i" => Self::Int { name: or("int32"), bits: 32 },
            "l" => Self::Int { name: or("int64"), bits: 64 },
            "n" => Self::Int { name: or("int"), bits: 64 },
            "u" => Self::Int { name: or("uint8"), bits: 8 },
            "d" => Self::Float(or("float64")),
            "y" => Self::Bytes,
            "T" => Self::Time,
            "M" => Self::MicroTime,
            "Q" => Self::Quantity,
            "X" => Self::IntOrString,
            "R" => Self::Any("runtime.RawExtension"),
            "F" => Self::Any("v1.FieldsV1"),
            _ => Self::Any("interface {}"),
        };
        Some((kind, rest))
    }

    /// The type as Go prints it in messages.
    pub(in super::super) fn name(&self) -> String {
        match self {
            Self::Text(name)
            | Self::Bool(name)
            | Self::Int { name, .. }
            | Self::Float(name)
            | Self::Any(name)
            | Self::Map(name, _)
            | Self::List(Some(name), _) => (*name).to_owned(),
            Self::Bytes => "[]uint8".to_owned(),
            Self::Time => "v1.Time".to_owned(),
            Self::MicroTime => "v1.MicroTime".to_owned(),
            Self::Quantity => "resource.Quantity".to_owned(),
            Self::IntOrString => "intstr.IntOrString".to_owned(),
            Self::List(None, item) => format!("[]{}", item.name()),
            Self::Struct(of) => of.get().name.to_owned(),
        }
    }
}
