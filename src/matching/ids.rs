//! The stubs of a set by their ids: where each is in precedence order.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use uuid::Uuid;

use super::order::Order;
use super::table::Table;

/// The position of the stub with an id.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    state: RandomState,
    table: Table<(Uuid, Order)>,
}

impl Ids {
    pub(super) fn get(&self, id: Uuid) -> Option<Order> {
        let hash = self.state.hash_one(id);
        self.table.find(hash, |(other, _)| *other == id).map(|(_, order)| *order)
    }

    pub(super) fn insert(&mut self, id: Uuid, order: Order) {
        let hash = self.state.hash_one(id);
        let is = |(other, _): &(Uuid, Order)| *other == id;
        self.table.change(hash, is, |known| known.1 = order, || (id, order));
    }

    pub(super) fn remove(&mut self, id: Uuid) {
        self.table.remove(self.state.hash_one(id), |(other, _)| *other == id);
    }
}
