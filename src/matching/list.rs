//! Lists of stubs in precedence order, and the merge of several lists.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ptr;
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::Iter;
use imbl::shared_ptr::DefaultSharedPtr;

use super::stub::Stub;

/// The place of a stub in precedence order: the lower priority number first, and of equal ones the most
/// recently added first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    pub(super) priority: i32,
    pub(super) added: Reverse<u64>,
    /// Distinguishes a stub that replaced another one from the stub of its file in the same place; 0 for an added
    /// stub.
    pub(super) edition: u32,
}

/// Stubs under one key. A single one, the usual case, needs no tree.
#[derive(Debug, Clone, Default)]
pub(super) enum StubList {
    #[default]
    Empty,
    One(Order, Arc<Stub>),
    Many(OrdMap<Order, Arc<Stub>>),
}

impl StubList {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(..) => 1,
            Self::Many(stubs) => stubs.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn contains(&self, order: Order) -> bool {
        match self {
            Self::Empty => false,
            Self::One(only, _) => *only == order,
            Self::Many(stubs) => stubs.contains_key(&order),
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
                stubs.insert(order, stub);
                Self::Many(stubs)
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
            Self::Empty | Self::One(..) => {}
        }
    }
}

/// Several lists. A single one needs no allocation.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    first: Option<&'a StubList>,
    more: Vec<&'a StubList>,
}

impl<'a> Lists<'a> {
    /// Adds a list. A list that is added twice counts once.
    pub(super) fn push(&mut self, list: &'a StubList) {
        if list.is_empty() {
            return;
        }
        match self.first {
            None => self.first = Some(list),
            Some(_) => self.more.push(list),
        }
    }

    /// Visits the stubs of all lists in precedence order until `visit` returns a value.
    pub(super) fn search<T>(self, mut visit: impl FnMut(&'a Arc<Stub>) -> Option<T>) -> Option<T> {
        let first = self.first?;
        let mut lists = self.more;
        if lists.is_empty() {
            return match first {
                StubList::Empty => None,
                StubList::One(_, stub) => visit(stub),
                StubList::Many(stubs) => stubs.values().find_map(visit),
            };
        }
        lists.push(first);
        if lists.len() > 2 || ptr::eq(lists[0], first) {
            lists.sort_unstable_by_key(|list| ptr::from_ref(*list));
            lists.dedup_by_key(|list| ptr::from_ref(*list));
        }
        let mut readers: BinaryHeap<Reader<'a>> =
            lists.into_iter().filter_map(Reader::new).collect();
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
    fn new(list: &'a StubList) -> Option<Self> {
        match list {
            StubList::Empty => None,
            StubList::One(order, stub) => Some(Self { order: *order, stub, rest: None }),
            StubList::Many(stubs) => {
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
