//! The text of nodes, as Java's serializer writes them with an indentation of two.
//!
//! The rules are those of the JDK's `ToStream` and `ToXMLStream`, which `WireMock` renders elements
//! with: text next to other content is on its own line, white space is kept, attributes are sorted
//! by name after the declarations of namespaces, and a declaration that is already in force is
//! omitted.

use super::XmlError;
use super::tree::{Document, Kind, Name, NodeId, XML};

impl Document {
    /// Returns a node as `WireMock` shows it: the text of an attribute or text, the markup of an
    /// element or document.
    ///
    /// # Errors
    /// [`XmlError`] for markup with an attribute whose prefix is not declared in it: Java does not write it.
    pub(crate) fn show(&self, id: NodeId) -> Result<String, XmlError> {
        Ok(match self.kind(id) {
            Kind::Document | Kind::Element { .. } => self.markup(id)?,
            Kind::CData(text) => format!("[#cdata-section: {text}]"),
            Kind::Comment(text) => format!("[#comment: {text}]"),
            Kind::Instruction { target, data } => format!("[{target}: {data}]"),
            Kind::Text(_) | Kind::Attribute { .. } | Kind::Type => self.text_of(id),
        })
    }

    /// Returns the whole document, indented.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub(crate) fn pretty(&self) -> Result<String, XmlError> {
        self.markup(Self::ROOT)
    }

    /// Returns the whole document without its blank texts, indented or on one line.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub(crate) fn formatted(&self, indented: bool) -> Result<String, XmlError> {
        let mut writer = Writer { blanks: false, indented, ..Writer::new(self) };
        self.children(Self::ROOT).for_each(|child| writer.node(child));
        writer.finish()
    }

    fn markup(&self, id: NodeId) -> Result<String, XmlError> {
        let mut writer = Writer::new(self);
        match self.kind(id) {
            Kind::Document => self.children(id).for_each(|child| writer.node(child)),
            _ => writer.node(id),
        }
        writer.finish()
    }
}

/// The state of an open element.
#[derive(Default)]
struct Level {
    /// How many children were written.
    children: usize,
    /// Whether white space is kept as it is.
    preserve: bool,
}

struct Writer<'d> {
    document: &'d Document,
    out: String,
    levels: Vec<Level>,
    /// The text that is not yet written.
    buffered: String,
    start_tag_open: bool,
    after_text: bool,
    new_line: bool,
    /// Whether blank texts are written.
    blanks: bool,
    indented: bool,
    /// The prefixes that are declared in what is written, with what they stand for.
    scope: Vec<(&'d str, &'d str)>,
    /// The first prefix of an attribute that is not.
    undeclared: Option<&'d str>,
}

impl<'d> Writer<'d> {
    fn new(document: &'d Document) -> Self {
        Self {
            document,
            out: String::new(),
            levels: vec![Level::default()],
            buffered: String::new(),
            start_tag_open: false,
            after_text: false,
            new_line: false,
            blanks: true,
            indented: true,
            scope: Vec::new(),
            undeclared: None,
        }
    }

    fn level(&mut self) -> &mut Level {
        // The level of the document is never taken away.
        self.levels.last_mut().expect("a level")
    }

    fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    fn preserves(&self) -> bool {
        self.levels.last().is_some_and(|level| level.preserve)
    }

    fn indents(&self) -> bool {
        self.indented && self.depth() > 0 && !self.preserves()
    }

    fn indent(&mut self, depth: usize) {
        if self.new_line {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n("  ", depth));
    }

    fn close_start_tag(&mut self) {
        if std::mem::take(&mut self.start_tag_open) {
            self.out.push('>');
        }
    }

    /// Writes the text before a node that is not text.
    fn flush(&mut self, before_text: bool) {
        if self.buffered.is_empty() {
            return;
        }
        if !before_text {
            self.level().children += 1;
        }
        let text = std::mem::take(&mut self.buffered);
        let mut shown = &*text;
        if self.indents() && self.levels.last().is_some_and(|level| level.children > 1) {
            self.indent(self.depth());
            self.new_line = true;
            shown = text.trim_start_matches('\n');
            if shown.is_empty() {
                return;
            }
        }
        escape(shown, false, &mut self.out);
        self.after_text = true;
    }

    fn node(&mut self, id: NodeId) {
        match self.document.kind(id) {
            Kind::Element { .. } => self.element(id),
            Kind::Text(text) | Kind::CData(text) if !self.blanks && text.trim().is_empty() => {}
            Kind::Text(text) => self.characters(text),
            Kind::CData(text) => self.cdata(text),
            Kind::Comment(text) => {
                self.before_markup();
                self.out.extend(["<!--", text, "-->"]);
                self.new_line = true;
            }
            Kind::Instruction { target, data } => {
                self.before_markup();
                let blank = if data.is_empty() { "" } else { " " };
                self.out.extend(["<?", target, blank, data, "?>"]);
                self.new_line = true;
            }
            Kind::Document | Kind::Type | Kind::Attribute { .. } => {}
        }
    }

    fn before_markup(&mut self) {
        self.level().children += 1;
        self.flush(false);
        self.close_start_tag();
        if self.indents() {
            self.indent(self.depth());
        }
    }

    fn characters(&mut self, text: &str) {
        self.close_start_tag();
        if self.preserves() {
            escape(text, false, &mut self.out);
            self.after_text = true;
        } else {
            self.buffered.push_str(text);
        }
    }

    fn cdata(&mut self, text: &str) {
        self.flush(true);
        if text.is_empty() {
            return;
        }
        self.close_start_tag();
        if self.indents() && self.levels.last().is_some_and(|level| level.children > 1) {
            self.indent(self.depth());
        }
        self.out.extend(["<![CDATA[", text, "]]>"]);
        self.after_text = true;
    }

    fn element(&mut self, id: NodeId) {
        let Some(name) = self.document.name(id) else {
            return;
        };
        self.level().children += 1;
        self.flush(false);
        self.close_start_tag();
        if self.indents() && self.new_line {
            self.indent(self.depth());
        }
        self.new_line = true;
        self.out.extend(["<", &name.qualified]);
        self.start_tag_open = true;
        let before = self.scope.len();
        self.attributes(id);
        let space = self.document.attributes(id).find_map(|id| self.preserves_by(id));
        let preserve = space.unwrap_or(self.preserves());
        self.levels.push(Level { children: 0, preserve });
        self.after_text = false;
        // Depth is bounded by the reader.
        for child in self.document.children(id) {
            self.node(child);
        }
        self.flush(false);
        if std::mem::take(&mut self.start_tag_open) {
            self.out.push_str("/>");
        } else {
            let children = self.levels.last().map_or(0, |level| level.children);
            if self.indents() && (children > 1 || !self.after_text) {
                self.indent(self.depth() - 1);
            }
            self.out.extend(["</", &name.qualified, ">"]);
        }
        self.levels.pop();
        self.after_text = false;
        self.scope.truncate(before);
    }

    /// Writes declarations, attributes, and the declarations that names need.
    fn attributes(&mut self, id: NodeId) {
        let document = self.document;
        let Some(element) = document.name(id) else {
            return;
        };
        let own = element.qualified.split_once(':').map(|(prefix, _)| prefix).unwrap_or_default();
        let prefix_of =
            |name: &'d str| name.strip_prefix("xmlns").unwrap_or_default().trim_start_matches(':');
        let (declared, others): (Vec<NodeId>, Vec<NodeId>) = document
            .attributes(id)
            .partition(|id| document.name(*id).is_some_and(Name::declares_namespace));
        let mut declared: Vec<(&'d str, &'d str)> = declared
            .into_iter()
            .filter_map(|attribute| match document.kind(attribute) {
                Kind::Attribute { name, value } => Some((name, &**value)),
                _ => None,
            })
            .filter(|(name, value)| {
                !(name.resolved && self.is_inherited(id, &name.qualified, value))
            })
            .map(|(name, value)| (prefix_of(&name.qualified), value))
            .collect();
        // That of the element's own prefix comes first, unless it stood for something else.
        if self.in_force(own).is_none() {
            declared.sort_by_key(|(prefix, _)| *prefix != own);
        }
        for (prefix, namespace) in declared {
            self.declare(prefix, namespace);
        }
        for attribute in others {
            let Kind::Attribute { name, value } = document.kind(attribute) else {
                continue;
            };
            if let Some((prefix, _)) = name.qualified.split_once(':') {
                match name.namespace.as_deref() {
                    Some(namespace) => self.declare(prefix, namespace),
                    None if prefix != "xml" && self.in_force(prefix).is_none() => {
                        self.undeclared.get_or_insert(prefix);
                    }
                    None => {}
                }
            }
            self.out.extend([" ", &name.qualified, "=\""]);
            escape(value, true, &mut self.out);
            self.out.push('"');
        }
        if let Some(namespace) = element.namespace.as_deref() {
            self.declare(own, namespace);
        }
    }

    fn in_force(&self, prefix: &str) -> Option<&'d str> {
        self.scope.iter().rev().find(|(known, _)| *known == prefix).map(|(_, namespace)| *namespace)
    }

    /// Returns whether the enclosing element has the same declaration in force, even if it is not
    /// written.
    fn is_inherited(&self, id: NodeId, declaration: &str, value: &str) -> bool {
        let above = std::iter::successors(self.document.parent(id), |id| self.document.parent(*id));
        let mut values = above.flat_map(|id| self.document.attributes(id)).filter_map(|id| {
            match self.document.kind(id) {
                Kind::Attribute { name, value } if &*name.qualified == declaration => Some(value),
                _ => None,
            }
        });
        values.next().is_some_and(|known| **known == *value)
    }

    /// Writes a declaration, unless it is in force.
    fn declare(&mut self, prefix: &'d str, namespace: &'d str) {
        let known = self.in_force(prefix);
        let is_known = known == Some(namespace)
            || (known.is_none() && prefix.is_empty() && namespace.is_empty());
        if is_known || namespace == XML {
            return;
        }
        self.scope.push((prefix, namespace));
        let colon = if prefix.is_empty() { "" } else { ":" };
        self.out.extend([" xmlns", colon, prefix, "=\""]);
        escape(namespace, true, &mut self.out);
        self.out.push('"');
    }

    /// Returns the meaning of an `xml:space` attribute, or `None` for others.
    fn preserves_by(&self, attribute: NodeId) -> Option<bool> {
        match self.document.kind(attribute) {
            Kind::Attribute { name, value } if &*name.qualified == "xml:space" => match &**value {
                "preserve" => Some(true),
                "default" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn finish(mut self) -> Result<String, XmlError> {
        self.flush(false);
        self.close_start_tag();
        if self.indented && !self.after_text {
            self.out.push('\n');
        }
        match self.undeclared {
            None => Ok(self.out),
            Some(prefix) => Err(XmlError::new(format!(
                "Namespace for prefix '{prefix}' has not been declared."
            ))),
        }
    }
}

fn escape(text: &str, in_attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\n' | '\t' if in_attribute => out.push_str(&format!("&#{};", u32::from(c))),
            '\r' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{10000}'.. => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            c => out.push(c),
        }
    }
}
