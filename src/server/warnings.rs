//! What is served and has no effect: the warnings of `check`, on the log of a server.

use std::sync::Arc;

use crate::check;
use crate::document::{Diagnostic, Diagnostics};
use crate::serve::Shared;
use crate::transport::Logger;

/// Up to how many stubs are compared with each other while a server runs.
const MOST_STUBS: usize = 20_000;

/// The warnings about the scenarios of a server.
pub(super) fn of_scenarios(shared: &Shared) -> Diagnostics {
    let scenarios = shared.scenarios.load();
    if scenarios.has_nothing() {
        return Diagnostics::default();
    }
    let state = shared.worlds.default().store.state();
    let has_backend = shared.settings.proxy.is_some();
    let mut found =
        check::of_scenarios(&scenarios, &state.types, &shared.stubs.load(), has_backend);
    if scenarios.has_tls_faults() && shared.tls.is_none() {
        let warning =
            Diagnostic::warning("scenarios", "listen: tls has no effect: this server has no TLS");
        found.push(warning.code("no-effect").hint("start it with --tls, or with --cert and --key"));
    }
    found
}

/// Logs the warnings about stubs, beside the server: a large set takes a moment.
pub(super) fn log_of_stubs(shared: &Arc<Shared>, log: &Logger) {
    let stubs = shared.stubs.load_full();
    if stubs.is_empty() || stubs.len() > MOST_STUBS {
        return;
    }
    let (has_objects, log) = (shared.seeding.has_objects(), Arc::clone(log));
    tokio::task::spawn_blocking(move || {
        for warning in &check::of_stubs(&stubs, has_objects).0 {
            log(&warning.to_string());
        }
    });
}
