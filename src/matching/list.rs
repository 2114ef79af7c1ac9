//! Lists of stubs in precedence order, and the merge of several lists.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ptr;
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::Iter;
use imbl::shared_ptr::DefaultSharedPtr;

use super::order::Order;
use super::sequences::{Scope, Sequences};
use super::stub::Stub;

/// Stubs under one key. A single one, the usual case, needs no tree.
#[derive(Debug, Clone, Default)]
pub(super) enum StubList {
    #[default]
    Empty,
    One(Order, Arc<Stub>),
    Many(OrdMap<Order, Arc<Stub>>),
    /// Many, of which some require a state of their scenario.
    Sequences(Arc<Sequences>),
}

/// From so many stubs on, those that require a state are found by it.
const LONG: usize = 16;

impl StubList {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(..) => 1,
            Self::Many(stubs) => stubs.len(),
            Self::Sequences(sequences) => sequences.all().len(),
        }
    }

    pub(super) fn contains(&self, order: Order) -> bool {
        match self {
            Self::Empty => false,
            Self::One(only, _) => *only == order,
            Self::Many(stubs) => stubs.contains_key(&order),
            Self::Sequences(sequences) => sequences.all().contains_key(&order),
        }
    }

    pub(super) fn insert(&mut self, order: Order, stub: Arc<Stub>) {
        *self = match std::mem::take(self) {
            Self::Empty => Self::One(order, stub),
            Self::One(only, _) if only == order => Self::One(order, stub),
            Self::One(only, first) => {
                Self::Many([(only, first), (order, stub)].into_iter().collect())
            }
            Self::Many(mut stubs) => {
                let is_step = Sequences::takes(&stub);
                stubs.insert(order, stub);
                let has_steps = || {
                    is_step
                        || stubs.len() == LONG && stubs.values().any(|stub| Sequences::takes(stub))
                };
                if stubs.len() >= LONG && has_steps() {
                    Self::Sequences(Arc::new(Sequences::of(&stubs)))
                } else {
                    Self::Many(stubs)
                }
            }
            Self::Sequences(mut sequences) => {
                Arc::make_mut(&mut sequences).insert(order, stub);
                Self::Sequences(sequences)
            }
        };
    }

    pub(super) fn remove(&mut self, order: Order) {
        match self {
            Self::One(only, _) if *only == order => *self = Self::Empty,
            Self::Many(stubs) => {
                stubs.remove(&order);
                if stubs.is_empty() {
                    *self = Self::Empty;
                }
            }
            Self::Sequences(sequences) => {
                let sequences = Arc::make_mut(sequences);
                sequences.remove(order);
                if sequences.all().is_empty() {
                    *self = Self::Empty;
                }
            }
            Self::Empty | Self::One(..) => {}
        }
    }
}

/// Stubs in precedence order, of one list or of a part of it.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    One(Order, &'a Arc<Stub>),
    Many(&'a OrdMap<Order, Arc<Stub>>),
}

impl Part<'_> {
    /// Where it is in memory, which tells parts apart.
    fn address(&self) -> usize {
        match self {
            Self::One(_, stub) => ptr::from_ref(*stub) as usize,
            Self::Many(stubs) => ptr::from_ref(*stubs) as usize,
        }
    }
}

/// Several lists. A single one needs no allocation.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    first: Option<Part<'a>>,
    more: Vec<Part<'a>>,
}

impl<'a> Lists<'a> {
    /// Adds the stubs of a list that are in a scope. A list that is added twice counts once.
    pub(super) fn push(&mut self, list: &'a StubList, scope: Scope<'_>) {
        match list {
            StubList::Empty => {}
            StubList::One(order, stub) => self.add(Part::One(*order, stub)),
            StubList::Many(stubs) => self.add(Part::Many(stubs)),
            StubList::Sequences(sequences) => {
                sequences.each_in(scope, |stubs| self.add(Part::Many(stubs)));
            }
        }
    }

    fn add(&mut self, part: Part<'a>) {
        match self.first {
            None => self.first = Some(part),
            Some(_) => self.more.push(part),
        }
    }

    /// Visits the stubs of all lists in precedence order until `visit` returns a value.
    pub(super) fn search<T>(self, mut visit: impl FnMut(&'a Arc<Stub>) -> Option<T>) -> Option<T> {
        let first = self.first?;
        let mut parts = self.more;
        if parts.is_empty() {
            return match first {
                Part::One(_, stub) => visit(stub),
                Part::Many(stubs) => stubs.values().find_map(visit),
            };
        }
        parts.push(first);
        if parts.len() > 2 || parts[0].address() == first.address() {
            parts.sort_unstable_by_key(Part::address);
            parts.dedup_by_key(|part| part.address());
        }
        let mut readers: BinaryHeap<Reader<'a>> =
            parts.into_iter().filter_map(Reader::new).collect();
        while let Some(mut first) = readers.peek_mut() {
            let stub = first.stub;
            if !first.advance() {
                PeekMut::pop(first);
            }
            if let Some(found) = visit(stub) {
                return Some(found);
            }
        }
        None
    }
}

/// A list that is being read: the greatest of several is the one whose stub comes first.
struct Reader<'a> {
    order: Order,
    stub: &'a Arc<Stub>,
    rest: Option<Iter<'a, Order, Arc<Stub>, DefaultSharedPtr>>,
}

impl<'a> Reader<'a> {
    fn new(part: Part<'a>) -> Option<Self> {
        match part {
            Part::One(order, stub) => Some(Self { order, stub, rest: None }),
            Part::Many(stubs) => {
                let mut rest = stubs.iter();
                let (order, stub) = rest.next()?;
                Some(Self { order: *order, stub, rest: Some(rest) })
            }
        }
    }

    /// Advances to the next stub, if there is one.
    fn advance(&mut self) -> bool {
        let next = self.rest.as_mut().and_then(Iterator::next);
        if let Some((order, stub)) = next {
            (self.order, self.stub) = (*order, stub);
        }
        next.is_some()
    }
}

impl PartialEq for Reader<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Reader<'_> {}

impl PartialOrd for Reader<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Reader<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.order.cmp(&self.order)
    }
}
