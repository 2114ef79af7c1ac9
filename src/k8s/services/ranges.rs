//! Ranges of addresses and of node ports, with a band for those that clients choose and one for those that the server
//! chooses (`pkg/registry/core/service/{ipallocator/ipallocator,ipallocator/bitmap,portallocator/allocator}.go`).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where services get their addresses and node ports, as `kube-apiserver --service-cluster-ip-range` and
/// `--service-node-port-range` say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceRanges {
    /// The range of the first family, and the one of the second where there is one.
    addresses: Vec<AddressRange>,
    ports: PortRange,
    /// Where the service `kubernetes` leads: the address of the server, where it is known, and its port.
    server: (Option<IpAddr>, u16),
}

impl Default for ServiceRanges {
    fn default() -> Self {
        let address = Ipv4Addr::new(10, 0, 0, 0).into();
        Self {
            addresses: vec![AddressRange { address, bits: 24 }],
            ports: PortRange { first: 30000, size: 2768 },
            server: (None, 6443),
        }
    }
}

impl ServiceRanges {
    /// These ranges, where they can be read; else those of the default.
    #[cfg(any(feature = "cli", test))]
    #[must_use]
    pub(crate) fn with(mut self, addresses: &[&str], ports: Option<&str>) -> Self {
        let read: Option<Vec<_>> = addresses.iter().map(|text| AddressRange::parse(text)).collect();
        if let Some(read) = read.filter(|read| !read.is_empty()) {
            self.addresses = read;
        }
        if let Some(ports) = ports.and_then(PortRange::parse) {
            self.ports = ports;
        }
        self
    }

    /// With the place of the server, as `--advertise-address` and `--secure-port` say.
    #[cfg(any(feature = "cli", test))]
    #[must_use]
    pub(crate) fn with_server(self, address: Option<IpAddr>, port: u16) -> Self {
        Self { server: (address, port), ..self }
    }

    /// Where the service `kubernetes` leads.
    pub(in super::super) fn server(&self) -> (Option<IpAddr>, u16) {
        self.server
    }

    /// The families of the cluster, the one that services have by default first.
    pub(in super::super) fn families(&self) -> Vec<&'static str> {
        self.addresses.iter().map(|range| family(range.address)).collect()
    }

    /// The range of a family.
    pub(super) fn of(&self, of: &str) -> Option<&AddressRange> {
        self.addresses.iter().find(|range| family(range.address) == of)
    }

    /// The ranges of addresses.
    pub(in super::super) fn addresses(&self) -> &[AddressRange] {
        &self.addresses
    }

    pub(super) fn ports(&self) -> &PortRange {
        &self.ports
    }
}

/// `IPv4` or `IPv6`.
pub(in super::super) fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// A network whose addresses services get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct AddressRange {
    /// The first address of the network.
    pub(super) address: IpAddr,
    bits: u8,
}

impl AddressRange {
    /// A network in the notation of CIDR; bits beyond the prefix do not count.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.trim().split_once('/')?;
        let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        let range = Self { address, bits: (bits <= most).then_some(bits)? };
        let network = number(address) & !range.hosts();
        Some(Self { address: range.numbered(network), bits })
    }

    /// The bits of hosts.
    fn hosts(&self) -> u128 {
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        let free = u32::from(width - self.bits);
        1u128.checked_shl(free).map_or(u128::MAX, |size| size - 1)
    }

    /// An address of the family by its number.
    fn numbered(&self, number: u128) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
            IpAddr::V6(_) => Ipv6Addr::from(number).into(),
        }
    }

    /// The first and the last address that a service can have: not that of the network, nor the broadcast address of
    /// IPv4.
    fn usable(&self) -> (u128, u128) {
        let network = number(self.address);
        let last = network.saturating_add(self.hosts());
        (
            network.saturating_add(1),
            if self.address.is_ipv4() { last.saturating_sub(1) } else { last },
        )
    }

    /// The first address, which is that of the service `kubernetes`.
    pub(in super::super) fn first(&self) -> IpAddr {
        self.numbered(self.usable().0)
    }

    /// Whether a service can have an address (`servicecidr.PrefixContainsIP`).
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let (first, last) = self.usable();
        address.is_ipv4() == self.address.is_ipv4() && (first..=last).contains(&number(address))
    }

    /// How many addresses the band of clients has (`calculateRangeOffset`).
    fn offset(&self) -> u128 {
        let size = self.hosts().saturating_add(1);
        if size <= 16 { 0 } else { (size / 16).clamp(16, 256) }
    }

    /// A free address: of the band of the server first, from a drawn one on, then of the band of clients.
    pub(super) fn free(&self, seed: u128, is_taken: &dyn Fn(IpAddr) -> bool) -> Option<IpAddr> {
        let (first, last) = self.usable();
        let border = first + self.offset();
        let found = free_between(border, last, seed, &|number| is_taken(self.numbered(number)));
        let found = found.or_else(|| {
            free_between(first, border - 1, seed, &|number| is_taken(self.numbered(number)))
        });
        found.map(|number| self.numbered(number))
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// A free number between two, from a drawn one on. It ends behind as many steps as numbers are taken.
fn free_between(first: u128, last: u128, seed: u128, taken: &dyn Fn(u128) -> bool) -> Option<u128> {
    let size = last.checked_sub(first)?.saturating_add(1);
    let start = first + seed % size;
    (start..=last).chain(first..start).find(|number| !taken(*number))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// A range of node ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PortRange {
    first: u16,
    size: u16,
}

impl PortRange {
    /// `30000-32767`, `30000+2767`, or one port (`PortRange.Set` in `k8s.io/apimachinery/pkg/util/net`).
    #[cfg(any(feature = "cli", test))]
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (first, last) = if let Some((first, more)) = text.split_once('+') {
            let first: u16 = first.parse().ok()?;
            (first, first.checked_add(more.parse().ok()?)?)
        } else if let Some((first, last)) = text.split_once('-') {
            (first.parse().ok()?, last.parse().ok()?)
        } else {
            let one = text.parse().ok()?;
            (one, one)
        };
        let size = last.checked_sub(first)?.checked_add(1)?;
        (first > 0).then_some(Self { first, size })
    }

    pub(super) fn contains(&self, port: i64) -> bool {
        (0..i64::from(self.size)).contains(&(port - i64::from(self.first)))
    }

    /// A free port, as [`AddressRange::free`] finds an address.
    pub(super) fn free(&self, seed: u128, is_taken: &dyn Fn(i64) -> bool) -> Option<i64> {
        let offset = if self.size <= 16 { 0 } else { (self.size / 32).clamp(16, 128) };
        let (first, border) = (u128::from(self.first), u128::from(self.first) + u128::from(offset));
        let last = first + u128::from(self.size) - 1;
        let taken = |port: u128| i64::try_from(port).is_ok_and(is_taken);
        let found = free_between(border, last, seed, &taken);
        let found = found.or_else(|| free_between(first, border.checked_sub(1)?, seed, &taken));
        found.and_then(|port| i64::try_from(port).ok())
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, u32::from(self.first) + u32::from(self.size) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_of_the_server_is_used_before_that_of_clients() {
        let range = AddressRange::parse("10.0.0.9/24").unwrap();
        assert_eq!(
            (range.to_string(), range.first().to_string()),
            ("10.0.0.0/24".into(), "10.0.0.1".into())
        );
        let last = |address: IpAddr| number(address) & 0xff;
        for seed in 0..500 {
            let found = range.free(seed, &|_| false).unwrap();
            assert!((17..=254).contains(&last(found)), "{found}");
        }
        let found = range.free(7, &|address| last(address) > 16).unwrap();
        assert!((1..=16).contains(&last(found)), "{found}");
        assert_eq!(range.free(7, &|_| true), None);
        assert_eq!(
            range.free(9, &|address| last(address) != 200).unwrap().to_string(),
            "10.0.0.200"
        );
    }

    #[test]
    fn ranges_leave_out_the_network_and_the_broadcast_address() {
        let contains = |range: &str, address: &str| {
            AddressRange::parse(range).unwrap().contains(address.parse().unwrap())
        };
        assert!(contains("10.0.0.0/24", "10.0.0.1") && contains("10.0.0.0/24", "10.0.0.254"));
        assert!(!contains("10.0.0.0/24", "10.0.0.0") && !contains("10.0.0.0/24", "10.0.0.255"));
        assert!(!contains("10.0.0.0/24", "10.0.1.1") && !contains("10.0.0.0/24", "fd00::1"));
        assert!(contains("fd00::/108", "fd00::f:ffff") && !contains("fd00::/108", "fd00::"));
        let small = AddressRange::parse("10.0.0.0/29").unwrap();
        let all: Vec<String> =
            (0..6).map(|seed| small.free(seed, &|_| false).unwrap().to_string()).collect();
        assert_eq!((&*all[0], &*all[5]), ("10.0.0.1", "10.0.0.6"));
        assert_eq!(AddressRange::parse("10.0.0.0/33"), None);
    }

    #[test]
    fn ports_are_read_and_chosen_as_upstream_does() {
        let range = PortRange::parse("30000-32767").unwrap();
        assert_eq!(range.to_string(), "30000-32767");
        assert_eq!(PortRange::parse("30000+2767"), Some(range));
        assert_eq!(PortRange::parse("9-3"), None);
        assert!(range.contains(30000) && range.contains(32767));
        assert!(!range.contains(29999) && !range.contains(32768));
        assert_eq!(range.free(0, &|_| false), Some(30086));
        assert_eq!(range.free(0, &|port| port >= 30086), Some(30000));
        assert_eq!(range.free(0, &|_| true), None);
        let one = PortRange::parse("31000").unwrap();
        assert_eq!((one.free(5, &|_| false), one.free(5, &|_| true)), (Some(31000), None));
    }
}
