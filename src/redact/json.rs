//! Secrets in JSON text: found by the names they stand under, and replaced where they stand, so that
//! all other bytes stay as they are.

use std::ops::Range;

use super::data_names::names_data;
use super::edit::Edit;
use super::names::{self, Place};
use super::pass::Pass;
use super::random::{has_mixed, looks_random};

mod reader;
mod shapes;

use reader::{Node, Reader, unescaped};

/// Compiles the patterns of objects.
#[cfg(feature = "record")]
pub(super) fn compile() {
    shapes::compile();
}

/// What is known of a value from what stands around it.
#[derive(Debug, Clone, Copy, Default)]
struct Around<'n> {
    name: &'n str,
    /// It stands right below a secret name.
    inside: bool,
    /// It is the data of a Kubernetes Secret; the values are base64.
    data: bool,
    /// It is or holds Kubernetes Secrets, whatever it says of its kind.
    secrets: bool,
    /// It is in an object that holds secrets under names of their own.
    held: bool,
    /// It is in a list of pairs of a name and a value.
    paired: bool,
}

/// What an item of a list says of the next one.
#[derive(Debug, Clone, Copy)]
enum Follows {
    Nothing,
    /// It may be a secret.
    Perhaps,
    /// It is one.
    Secret,
}

/// Whether what stands under a name in an object of secrets may be one: it does not describe them.
fn is_held(name: &str) -> bool {
    const DESCRIBE: &[&str] = &[
        "id",
        "name",
        "namespace",
        "type",
        "kind",
        "user",
        "username",
        "email",
        "url",
        "uri",
        "path",
        "ref",
        "version",
        "description",
        "status",
        "state",
        "issuer",
        "audience",
        "provider",
        "uid",
        "resourceversion",
    ];
    !name.is_empty() && !DESCRIBE.contains(&&*name.to_ascii_lowercase())
}

impl Pass<'_> {
    /// The edits of a JSON text; nothing for another text.
    pub(super) fn json(&self, text: &str) -> Option<Vec<Edit>> {
        let mut reader = Reader { text, at: 0 };
        reader.space();
        let root = reader.value(0)?;
        reader.space();
        if reader.at < text.len() {
            return None;
        }
        let mut walk = Walk { pass: self, text, edits: Vec::new() };
        walk.value(&root, Around { secrets: self.of_secrets, ..Around::default() });
        Some(walk.edits)
    }
}

struct Walk<'w> {
    pass: &'w Pass<'w>,
    text: &'w str,
    edits: Vec<Edit>,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node, around: Around<'_>) {
        let of_secret = !around.name.is_empty() && names::is_secret(around.name, Place::Field);
        match node {
            Node::Text(range) => {
                let decoded = unescaped(&self.text[range.clone()]);
                let plain =
                    around.inside && (around.name.is_empty() || names::is_plain(around.name));
                let new = if around.data {
                    Some(self.pass.hide_base64(&decoded))
                } else if of_secret
                    || plain
                    || !around.name.is_empty()
                        && names::is_secret_value(around.name, Place::Field, &decoded)
                    || around.held && is_held(around.name) && looks_random(&decoded)
                {
                    Some(self.pass.hide_value(&decoded, around.name))
                } else {
                    self.pass.of_data.set(names_data(around.name));
                    let new = self.pass.nested(&decoded);
                    self.pass.of_data.set(false);
                    new
                };
                if let Some(new) = new.filter(|new| *new != decoded) {
                    self.edits.push(Edit { range: range.clone(), text: escaped(&new) });
                }
            }
            Node::Number(range) if names::is_secret_number(around.name) => {
                let text = self.pass.hide_number(&self.text[range.clone()]);
                self.edits.push(Edit { range: range.clone(), text });
            }
            Node::Number(_) | Node::Word(_) => {}
            Node::List(items) if !around.inside && self.named_rows(items) => {}
            Node::List(items) => {
                let inside = around.inside || of_secret;
                let paired = !items.is_empty() && items.iter().all(Node::is_pair);
                let mut follows = Follows::Nothing;
                for item in items {
                    let name = if matches!(item, Node::Map(_)) { "" } else { around.name };
                    let name = if self.may_follow(item, follows) { "secret" } else { name };
                    follows = self.follows(item, around.paired);
                    self.value(item, Around { name, inside, held: false, paired, ..around });
                }
                self.arguments(items);
            }
            Node::Map(fields) => self.map(fields, around, of_secret),
        }
    }

    fn text_of(&self, node: &Node) -> Option<String> {
        let Node::Text(range) = node else { return None };
        Some(unescaped(&self.text[range.clone()]))
    }

    /// What an item says of the next one: `["--token", "value"]`, as programs are started, `["X-Api-Key", "value"]`,
    /// as header fields are listed, and lists of such pairs.
    fn follows(&self, item: &Node, paired: bool) -> Follows {
        let Node::Text(range) = item else { return Follows::Nothing };
        let text = &self.text[range.clone()];
        let name = text.strip_prefix("--").unwrap_or(text);
        let place = if paired { Place::Field } else { Place::Header };
        if name.contains(['=', ' ', '/']) || !names::is_secret(name, place) {
            Follows::Nothing
        } else if paired || name.len() < text.len() {
            Follows::Secret
        } else {
            Follows::Perhaps
        }
    }

    /// Whether an item behind a name may be its value, not another name: lists of names are common.
    fn may_follow(&self, item: &Node, follows: Follows) -> bool {
        let is_name = |text: &str| names::is_secret(text, Place::Header);
        self.text_of(item).is_some_and(|text| match follows {
            Follows::Nothing => false,
            Follows::Perhaps => has_mixed(&text) && !is_name(&text),
            Follows::Secret => !text.starts_with("--"),
        })
    }

    /// Hides what a program that is started gets as a secret by its place.
    fn arguments(&mut self, items: &[Node]) {
        let texts: Vec<String> = items.iter().filter_map(|item| self.text_of(item)).collect();
        if texts.len() != items.len() || !texts.iter().any(|text| text.starts_with('-')) {
            return;
        }
        for secret in self.pass.in_command(&texts.join(" ")) {
            for (item, text) in items.iter().zip(&texts) {
                let Node::Text(range) = item else { continue };
                if text.contains(&secret) && !self.edits.iter().any(|edit| edit.range == *range) {
                    let new = text.replace(&secret, &self.pass.hide(&secret));
                    self.edits.push(Edit { range: range.clone(), text: escaped(&new) });
                }
            }
        }
    }

    fn map(&mut self, fields: &[(String, Node)], around: Around<'_>, of_secret: bool) {
        let text_of = |wanted: &[&str]| {
            let found = fields.iter().find(|(name, _)| wanted.contains(&name.as_str()));
            match found {
                Some((_, Node::Text(range))) => Some(unescaped(&self.text[range.clone()])),
                _ => None,
            }
        };
        let kind = text_of(&["kind"]);
        let items = kind.as_deref() == Some("SecretList");
        let is_secret = match kind.as_deref() {
            Some(kind) => kind == "Secret",
            None => around.secrets,
        };
        let secrets = items || around.secrets && kind.as_deref().is_none_or(|kind| kind == "List");
        // A JSON Web Key (RFC 7517, RFC 7518) with its private part, and the keys that Vault is opened with.
        let is_key = text_of(&["kty"]).is_some();
        let opens = text_of(&["root_token"]).is_some();
        let held = around.held || names::holds_secrets(around.name);
        // `{"name": "DB_PASSWORD", "value": ..}`, and an operation of JSON Patch.
        let is_pair = |(name, node): &(String, Node)| {
            let named =
                || self.text_of(node).is_some_and(|name| names::is_secret(&name, Place::Field));
            (names::names_another(name) || name == "type") && named()
        };
        let path = text_of(&["op"]).and(text_of(&["path"]));
        let type_of = text_of(&["type", "Type"]);
        let of_pair = fields.len() > 1
            && (fields.iter().any(is_pair) || shapes::is_marked(fields, type_of.as_deref()));
        let of_path = path.as_deref().map(|path| self.of_path(path, around.secrets));
        for (name, node) in fields {
            if is_secret && matches!(name.as_str(), "data" | "stringData") {
                let data = name == "data";
                if let Node::Map(values) = node {
                    for (key, value) in values {
                        self.value(
                            value,
                            Around { name: key, inside: true, data, ..Around::default() },
                        );
                        if let (false, Node::Text(range)) = (data, value) {
                            self.whole(range, key);
                        }
                    }
                    continue;
                }
            }
            if self.shaped(fields, name, node) {
                continue;
            }
            let of_key = is_key && ["d", "p", "q", "dp", "dq", "qi", "k"].contains(&name.as_str());
            if of_key || opens && name.contains("keys") {
                self.value(node, Around { name: "secret", inside: true, ..Around::default() });
                continue;
            }
            let is_of_name =
                if of_pair || of_path.is_some() { names::is_of_name(name) } else { None };
            if let Some(surely) = is_of_name {
                if let (true, Some(Some((field, data)))) = (surely, &of_path) {
                    self.value(
                        node,
                        Around { name: field, inside: true, data: *data, ..Around::default() },
                    );
                    continue;
                }
                if of_pair && (surely || self.text_of(node).is_some_and(|text| has_mixed(&text))) {
                    // A list of values as well.
                    self.value(node, Around { name: "secret", inside: true, ..Around::default() });
                    continue;
                }
            }
            let inside = of_secret || around.inside && around.name.is_empty();
            let whole;
            let name = if names::needs_its_object(name) && !around.name.is_empty() {
                whole = format!("{}_{name}", around.name);
                if names::may_be_secret(&whole, Place::Field) { &whole } else { name }
            } else {
                name
            };
            let data = around.data;
            self.value(node, Around { name, inside, data, secrets, held, paired: false });
        }
    }

    /// Hides a text that its name does not tell.
    fn whole(&mut self, range: &Range<usize>, name: &str) {
        if self.edits.iter().any(|edit| edit.range == *range) {
            return;
        }
        let decoded = unescaped(&self.text[range.clone()]);
        let new = self.pass.hide_value(&decoded, name);
        if new != decoded {
            self.edits.push(Edit { range: range.clone(), text: escaped(&new) });
        }
    }

    /// What the path of a JSON Patch leads to: the name it counts as, and whether its value is base64;
    /// nothing where it is not a secret.
    fn of_path(&self, path: &str, secrets: bool) -> Option<(String, bool)> {
        let steps: Vec<String> = path
            .split('/')
            .skip(1)
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        let secrets = secrets || self.pass.of_secrets;
        match steps.as_slice() {
            [first, ..] if secrets && (first == "data" || first == "stringData") => {
                Some(("secret".to_owned(), first == "data"))
            }
            [.., last] if names::is_secret(last, Place::Field) => Some((last.clone(), false)),
            _ => None,
        }
    }
}

/// A text as the inside of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
