//! Addresses and node ports of services, as kube-apiserver 1.36.3 gives them.

use serde_json::{Value, json};
use standin::RunningServer;

use crate::support::{Answer, ask, post, server};

const SERVICES: &str = "/api/v1/namespaces/default/services";
const ADDRESSES: &str = "/apis/networking.k8s.io/v1/ipaddresses";

fn service(name: &str, spec: &Value) -> Value {
    let mut whole = json!({"ports": [{"port": 80}]});
    for (field, value) in spec.as_object().expect("fields") {
        whole[field] = value.clone();
    }
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole})
}

async fn create(server: &RunningServer, name: &str, spec: &Value) -> Answer {
    post(server, "POST", SERVICES, &service(name, spec)).await
}

async fn change(server: &RunningServer, name: &str, spec: &Value) -> Answer {
    post(server, "PUT", &format!("{SERVICES}/{name}"), &service(name, spec)).await
}

#[tokio::test]
async fn a_range_of_addresses_ends_and_given_up_ones_are_free_again() {
    let server = server().await;
    let none = json!({});
    for index in 0..253 {
        let made = create(&server, &format!("s{index}"), &none).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let full = create(&server, "more", &none).await;
    assert_eq!(full.status, 500);
    let why = "Internal error occurred: failed to allocate a serviceIP for Service \"more\": range is full";
    assert_eq!(full.at("/message"), why);
    // What needs none has none, and a dry run takes none.
    assert_eq!(create(&server, "headless", &json!({"clusterIP": "None"})).await.status, 201);
    let dry =
        post(&server, "POST", &format!("{SERVICES}?dryRun=All"), &service("more", &none)).await;
    assert_eq!((dry.status.as_u16(), dry.at("/spec/clusterIP")), (201, json!("10.0.0.0")));
    let address = ask(&server, "GET", &format!("{SERVICES}/s7")).await.at("/spec/clusterIP");
    let of = format!("{ADDRESSES}/{}", address.as_str().expect("text"));
    let held = ask(&server, "GET", &of).await;
    let owner = json!({"resource": "services", "namespace": "default", "name": "s7"});
    assert_eq!(held.at("/spec/parentRef"), owner, "{}", held.text());
    assert_eq!(ask(&server, "DELETE", &format!("{SERVICES}/s7")).await.status, 200);
    assert_eq!(ask(&server, "GET", &of).await.status, 404);
    let made = create(&server, "more", &none).await;
    assert_eq!(made.at("/spec/clusterIP"), address, "{}", made.text());
}

#[tokio::test]
async fn an_address_is_in_the_range_and_has_one_service() {
    let server = server().await;
    let asked = |address: &str| json!({"clusterIP": address});
    for (address, why) in [
        ("10.0.0.0", "the provided network does not match the current range"),
        ("10.0.0.255", "the provided network does not match the current range"),
        ("11.0.0.1", "the provided network does not match the current range"),
        ("10.0.0.1", "provided IP is already allocated"),
    ] {
        let refused = create(&server, "s", &asked(address)).await;
        assert_eq!(refused.status, 422, "{}", refused.text());
        let wanted =
            format!("Invalid value: [\"{address}\"]: failed to allocate IP {address}: {why}");
        assert_eq!(refused.at("/details/causes/0/message"), wanted);
    }
    assert_eq!(create(&server, "s", &asked("10.0.0.77")).await.status, 201);
    // A service with another type gives its address up.
    let external = json!({"type": "ExternalName", "externalName": "x.y", "ports": null});
    assert_eq!(change(&server, "s", &external).await.status, 200);
    assert_eq!(ask(&server, "GET", &format!("{ADDRESSES}/10.0.0.77")).await.status, 404);
    assert_eq!(create(&server, "t", &asked("10.0.0.77")).await.status, 201);
    assert_eq!(change(&server, "s", &asked("10.0.0.77")).await.status, 422);
    // A further range counts without a controller that says that it is ready.
    let range = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"},
        "spec": {"cidrs": ["11.0.0.0/28"]},
    });
    let made = post(&server, "POST", "/apis/networking.k8s.io/v1/servicecidrs", &range).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(create(&server, "u", &asked("11.0.0.1")).await.status, 201);
}

#[tokio::test]
async fn node_ports_are_in_their_range_and_have_one_service() {
    let server = server().await;
    let asked = |ports: Value| json!({"type": "NodePort", "ports": ports});
    let one = |port: u32| asked(json!([{"port": 80, "nodePort": port}]));
    assert_eq!(create(&server, "a", &one(30000)).await.status, 201);
    for (port, why) in [
        (29999, "provided port is not in the valid range. The range of valid ports is 30000-32767"),
        (30000, "provided port is already allocated"),
    ] {
        let refused = create(&server, "b", &one(port)).await;
        assert_eq!(refused.at("/details/causes/0/field"), "spec.ports[0].nodePort");
        let wanted = format!("Invalid value: {port}: {why}");
        assert_eq!(refused.at("/details/causes/0/message"), wanted);
    }
    // One port of two protocols has one node port.
    let two = json!([{"name": "t", "port": 53}, {"name": "u", "port": 53, "protocol": "UDP", "nodePort": 30053}]);
    let made = create(&server, "dns", &asked(two)).await;
    assert_eq!(made.at("/spec/ports/0/nodePort"), 30053, "{}", made.text());
    assert_eq!(made.at("/spec/ports/1/nodePort"), 30053);
    let local = json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30000});
    let refused = create(&server, "lb", &local).await;
    assert_eq!(refused.status, 500);
    let why = "Internal error occurred: failed to allocate requested HealthCheck NodePort 30000: provided port is already allocated";
    assert_eq!(refused.at("/message"), why);
    // A changed service keeps its ports, and gives up what it has no more.
    assert_eq!(change(&server, "a", &one(30000)).await.status, 200);
    assert_eq!(change(&server, "a", &one(30001)).await.status, 200);
    assert_eq!(create(&server, "b", &one(30000)).await.status, 201);
    assert_eq!(change(&server, "a", &one(30000)).await.status, 422);
}
