//! What is served and has no effect: the warnings of `check`, on the log of a server.

use std::sync::Arc;
use std::time::Duration;

use crate::check;
use crate::document::{Diagnostic, Diagnostics};
use crate::serve::Shared;
use crate::transport::Logger;

/// Up to how many stubs are compared with each other while a server runs.
const MOST_STUBS: usize = 20_000;

/// How long after the start that is done: the first requests come before it.
const AFTER_START: Duration = Duration::from_millis(500);

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

/// Logs the warnings about scenarios, where somebody reads the log.
pub(super) fn log_of_scenarios(shared: &Shared, log: Option<&Logger>) {
    let Some(log) = log else { return };
    for warning in &of_scenarios(shared).0 {
        log(&warning.to_string());
    }
}

/// Logs the warnings about stubs, beside the server and a moment after its start: a large set takes a while.
pub(super) fn log_of_stubs(shared: &Arc<Shared>, log: Option<&Logger>) {
    let Some(log) = log else { return };
    let stubs = shared.stubs.load_full();
    if stubs.is_empty() || stubs.len() > MOST_STUBS {
        return;
    }
    let (has_objects, log) = (shared.seeding.has_objects(), Arc::clone(log));
    tokio::spawn(async move {
        tokio::time::sleep(AFTER_START).await;
        let all = move || {
            for warning in &check::of_stubs(&stubs, has_objects).0 {
                log(&warning.to_string());
            }
        };
        tokio::task::spawn_blocking(all);
    });
}
