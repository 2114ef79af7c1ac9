//! `/__admin`: looking at and steering the running server. No scenario touches it. What is a world's own
//! is that of the request's world: `/worlds/NAME/__admin/…` or the header `X-Standin-World`.
//!
//! | method and path | answer |
//! |---|---|
//! | GET `/__admin` | what is loaded, and what was wrong at the last reload |
//! | GET `/__admin/health` | 200 `{"status":"healthy",…}` |
//! | GET `/__admin/version` | the version |
//! | GET `/__admin/ca` | the certificate that clients of a TLS server have to trust, in PEM |
//! | GET `/__admin/mappings` | the stubs, in the order in which they are tried |
//! | GET, DELETE `/__admin/requests` | the journal, newest first; forgets it |
//! | GET `/__admin/scenarios` | the world's scenarios, the phase each is in, what its rules did |
//! | PUT `/__admin/scenarios` | `{"scenarios": ["throttled"], "seed": 42}`: other ones, for this world |
//! | DELETE `/__admin/scenarios` | those of the server again |
//! | POST `/__admin/scenarios/reset` | counters, draws, tokens and timelines begin anew |
//! | POST `/__admin/scenarios/start`, `…/step` | timelines begin; each goes to its next phase |
//! | GET `/__admin/findings` | what clients did that they should not have, with `--graded` |
//! | POST `/__admin/reset` | the world is as the fixtures say again: objects, counters, tokens, clock |
//! | GET `/__admin/clock` | the world's time |
//! | POST `/__admin/clock/freeze`, `…/release` | stops it; lets it go on |
//! | POST `/__admin/clock/advance` | `{"by": "30s"}`: moves it on |
//! | GET, DELETE `/__admin/worlds` | all worlds; deletes all but the default one |
//! | GET, PUT, DELETE `/__admin/worlds/NAME` | one world; makes it; deletes it |
//! | POST `/__admin/worlds/NAME/reset` | brings it back to the fixtures |
//! | POST `/__admin/store/compact` | `{"revision": "N"}`: everything older than N is gone |
//! | POST `/__admin/reload` | loads the files again, as a change on disk does |

mod clock;
mod routes;
mod scenarios;
mod worlds;

pub(crate) use routes::answer;

/// Whether a path belongs to the admin API.
pub(crate) fn owns(path: &str) -> bool {
    path.strip_prefix("/__admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
