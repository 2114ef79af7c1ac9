//! The ids of exchanges: each is derived from its number with a key, so that requests need not
//! create one, and the number can be derived from the id.

use foldhash::fast::RandomState;
use std::hash::BuildHasher as _;
use uuid::{Builder, Uuid};

/// An odd number, whose product spreads neighbouring numbers, and its inverse.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
const GATHER: u64 = 0xF1DE_83E1_9937_733D;

/// The two ids of an exchange.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum Of {
    /// The exchange.
    Exchange,
    /// The stub that is in a serve event where none answered: the same in all of them (`NOT_CONFIGURED` in
    /// `C/stubbing/StubMapping.java`).
    NoStub,
}

/// Creates ids, and recognizes its own.
#[derive(Debug, Default)]
pub(super) struct Ids(RandomState);

impl Ids {
    /// Returns the id of a number.
    pub(super) fn id(&self, of: Of, number: u64) -> Uuid {
        let [spread, check] =
            [(number ^ self.key(of)).wrapping_mul(SPREAD), self.0.hash_one((of, number))];
        let (spread, check) = (spread.to_be_bytes(), check.to_be_bytes());
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&spread[..6]);
        // Version and variant are in bytes of the check.
        bytes[6..10].copy_from_slice(&check[..4]);
        bytes[10..12].copy_from_slice(&spread[6..]);
        bytes[12..].copy_from_slice(&check[4..]);
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Returns the number of an exchange's id; `None` for any other id.
    pub(super) fn number(&self, id: Uuid) -> Option<u64> {
        let bytes = id.as_bytes();
        let mut spread = [0; 8];
        spread[..6].copy_from_slice(&bytes[..6]);
        spread[6..].copy_from_slice(&bytes[10..12]);
        let number = u64::from_be_bytes(spread).wrapping_mul(GATHER) ^ self.key(Of::Exchange);
        (self.id(Of::Exchange, number) == id).then_some(number)
    }

    fn key(&self, of: Of) -> u64 {
        self.0.hash_one(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_number() {
        assert_eq!(SPREAD.wrapping_mul(GATHER), 1);
        let (ids, others) = (Ids::default(), Ids::default());
        for number in [0, 1, 2, 77, u64::MAX] {
            let id = ids.id(Of::Exchange, number);
            assert_eq!(id.get_version_num(), 4);
            assert_eq!(ids.number(id), Some(number));
            assert_eq!(others.number(id), None);
            assert_eq!(ids.number(ids.id(Of::NoStub, number)), None);
        }
        assert_eq!(ids.number(Uuid::nil()), None);
    }
}
