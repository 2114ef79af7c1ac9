//! Every command in the documents is one that the program understands.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;

use super::args::Cli;
use super::wiremock;

/// The documents: those in the root directory, in `docs/`, and beside fixtures and scenarios.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["", "docs", "fixtures", "scenarios", "bindings", "src/cli/project"];
    let entries = folders.iter().filter_map(|folder| fs::read_dir(root.join(folder)).ok());
    let paths = entries.flatten().flatten().map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The commands of a document: what follows `$ ` in its console blocks, with lines that go on.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let (mut is_console, mut goes_on) = (false, false);
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            is_console = language == "console";
        } else if is_console && goes_on {
            let last: &mut String = commands.last_mut().expect("a command");
            goes_on = line.ends_with('\\');
            last.push_str(line.trim_end_matches('\\'));
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| is_console) {
            goes_on = command.ends_with('\\');
            commands.push(command.trim_end_matches('\\').to_owned());
        }
    }
    commands
}

/// The words of each simple command in a line of a shell, as far as the documents need it.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let (mut word, mut is_word, mut quote) = (String::new(), false, None);
    let end = |word: &mut String, is_word: &mut bool, all: &mut Vec<Vec<String>>| {
        if std::mem::take(is_word) {
            all.last_mut().expect("a command").push(std::mem::take(word));
        }
        word.clear();
    };
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), letter) => word.push(letter),
            (None, '\'' | '"') => (quote, is_word) = (Some(letter), true),
            (None, '#') if !is_word => break,
            (None, ' ') => end(&mut word, &mut is_word, &mut all),
            (None, '|' | ';' | '&' | '(' | ')') => {
                end(&mut word, &mut is_word, &mut all);
                all.push(Vec::new());
            }
            // What follows goes to a file; its name is no option.
            (None, '>' | '<') => {
                end(&mut word, &mut is_word, &mut all);
                all.push(Vec::new());
            }
            (None, letter) => {
                word.push(letter);
                is_word = true;
            }
        }
    }
    end(&mut word, &mut is_word, &mut all);
    all
}

/// The arguments of this program in a simple command; nothing where it is another one.
fn own(words: &[String]) -> Option<Vec<String>> {
    let is_assignment = |word: &&String| word.contains('=') && !word.starts_with('-');
    let words: Vec<&String> = words.iter().skip_while(is_assignment).collect();
    let texts: Vec<&str> = words.iter().map(|word| word.as_str()).collect();
    let rest = match texts.as_slice() {
        ["standin", rest @ ..] => rest,
        ["cargo", "run", "--release", "--", rest @ ..] => rest,
        _ => return None,
    };
    Some(std::iter::once("standin").chain(rest.iter().copied()).map(str::to_owned).collect())
}

#[test]
fn commands_in_documents_are_understood() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in documents() {
        for line in commands(&fs::read_to_string(&path).unwrap()) {
            for arguments in simple_commands(&line).iter().filter_map(|words| own(words)) {
                count += 1;
                // `..` stands for what a reader fills in.
                let given = arguments.iter().filter(|word| *word != "..").map(Into::into);
                if let Err(error) = Cli::try_parse_from(wiremock::recognised(given))
                    && error.use_stderr()
                {
                    let why = error.to_string();
                    let why = why.lines().next().unwrap_or_default();
                    wrong.push(format!("{}: {line}\n    {why}", path.display()));
                }
            }
        }
    }
    assert!(count > 40, "only {count} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_of_a_shell_are_taken_apart() {
    let line =
        "A=1 standin serve -H 'a: b' --fixtures x & standin kubeconfig > k && kubectl get x  # all";
    let found: Vec<_> = simple_commands(line).iter().filter_map(|words| own(words)).collect();
    assert_eq!(
        found,
        [vec!["standin", "serve", "-H", "a: b", "--fixtures", "x"], vec!["standin", "kubeconfig"]]
    );
}
