//! Objects whose form says which of their values are secret, where no name does: tables, settings that are marked as
//! sensitive, what a vault holds, calls with secrets as arguments.

use std::collections::HashMap;

use super::super::names::{self, Place};
use super::super::pattern::patterns;
use super::super::words::words;
use super::reader::Node;
use super::{Around, Walk};

patterns! {
    // `login(user: $u, password: $p)` of GraphQL.
    ARGUMENT = r"([A-Za-z_][0-9A-Za-z_]*)\s*:\s*\$([A-Za-z_][0-9A-Za-z_]*)";
}

/// A field of an object.
type Field = (String, Node);

fn field<'n>(fields: &'n [Field], wanted: &[&str]) -> Option<&'n Node> {
    fields.iter().find(|(name, _)| wanted.contains(&name.as_str())).map(|(_, node)| node)
}

/// Whether an object says of itself that its value is secret: outputs of Terraform, variables of GitLab, parameters of
/// AWS, keys of storage accounts.
pub(super) fn is_marked(fields: &[Field], type_of: Option<&str>) -> bool {
    const MARKS: &[&str] =
        &["sensitive", "masked", "secured", "isSecret", "is_secret", "secret", "noEcho", "NoEcho"];
    let is_set =
        |(name, node): &Field| MARKS.contains(&name.as_str()) && matches!(node, Node::Word(true));
    fields.iter().any(is_set)
        || type_of.is_some_and(|of| of.eq_ignore_ascii_case("securestring"))
        || field(fields, &["keyName"]).is_some() && field(fields, &["permissions"]).is_some()
}

impl Walk<'_> {
    /// Walks a value whose form says what is secret in it; returns whether it did.
    pub(super) fn shaped(&mut self, fields: &[Field], name: &str, node: &Node) -> bool {
        match (name, node) {
            ("rows" | "values" | "data" | "records" | "results", Node::List(rows)) => {
                self.table(fields, rows)
            }
            ("data", Node::Map(data)) => self.vault(fields, data),
            ("variables", Node::Map(variables)) => self.variables(fields, variables),
            ("params", Node::List(items)) => self.call(fields, items),
            _ => false,
        }
    }

    /// Rows below the names of their columns.
    fn table(&mut self, fields: &[Field], rows: &[Node]) -> bool {
        let names = ["columns", "fields", "header", "headers", "cols", "columnNames", "schema"];
        let Some(Node::List(columns)) = field(fields, &names) else { return false };
        let name = |node: &Node| match node {
            Node::Map(of) => field(of, &["name"]).and_then(|name| self.text_of(name)),
            node => self.text_of(node),
        };
        let columns: Option<Vec<String>> = columns.iter().map(name).collect();
        let Some(columns) = columns else { return false };
        if !columns.iter().any(|name| names::is_secret(name, Place::Field)) {
            return false;
        }
        self.rows(&columns, rows);
        true
    }

    fn rows(&mut self, columns: &[String], rows: &[Node]) {
        for row in rows {
            let Node::List(cells) = row else {
                self.value(row, Around::default());
                continue;
            };
            for (cell, name) in
                cells.iter().zip(columns.iter().map(String::as_str).chain([""]).cycle())
            {
                self.value(cell, Around { name, ..Around::default() });
            }
        }
    }

    /// Rows of which the first one names the columns; returns whether they are.
    pub(super) fn named_rows(&mut self, rows: &[Node]) -> bool {
        let [Node::List(first), rest @ ..] = rows else { return false };
        let is_row = |row: &Node| matches!(row, Node::List(cells) if cells.len() == first.len());
        // Two cells in each of two rows may be pairs of names and values.
        if first.len() < 2 || rest.is_empty() || !rest.iter().all(is_row) {
            return false;
        }
        let names: Option<Vec<String>> = first.iter().map(|name| self.text_of(name)).collect();
        let Some(names) = names.filter(|names| {
            let is_name = |name: &String| {
                !name.is_empty()
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte))
            };
            // A name that comes first may be that of a pair: `["password", "value"]`.
            names.iter().all(is_name)
                && !names::is_secret(&names[0], Place::Field)
                && names.iter().any(|name| names::is_secret(name, Place::Field))
        }) else {
            return false;
        };
        self.rows(&names, rest);
        true
    }

    /// What a key-value store of Vault holds, whatever its keys are.
    fn vault(&mut self, fields: &[Field], data: &[Field]) -> bool {
        let mount = field(fields, &["mount_type"]).and_then(|mount| self.text_of(mount));
        let metadata = match field(data, &["metadata"]) {
            Some(Node::Map(metadata)) => field(metadata, &["created_time"]),
            _ => None,
        };
        let is_store = mount.as_deref() == Some("kv");
        let (held, others): (&[Field], &[Field]) = match field(data, &["data"]) {
            Some(Node::Map(held)) if is_store || metadata.is_some() => (held, data),
            _ if is_store => (data, &[]),
            _ => return false,
        };
        for (name, node) in held {
            let of = if matches!(node, Node::Text(_)) { "secret" } else { name };
            self.value(node, Around { name: of, inside: true, ..Around::default() });
        }
        for (name, node) in others.iter().filter(|(name, _)| name != "data") {
            self.value(node, Around { name, ..Around::default() });
        }
        true
    }

    /// Variables of a GraphQL operation, under the names of the arguments that they are.
    fn variables(&mut self, fields: &[Field], variables: &[Field]) -> bool {
        let Some(query) = field(fields, &["query"]).and_then(|query| self.text_of(query)) else {
            return false;
        };
        let arguments: HashMap<&str, &str> = ARGUMENT
            .captures_iter(&query)
            .filter_map(|found| {
                let (argument, variable) = (found.get(1)?.as_str(), found.get(2)?.as_str());
                names::is_secret(argument, Place::Field).then_some((variable, argument))
            })
            .collect();
        if arguments.is_empty() {
            return false;
        }
        for (name, node) in variables {
            let name = arguments.get(name.as_str()).copied().unwrap_or(name);
            self.value(node, Around { name, ..Around::default() });
        }
        true
    }

    /// The arguments of a JSON-RPC call that signs somebody in: the last text, behind that of the user.
    fn call(&mut self, fields: &[Field], items: &[Node]) -> bool {
        let Some(method) = field(fields, &["method"]).and_then(|method| self.text_of(method))
        else {
            return false;
        };
        let lower = method.to_ascii_lowercase();
        let is_of_word =
            ["passphrase", "password", "secret"].iter().any(|end| lower.ends_with(end));
        let signs_in = || {
            words(&method).last().is_some_and(|last| {
                ["login", "signin", "logon", "auth", "authenticate", "unlock"]
                    .contains(&last.as_str())
            })
        };
        let texts = items.iter().filter(|item| matches!(item, Node::Text(_))).count();
        if !(is_of_word && texts > 0 || texts > 1 && signs_in()) {
            return false;
        }
        let last = items.iter().rposition(|item| matches!(item, Node::Text(_)));
        for (at, item) in items.iter().enumerate() {
            let name = if Some(at) == last { "secret" } else { "" };
            self.value(item, Around { name, inside: !name.is_empty(), ..Around::default() });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Key, Redactor};

    #[test]
    fn the_form_of_an_object_says_what_is_secret() {
        let redactor = Redactor::new(Key::of(b"k"));
        let new = |text: &str| redactor.pass("/x").changed(text).unwrap_or_default();
        for text in [
            r#"{"columns":["user","password"],"rows":[["bob","tuna"],["eve","tuna"]]}"#,
            r#"{"fields":[{"name":"id"},{"name":"api_key"}],"values":[["bob","tuna",1]]}"#,
            r#"{"x":{"sensitive":true,"type":"string","value":"tuna","of":"bob"}}"#,
            r#"{"Parameter":{"Name":"bob","Type":"SecureString","Value":"tuna"}}"#,
            r#"{"mount_type":"kv","data":{"foo":"tuna"},"lease_id":"bob"}"#,
            r#"{"mount_type":"kv","data":{"data":{"foo":"tuna"},"metadata":{"by":"bob"}}}"#,
            r#"{"data":{"data":{"foo":"tuna"},"metadata":{"created_time":"bob","version":1}}}"#,
            r#"{"query":"mutation L($p: String!){login(user:\"bob\",password:$p){id}}","variables":{"p":"tuna"}}"#,
            r#"{"method":"session.login","params":["bob","tuna",1]}"#,
            r#"{"method":"walletpassphrase","params":["tuna",60],"id":"bob"}"#,
            r#"{"password":{"S":"tuna"},"user":{"S":"bob"}}"#,
            r#"{"keys":[{"keyName":"bob","value":"tuna","permissions":"FULL"}]}"#,
        ] {
            let new = new(text);
            assert!(new.contains("bob") && !new.contains("tuna"), "{text}: {new}");
        }
        for same in [
            r#"{"columns":["user","name"],"rows":[["bob","tuna"]]}"#,
            r#"{"sensitive":false,"value":"tuna"}"#,
            r#"{"mount_type":"kv","data":{"keys":["foo","tuna"]}}"#,
            r#"{"query":"query($p: Int){items(page:$p){id}}","variables":{"p":"tuna"}}"#,
            r#"{"method":"lookup","params":["bob","tuna"]}"#,
            r#"{"data":{"data":{"foo":"tuna"},"metadata":{"page":1}}}"#,
        ] {
            assert_eq!(new(same), "", "{same}");
        }
    }
}
