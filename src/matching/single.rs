//! Reads stub mappings for the admin API: a single one, or an import of many with options for
//! existing stubs.

use std::path::Path;

use bytes::Bytes;
use uuid::Uuid;

use crate::document::{Node, Refusal, read_body_and_text};

use super::body_files::BodyFiles;
use super::header_pool::HeaderPool;
use super::raw::Raw;
use super::response::ResponseTemplating;
use super::stub::{MAPPINGS, Stub, StubCompiler};

/// Where the stubs come from, in messages.
const SOURCE: &str = "the request body";

/// The context in which stubs are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StubReader<'a> {
    /// The body files that they may name.
    pub(crate) files: &'a dyn BodyFiles,
    /// The pool of shared headers.
    pub(crate) headers: &'a HeaderPool,
    /// Which responses are templates.
    pub(crate) templating: ResponseTemplating,
}

/// Many stubs, to be added together (`C/stubbing/StubImport.java`).
#[derive(Debug)]
pub(crate) struct StubImport {
    /// The stubs, as written.
    pub(crate) stubs: Vec<Stub>,
    /// Whether an existing stub is replaced.
    pub(crate) overwrites: bool,
    /// Whether stubs that are not in the import are removed.
    pub(crate) deletes_others: bool,
}

impl StubReader<'_> {
    /// Reads a stub mapping. A mapping without an id gets `id` if given, or else a random one.
    ///
    /// # Errors
    /// The first problem.
    pub(crate) fn one(&self, body: &[u8], id: Option<Uuid>) -> Result<Stub, Refusal> {
        let (stub, text) = read_body_and_text(body, |node| {
            let choose = |written: Option<Uuid>| id.or(written).unwrap_or_else(Uuid::new_v4);
            self.compiler().compile_with(node, choose)
        })?;
        Ok(stub.with_mapping(text.into()))
    }

    /// Reads an import.
    ///
    /// # Errors
    /// The first problem.
    pub(crate) fn import(&self, body: &[u8]) -> Result<StubImport, Refusal> {
        let (mut import, text) = read_body_and_text(body, |node| self.import_of(node))?;
        let list = Raw::new(text.trim()).get(MAPPINGS);
        let texts = list.map(Raw::items).unwrap_or_default();
        let with_text = |(stub, text): (Stub, Raw<'_>)| {
            stub.with_mapping(Bytes::copy_from_slice(text.as_str().as_bytes()))
        };
        import.stubs =
            std::mem::take(&mut import.stubs).into_iter().zip(texts).map(with_text).collect();
        Ok(import)
    }

    fn import_of(&self, node: &Node<'_>) -> Option<StubImport> {
        let keys = node.keys()?;
        let compiler = self.compiler();
        let compile = |node: &Node<'_>| {
            compiler.compile_with(node, |written| written.unwrap_or_else(Uuid::new_v4))
        };
        let list = keys.get(MAPPINGS).map(|node| node.items()).unwrap_or_default();
        let stubs: Vec<Stub> = list.iter().filter_map(compile).collect();
        let mut import = StubImport { stubs, overwrites: true, deletes_others: false };
        if let Some(options) = keys.get("importOptions").and_then(|node| node.keys()) {
            let policy = options.get("duplicatePolicy");
            // If there are options, those not given are off.
            import.overwrites = policy
                .and_then(|node| node.word(&[("OVERWRITE", true), ("IGNORE", false)]))
                .unwrap_or(false);
            let delete = options.get("deleteAllNotInImport");
            import.deletes_others = delete.and_then(|node| node.loose_bool()).unwrap_or(false);
            options.finish();
        }
        for free in ["meta", "$schema"] {
            let _ = keys.get(free);
        }
        keys.finish();
        Some(import)
    }

    fn compiler(&self) -> StubCompiler<'_> {
        let Self { files, headers, templating } = *self;
        StubCompiler { source: Path::new(SOURCE).into(), files, headers, templating }
    }
}
