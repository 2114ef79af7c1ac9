//! Temporary.
#![allow(missing_docs, missing_debug_implementations, unused, clippy::all)]
use crate::message::*;
use std::sync::Arc;
#[derive(Debug)]
pub struct Stub;
impl Stub {
    pub fn plan(&self) -> Plan {
        unimplemented!()
    }
    pub fn mapping(&self) -> &serde_json::Value {
        unimplemented!()
    }
}
#[derive(Debug, Default)]
pub struct StubIndex;
impl StubIndex {
    pub fn is_empty(&self) -> bool {
        true
    }
    pub fn len(&self) -> usize {
        0
    }
    pub fn stubs(&self) -> impl Iterator<Item = &Arc<Stub>> {
        [].iter()
    }
    pub fn wants_body(&self, _: &Request) -> bool {
        false
    }
    pub fn find(&self, _: &Request) -> Option<&Arc<Stub>> {
        None
    }
    pub fn nearest(&self, _: &Request) -> String {
        "nothing".into()
    }
}
