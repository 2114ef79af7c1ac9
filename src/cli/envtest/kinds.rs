//! Values of flags: upstream's kinds with its refusals (`github.com/spf13/pflag`, `k8s.io/component-base/cli/flag`).

use std::net::IpAddr;

use crate::k8s::{parse_duration, parse_int, parse_uint, quote};

/// Checks a value of a kind, as `kube-apiserver --help` names kinds.
///
/// # Errors
/// What upstream says about the value.
pub(super) fn check(kind: &str, value: &str) -> Result<(), String> {
    match kind {
        "bool" => boolean(value).map(drop),
        "version" if value == "raw" || value.starts_with('v') => Ok(()),
        "version" => boolean(value).map(drop),
        "int" => integer(value),
        "Level" => parse_uint(value).map(drop),
        "float" | "float32" => match value.parse::<f64>() {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("strconv.ParseFloat: parsing {}: invalid syntax", quote(value))),
        },
        "duration" => parse_duration(value).map(drop),
        // Upstream reads the empty text as no address.
        "ip" if value.trim().is_empty() || value.trim().parse::<IpAddr>().is_ok() => Ok(()),
        "ip" => Err(format!("failed to parse IP: {}", quote(value))),
        "mapStringString" => {
            let is_pair = |pair: &str| pair.is_empty() || pair.contains('=');
            pairs(value, is_pair, |_| "malformed pair, expect string=string".to_owned())
        }
        "stringToString" => {
            let refusal = |pair: &str| format!("{pair} must be formatted as key=value");
            pairs(value, |pair| pair.contains('='), refusal)
        }
        "pattern=N,..." => {
            let is_level = |level: &str| parse_uint(level).is_ok();
            let is_pattern = |pair: &str| {
                pair.is_empty() || pair.split_once('=').is_some_and(|(_, level)| is_level(level))
            };
            let refusal =
                |pair: &str| format!("{} does not have the pattern=N format", quote(pair));
            pairs(value, is_pattern, refusal)
        }
        "int32Slice" => value.split(',').try_for_each(integer),
        "namedCertKey" if !value.contains(',') => {
            Err("expected comma separated certificate and key file paths".to_owned())
        }
        "portRange" => port_range(value),
        _ => Ok(()),
    }
}

/// `strconv.ParseBool`.
///
/// # Errors
/// Its error text.
pub(super) fn boolean(value: &str) -> Result<bool, String> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quote(value))),
    }
}

/// `strconv.ParseInt(value, 0, 64)`: also with a prefix of another base.
fn integer(value: &str) -> Result<(), String> {
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    let bases = [("0x", 16), ("0X", 16), ("0b", 2), ("0o", 8)];
    let of_base =
        bases.iter().find_map(|(prefix, base)| Some((digits.strip_prefix(prefix)?, *base)));
    if of_base.is_some_and(|(digits, base)| i64::from_str_radix(digits, base).is_ok()) {
        return Ok(());
    }
    parse_int(value).map(drop)
}

/// Checks the elements of a list.
fn pairs(
    value: &str,
    is_right: impl Fn(&str) -> bool,
    refusal: impl Fn(&str) -> String,
) -> Result<(), String> {
    match value.split(',').map(str::trim).find(|pair| !is_right(pair)) {
        Some(wrong) => Err(refusal(wrong)),
        None => Ok(()),
    }
}

/// `30000-32767`, `30000+100` or a port (`k8s.io/apimachinery/pkg/util/net.PortRange`).
fn port_range(value: &str) -> Result<(), String> {
    let mut parts = value.trim().split(['-', '+']).filter(|part| !part.is_empty());
    match parts.find(|part| part.parse::<u16>().is_err()) {
        Some(part) => Err(format!("strconv.Atoi: parsing {}: invalid syntax", quote(part))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values and what kube-apiserver 1.36.3 says about them.
    #[test]
    fn values_are_refused_with_upstreams_texts() {
        for (kind, value, text) in [
            ("int", "x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
            (
                "int",
                "99999999999999999999",
                "strconv.ParseInt: parsing \"99999999999999999999\": value out of range",
            ),
            ("Level", "x", "strconv.ParseUint: parsing \"x\": invalid syntax"),
            ("bool", "maybe", "strconv.ParseBool: parsing \"maybe\": invalid syntax"),
            ("float32", "x", "strconv.ParseFloat: parsing \"x\": invalid syntax"),
            ("duration", "5", "time: missing unit in duration \"5\""),
            ("ip", "1.2.3", "failed to parse IP: \"1.2.3\""),
            ("mapStringString", "x", "malformed pair, expect string=string"),
            ("stringToString", "x", "x must be formatted as key=value"),
            ("pattern=N,...", "x", "\"x\" does not have the pattern=N format"),
            ("namedCertKey", "x", "expected comma separated certificate and key file paths"),
            ("portRange", "x", "strconv.Atoi: parsing \"x\": invalid syntax"),
        ] {
            assert_eq!(check(kind, value).unwrap_err(), text, "{kind}");
        }
        for (kind, value) in
            [("int", "0x10"), ("ip", ""), ("bool", "True"), ("version", "raw"), ("string", "x")]
        {
            assert_eq!(check(kind, value), Ok(()), "{kind} {value}");
        }
    }
}
