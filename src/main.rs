//! The `standin` program; its code is in the library.

use std::process::ExitCode;

/// Set here, so that users of the library choose their own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    standin::internals::run()
}
