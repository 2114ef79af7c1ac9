//! The type of a row's value: its form and how it is read. Lists, maps and alternatives of types.
//!
//! Nothing is read twice: what is wrong with a value is reported when it is read, and the value is then absent.

use std::marker::PhantomData;

use super::shape::{Form, Type};
use super::types;
use crate::document::Node;

/// The type of a word's value.
pub(in crate::scenario) trait Kind {
    /// The value as read.
    type Value<'d>;

    /// Returns the form of the value.
    fn form() -> Form;

    /// Reads a value; what is wrong is reported.
    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>>;
}

/// A list of at least `LEAST` items.
#[derive(Debug)]
pub(in crate::scenario) struct List<K, const LEAST: usize = 0>(PhantomData<K>);

impl<K: Kind, const LEAST: usize> Kind for List<K, LEAST> {
    type Value<'d> = Vec<K::Value<'d>>;

    fn form() -> Form {
        Form::List { item: Box::new(K::form()), least: LEAST }
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        let items = node.items();
        if node.value().is_array() && items.len() < LEAST {
            node.error("this list is empty", "add at least one item, or leave the key out");
        }
        Some(items.iter().filter_map(K::read).collect())
    }
}

/// A value, or a list of at least `LEAST` such values.
#[derive(Debug)]
pub(in crate::scenario) struct OneOrMany<K, const LEAST: usize = 0>(PhantomData<K>);

impl<K: Kind, const LEAST: usize> Kind for OneOrMany<K, LEAST> {
    type Value<'d> = Vec<K::Value<'d>>;

    fn form() -> Form {
        Form::OneOrMany { item: Box::new(K::form()), least: LEAST }
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        if node.value().is_array() {
            return List::<K, LEAST>::read(node);
        }
        K::read(node).map(|value| vec![value])
    }
}

/// A value with its node, for problems that concern all of it.
#[derive(Debug)]
pub(in crate::scenario) struct Placed<K>(PhantomData<K>);

impl<K: Kind> Kind for Placed<K> {
    type Value<'d> = (K::Value<'d>, Node<'d>);

    fn form() -> Form {
        K::form()
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        Some((K::read(node)?, node.clone()))
    }
}

/// An entry of an object whose keys are data.
#[derive(Debug)]
pub(in crate::scenario) struct Entry<'d, V> {
    pub(in crate::scenario) key: &'d str,
    pub(in crate::scenario) value: V,
    /// Its node.
    pub(in crate::scenario) node: Node<'d>,
}

/// The keys of a map.
pub(in crate::scenario) trait MapKey {
    const TYPE: &'static Type;
}

/// An object whose keys are data.
#[derive(Debug)]
pub(in crate::scenario) struct Map<M, K>(PhantomData<(M, K)>);

impl<M: MapKey, K: Kind> Kind for Map<M, K> {
    type Value<'d> = Vec<Entry<'d, K::Value<'d>>>;

    fn form() -> Form {
        Form::Map { keys: M::TYPE, values: Box::new(K::form()), least: 0 }
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        let entries = node.entries().into_iter();
        let read =
            entries.filter_map(|(key, node)| Some(Entry { key, value: K::read(&node)?, node }));
        Some(read.collect())
    }
}

macro_rules! map_keys {
    ($($kind:ident = $form:ident,)*) => {$(
        #[derive(Debug)]
        pub(in crate::scenario) enum $kind {}

        impl MapKey for $kind {
            const TYPE: &'static Type = &types::$form;
        }
    )*};
}

map_keys! {
    AnyKey = TEXT,
    NameKey = NAME,
    HeaderName = HEADER_NAME,
    JsonPathKey = JSON_PATH,
    Percentile = PERCENTILE,
}

/// A short form or an object, both as the type of a row and as its value.
#[derive(Debug)]
pub(in crate::scenario) enum Either<A, B> {
    Short(A),
    Object(B),
}

impl<A: Kind, B: Kind> Kind for Either<A, B> {
    type Value<'d> = Either<A::Value<'d>, B::Value<'d>>;

    fn form() -> Form {
        Form::AnyOf(vec![A::form(), B::form()])
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        if node.value().is_object() {
            B::read(node).map(Either::Object)
        } else {
            A::read(node).map(Either::Short)
        }
    }
}
