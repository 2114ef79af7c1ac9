//! The first stage: to which world does a request belong?
//!
//! A world is named by the URL (`/worlds/NAME/…`, the prefix is a setting), else by the header `X-Standin-World`, else by a group
//! of the token's owner (`standin:world:NAME`); a request that names none belongs to the world `default`.

use std::sync::Arc;

use http::Uri;
use http::header::HeaderName;
use http::uri::PathAndQuery;

use crate::message::{BadWorldName, Request, WorldName};

use super::state::Shared;
use super::world::World;

/// The header that names a world.
pub(crate) const WORLD_HEADER: HeaderName = HeaderName::from_static("x-standin-world");

/// A group of this name maps a token, or a client certificate, to a world.
const GROUP: &str = "standin:world:";

impl Shared {
    /// The world that a request belongs to. Its name is taken out of the path.
    pub(crate) fn enter(&self, request: &mut Request) -> Result<Arc<World>, BadWorldName> {
        let named = match self.named_by_path(request)? {
            Some(name) => Some(name),
            None => self.named_by_client(request)?,
        };
        let world = match named {
            None => Arc::clone(self.worlds.default()),
            Some(name) => self.world(&name),
        };
        Ok(world)
    }

    /// The world that the path names. Where there is no such world yet, a stub for a URL below the prefix
    /// comes first: the path is one of the API that is stood in for.
    fn named_by_path(&self, request: &mut Request) -> Result<Option<WorldName>, BadWorldName> {
        let prefix = self.settings.world_prefix.as_deref().filter(|_| !request.forwarded);
        let Some(prefix) = prefix else { return Ok(None) };
        let below = request.path().strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
        let Some(rest) = below else { return Ok(None) };
        let end = rest.find('/').unwrap_or(rest.len());
        let name = WorldName::parse(&rest[..end]);
        let is_there = || name.as_ref().is_ok_and(|name| self.worlds.find(name).is_some());
        let stubs = self.stubs.load();
        // Without stubs nothing is looked up twice.
        if !stubs.is_empty() && !is_there() && stubs.has_url_below(prefix, request) {
            return Ok(None);
        }
        let name = name?;
        let mount = request.path()[..request.path().len() - (rest.len() - end)].into();
        request.uri = without_world(&request.uri, &rest[end..]);
        request.mount = Some(mount);
        Ok(Some(name))
    }

    /// The world that the header or the client's identity names.
    fn named_by_client(&self, request: &Request) -> Result<Option<WorldName>, BadWorldName> {
        if let Some(value) = request.headers.get(WORLD_HEADER) {
            return WorldName::parse(&String::from_utf8_lossy(value.as_bytes())).map(Some);
        }
        let auth = &self.settings.auth;
        if !auth.knows_groups() {
            return Ok(None);
        }
        let user = auth.identify(&request.headers, request.certificate.as_deref());
        let mut groups = user.iter().flat_map(|user| &user.groups);
        groups.find_map(|group| group.strip_prefix(GROUP)).map(WorldName::parse).transpose()
    }
}

/// The URI with another path, and the query it had.
fn without_world(uri: &Uri, path: &str) -> Uri {
    let path = if path.is_empty() { "/" } else { path };
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    // The rest of a path and query that were one is one.
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_taken_out_of_the_target() {
        for (uri, path, expected) in [
            ("/worlds/a/api/v1?x=%20y", "/api/v1", "/api/v1?x=%20y"),
            ("/worlds/a", "", "/"),
            ("/worlds/a?q", "", "/?q"),
            ("http://h:1/worlds/a/b", "/b", "http://h:1/b"),
        ] {
            assert_eq!(without_world(&uri.parse().unwrap(), path).to_string(), expected);
        }
    }
}
