//! `standin kubeconfig`: what kubectl and other clients need to find the server.

use serde_json::json;

use crate::error::Error;

use super::args::Target;
use super::health::host;

pub(super) fn kubeconfig(args: &Target) -> Result<(), Error> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "standin", "cluster": {"server": format!("http://{}", host(&args.server)?)}}],
        "users": [{"name": "standin", "user": {}}],
        "contexts": [{"name": "standin", "context": {"cluster": "standin", "user": "standin", "namespace": "default"}}],
        "current-context": "standin",
    });
    print!("{}", crate::k8s::render_yaml(&config));
    Ok(())
}
