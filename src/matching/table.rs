//! A persistent hash table: copies share their structure, and a change copies a few hundred bytes.
//!
//! The table is a tree of sixteen ways, four bits of the hash at each level, with small open-addressed
//! tables as leaves. A lookup reads one or two cache lines that are not read by every other lookup, and so
//! costs nearly the same however many values there are; the nodes of a persistent map with a value in each
//! would be read from memory one after the other.

use std::sync::Arc;

/// The ways of a branch.
const WAYS: usize = 16;

/// The bits of the hash that a branch looks at.
const BITS: u32 = 4;

/// A leaf with more slots than this becomes a branch.
const MAX_SLOTS: usize = 64;

/// Below this depth a leaf only grows: the hashes of its values are equal.
const MAX_DEPTH: u32 = 10;

/// Values by their hashes.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    root: Node<T>,
}

#[derive(Debug, Clone)]
enum Node<T> {
    Branch(Arc<[Node<T>; WAYS]>),
    /// A power of two slots, or none, and how many of them are used: at most three of four.
    Leaf(Arc<[Slot<T>]>, u32),
}

type Slot<T> = Option<(u64, T)>;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { root: Node::Leaf(Arc::default(), 0) }
    }
}

impl<T: Clone> Table<T> {
    /// Returns the value of a hash for which `is` holds.
    pub(super) fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<&T> {
        let mut node = &self.root;
        let mut depth = 0;
        loop {
            match node {
                Node::Branch(ways) => node = &ways[way(hash, depth)],
                Node::Leaf(slots, _) => {
                    let at = position(slots, hash, &is)?;
                    return slots[at].as_ref().map(|(_, value)| value);
                }
            }
            depth += 1;
        }
    }

    /// Changes the value of a hash for which `is` holds, or adds `new` if there is none.
    pub(super) fn change(
        &mut self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        change: impl FnOnce(&mut T),
        new: impl FnOnce() -> T,
    ) {
        let (leaf, depth) = self.leaf(hash);
        let Node::Leaf(slots, _) = &mut *leaf else { return };
        if let Some(at) = position(slots, hash, &is) {
            if let Some((_, value)) = &mut Arc::make_mut(slots)[at] {
                change(value);
            }
            return;
        }
        leaf.add(hash, new(), depth);
    }

    /// Removes the value of a hash for which `is` holds.
    pub(super) fn remove(&mut self, hash: u64, is: impl Fn(&T) -> bool) -> Option<T> {
        self.find(hash, &is)?;
        let (leaf, _) = self.leaf(hash);
        let Node::Leaf(slots, used) = leaf else { return None };
        let mut at = position(slots, hash, &is)?;
        *used -= 1;
        let slots = Arc::make_mut(slots);
        let mask = slots.len() - 1;
        let removed = slots[at].take();
        // Entries that follow without a gap may have been displaced by the removed one.
        loop {
            at = (at + 1) & mask;
            let Some(moved) = slots[at].take() else { break };
            place(slots, moved);
        }
        removed.map(|(_, value)| value)
    }

    /// Returns the leaf of a hash, and its depth; the nodes above it are not shared afterwards.
    fn leaf(&mut self, hash: u64) -> (&mut Node<T>, u32) {
        let mut node = &mut self.root;
        let mut depth = 0;
        while let Node::Branch(ways) = node {
            node = &mut Arc::make_mut(ways)[way(hash, depth)];
            depth += 1;
        }
        (node, depth)
    }
}

impl<T: Clone> Node<T> {
    /// Adds a value to a leaf.
    fn add(&mut self, hash: u64, value: T, depth: u32) {
        let Self::Leaf(slots, used) = self else { return };
        *used += 1;
        if *used as usize * 4 <= slots.len() * 3 {
            return place(Arc::make_mut(slots), (hash, value));
        }
        let entries = slots.iter().flatten().cloned().chain([(hash, value)]);
        let wanted = (slots.len() * 2).max(2);
        if wanted <= MAX_SLOTS || depth >= MAX_DEPTH {
            let mut larger: Vec<Slot<T>> = Vec::new();
            larger.resize_with(wanted, || None);
            for entry in entries {
                place(&mut larger, entry);
            }
            *self = Self::Leaf(larger.into(), *used);
            return;
        }
        let mut ways: [Self; WAYS] = std::array::from_fn(|_| Self::Leaf(Arc::default(), 0));
        for (hash, value) in entries {
            ways[way(hash, depth)].add(hash, value, depth + 1);
        }
        *self = Self::Branch(Arc::new(ways));
    }
}

/// Which branch a hash belongs to.
fn way(hash: u64, depth: u32) -> usize {
    usize::try_from((hash >> (depth * BITS)) & (WAYS as u64 - 1)).unwrap_or(0)
}

/// Returns the first slot that is tried: by the bits that no branch looks at.
fn first(hash: u64, slots: usize) -> usize {
    usize::try_from((hash >> (u64::BITS - 16)) & (slots as u64 - 1)).unwrap_or(0)
}

fn position<T>(slots: &[Slot<T>], hash: u64, is: impl Fn(&T) -> bool) -> Option<usize> {
    if slots.is_empty() {
        return None;
    }
    let mut at = first(hash, slots.len());
    while let Some((known, value)) = &slots[at] {
        if *known == hash && is(value) {
            return Some(at);
        }
        at = (at + 1) & (slots.len() - 1);
    }
    None
}

/// Puts an entry into the first empty slot from its own on. There always is one.
fn place<T>(slots: &mut [Slot<T>], entry: (u64, T)) {
    let mut at = first(entry.0, slots.len());
    while slots[at].is_some() {
        at = (at + 1) & (slots.len() - 1);
    }
    slots[at] = Some(entry);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Hashes that share many of their bits, and some that are the same.
    fn hash() -> impl Strategy<Value = u64> {
        (0..4_u64, 0..9_u64, 0..3_u64)
            .prop_map(|(high, low, middle)| high << 62 | middle << 40 | low)
    }

    proptest! {
        #[test]
        fn a_table_is_a_map_and_its_copies_stay_as_they_were(
            steps in proptest::collection::vec((hash(), 0..3_u8, any::<bool>()), 1..600),
        ) {
            let mut table: Table<(u8, usize)> = Table::default();
            let mut model: HashMap<(u64, u8), usize> = HashMap::new();
            let mut copies = Vec::new();
            for (step, (hash, key, remove)) in steps.into_iter().enumerate() {
                if step % 100 == 50 {
                    copies.push((table.clone(), model.clone()));
                }
                let is = |value: &(u8, usize)| value.0 == key;
                if remove {
                    let removed = table.remove(hash, is).map(|value| value.1);
                    prop_assert_eq!(removed, model.remove(&(hash, key)));
                } else {
                    table.change(hash, is, |value| value.1 = step, || (key, step));
                    model.insert((hash, key), step);
                }
            }
            copies.push((table, model));
            for (table, model) in copies {
                for high in 0..4 {
                    for (middle, low, key) in
                        (0..3).flat_map(|m| (0..9).flat_map(move |l| (0..3).map(move |k| (m, l, k))))
                    {
                        let hash = high << 62 | middle << 40 | low;
                        let found = table.find(hash, |value| value.0 == key).map(|value| value.1);
                        prop_assert_eq!(found, model.get(&(hash, key)).copied());
                    }
                }
            }
        }
    }

    #[test]
    fn many_values_are_found() {
        let mut table = Table::default();
        let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for n in 0..20_000 {
            table.change(spread(n), |value| *value == n, |_| {}, || n);
        }
        for n in 0..20_000 {
            assert_eq!(table.find(spread(n), |value| *value == n), Some(&n));
            assert_eq!(table.find(spread(n + 20_000), |_| true), None);
        }
    }
}
