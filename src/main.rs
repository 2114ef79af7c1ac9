//! The `standin` program: everything is in the library.

use std::process::ExitCode;

/// The library leaves the choice to whoever uses it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    standin::internals::run()
}
