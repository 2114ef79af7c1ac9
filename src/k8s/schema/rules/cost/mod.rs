//! What expressions cost: at most, by their text and the sizes that schemas allow ([`estimate`]), and in fact, with the
//! values of an object ([`actual`]).

pub(super) mod actual;
mod calls;
pub(super) mod estimate;
mod extensions;
mod library;
mod nodes;
mod size;
