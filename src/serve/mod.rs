//! The one way through: where all engines meet, and where every error becomes an answer.

mod asked;
mod clock;
mod compress;
mod controllers;
mod gateway;
mod graded;
mod kubernetes;
mod overlay;
mod pipeline;
mod reload;
mod respond;
mod seed;
mod state;
mod watch;
mod worlds;

pub(crate) use asked::{Asked, RuleFacts};
pub(crate) use clock::Clock;
pub(crate) use gateway::Gateway;
pub(crate) use gateway::TOKEN_LIFETIME;
pub(crate) use pipeline::Pipeline;
pub(crate) use reload::{Reload, Sources};
pub(crate) use seed::build_world;
pub(crate) use state::{Settings, Shared};
pub(crate) use worlds::{DEFAULT_WORLD, Here, MAX_WORLDS, World, Worlds, check_world_name};
