//! Whether the path glob of a rule and a path that is served may match the same request.
//!
//! Each rule is compared with each path, of which there are hundreds, so both know the text in front of
//! their first wildcard: most pairs differ there.

/// A path that is served; `*` stands for any segment.
#[derive(Debug, Clone)]
pub(crate) struct PathTemplate {
    text: Box<str>,
    /// The length of the text in front of the first `*`.
    literal: usize,
}

/// The path glob of a rule.
pub(super) struct PathGlob<'g> {
    /// As written.
    text: &'g str,
    rooted: &'g str,
    /// The text in front of the first wildcard.
    literal: &'g str,
}

/// The characters of a glob that stand for others.
const WILD: [char; 6] = ['*', '?', '[', '{', '\\', '}'];

impl PathTemplate {
    pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let literal = rooted(&text).find('*').unwrap_or(rooted(&text).len());
        Self { text, literal }
    }

    /// Returns the segments, with the empty one in front of the first slash.
    pub(super) fn segments(&self) -> Vec<&str> {
        segments(&self.text)
    }
}

impl<'g> PathGlob<'g> {
    pub(super) fn new(text: &'g str) -> Self {
        let rooted = rooted(text);
        let literal = rooted.find(WILD).map_or(rooted, |end| &rooted[..end]);
        Self { text, rooted, literal }
    }

    /// Returns the path, if it has no wildcard.
    pub(super) fn without_wildcards(&self) -> Option<&'g str> {
        (self.literal.len() == self.rooted.len()).then_some(self.text)
    }

    /// Returns whether some path matches both; `true` in doubt.
    pub(super) fn overlaps(&self, template: &PathTemplate) -> bool {
        let other = rooted(&template.text);
        let common = self.literal.len().min(template.literal);
        if self.literal.as_bytes()[..common] != other.as_bytes()[..common] {
            return false;
        }
        // Alternatives may contain slashes.
        let is_split = |part: &str| part.matches('{').count() != part.matches('}').count();
        self.rooted.split('/').any(is_split) || fits(&segments(self.rooted), &segments(other))
    }
}

fn fits(glob: &[&str], template: &[&str]) -> bool {
    match (glob, template) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=template.len()).any(|taken| fits(rest, &template[taken..])),
        ([first, glob @ ..], [other, template @ ..]) => {
            let wild = first.contains(WILD) || *other == "*";
            (wild || first == other) && fits(glob, template)
        }
        _ => false,
    }
}

fn rooted(text: &str) -> &str {
    text.strip_prefix('/').unwrap_or(text)
}

fn segments(text: &str) -> Vec<&str> {
    text.split('/').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_templates_overlap() {
        for (glob, template, expected) in [
            ("/apis/**", "/apis/a/v1/jobs", true),
            ("/api*/**", "/apis/a/v1/jobs", true),
            ("/apis/*/*/jobs", "/apis/a/v1/jobs", true),
            ("/apis/*/jobs", "/apis/a/v1/jobs", false),
            ("/apis/a/v1/namespaces/x/jobs/y", "/apis/a/v1/namespaces/*/jobs/*", true),
            ("/apis/a/v1/namespaces/x/pods", "/apis/a/v1/namespaces/*/jobs", false),
            ("/{apis/a,api}/**", "/api/v1/pods", true),
            ("/v3/auth/tokens", "/v3/auth/tokens", true),
            ("v3/auth/tokens", "/v3/auth/tokens", true),
            ("/v3/auth/token", "/v3/auth/tokens", false),
            ("/**", "/", true),
        ] {
            let overlaps = PathGlob::new(glob).overlaps(&PathTemplate::new(template));
            assert_eq!(overlaps, expected, "{glob} {template}");
        }
    }
}
