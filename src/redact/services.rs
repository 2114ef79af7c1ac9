//! Services that give keys to their users: a value beside the name of one may be its key.

use super::random::looks_like_key;

#[rustfmt::skip]
pub(super) const SERVICES: &[&str] = &[
    "adafruit", "adobe", "airtable", "alibaba", "algolia", "anthropic", "artifactory", "asana", "atlassian", "beamer",
    "bintray", "bitbucket", "bittrex", "cloudflare", "codecov", "cohere", "coinbase", "confluence", "confluent", "contentful",
    "datadog", "discord", "droneci", "dropbox", "etsy", "facebook", "fastly", "finicity", "finnhub", "flickr", "freshbooks",
    "gitter", "gocardless", "heroku", "hubspot", "intercom", "jfrog", "jira", "kraken", "kucoin", "launchdarkly", "linear",
    "linkedin", "lob", "looker", "mailchimp", "mailgun", "mapbox", "mattermost", "meraki", "messagebird", "netlify",
    "newrelic", "newyorktimes", "nytimes", "okta", "openai", "pagerduty", "plaid", "privateai", "rapidapi", "sendbird",
    "sendgrid", "sentry", "slack", "snyk", "sonar", "squarespace", "stripe", "sumo", "sumologic", "telegram", "travis",
    "twilio", "twitch", "twitter", "typeform", "yandex", "zendesk", "contribsys",
];

/// A shorter value is no key.
pub(super) const SHORTEST: usize = 12;

/// A number with as many digits may be the identity of an application.
const SHORTEST_NUMBER: usize = 15;

/// What follows the name of a service in a name; nothing where it does not begin with one.
pub(super) fn after_service<'w>(words: &'w [&'w str]) -> Option<&'w [&'w str]> {
    let mut joined = String::new();
    for (at, word) in words.iter().enumerate().take(3) {
        joined.push_str(word);
        if SERVICES.contains(&joined.as_str()) {
            return Some(&words[at + 1..]);
        }
    }
    None
}

/// Whether a name is that of what a service knows its users by.
pub(super) fn is_key_of_service(words: &[&str]) -> bool {
    match after_service(words) {
        Some([]) => true,
        Some([.., last]) => ["key", "keys", "token", "secret", "com"].contains(last),
        None => false,
    }
}

/// Whether a value may be the key of a service.
pub(super) fn may_be_key(value: &str) -> bool {
    let is_number =
        value.len() >= SHORTEST_NUMBER && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number || looks_like_key(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_services_in_any_spelling() {
        assert_eq!(after_service(&["new", "relic", "key"]), Some(&["key"][..]));
        assert!(is_key_of_service(&["message", "bird"]) && is_key_of_service(&["discord", "key"]));
        assert!(!is_key_of_service(&["discord", "id"]) && !is_key_of_service(&["relic"]));
        assert!(may_be_key("749589534771575896") && !may_be_key("1234567890"));
    }
}
