//! Where the service of a webhook is (`ResolveCluster` and `ResolveEndpoint` in
//! `k8s.io/apiserver/pkg/util/proxy/proxy.go`).
//!
//! There is no cluster network: a service of the type `ExternalName` leads to its host, another one to an endpoint of
//! its slices or of its `Endpoints`.

use serde_json::Value;

use super::super::resource::GroupResource;
use super::super::store::State;
use super::super::webhook::{WebhookClient, WebhookEndpoint};

/// A host and a port.
pub(crate) type Address = (String, u16);

/// The address of a webhook, where its URL does not name it.
///
/// # Errors
/// Why its service leads nowhere.
pub(crate) fn address(state: &State, webhook: &WebhookClient) -> Result<Option<Address>, String> {
    let WebhookEndpoint::Service { namespace, name, port, .. } = &webhook.endpoint else {
        return Ok(None);
    };
    let key = format!("{namespace}/{name}");
    let found = state.snapshot.get(&GroupResource::new("", "services"), &key);
    let service =
        found.ok_or_else(|| format!("service {name:?} not found"))?.value("v1", "Service");
    let spec = &service["spec"];
    let kind = spec["type"].as_str().unwrap_or("ClusterIP");
    match kind {
        "ExternalName" => {
            let host = spec["externalName"].as_str().unwrap_or_default().to_owned();
            return Ok(Some((host, *port)));
        }
        "ClusterIP" if spec["clusterIP"] == "None" => {
            return Err("cannot route to service with ClusterIP \"None\"".to_owned());
        }
        "ClusterIP" | "NodePort" | "LoadBalancer" => {}
        other => return Err(format!("unsupported service type {other:?}")),
    }
    let ports = spec["ports"].as_array().into_iter().flatten();
    let of_service = ports.into_iter().find(|found| found["port"] == *port);
    let port_name = of_service
        .ok_or_else(|| format!("no service port {port} found for service {name:?}"))?["name"]
        .as_str()
        .unwrap_or_default();
    let found = endpoint_of_service(state, namespace, name, port_name);
    found.map(Some).ok_or_else(|| format!("no endpoints available for service {name:?}"))
}

/// An endpoint of a service behind its port of this name.
pub(in super::super) fn endpoint_of_service(
    state: &State,
    namespace: &str,
    name: &str,
    port_name: &str,
) -> Option<Address> {
    let old = || old_endpoint(state, &format!("{namespace}/{name}"), port_name);
    slice_endpoint(state, namespace, name, port_name).or_else(old)
}

/// The number of the port with this name.
fn port_of(ports: &Value, name: &str) -> Option<u16> {
    let mut ports = ports.as_array()?.iter();
    let port = ports.find(|port| port["name"].as_str().unwrap_or_default() == name)?;
    u16::try_from(port["port"].as_u64()?).ok()
}

/// A ready endpoint of a service's slices.
fn slice_endpoint(state: &State, namespace: &str, service: &str, port: &str) -> Option<Address> {
    let resource = GroupResource::new("discovery.k8s.io", "endpointslices");
    let slices = state.snapshot.collection(&resource)?.range(namespace, "");
    slices.filter(|slice| slice.label("kubernetes.io/service-name") == Some(service)).find_map(
        |slice| {
            let slice = slice.value("discovery.k8s.io/v1", "EndpointSlice");
            let number = port_of(&slice["ports"], port)?;
            let mut endpoints = slice["endpoints"].as_array()?.iter();
            let ready = endpoints.find(|endpoint| endpoint["conditions"]["ready"] != false)?;
            Some((ready["addresses"][0].as_str()?.to_owned(), number))
        },
    )
}

/// An address of the `Endpoints` of a service.
fn old_endpoint(state: &State, key: &str, port: &str) -> Option<Address> {
    let found = state.snapshot.get(&GroupResource::new("", "endpoints"), key)?;
    let endpoints = found.value("v1", "Endpoints");
    endpoints["subsets"].as_array()?.iter().find_map(|subset| {
        let number = port_of(&subset["ports"], port)?;
        Some((subset["addresses"][0]["ip"].as_str()?.to_owned(), number))
    })
}
