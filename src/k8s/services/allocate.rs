//! What a new or changed service gets: the addresses of its families, and its node ports
//! (`allocateCreate`, `allocateUpdate` in `pkg/registry/core/service/storage/alloc.go`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::super::golang::{json_text, quote};
use super::super::meta;
use super::super::status::FieldError;
use super::super::store::Snapshot;
use super::objects::{further_ranges, has_port, is_taken};
use super::ranges::ServiceRanges;

/// Where a service is allocated.
pub(in super::super) struct Request<'a> {
    pub(in super::super) ranges: &'a ServiceRanges,
    pub(in super::super) snapshot: &'a Snapshot,
    /// Random bits.
    pub(in super::super) seed: u128,
    /// Nothing is taken then, and what the server would choose is left open (`dryRunAllocator`).
    pub(in super::super) dry_run: bool,
}

/// The addresses that a service takes and gives up.
#[derive(Debug, Default)]
pub(in super::super) struct Allocated {
    pub(in super::super) taken: Vec<IpAddr>,
    pub(in super::super) given_up: Vec<IpAddr>,
}

/// Why a service cannot have what it needs.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Unavailable {
    /// It asks for something that it cannot have: 422.
    Invalid(FieldError),
    /// Nothing is left: 500, with a class.
    Internal(String),
    /// 500 without a class.
    Plain(String),
}

/// How many ports a dry run counts from.
const DRY_PORT: i64 = 32768;

fn text<'v>(spec: &'v Value, field: &str) -> &'v str {
    spec[field].as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_external(spec: &Value) -> bool {
    matches!(text(spec, "type"), "ExternalName" | "")
}

fn is_headless(spec: &Value) -> bool {
    text(spec, "clusterIP") == "None"
}

fn has_node_ports(spec: &Value) -> bool {
    matches!(text(spec, "type"), "NodePort" | "LoadBalancer")
}

/// Whether a balancer asks nodes for their health (`NeedsHealthCheck`).
fn is_checked(spec: &Value) -> bool {
    text(spec, "type") == "LoadBalancer" && text(spec, "externalTrafficPolicy") == "Local"
}

/// Gives a service what it has not, once its families are known.
///
/// # Errors
/// What is taken, not in the range, or exhausted.
pub(in super::super) fn allocate(
    request: &Request<'_>,
    service: &mut Value,
    old: Option<&Value>,
) -> Result<Allocated, Unavailable> {
    let name = meta::text(service, "name").to_owned();
    let spec = &mut service["spec"];
    let old = old.map(|old| &old["spec"]);
    let mut allocated = Allocated::default();
    addresses(request, &name, spec, old, &mut allocated)?;
    let mut ports = Ports { request, chosen: BTreeSet::new() };
    if has_node_ports(spec) {
        match old {
            Some(old) => ports.update(spec, old)?,
            None => ports.create(spec)?,
        }
    }
    if is_checked(spec) && !old.is_some_and(is_checked) {
        ports.health_check(spec)?;
    }
    Ok(allocated)
}

/// `allocClusterIPs`, `updateClusterIPs`.
fn addresses(
    request: &Request<'_>,
    name: &str,
    spec: &mut Value,
    old: Option<&Value>,
    allocated: &mut Allocated,
) -> Result<(), Unavailable> {
    // A service of a fixture may have no addresses.
    let had = old.filter(|old| !is_external(old)).map(|old| list(&old["clusterIPs"]));
    let had = had.filter(|had| !had.is_empty());
    let all_of =
        |had: &[Value]| had.iter().filter_map(|one| one.as_str()?.parse::<IpAddr>().ok()).collect();
    if let Some(had) = had {
        if had[0] == "None" {
            return Ok(());
        }
        if is_external(spec) {
            allocated.given_up = all_of(had);
            return Ok(());
        }
    }
    if is_external(spec) || is_headless(spec) {
        return Ok(());
    }
    let mut own: Vec<Value> = list(&spec["clusterIPs"]).to_vec();
    let families: Vec<String> =
        list(&spec["ipFamilies"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let known = had.map_or(0, <[Value]>::len);
    for (at, family) in families.iter().enumerate().skip(known) {
        let wanted = own.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let shown = json_text(&own.clone().into());
        let invalid = |why: String| {
            Unavailable::Invalid(FieldError::invalid("spec.clusterIPs", &shown, &why))
        };
        let address = if wanted.is_empty() {
            let full = || {
                let (name, why) = (quote(name), "range is full");
                Unavailable::Internal(format!(
                    "failed to allocate a serviceIP for Service {name}: {why}"
                ))
            };
            next_address(request, family).ok_or_else(full)?
        } else {
            let failed = |why: String| invalid(format!("failed to allocate IP {wanted}: {why}"));
            let address: IpAddr = wanted.parse().map_err(|_| failed("it is no address".into()))?;
            check_address(request, family, address).map_err(failed)?;
            address
        };
        if !request.dry_run {
            allocated.taken.push(address);
        }
        let shown = if wanted.is_empty() { address.to_string() } else { wanted };
        match own.get_mut(at) {
            Some(place) => *place = shown.into(),
            None => own.push(shown.into()),
        }
    }
    if let Some(had) = had.filter(|had| had.len() > own.len()) {
        allocated.given_up = all_of(&had[own.len()..]);
    }
    if let Some(first) = own.first().cloned() {
        spec["clusterIP"] = first;
        spec["clusterIPs"] = json!(own);
    }
    Ok(())
}

/// The next free address of a family: of the range of the cluster, then of the further ones (`AllocateNextService`).
fn next_address(request: &Request<'_>, family: &str) -> Option<IpAddr> {
    let main = request.ranges.of(family)?;
    if request.dry_run {
        return Some(main.address);
    }
    let taken = |address: IpAddr| is_taken(request.snapshot, address);
    let free = main.free(request.seed, &taken);
    free.or_else(|| {
        let further = further_ranges(request.snapshot, family).into_iter();
        further.filter(|range| range != main).find_map(|range| range.free(request.seed, &taken))
    })
}

/// Checks an address that a client asks for (`AllocateService`).
fn check_address(request: &Request<'_>, family: &str, address: IpAddr) -> Result<(), String> {
    let main = request.ranges.of(family);
    let in_main = main.is_some_and(|range| range.contains(address));
    if request.dry_run {
        return match main.filter(|_| !in_main) {
            Some(range) => Err(format!(
                "the provided IP ({address}) is not in the valid range. The range of valid IPs is {range}"
            )),
            None => Ok(()),
        };
    }
    let further = || further_ranges(request.snapshot, family);
    if !in_main && !further().iter().any(|range| range.contains(address)) {
        return Err("the provided network does not match the current range".to_owned());
    }
    if is_taken(request.snapshot, address) {
        return Err("provided IP is already allocated".to_owned());
    }
    Ok(())
}

/// The node ports of one service (`PortAllocationOperation`).
struct Ports<'a> {
    request: &'a Request<'a>,
    chosen: BTreeSet<i64>,
}

impl Ports<'_> {
    fn is_taken(&self, port: i64) -> bool {
        self.chosen.contains(&port) || has_port(self.request.snapshot, port)
    }

    /// Takes the port that a client asks for.
    fn take(&mut self, port: i64) -> Result<(), String> {
        let range = self.request.ranges.ports();
        if !self.request.dry_run && !range.contains(port) {
            return Err(format!(
                "provided port is not in the valid range. The range of valid ports is {range}"
            ));
        }
        if self.is_taken(port) {
            return Err("provided port is already allocated".to_owned());
        }
        self.chosen.insert(port);
        Ok(())
    }

    /// Takes a free port.
    fn next(&mut self) -> Result<i64, String> {
        let port = if self.request.dry_run {
            self.chosen.last().copied().unwrap_or(DRY_PORT) + 1
        } else {
            let range = self.request.ranges.ports();
            let free = range.free(self.request.seed >> 32, &|port| self.is_taken(port));
            free.ok_or_else(|| "range is full".to_owned())?
        };
        self.chosen.insert(port);
        Ok(port)
    }

    /// `initNodePorts`: ports of one number, for several protocols, get one node port.
    fn create(&mut self, spec: &mut Value) -> Result<(), Unavailable> {
        let allocates = allocates(spec);
        let before = list(&spec["ports"]).to_vec();
        let asked = |number: &Value| {
            let mut same = before.iter().filter(|port| port["port"] == *number);
            same.find_map(node_port)
        };
        let mut known: Vec<(Value, i64)> = Vec::new();
        for (index, port) in each_port(spec).enumerate() {
            let (number, own) = (port["port"].clone(), node_port(port));
            if own.is_none() && !allocates {
                continue;
            }
            let shared = known.iter().find(|(of, _)| *of == number).map(|(_, found)| *found);
            let given = match shared {
                Some(shared) if own.is_none_or(|own| own == shared) => shared,
                Some(_) => {
                    let own = own.unwrap_or_default();
                    self.take(own).map_err(|why| refused(index, own, &why))?;
                    continue;
                }
                None => match asked(&number) {
                    Some(asked) => {
                        self.take(asked).map_err(|why| refused(index, asked, &why))?;
                        asked
                    }
                    None => self.next().map_err(|why| exhausted(&why))?,
                },
            };
            if shared.is_none() {
                known.push((number, given));
            }
            port["nodePort"] = given.into();
        }
        Ok(())
    }

    /// `updateNodePorts`.
    fn update(&mut self, spec: &mut Value, old: &Value) -> Result<(), Unavailable> {
        let allocates = allocates(spec);
        let before: Vec<i64> = list(&old["ports"]).iter().filter_map(node_port).collect();
        let mut known: Vec<(String, i64)> = Vec::new();
        for (index, port) in each_port(spec).enumerate() {
            let given = match node_port(port) {
                None if !allocates => continue,
                None => self.next().map_err(|why| exhausted(&why))?,
                Some(own) => {
                    if !before.contains(&own) && !self.chosen.contains(&own) {
                        self.take(own).map_err(|why| refused(index, own, &why))?;
                    }
                    own
                }
            };
            port["nodePort"] = given.into();
            let protocol = text(port, "protocol").to_owned();
            if known.contains(&(protocol.clone(), given)) {
                return Err(Unavailable::Plain(format!(
                    "duplicate nodePort: {{{protocol} {given}}}"
                )));
            }
            known.push((protocol, given));
        }
        Ok(())
    }

    /// `allocHealthCheckNodePort`.
    fn health_check(&mut self, spec: &mut Value) -> Result<(), Unavailable> {
        let asked = spec["healthCheckNodePort"].as_i64().filter(|port| *port != 0);
        if let Some(port) = asked {
            return self.take(port).map_err(|why| {
                Unavailable::Internal(format!(
                    "failed to allocate requested HealthCheck NodePort {port}: {why}"
                ))
            });
        }
        let port = self.next().map_err(|why| {
            Unavailable::Internal(format!("failed to allocate a HealthCheck NodePort 0: {why}"))
        })?;
        spec["healthCheckNodePort"] = port.into();
        Ok(())
    }
}

/// `shouldAllocateNodePorts`.
fn allocates(spec: &Value) -> bool {
    text(spec, "type") == "NodePort" || spec["allocateLoadBalancerNodePorts"] != false
}

fn each_port(spec: &mut Value) -> impl Iterator<Item = &mut Value> {
    spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten()
}

fn node_port(port: &Value) -> Option<i64> {
    port["nodePort"].as_i64().filter(|port| *port != 0)
}

fn refused(index: usize, port: i64, why: &str) -> Unavailable {
    Unavailable::Invalid(FieldError::invalid(format!("spec.ports[{index}].nodePort"), port, why))
}

fn exhausted(why: &str) -> Unavailable {
    Unavailable::Internal(format!("failed to allocate a nodePort: {why}"))
}
