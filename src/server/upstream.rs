//! How a backend is reached, from a kubeconfig.

use std::path::Path;

use crate::error::Error;
use crate::record::{UpstreamOptions, kubeconfig};

impl UpstreamOptions {
    /// The backend of a kubeconfig, by a context or the current one: its URL, and how it is reached. Requests without
    /// credentials get those of the user: a client certificate, a token, a password, or what an exec plugin gives.
    ///
    /// ```no_run
    /// let (url, options) = standin::UpstreamOptions::from_kubeconfig("kubeconfig".as_ref(), None)?;
    /// let builder = standin::Server::builder().upstream(url, options);
    /// # Ok::<(), standin::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Upstream`](crate::Error::Upstream): what is wrong with the file, or missing in it.
    pub fn from_kubeconfig(file: &Path, context: Option<&str>) -> Result<(String, Self), Error> {
        kubeconfig::read(file, context)
            .map_err(|why| Error::Upstream(format!("the kubeconfig {}: {why}", file.display())))
    }
}
