//! The `standin` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    standin::cli::run()
}
