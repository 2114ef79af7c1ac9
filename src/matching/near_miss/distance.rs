//! The distance of a request from a pattern (`C/matching/RequestPattern.java`,
//! `WeightedAggregateMatchResult.java`): the mean of its parts. Host, port and URL weigh most;
//! headers, body and others count only if these and the method match.

use http::uri::Authority;
use jiff::Timestamp;

use crate::message::Asked;

use super::super::conditions::{RareConditions, cookie_matches};
use super::super::multi::MultiPattern;
use super::super::operator::{StringPattern, Subject, mean, text_distance};
use super::super::request::RequestPattern;
use super::super::url::UrlPattern;

/// Weighted distances.
#[derive(Default)]
struct Sum {
    apart: f64,
    weight: f64,
}

impl Sum {
    fn add(&mut self, distance: f64, weight: f64) {
        self.apart += distance * weight;
        self.weight += weight;
    }

    /// Adds the mean of some distances; of none it is 0.
    fn add_all(&mut self, distances: impl Iterator<Item = f64>) {
        self.add(mean(distances), 1.0);
    }

    fn mean(&self) -> f64 {
        if self.weight > 0.0 { self.apart / self.weight } else { 0.0 }
    }
}

/// Returns the distance, from 0 for a request that matches to 1.
pub(in crate::matching) fn of(pattern: &RequestPattern, asked: &Asked<'_>) -> f64 {
    let wanted = pattern.conditions();
    let rare = wanted.rare();
    let mut sum = Sum::default();
    origin(rare, asked, &mut sum);
    sum.add(url(&pattern.url, asked), 10.0);
    sum.add(verdict(pattern.method.matches(asked.upper_case_method())), 3.0);
    if sum.apart > 0.0 {
        return sum.mean();
    }
    let values = pattern.path_values(asked);
    let now = asked.now();
    sum.add_all(rare.path_parameters.iter().map(|(at, _, pattern)| {
        let text = at.and_then(|at| values.get(at).copied().flatten());
        value(pattern, &Subject::new(text).at(now))
    }));
    let header = |(name, pattern)| several(pattern, &asked.header(name), now);
    let headers = wanted.headers.iter().map(|(name, pattern)| header((name, pattern)));
    let credentials = rare
        .basic_auth
        .as_ref()
        .map(|(_, wanted)| verdict(asked.basic_credentials().any(|given| given == &**wanted)));
    let recorded = rare.credentials.as_ref();
    let recorded = recorded.map(|of| verdict(of.differing(asked).is_empty()));
    sum.add_all(headers.chain(credentials).chain(recorded));
    sum.add_all(
        wanted.query.iter().map(|(name, pattern)| {
            several(pattern, &asked.parameter(name).collect::<Vec<_>>(), now)
        }),
    );
    sum.add_all(wanted.other_parameters(asked).map(|_| 1.0));
    sum.add_all(rare.cookies.iter().map(|(name, pattern)| cookie(asked, name, pattern)));
    let body = Subject::of_body(asked);
    let body = body.as_ref();
    sum.add_all(rare.body.iter().map(|pattern| body.map_or(1.0, |body| value(pattern, body))));
    let field = |(name, pattern)| several(pattern, &asked.form(name).collect::<Vec<_>>(), now);
    sum.add_all(rare.form.iter().map(|(name, pattern)| field((name, pattern))));
    sum.add_all(rare.multipart.iter().map(|pattern| verdict(pattern.matches(asked))));
    sum.mean()
}

fn origin(wanted: &RareConditions, asked: &Asked<'_>, sum: &mut Sum) {
    let authority = asked.authority();
    let host = Subject::new(authority.as_ref().map(Authority::host));
    sum.add(wanted.host.as_ref().map_or(0.0, |pattern| value(pattern, &host)), 10.0);
    let port = asked.port().map(i64::from);
    sum.add(verdict(wanted.port.is_none_or(|wanted| port == Some(wanted))), 10.0);
    sum.add(verdict(wanted.scheme.as_deref().is_none_or(|wanted| wanted == asked.scheme())), 3.0);
    let address = asked.client_address();
    let address = Subject::new(address.as_deref());
    sum.add(wanted.client_address.as_ref().map_or(0.0, |pattern| value(pattern, &address)), 3.0);
}

fn url(pattern: &UrlPattern, asked: &Asked<'_>) -> f64 {
    match pattern {
        UrlPattern::Url(text) => text_distance(text, asked.target()),
        UrlPattern::Path(text) => text_distance(text, asked.path()),
        _ => verdict(pattern.matches(asked.path(), asked.target())),
    }
}

fn cookie(asked: &Asked<'_>, name: &str, pattern: &StringPattern) -> f64 {
    let of = |text| value(pattern, &Subject::new(Some(text)).at(asked.now()));
    let values = asked.cookie(name).map(of);
    let absent = || verdict(cookie_matches(asked, name, pattern));
    values.min_by(f64::total_cmp).unwrap_or_else(absent)
}

fn several<T: AsRef<str>>(pattern: &MultiPattern, values: &[T], now: Option<Timestamp>) -> f64 {
    let of = |pattern: &StringPattern, text| value(pattern, &Subject::new(text).at(now));
    let best = |pattern: &StringPattern| {
        let distances = values.iter().map(|text| of(pattern, Some(text.as_ref())));
        distances.min_by(f64::total_cmp).unwrap_or(1.0)
    };
    match pattern {
        MultiPattern::Any(pattern) if values.is_empty() => of(pattern, None),
        MultiPattern::Any(pattern) => best(pattern),
        _ if values.is_empty() => verdict(pattern.matches(values, now)),
        MultiPattern::HasExactly(patterns) => {
            let all = mean(patterns.iter().map(best));
            mean([verdict(patterns.len() == values.len()), all].into_iter())
        }
        MultiPattern::Includes(patterns) => mean(patterns.iter().map(best)),
    }
}

/// Returns the distance of one value; 0 if it matches, regardless of case.
fn value(pattern: &StringPattern, subject: &Subject<'_>) -> f64 {
    if pattern.matches(subject) { 0.0 } else { pattern.distance(subject) }
}

fn verdict(matches: bool) -> f64 {
    if matches { 0.0 } else { 1.0 }
}

/// Returns a cheap similarity of a stub's URL to the request's: the length of their common prefix
/// and suffix.
pub(super) fn url_likeness(pattern: &UrlPattern, asked: &Asked<'_>) -> usize {
    let actual = if pattern.includes_query() { asked.target() } else { asked.path() };
    let start = common(pattern.literal_prefix().bytes(), actual.bytes());
    match pattern {
        UrlPattern::Url(text) | UrlPattern::Path(text) => {
            let end = common(text.bytes().rev(), actual.bytes().rev());
            (start + end).min(text.len()).min(actual.len())
        }
        _ => start,
    }
}

fn common(a: impl Iterator<Item = u8>, b: impl Iterator<Item = u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}
