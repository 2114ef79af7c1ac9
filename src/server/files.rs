//! Files that change while a server runs → reloads. A watch that cannot be set up is reported and does not keep
//! the server from running.

use std::sync::Arc;

use crate::document::Diagnostics;
use crate::fixtures::{self, FileWatcher};
use crate::serve::{Shared, Sources};
#[cfg(feature = "tls")]
use crate::tls::server::Tls;
use crate::transport::Logger;

/// Watches fixtures and scenarios.
pub(super) fn watch_sets(
    sources: &Sources,
    shared: &Arc<Shared>,
    log: &Logger,
) -> Option<FileWatcher> {
    let paths = sources.watched();
    if paths.is_empty() {
        return None;
    }
    let (shared, lines) = (Arc::clone(shared), Arc::clone(log));
    let reload = move || {
        let mut warnings = shared.reload()?;
        warnings.0.extend(super::warnings::of_scenarios(&shared).0);
        Ok::<_, Diagnostics>(warnings)
    };
    let on_change = move || match reload() {
        Ok(warnings) if warnings.is_empty() => lines("reloaded: the changed files are in effect"),
        Ok(warnings) => lines(&format!("reloaded, with warnings:\n{warnings}")),
        Err(problems) => {
            lines(&format!("not reloaded, the previous files stay in effect:\n{problems}"));
        }
    };
    fixtures::watch(&paths, on_change)
        .map_err(|error| log(&format!("cannot watch the files for changes: {error}")))
        .ok()
}

/// Watches the files of certificates.
#[cfg(feature = "tls")]
pub(super) fn watch_certificates(tls: &Arc<Tls>, log: &Logger) -> Option<FileWatcher> {
    let paths = tls.files();
    if paths.is_empty() {
        return None;
    }
    let (changing, lines) = (Arc::clone(tls), Arc::clone(log));
    let on_change = move || match changing.reload() {
        Ok(()) => lines("reloaded: new connections use the changed certificates"),
        Err(error) => {
            lines(&format!("not reloaded, the previous certificates stay in effect: {error}"));
        }
    };
    fixtures::watch(&paths, on_change)
        .map_err(|error| log(&format!("cannot watch the certificates for changes: {error}")))
        .ok()
}
