//! Values beside the name of a service: its keys have no name of their own.

use std::sync::LazyLock;

use regex::Regex;

use super::edit::Edit;
use super::pass::Pass;
use super::random::looks_random;
use super::services::SERVICES;

/// A service, and a value that is assigned to it, or that follows it in a path.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = SERVICES.join("|").replace("linkedin", "linked[_-]?in");
    let pattern = format!(
        r#"(?i-u)(?:\b|_)(?:{names})(?:[ \t_.-]?(?:api|app|access|client|auth|secret|key|token|id|sdk|dev|prod|rest|v\d)){{0,3}}["']?[ \t]{{0,3}}(?:[=:>,|?]{{1,5}}[ \t"'=>]{{0,5}}|/|[ \t]is[ \t])["']?([\w.:-]{{12,}})"#
    );
    Regex::new(&pattern).ok()
});

pub(super) fn compile() {
    LazyLock::force(&ASSIGNED);
}

impl Pass<'_> {
    /// The edits of values beside the name of a service.
    pub(super) fn keys_of_services(&self, text: &str, edits: &mut Vec<Edit>) {
        let Some(pattern) = &*ASSIGNED else { return };
        for found in pattern.captures_iter(text) {
            let Some(value) = found.get(1) else { continue };
            let own = value.as_str().trim_end_matches(['.', ':', '-']);
            let is_token = looks_random(own) || uuid::Uuid::try_parse(own).is_ok();
            if is_token && !own.starts_with("sha") {
                let range = value.start()..value.start() + own.len();
                edits.push(Edit { range, text: self.hide(own) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Redactor};

    #[test]
    fn values_beside_services_are_keys_where_they_look_like_one() {
        let redactor = Redactor::new(Key::of(b"k"));
        for (text, gone) in [
            ("bitbucket client id > 4xvo8774d73whcfh\n", true),
            ("linked-in := '99exo79dq9huff42'", true),
            ("/v1/etsy/r80v2jco5k6ps6lcrqnk6i3k/x", true),
            ("heroku: 0ea959e5-3b3f-6a94-b284-b2f7c55662c5", true),
            ("/repos/bitbucket/pull-requests", false),
            ("slack: general-announcements", false),
            ("stripe: 2026-01-02T03:04:05Z", false),
        ] {
            let new = redactor.pass("/x").changed(text);
            assert_eq!(new.is_some(), gone, "{text}: {new:?}");
        }
    }
}
