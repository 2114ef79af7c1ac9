//! The keys of an object that is decoded: each is read by name, and unread keys are reported.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::decode::{Node, shorten};
use super::way::Way;

/// The keys of an object with a record of the keys that were read: the others are unknown.
#[derive(Debug)]
pub struct Keys<'d> {
    node: Node<'d>,
    map: &'d Map<String, Value>,
    /// A bit filter of the present keys: most keys that are read are absent.
    marks: u64,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Keys<'d> {
    /// Returns the node of the object itself.
    #[must_use]
    pub fn node(&self) -> &Node<'d> {
        &self.node
    }

    /// Returns the value of a key. An explicit null counts as absent.
    #[must_use]
    #[inline]
    pub fn get(&self, key: &'static str) -> Option<Node<'d>> {
        // Inline, so that the bit of a literal is known when the program is compiled.
        self.get_marked(key, mark(key))
    }

    fn get_marked(&self, key: &'static str, bit: u64) -> Option<Node<'d>> {
        self.asked.borrow_mut().push(key);
        if self.marks & bit == 0 {
            return None;
        }
        let value = self.map.get(key).filter(|value| !value.is_null())?;
        Some(self.node.child(Way::Key(key), value))
    }

    /// Returns the value of a key, even if it is null.
    #[must_use]
    pub(crate) fn get_with_null(&self, key: &'static str) -> Option<Node<'d>> {
        self.asked.borrow_mut().push(key);
        let value = self.map.get(key)?;
        Some(self.node.child(Way::Key(key), value))
    }

    /// Returns the value of a required key; reports its absence.
    pub fn required(&self, key: &'static str) -> Option<Node<'d>> {
        let found = self.get(key);
        if found.is_none() {
            self.node.error(format!("the key {key:?} is missing"), "add it");
        }
        found
    }

    /// Returns a required key like [`Self::required`], with an example in the hint.
    pub(crate) fn required_like(&self, key: &'static str, example: &str) -> Option<Node<'d>> {
        let found = self.get(key);
        if found.is_none() {
            let example = if example.is_empty() { key } else { example };
            self.node
                .error(format!("the key {key:?} is missing"), format!("add it, like {example}"));
        }
        found
    }

    /// Returns the present (not null) keys of the object, in order.
    pub fn present(&self) -> impl Iterator<Item = &'d str> {
        self.map.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str())
    }

    /// Reports every unread key, with the nearest known one.
    pub fn finish(self) {
        self.finish_with("unknown key");
    }

    /// Reports every unread key as one without effect, with the nearest known one.
    pub fn finish_ignoring(self) {
        let asked = self.asked.into_inner();
        for (key, value) in self.map {
            if !asked.contains(&key.as_str()) {
                let child = self.node.child(Way::Key(key), value);
                child.warn(format!("{:?} has no effect here", shorten(key)), suggest(key, &asked));
            }
        }
    }

    /// Reports unread keys like [`Keys::finish`], with another term than "unknown key" (such as
    /// "unknown operator").
    pub fn finish_with(self, what: &str) {
        let asked = self.asked.into_inner();
        for (key, value) in self.map {
            if !asked.contains(&key.as_str()) {
                let child = self.node.child(Way::Key(key), value);
                child.unknown(format!("{what} {:?}", shorten(key)), suggest(key, &asked));
            }
        }
    }
}

/// The usual number of keys that are read from an object.
const FEW_KEYS: usize = 40;

/// Returns the bit of a key: by its length and its first letter.
#[inline]
fn mark(key: &str) -> u64 {
    let first = key.bytes().next().unwrap_or_default();
    1 << ((key.len() * 11 + usize::from(first)) % 64)
}

/// "did you mean" for one close word, else the list of known words.
pub(crate) fn suggest(text: &str, known: &[&str]) -> String {
    // What a missing space or colon of YAML has joined.
    if let Some(rest) = text.strip_prefix('-').filter(|rest| known.contains(rest)) {
        return format!("an item of a list has a space after the -: write \"- {rest}: ..\"");
    }
    if let Some((key, value)) = text.split_once([' ', ':', '='])
        && known.contains(&key)
    {
        return format!("did you mean {key}: {}?", value.trim());
    }
    let best = known
        .iter()
        .map(|word| {
            (strsim::damerau_levenshtein(&text.to_lowercase(), &word.to_lowercase()), *word)
        })
        .min();
    match best {
        Some((distance, word)) if distance <= 1 + word.len() / 4 => {
            format!("did you mean {word:?}?")
        }
        _ => {
            let mut words: Vec<&str> = known.to_vec();
            words.sort_unstable();
            words.dedup();
            format!("known here: {}", words.join(", "))
        }
    }
}

impl<'d> Node<'d> {
    /// Returns the keys of an object; a wrong type is reported.
    #[must_use]
    pub fn keys(&self) -> Option<Keys<'d>> {
        if let Value::Object(map) = self.value() {
            let marks = map.keys().fold(0, |marks, key| marks | mark(key));
            let asked = RefCell::new(Vec::with_capacity(FEW_KEYS));
            return Some(Keys { node: self.clone(), map, marks, asked });
        }
        self.expected("an object");
        None
    }
}
