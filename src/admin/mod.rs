//! `/__admin`: looking at and steering the running server. No scenario touches it.
//!
//! | method and path | answer |
//! |---|---|
//! | GET `/__admin` | what is loaded, and what was wrong at the last reload |
//! | GET `/__admin/health` | 200 `{"status":"healthy",…}` |
//! | GET `/__admin/version` | the version |
//! | GET `/__admin/mappings` | the stubs, in the order in which they are tried |
//! | GET, DELETE `/__admin/requests` | the journal, newest first; forgets it |
//! | GET `/__admin/scenarios` | the active rules and the seed |
//! | POST `/__admin/scenarios/reset` | counters, draws and tokens begin anew |
//! | POST `/__admin/store/compact` | `{"revision": "N"}`: everything older than N is gone |
//! | POST `/__admin/reload` | loads the files again, as a change on disk does |

mod routes;

pub(crate) use routes::answer;

/// Whether a path belongs to the admin API.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix("/__admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
