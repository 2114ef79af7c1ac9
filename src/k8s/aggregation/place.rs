//! Where the server of an API service is (`ResolveCluster` in `k8s.io/apiserver/pkg/util/proxy/proxy.go`).
//!
//! There is no cluster network: a service of the type `ExternalName` leads to its host, another one to an endpoint of
//! its slices, as `kube-proxy` would pass the connection on.

use serde_json::Value;

use super::super::conversion::{ServiceAddress, endpoint_of_service};
use super::super::resource::GroupResource;
use super::super::store::State;
use super::remote::Remote;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemotePlace {
    /// The host and port that URLs have.
    pub(crate) authority: String,
    /// The host and port to connect to.
    pub(crate) address: ServiceAddress,
}

/// Where the server of an API service is.
///
/// # Errors
/// Why its service leads nowhere.
pub(crate) fn place(state: &State, remote: &Remote) -> Result<RemotePlace, String> {
    let name = &remote.service;
    let key = format!("{}/{name}", remote.namespace);
    let found = state.snapshot.get(&GroupResource::new("", "services"), &key);
    let service = found.ok_or_else(|| format!("service {name:?} not found"))?;
    of_service(state, remote, &service.value("v1", "Service"))
}

/// Where a service leads.
pub(super) fn of_service(
    state: &State,
    remote: &Remote,
    service: &Value,
) -> Result<RemotePlace, String> {
    let (spec, port) = (&service["spec"], remote.port);
    let text = |field: &str| spec[field].as_str().unwrap_or_default();
    let kind = kind(service);
    match kind {
        "ExternalName" => {
            let host = text("externalName");
            return Ok(RemotePlace {
                authority: authority(host, port),
                address: (host.to_owned(), port),
            });
        }
        "ClusterIP" if spec["clusterIP"] == "None" => {
            return Err("cannot route to service with ClusterIP \"None\"".to_owned());
        }
        "ClusterIP" | "NodePort" | "LoadBalancer" => {}
        other => return Err(format!("unsupported service type {other:?}")),
    }
    let name = &remote.service;
    let port_name = port_name(service, port)
        .ok_or_else(|| format!("no service port {port} found for service {name:?}"))?;
    let cluster_ip = text("clusterIP");
    let own = || (cluster_ip.to_owned(), port);
    let address = endpoint_of_service(state, &remote.namespace, name, port_name);
    Ok(RemotePlace { authority: authority(cluster_ip, port), address: address.unwrap_or_else(own) })
}

/// The type of a service.
pub(super) fn kind(service: &Value) -> &str {
    service["spec"]["type"].as_str().unwrap_or("ClusterIP")
}

/// The name of a port of a service; nothing where it does not listen there.
pub(super) fn port_name(service: &Value, port: u16) -> Option<&str> {
    let mut ports = service["spec"]["ports"].as_array()?.iter();
    let found = ports.find(|found| found["port"] == port)?;
    Some(found["name"].as_str().unwrap_or_default())
}

/// A host and a port as URLs have them (`net.JoinHostPort`).
fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
