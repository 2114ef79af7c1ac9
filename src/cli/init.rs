//! `standin init`: a commented project, from which every file can be used as it is.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::Init;
use super::error::CommandError;

/// The files of a project.
const FILES: [(&str, &str); 8] = [
    ("README.md", include_str!("project/README.md")),
    ("compose.yaml", include_str!("project/compose.yaml")),
    ("fixtures/stubs.yaml", include_str!("project/stubs.yaml")),
    ("fixtures/objects.yaml", include_str!("project/objects.yaml")),
    ("scenarios/outage.yaml", include_str!("project/outage.yaml")),
    ("pytest.ini", include_str!("project/pytest.ini")),
    ("tests/requirements.txt", include_str!("project/requirements.txt")),
    ("tests/test_client.py", include_str!("project/test_client.py")),
];

pub(super) fn init(args: &Init) -> Result<(), CommandError> {
    let root = &args.directory;
    let paths: Vec<PathBuf> = FILES.iter().map(|(name, _)| root.join(name)).collect();
    let there: Vec<String> = paths
        .iter()
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() {
        return Err(CommandError::Failed(format!(
            "nothing was written, since there is already {}; choose another directory",
            there.join(", ")
        )));
    }
    for (path, (_, text)) in paths.iter().zip(FILES) {
        write_new(path, text).map_err(CommandError::write(path))?;
        println!("{}", path.display());
    }
    let at = |name: &str| root.join(name).display().to_string();
    println!(
        "next: standin check {0} && standin serve --fixtures {1} --scenario {2} -v",
        root.display(),
        at("fixtures"),
        at("scenarios/outage.yaml")
    );
    Ok(())
}

/// Writes a file that is not there yet, in a directory that may not be there either.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_valid_and_nothing_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("new/project");
        let args = Init { directory: root.clone() };
        init(&args).unwrap();
        let scenario = root.join("scenarios/outage.yaml").display().to_string();
        let checked = crate::check::check(&[root.join("fixtures")], &[scenario]).unwrap();
        assert!(checked.warnings.is_empty(), "{}", checked.warnings);
        assert!(checked.stubs > 0 && checked.objects > 0 && checked.rules > 0);
        let readme = root.join("README.md");
        fs::remove_file(root.join("compose.yaml")).unwrap();
        fs::write(&readme, "mine").unwrap();
        let error = init(&args).unwrap_err().to_string();
        assert!(error.contains("README.md"), "{error}");
        assert_eq!(fs::read_to_string(&readme).unwrap(), "mine");
        assert!(!root.join("compose.yaml").exists(), "all or nothing");
    }
}
