//! Addresses and CIDRs (`k8s.io/apimachinery/pkg/util/validation/ip.go`, strict as `StrictIPCIDRValidation` makes
//! them, and `ValidateEndpointIP` of `pkg/apis/core/validation`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::check::Errors;

/// An address as Go reads it; one of IPv4 may have leading zeros (`netutils.ParseIPSloppy`).
pub(super) fn parse_ip(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        *octet = part.parse::<u8>().ok().filter(|_| digits)?;
    }
    parts.next().is_none().then(|| IpAddr::V4(Ipv4Addr::from(octets)))
}

/// Whether an address is one of IPv4, also where it is mapped to IPv6.
fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
}

/// Whether a text is an address of IPv4 (`netutils.IsIPv4String`).
pub(super) fn is_ipv4(text: &str) -> bool {
    parse_ip(text).is_some_and(|address| address.is_ipv4() || is_mapped(address))
}

/// `IsValidIPForLegacyField`. Returns whether it is fine.
pub(super) fn ip(errors: &mut Errors, text: &str, path: &str) -> bool {
    let why = match parse_ip(text) {
        None => "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        Some(_) if text.parse::<IpAddr>().is_err() => "must not have leading 0s",
        Some(address) if is_mapped(address) => "must not be an IPv4-mapped IPv6 address",
        Some(_) => return true,
    };
    errors.push(FieldError::invalid(path, quote(text), why));
    false
}

/// `IsValidIP`: an address in its canonical form. Returns whether it is fine.
pub(super) fn canonical_ip(errors: &mut Errors, text: &str, path: &str) -> bool {
    if !ip(errors, text, path) {
        return false;
    }
    let canonical = parse_ip(text).map(|address| address.to_string()).unwrap_or_default();
    if canonical != text {
        let why = format!("must be in canonical form ({})", quote(&canonical));
        errors.push(FieldError::invalid(path, quote(text), &why));
    }
    canonical == text
}

/// A network: an address and the length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    pub(super) bits: u32,
}

impl Cidr {
    /// `netutils.ParseCIDRSloppy`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let address = parse_ip(address)?;
        let digits = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = bits.parse::<u32>().ok().filter(|_| digits)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { address, bits })
    }

    pub(super) fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// The address without the bits beyond the prefix.
    fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                Ipv4Addr::from(u32::from(address) & mask).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
        }
    }

    /// Whether the network has the first address of another one.
    pub(super) fn contains(&self, other: &Self) -> bool {
        let inside = Self { address: other.network(), bits: self.bits };
        self.is_ipv4() == other.is_ipv4() && inside.network() == self.network()
    }
}

/// `IsValidCIDRForLegacyField`. Returns whether it is fine.
pub(super) fn cidr(errors: &mut Errors, text: &str, path: &str) -> bool {
    let strict = |text: &str| {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        address.parse::<IpAddr>().is_ok() && (bits == "0" || !bits.starts_with('0'))
    };
    let why = match Cidr::parse(text) {
        None => "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        Some(_) if !strict(text) => "must not have leading 0s in IP or prefix length",
        Some(found) if is_mapped(found.address) => "must not have an IPv4-mapped IPv6 address",
        Some(found) if found.address != found.network() => {
            "must not have bits set beyond the prefix length"
        }
        Some(_) => return true,
    };
    errors.push(FieldError::invalid(path, quote(text), why));
    false
}

/// `IsValidCIDR`: a network in its canonical form.
pub(super) fn canonical_cidr(errors: &mut Errors, text: &str, path: &str) {
    if !cidr(errors, text, path) {
        return;
    }
    let canonical = Cidr::parse(text).map(|found| format!("{}/{}", found.network(), found.bits));
    let canonical = canonical.unwrap_or_default();
    if canonical != text {
        let why = format!("must be in canonical form ({})", quote(&canonical));
        errors.push(FieldError::invalid(path, quote(text), &why));
    }
}

/// `IsValidInterfaceAddress`: an address with the length of its network's prefix.
pub(super) fn interface_address(errors: &mut Errors, text: &str, path: &str) {
    let Some(found) = Cidr::parse(text) else {
        let why = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)";
        errors.push(FieldError::invalid(path, quote(text), why));
        return;
    };
    let (address, bits) = match found.address {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => (mapped.into(), found.bits.saturating_sub(96)),
            None => (found.address, found.bits),
        },
        IpAddr::V4(_) => (found.address, found.bits),
    };
    let canonical = format!("{address}/{bits}");
    if canonical != text {
        let why = format!("must be in canonical form ({})", quote(&canonical));
        errors.push(FieldError::invalid(path, quote(text), &why));
    }
}

/// `GetWarningsForIP`, for an address without errors.
pub(super) fn ip_warning(text: &str, path: &str) -> Option<String> {
    let canonical = text.parse::<Ipv6Addr>().ok()?.to_string();
    (canonical != text).then(|| {
        format!(
            "{path}: IPv6 address {} should be in RFC 5952 canonical format ({})",
            quote(text),
            quote(&canonical)
        )
    })
}

/// `GetWarningsForCIDR`, for a network without errors.
pub(super) fn cidr_warning(text: &str, path: &str) -> Option<String> {
    let found = Cidr::parse(text).filter(|found| !found.is_ipv4())?;
    let canonical = format!("{}/{}", found.address, found.bits);
    (canonical != text).then(|| {
        format!(
            "{path}: IPv6 CIDR value {} should be in RFC 5952 canonical format ({})",
            quote(text),
            quote(&canonical)
        )
    })
}

/// `ValidateEndpointIP`: an address that an endpoint may have.
pub(super) fn endpoint_ip(errors: &mut Errors, text: &str, path: &str) {
    let Some(address) = parse_ip(text) else {
        errors.push(FieldError::invalid(path, quote(text), "must be a valid IP address"));
        return;
    };
    let (link_local, multicast) = match address {
        IpAddr::V4(address) => (address.is_link_local(), address.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(address) => {
            (address.segments()[0] & 0xffc0 == 0xfe80, address.segments()[0] & 0xff0f == 0xff02)
        }
    };
    let unspecified = format!("may not be unspecified ({text})");
    for (found, why) in [
        (address.is_unspecified(), &*unspecified),
        (address.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    ] {
        if found {
            errors.push(FieldError::invalid(path, quote(text), why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(check: impl Fn(&mut Errors)) -> Vec<String> {
        let mut errors = Vec::new();
        check(&mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn addresses_and_networks_are_strict() {
        for (text, why) in [
            ("1.2.3.4", None),
            ("fe80:0::1", None),
            ("1.2.3", Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")),
            ("01.2.3.4", Some("must not have leading 0s")),
            ("::ffff:1.2.3.4", Some("must not be an IPv4-mapped IPv6 address")),
        ] {
            let wanted: Vec<String> =
                why.iter().map(|why| format!("a: Invalid value: {text:?}: {why}")).collect();
            assert_eq!(problems(|errors| _ = ip(errors, text, "a")), wanted);
        }
        for (text, why) in [
            ("10.0.0.0/8", None),
            ("0.0.0.0/0", None),
            (
                "10.0.0.0/33",
                Some("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"),
            ),
            ("10.0.0.0/08", Some("must not have leading 0s in IP or prefix length")),
            ("10.0.0.1/8", Some("must not have bits set beyond the prefix length")),
        ] {
            let wanted: Vec<String> =
                why.iter().map(|why| format!("a: Invalid value: {text:?}: {why}")).collect();
            assert_eq!(problems(|errors| _ = cidr(errors, text, "a")), wanted);
        }
        let outer = Cidr::parse("10.0.0.0/8").unwrap();
        assert!(outer.contains(&Cidr::parse("10.1.0.0/16").unwrap()));
        assert!(!outer.contains(&Cidr::parse("11.0.0.0/16").unwrap()));
    }

    #[test]
    fn other_forms_of_ipv6_are_warned_about() {
        assert_eq!(ip_warning("1.2.3.4", "a"), None);
        assert_eq!(
            ip_warning("fe80:0::1", "a").unwrap(),
            "a: IPv6 address \"fe80:0::1\" should be in RFC 5952 canonical format (\"fe80::1\")"
        );
        assert_eq!(
            cidr_warning("fe80:0::/64", "a").unwrap(),
            "a: IPv6 CIDR value \"fe80:0::/64\" should be in RFC 5952 canonical format (\"fe80::/64\")"
        );
    }
}
