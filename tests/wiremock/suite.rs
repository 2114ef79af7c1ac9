//! The cases, the servers that they are played on, and what has come out so far.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libtest_mimic::{Completion, Failed};

use crate::case::Case;
use crate::open::{self, Open};
use crate::player::Player;
use crate::server::Server;
use crate::table;

/// What a run is for.
pub(crate) enum Mode {
    /// Holds the program against the cases and the list of open ones.
    Check,
    /// Plays the cases and writes the list and the table anew.
    Update,
    /// Holds a server that runs already against all cases: none is open.
    Running { url: String, root: PathBuf },
}

impl Mode {
    /// What the environment asks for.
    pub(crate) fn from_env() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let root = variable("STANDIN_WIREMOCK_ROOT").map(PathBuf::from);
        match (variable("STANDIN_WIREMOCK_TARGET"), root) {
            (Some(url), Some(root)) => Ok(Self::Running { url, root }),
            (Some(_), None) => {
                Err("STANDIN_WIREMOCK_TARGET is set: STANDIN_WIREMOCK_ROOT must name the \
                 directory that the server was started with. It is emptied."
                    .to_owned())
            }
            (None, _) if variable("STANDIN_WIREMOCK_UPDATE").is_some() => Ok(Self::Update),
            (None, _) => Ok(Self::Check),
        }
    }
}

pub(crate) struct Suite {
    pub(crate) cases: Vec<Case>,
    pub(crate) mode: Mode,
    open: Open,
    /// Players that are free. There are never more than cases played at once.
    players: Mutex<Vec<Player>>,
    /// Whether a case passes, by its name.
    results: Mutex<BTreeMap<String, bool>>,
}

impl Suite {
    pub(crate) fn new(mode: Mode, cases: Vec<Case>) -> Self {
        let open = match mode {
            Mode::Check | Mode::Update => open::read(),
            Mode::Running { .. } => Open::new(),
        };
        Self { cases, mode, open, players: Mutex::default(), results: Mutex::default() }
    }

    /// Plays a case, and holds what comes out against the list of open cases.
    pub(crate) fn run(&self, case: &Case) -> Result<Completion, Failed> {
        // Without a server nothing is known about the case: that is a failure for open ones too.
        let mut player = self.player()?;
        let played = player.play(case);
        // The last cases leave stubs behind that cannot be deleted.
        if player.usable() && !case.last {
            lock(&self.players).push(player);
        }
        lock(&self.results).insert(case.name.clone(), played.is_ok());
        verdict(&case.name, played, self.open.contains(&case.name), &self.mode)
    }

    /// A free player, or a new one.
    fn player(&self) -> Result<Player, String> {
        if let Some(player) = lock(&self.players).pop() {
            return Ok(player);
        }
        Player::new(match &self.mode {
            Mode::Check | Mode::Update => Server::start()?,
            Mode::Running { url, root } => Server::running(url, root)?,
        })
    }

    /// Holds the list of open cases against the cases.
    pub(crate) fn check_open(&self) -> Result<(), String> {
        open::check(&self.open, &self.cases)
    }

    /// Holds the table in the documentation against the cases and the list.
    pub(crate) fn check_table(&self) -> Result<(), String> {
        table::check(&self.cases, &self.open)
    }

    /// Ends the servers, and writes the list and the table where the run is for that. A case that was not
    /// played stays as it was.
    pub(crate) fn finish(&self) -> std::io::Result<()> {
        lock(&self.players).clear();
        if !matches!(self.mode, Mode::Update) {
            return Ok(());
        }
        let results = lock(&self.results);
        let is_open = |case: &&Case| {
            results.get(&case.name).map_or(self.open.contains(&case.name), |passes| !passes)
        };
        let open = self.cases.iter().filter(is_open).map(|case| case.name.clone()).collect();
        open::write(&open)?;
        table::write(&self.cases, &open)
    }
}

/// What a case means for the run that came out as `played`.
pub(crate) fn verdict(
    name: &str,
    played: Result<(), String>,
    open: bool,
    mode: &Mode,
) -> Result<Completion, Failed> {
    match (played, mode) {
        (Ok(()), Mode::Check) if open => {
            Err(format!("{name} passes now: take it out of tests/wiremock/open.txt").into())
        }
        (Ok(()), _) => Ok(Completion::Completed),
        (Err(_), Mode::Check) if open => Ok(Completion::ignored_with("open")),
        (Err(_), Mode::Update) => Ok(Completion::ignored_with("open")),
        (Err(problem), _) => Err(problem.into()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
