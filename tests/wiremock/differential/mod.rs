//! Generated stubs and requests, on the program and on WireMock itself: both must answer the same.
//!
//! Stubs and requests are generated (`stubs`, `operators`, `requests`), played on both servers (`play`), and what
//! differs is made small and listed. It runs where `STANDIN_WIREMOCK_JAR` names WireMock's standalone jar:
//!
//! ```console
//! $ STANDIN_WIREMOCK_JAR=wiremock-standalone-3.13.2.jar STANDIN_DIFFERENTIAL_SECONDS=120 \
//!       cargo test --test wiremock differential
//! ```
//! `STANDIN_DIFFERENTIAL_SEED` repeats a run: a run says its own.

mod operators;
mod play;
mod requests;
mod stubs;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use play::Pair;
use stubs::Round;

/// How long it runs where the environment does not say.
const SECONDS: u64 = 20;

/// After so many differences it ends.
const MOST_DIFFERENCES: usize = 20;

/// Rounds between two looks at the clock.
const ROUNDS_AT_ONCE: u32 = 25;

/// The test, where there is a jar.
pub(crate) fn trial() -> Option<Trial> {
    let jar = std::env::var_os("STANDIN_WIREMOCK_JAR").filter(|jar| !jar.is_empty())?;
    let jar = PathBuf::from(jar);
    Some(Trial::test("differential/generated", move || run(&jar).map_err(Failed::from)))
}

fn run(jar: &std::path::Path) -> Result<(), String> {
    let seconds = number("STANDIN_DIFFERENTIAL_SECONDS")?.unwrap_or(SECONDS);
    let seed = match number("STANDIN_DIFFERENTIAL_SEED")? {
        Some(seed) => seed,
        None => u64::from(std::process::id()) ^ started(),
    };
    eprintln!("differential: seed {seed}, {seconds} s");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: ROUNDS_AT_ONCE,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config.clone(), rng);
    let pair = Pair::start(jar)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let strategy = stubs::round();
    let mut differences: Vec<String> = Vec::new();
    let played = std::cell::Cell::new(0_u64);
    while Instant::now() < end && differences.len() < MOST_DIFFERENCES {
        let result = runner.run(&strategy, |round: Round| {
            played.set(played.get() + 1);
            pair.play(&round).map_err(TestCaseError::fail)
        });
        // A runner counts its cases for good: the next ones need another.
        let rng = runner.new_rng();
        runner = TestRunner::new_with_rng(config.clone(), rng);
        match result {
            Ok(()) => {}
            Err(TestError::Fail(why, round)) => {
                let text = format!("{round}\n  {why}");
                if !differences.contains(&text) {
                    differences.push(text);
                }
            }
            Err(TestError::Abort(why)) => return Err(format!("no rounds are generated: {why}")),
        }
    }
    let rounds = played.get();
    eprintln!("differential: {rounds} rounds");
    if rounds < u64::from(ROUNDS_AT_ONCE) {
        return Err(format!("only {rounds} rounds were played: give it more time"));
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!("{} differences, seed {seed}:\n{}", differences.len(), differences.join("\n\n")))
}

fn number(variable: &str) -> Result<Option<u64>, String> {
    let Ok(text) = std::env::var(variable) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| format!("{variable} must be a whole number, not {text:?}"))
}

/// Differs from run to run.
fn started() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
