//! Temporary.
#![allow(missing_docs, missing_debug_implementations, unused, clippy::all)]
use crate::message::*;
use std::path::PathBuf;
#[derive(Debug)]
pub struct Proxy;
impl Proxy {
    pub fn new(u: Upstream, r: Option<Recorder>) -> Self {
        Self
    }
    pub async fn answer(&self, r: Request) -> Plan {
        unimplemented!()
    }
}
pub struct Upstream;
impl Upstream {
    pub fn new(u: &str, o: UpstreamOptions) -> Result<Self, String> {
        Ok(Self)
    }
}
#[derive(Debug, Default, Clone)]
pub struct UpstreamOptions {
    pub ca_file: Option<PathBuf>,
    pub insecure: bool,
    pub timeout: u32,
}
pub struct Recorder;
impl Recorder {
    pub fn new(d: PathBuf, l: crate::Logger) -> std::io::Result<Self> {
        Ok(Self)
    }
}
