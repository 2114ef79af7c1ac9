//! The functions of Kubernetes (`k8s.io/apiserver/pkg/cel/library`).

use std::sync::Arc;

use super::super::kinds::network::{Ip, WRONG_NETWORK, parse_cidr, parse_ip};
use super::super::kinds::quantity::Quantity;
use super::super::kinds::semver::Semver;
use super::super::kinds::url::Url;
use super::super::value::{Outcome, Value};
use super::convert::text_of;
use super::formats::{FORMATS, problems};

/// Calls a function with its values, the receiver first; nothing for others.
pub(super) fn call<'v>(name: &str, args: &[Value<'v>]) -> Option<Outcome<'v>> {
    let text = |text: &str| Ok(Value::text(text));
    Some(match (name, args) {
        ("quantity", [Value::String(text)]) => {
            Quantity::parse(text).map(|found| Value::Quantity(Arc::new(found)))
        }
        ("isQuantity", [Value::String(text)]) => Ok(Value::Bool(Quantity::parse(text).is_ok())),
        ("semver", [Value::String(text), rest @ ..]) => {
            Semver::parse(text, is_true(rest)).map(|found| Value::Semver(Arc::new(found)))
        }
        ("isSemver", [Value::String(text), rest @ ..]) => {
            Ok(Value::Bool(Semver::parse(text, is_true(rest)).is_ok()))
        }
        ("url", [Value::String(text)]) => Url::parse(text)
            .map(|found| Value::Url(Arc::new(found)))
            .map_err(|why| format!("URL parse error during conversion from string: {why}")),
        // One pass: what is written for a slash is not written again.
        ("jsonpatch.escapeKey", [Value::String(key)]) => {
            text(&key.replace('~', "~0").replace('/', "~1"))
        }
        ("isURL", [Value::String(text)]) => Ok(Value::Bool(Url::parse(text).is_ok())),
        ("ip", [Value::String(text)]) => parse_ip(text).map(Value::Ip),
        ("ip", [Value::Cidr(of)]) => Ok(Value::Ip(Ip(of.ip))),
        ("isIP", [Value::String(text)]) => Ok(Value::Bool(parse_ip(text).is_ok())),
        ("ip.isCanonical", [Value::String(text)]) => {
            parse_ip(text).map(|ip| Value::Bool(ip.0.to_string() == **text))
        }
        ("cidr", [Value::String(text)]) => {
            parse_cidr(text).map(Value::Cidr).map_err(|why| format!("{WRONG_NETWORK}{why}"))
        }
        ("isCIDR", [Value::String(text)]) => Ok(Value::Bool(parse_cidr(text).is_ok())),
        ("containsIP", [Value::Cidr(net), Value::Ip(ip)]) => Ok(Value::Bool(net.contains(ip.0))),
        ("containsIP", [Value::Cidr(net), Value::String(text)]) => match parse_ip(text) {
            Ok(ip) => Ok(Value::Bool(net.contains(ip.0))),
            // Upstream loses the message.
            Err(_) => Err("no such overload".to_owned()),
        },
        ("containsCIDR", [Value::Cidr(net), Value::Cidr(other)]) => {
            Ok(Value::Bool(net.contains_network(other)))
        }
        ("containsCIDR", [Value::Cidr(net), Value::String(text)]) => parse_cidr(text)
            .map(|other| Value::Bool(net.contains_network(&other)))
            .map_err(|why| format!("{WRONG_NETWORK}{why}")),
        ("prefixLength", [Value::Cidr(net)]) => Ok(Value::Int(net.bits.into())),
        ("masked", [Value::Cidr(net)]) => Ok(Value::Cidr(net.masked())),
        ("family", [Value::Ip(ip)]) => Ok(Value::Int(ip.family())),
        (name, [Value::Ip(ip)]) if name.starts_with("is") => Ok(Value::Bool(ip.is(name))),
        (name, [Value::Quantity(of), rest @ ..]) => return of_quantity(name, of, rest),
        ("isGreaterThan", [Value::Semver(a), Value::Semver(b)]) => {
            Ok(Value::Bool(a.compare(b).is_gt()))
        }
        ("isLessThan", [Value::Semver(a), Value::Semver(b)]) => {
            Ok(Value::Bool(a.compare(b).is_lt()))
        }
        ("compareTo", [Value::Semver(a), Value::Semver(b)]) => Ok(Value::Int(a.compare(b) as i64)),
        ("major", [Value::Semver(of)]) => Ok(Value::Int(of.numbers[0].cast_signed())),
        ("minor", [Value::Semver(of)]) => Ok(Value::Int(of.numbers[1].cast_signed())),
        ("patch", [Value::Semver(of)]) => Ok(Value::Int(of.numbers[2].cast_signed())),
        ("getScheme", [Value::Url(url)]) => text(&url.scheme),
        ("getHost", [Value::Url(url)]) => text(&url.host),
        ("getHostname", [Value::Url(url)]) => text(url.hostname()),
        ("getPort", [Value::Url(url)]) => text(url.port()),
        ("getEscapedPath", [Value::Url(url)]) => text(&url.path),
        ("getQuery", [Value::Url(url)]) => {
            let entries = url.parameters().into_iter().map(|(name, values)| {
                (Value::text(name), Value::list(values.into_iter().map(Value::text)))
            });
            Ok(Value::Map(entries.collect()))
        }
        ("format.named", [Value::String(text)]) => Ok(Value::Optional(
            FORMATS
                .iter()
                .find(|known| ***known == **text)
                .map(|known| Arc::new(Value::Format(known))),
        )),
        ("validate", [Value::Format(format), Value::String(text)]) => {
            let problems = problems(format, text);
            let list = Value::list(problems.into_iter().map(Value::text));
            Ok(Value::Optional(Some(list).filter(|list| list.size() > 0).map(Arc::new)))
        }
        (name, []) => {
            let known = name.strip_prefix("format.")?;
            let format = FORMATS.iter().find(|format| **format == known)?;
            Ok(Value::Format(format))
        }
        ("string", [value @ (Value::Ip(_) | Value::Cidr(_))]) => Ok(Value::text(text_of(value)?)),
        _ => return None,
    })
}

fn is_true(rest: &[Value<'_>]) -> bool {
    matches!(rest, [Value::Bool(true)])
}

fn of_quantity<'v>(name: &str, of: &Quantity, rest: &[Value<'v>]) -> Option<Outcome<'v>> {
    let other = match rest {
        [Value::Quantity(other)] => Some((**other).clone()),
        [Value::Int(value)] => Some(Quantity::of_int(*value)),
        _ => None,
    };
    let sum = |negative: bool| {
        let found = other.as_ref().and_then(|other| of.add(other, negative));
        found
            .map(|found| Value::Quantity(Arc::new(found)))
            .ok_or_else(|| "no such overload".to_owned())
    };
    let order = other.as_ref().map(|other| of.compare(other));
    Some(match (name, order) {
        ("sign", None) => Ok(Value::Int(of.sign())),
        ("isInteger", None) => Ok(Value::Bool(of.integer().is_some())),
        ("asInteger", None) => {
            of.integer().map(Value::Int).ok_or_else(|| "cannot convert value to integer".to_owned())
        }
        ("asApproximateFloat", None) => Ok(Value::Double(of.approximate())),
        ("isGreaterThan", Some(order)) => Ok(Value::Bool(order.is_gt())),
        ("isLessThan", Some(order)) => Ok(Value::Bool(order.is_lt())),
        ("compareTo", Some(order)) => Ok(Value::Int(order as i64)),
        ("add", Some(_)) => sum(false),
        ("sub", Some(_)) => sum(true),
        _ => return None,
    })
}
