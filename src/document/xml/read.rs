//! Reads XML text into a [`Document`], and rejects text that is not well-formed (XML 1.0,
//! Namespaces in XML 1.0).

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::characters::{is_allowed, is_name, is_space};
use super::entities::{Entities, Replacement};
use super::order::java_order;
use super::tree::{Document, Kind, Name, NodeId, XML, XMLNS};
use super::{Reading, XmlError, attributes};

/// How deep elements may be nested.
const MAX_DEPTH: usize = 500;

/// How many nodes a document may have.
const MAX_NODES: usize = 1_000_000;

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    /// [`XmlError`] where the text is not well-formed or exceeds a limit.
    pub(crate) fn parse(text: &str, reading: Reading) -> Result<Self, XmlError> {
        if let Some(c) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(XmlError::new(format!(
                "the character U+{:04X} is not allowed",
                u32::from(c)
            )));
        }
        // Line ends become \n (XML 1.0, section 2.11).
        let text = if text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Cow::Borrowed(text)
        };
        let mut builder = Builder::new(reading);
        builder.content(&text)?;
        builder.finish()
    }
}

/// A document while it is read.
struct Builder {
    document: Document,
    reading: Reading,
    entities: Entities,
    /// The elements that are open, with how many namespaces were declared before each.
    open: Vec<(NodeId, usize)>,
    /// The declared prefixes and namespaces.
    scope: Vec<(Box<str>, Option<Arc<str>>)>,
    /// The text that is not yet a node.
    text: String,
    has_element: bool,
    has_type: bool,
}

impl Builder {
    fn new(reading: Reading) -> Self {
        Self {
            document: Document::new(),
            reading,
            entities: Entities::default(),
            open: Vec::new(),
            scope: vec![("xml".into(), Some(XML.into()))],
            text: String::new(),
            has_element: false,
            has_type: false,
        }
    }

    fn finish(self) -> Result<Document, XmlError> {
        if !self.has_element {
            return Err(XmlError::new("the document has no element"));
        }
        Ok(self.document)
    }

    /// Reads the document or the text of an entity: elements must end where they begin.
    fn content(&mut self, text: &str) -> Result<(), XmlError> {
        let depth = self.open.len();
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let mut is_first = true;
        loop {
            let event = reader.read_event().map_err(|error| XmlError::new(error.to_string()))?;
            match event {
                Event::Start(tag) => self.start(&tag)?,
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    self.end();
                }
                Event::End(_) if self.open.len() > depth => self.end(),
                Event::End(_) => return Err(XmlError::new("an element ends that did not begin")),
                Event::Text(text) => self.text(utf8(&text)?)?,
                Event::GeneralRef(reference) => self.reference(utf8(&reference)?)?,
                Event::CData(text) => {
                    self.only_in_element("a CDATA section")?;
                    let text = utf8(&text)?.into();
                    self.add(Kind::CData(text))?;
                }
                Event::Comment(text) => {
                    let text = utf8(&text)?;
                    if text.ends_with('-') {
                        return Err(XmlError::new("a comment contains --"));
                    }
                    if self.reading.comments {
                        self.add(Kind::Comment(text.into()))?;
                    }
                }
                Event::PI(instruction) => self.instruction(utf8(&instruction)?)?,
                Event::Decl(declaration) => {
                    if !is_first || depth > 0 {
                        return Err(XmlError::new(
                            "an XML declaration is allowed at the start only",
                        ));
                    }
                    declaration_is_good(utf8(&declaration)?)?;
                }
                Event::DocType(declaration) => {
                    if self.has_element || self.has_type || depth > 0 {
                        return Err(XmlError::new("a document type comes before the element"));
                    }
                    self.has_type = true;
                    self.entities.declare(utf8(&declaration)?)?;
                    self.add(Kind::Type)?;
                }
                Event::Eof => break,
            }
            is_first = false;
        }
        if self.open.len() > depth {
            return Err(XmlError::new("an element has no end"));
        }
        Ok(())
    }

    fn parent(&self) -> NodeId {
        self.open.last().map_or(Document::ROOT, |(id, _)| *id)
    }

    fn only_in_element(&self, what: &str) -> Result<(), XmlError> {
        let problem = || XmlError::new(format!("{what} stands outside of the element"));
        (!self.open.is_empty()).then_some(()).ok_or_else(problem)
    }

    /// Adds a node after the pending text.
    fn add(&mut self, kind: Kind) -> Result<NodeId, XmlError> {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.document.add(Some(self.parent()), Kind::Text(text.into()));
        }
        if self.document.len() >= MAX_NODES {
            return Err(XmlError::new(format!("the document has more than {MAX_NODES} nodes")));
        }
        Ok(self.document.add(Some(self.parent()), kind))
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        if text.contains("]]>") {
            return Err(XmlError::new("a text contains ]]>"));
        }
        if self.open.is_empty() {
            let is_blank = text.chars().all(is_space);
            return is_blank
                .then_some(())
                .ok_or_else(|| XmlError::new("a text stands outside of the element"));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn reference(&mut self, name: &str) -> Result<(), XmlError> {
        self.only_in_element("a reference")?;
        match self.entities.resolve(name)? {
            Replacement::Character(c) => self.text.push(c),
            Replacement::Text(text) => {
                self.content(&text)?;
                self.entities.leave();
            }
        }
        Ok(())
    }

    fn instruction(&mut self, text: &str) -> Result<(), XmlError> {
        let (target, data) = text.split_once(is_space).unwrap_or((text, ""));
        let is_good = is_name(target)
            && !target.eq_ignore_ascii_case("xml")
            && !(self.reading.namespaces && target.contains(':'));
        if !is_good {
            return Err(XmlError::new(format!("{target:?} is not a target of an instruction")));
        }
        let data = data.trim_start_matches(is_space).into();
        self.add(Kind::Instruction { target: target.into(), data }).map(|_| ())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        let all = utf8(tag)?;
        let qualified = &all[..tag.name().as_ref().len()];
        if !is_name(qualified) {
            return Err(XmlError::new(format!("{qualified:?} is not a name")));
        }
        if self.open.is_empty() && std::mem::replace(&mut self.has_element, true) {
            return Err(XmlError::new("the document has a second element"));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(XmlError::new(format!("more than {MAX_DEPTH} elements are nested")));
        }
        let mut attributes = Vec::new();
        for (name, raw) in attributes::pairs(&all[qualified.len()..])? {
            attributes.push((name, attributes::value(raw, &mut self.entities)?));
        }
        // Java keeps them by name.
        attributes.sort_by(|(a, _), (b, _)| java_order(a, b));
        if let Some(twice) = attributes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(XmlError::new(format!("the attribute {:?} is given twice", twice[0].0)));
        }
        let before = self.scope.len();
        if self.reading.namespaces {
            self.declare(&attributes)?;
        }
        let name = self.resolve(qualified, true)?;
        let count = u32::try_from(attributes.len()).unwrap_or(u32::MAX);
        let id = self.add(Kind::Element { name, attributes: count })?;
        let mut names: Vec<Name> = Vec::new();
        for (qualified, value) in attributes {
            let name = self.resolve(qualified, false)?;
            let same = |other: &Name| {
                other.namespace.is_some()
                    && other.namespace == name.namespace
                    && other.local() == name.local()
            };
            if self.reading.namespaces && names.iter().any(same) {
                return Err(XmlError::new(format!("the attribute {qualified:?} is given twice")));
            }
            if name.namespace.is_some() && !name.declares_namespace() {
                names.push(name.clone());
            }
            self.document.add(Some(id), Kind::Attribute { name, value });
        }
        self.open.push((id, before));
        Ok(())
    }

    fn end(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.document.add(Some(self.parent()), Kind::Text(text.into()));
        }
        if let Some((_, before)) = self.open.pop() {
            self.scope.truncate(before);
        }
    }

    /// Adds the namespaces that attributes declare.
    fn declare(&mut self, attributes: &[(&str, Box<str>)]) -> Result<(), XmlError> {
        for (name, value) in attributes {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(prefix) if prefix.starts_with(':') => &prefix[1..],
                _ => continue,
            };
            let is_reserved =
                prefix == "xmlns" || **value == *XMLNS || (prefix == "xml") != (**value == *XML);
            if is_reserved || (value.is_empty() && !prefix.is_empty()) {
                return Err(XmlError::new(format!("{prefix:?} cannot stand for {value:?}")));
            }
            let namespace = (!value.is_empty()).then(|| Arc::from(&**value));
            self.scope.push((prefix.into(), namespace));
        }
        Ok(())
    }

    fn resolve(&self, qualified: &str, is_element: bool) -> Result<Name, XmlError> {
        let mut name = Name {
            qualified: qualified.into(),
            namespace: None,
            resolved: self.reading.namespaces,
        };
        if !name.resolved {
            return Ok(name);
        }
        if name.declares_namespace() {
            name.namespace = Some(XMLNS.into());
            return Ok(name);
        }
        let prefix = match qualified.split_once(':') {
            Some((prefix, local)) if is_name(prefix) && is_name(local) && !local.contains(':') => {
                prefix
            }
            Some(_) => {
                return Err(XmlError::new(format!("{qualified:?} is not a name with a prefix")));
            }
            None if is_element => "",
            None => return Ok(name),
        };
        let declared = self.scope.iter().rev().find(|(known, _)| **known == *prefix);
        name.namespace = match declared {
            Some((_, namespace)) => namespace.clone(),
            None if prefix.is_empty() => None,
            None => return Err(XmlError::new(format!("the prefix {prefix:?} is not declared"))),
        };
        Ok(name)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, XmlError> {
    std::str::from_utf8(bytes).map_err(|_| XmlError::new("not UTF-8"))
}

/// Checks the XML declaration, given without `<?` and `?>`.
fn declaration_is_good(text: &str) -> Result<(), XmlError> {
    let pairs = attributes::pairs(text.strip_prefix("xml").unwrap_or(text))?;
    let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
    let known = ["version", "encoding", "standalone"];
    let in_order = names.first() == Some(&"version")
        && names.iter().map(|name| known.iter().position(|known| known == name)).is_sorted()
        && names.iter().all(|name| known.contains(name));
    let good = pairs.iter().all(|(name, value)| match *name {
        "version" => matches!(*value, "1.0" | "1.1"),
        "standalone" => matches!(*value, "yes" | "no"),
        _ => !value.is_empty(),
    });
    (in_order && good)
        .then_some(())
        .ok_or_else(|| XmlError::new("the XML declaration is not well-formed"))
}
