//! The names of files: by verb and resource, the same for the same request.

use http::Method;
use uuid::Uuid;

/// The folder of bodies.
pub(in crate::record) const BODIES: &str = "__files";

/// The end of a file's name while it is written, behind the number of its process.
pub(in crate::record) const UNFINISHED: &str = ".unfinished";

/// The most of a path that goes into a file's name, in characters.
const MAX_NAME: usize = 80;

/// The name of the files of a request, without number and extension: `get-apis-batch-v1-jobs-1a2b3c4d`.
pub(in crate::record) fn stem(method: &Method, path: &str, id: &Uuid) -> String {
    let mut words = method.as_str().to_ascii_lowercase();
    for word in path.split(|c: char| !c.is_ascii_alphanumeric() && c != '.') {
        // A word of dots would name another directory.
        let word = word.trim_matches('.');
        if !word.is_empty() && words.len() + word.len() < MAX_NAME {
            words.push('-');
            words.push_str(word);
        }
    }
    let hash = id.simple().to_string();
    format!("{words}-{}", &hash[..8])
}

/// The name of the mapping of an answer: the first one to a request, the second.
pub(in crate::record) fn mapping_name(stem: &str, position: u32) -> String {
    format!("{}.json", numbered(stem, position))
}

/// The name of a body, in the folder of bodies.
pub(in crate::record) fn body_name(stem: &str, position: u32, extension: &str) -> String {
    format!("{}.{extension}", numbered(stem, position))
}

fn numbered(stem: &str, position: u32) -> String {
    if position <= 1 { stem.to_owned() } else { format!("{stem}-{position:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_verb_and_resource() {
        let id = Uuid::nil();
        let name = |path| stem(&Method::GET, path, &id);
        assert_eq!(name("/apis/batch/v1/jobs"), "get-apis-batch-v1-jobs-00000000");
        assert_eq!(name("/../%2e%2e/a.b/.."), "get-2e-2e-a.b-00000000");
        assert!(name(&"/long".repeat(100)).len() <= MAX_NAME + 9);
        assert_eq!(mapping_name("get-x", 1), "get-x.json");
        assert_eq!(mapping_name("get-x", 2), "get-x-02.json");
        assert_eq!(body_name("get-x", 123, "txt"), "get-x-123.txt");
    }
}
