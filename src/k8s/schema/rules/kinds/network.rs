//! Addresses and networks (`k8s.io/apiserver/pkg/cel/library/{ip,cidr}.go`).

use std::net::IpAddr;

use super::super::super::super::golang::quote;
use super::address;

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Ip(pub(in super::super) IpAddr);

/// A network: an address and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Cidr {
    pub(in super::super) ip: IpAddr,
    pub(in super::super) bits: u8,
}

/// Reads an address; those of version 4 inside of version 6, and those with a zone, are refused.
///
/// # Errors
/// Upstream's message.
pub(in super::super) fn parse_ip(text: &str) -> Result<Ip, String> {
    let (ip, has_zone) = address::parse(text).map_err(|why| {
        format!("IP Address {} parse error during conversion from string: {why}", quote(text))
    })?;
    if has_zone {
        return Err(format!("IP address {} with zone value is not allowed", quote(text)));
    }
    refuse_mapped(ip, text)?;
    Ok(Ip(ip))
}

fn refuse_mapped(ip: IpAddr, text: &str) -> Result<(), String> {
    match ip {
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => {
            Err(format!("IPv4-mapped IPv6 address {} is not allowed", quote(text)))
        }
        _ => Ok(()),
    }
}

/// What messages about wrong networks begin with.
pub(in super::super) const WRONG_NETWORK: &str =
    "network address parse error during conversion from string: ";

/// Reads a network.
///
/// # Errors
/// Upstream's message.
pub(in super::super) fn parse_cidr(text: &str) -> Result<Cidr, String> {
    let found = parse_prefix(text)
        .map_err(|why| format!("{WRONG_NETWORK}netip.ParsePrefix({}): {why}", quote(text)))?;
    refuse_mapped(found.ip, text)?;
    Ok(found)
}

fn parse_prefix(text: &str) -> Result<Cidr, String> {
    let (ip, bits) = text.rsplit_once('/').ok_or("no '/'")?;
    let (ip, has_zone) = address::parse(ip)?;
    if has_zone {
        return Err("IPv6 zones cannot be present in a prefix".to_owned());
    }
    let is_number = !bits.is_empty()
        && bits.bytes().all(|b| b.is_ascii_digit())
        && (bits.len() == 1 || !bits.starts_with('0'));
    if !is_number {
        return Err(format!("bad bits after slash: {}", quote(bits)));
    }
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let bits = bits.parse::<u8>().ok().filter(|bits| *bits <= most);
    bits.map(|bits| Cidr { ip, bits }).ok_or_else(|| "prefix length out of range".to_owned())
}

/// The bits of an address, at the upper end.
fn bits_of(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()) << 96,
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

fn mask(bits: u8) -> u128 {
    if bits == 0 { 0 } else { u128::MAX << (128 - u32::from(bits)) }
}

impl Cidr {
    pub(in super::super) fn contains(&self, ip: IpAddr) -> bool {
        self.ip.is_ipv4() == ip.is_ipv4() && (bits_of(self.ip) ^ bits_of(ip)) & mask(self.bits) == 0
    }

    /// Whether another network lies in it.
    pub(in super::super) fn contains_network(&self, other: &Self) -> bool {
        self.contains(other.ip) && other.bits >= self.bits
    }

    /// The network with the first address in it.
    pub(in super::super) fn masked(&self) -> Self {
        let bits = bits_of(self.ip) & mask(self.bits);
        let ip = match self.ip {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(bits >> 96).unwrap_or_default().into()),
            IpAddr::V6(_) => IpAddr::V6(bits.into()),
        };
        Self { ip, bits: self.bits }
    }
}

impl Ip {
    /// A property of the address, by the name of its function.
    pub(in super::super) fn is(&self, function: &str) -> bool {
        match (function, self.0) {
            ("isUnspecified", ip) => ip.is_unspecified(),
            ("isLoopback", ip) => ip.is_loopback(),
            ("isLinkLocalMulticast", IpAddr::V4(ip)) => ip.octets()[..3] == [224, 0, 0],
            ("isLinkLocalMulticast", IpAddr::V6(ip)) => ip.segments()[0] & 0xff0f == 0xff02,
            ("isLinkLocalUnicast", IpAddr::V4(ip)) => ip.is_link_local(),
            ("isLinkLocalUnicast", IpAddr::V6(ip)) => ip.segments()[0] & 0xffc0 == 0xfe80,
            (_, ip) => {
                let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
                let other = ["isUnspecified", "isLoopback", "isLinkLocalUnicast"]
                    .iter()
                    .any(|of| self.is(of));
                !(broadcast || other || ip.is_multicast())
            }
        }
    }

    pub(in super::super) fn family(&self) -> i64 {
        if self.0.is_ipv4() { 4 } else { 6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_addresses() {
        let net = parse_cidr("10.1.2.3/8").unwrap();
        assert!(
            net.contains("10.255.0.1".parse().unwrap())
                && !net.contains("11.0.0.1".parse().unwrap())
        );
        assert_eq!(net.masked().ip.to_string(), "10.0.0.0");
        assert!(net.contains_network(&parse_cidr("10.2.0.0/16").unwrap()));
        assert!(!parse_cidr("::/0").unwrap().contains("1.2.3.4".parse().unwrap()));
        for wrong in ["10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/08"] {
            assert!(parse_cidr(wrong).is_err(), "{wrong}");
        }
        assert!(parse_ip("::ffff:1.2.3.4").is_err() && parse_ip("01.2.3.4").is_err());
        assert!(parse_ip("8.8.8.8").unwrap().is("isGlobalUnicast"));
    }
}
