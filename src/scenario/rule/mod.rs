//! Compiled rules: the words of the table, checked and converted to the values that the engine
//! uses.
//!
//! Each file checks and compiles one part of the language. Nothing here decides or has state.

pub(in crate::scenario) mod context;
pub(in crate::scenario) mod crash;
pub(in crate::scenario) mod damage;
pub(in crate::scenario) mod decision;
pub(in crate::scenario) mod delay;
pub(in crate::scenario) mod draw;
pub(in crate::scenario) mod expect;
pub(in crate::scenario) mod fields;
pub(in crate::scenario) mod flow;
pub(in crate::scenario) mod generate;
pub(in crate::scenario) mod http2;
pub(in crate::scenario) mod key;
pub(in crate::scenario) mod kubernetes;
pub(in crate::scenario) mod life;
pub(in crate::scenario) mod limit;
pub(in crate::scenario) mod listen;
pub(in crate::scenario) mod matcher;
pub(in crate::scenario) mod point;
pub(in crate::scenario) mod reply;
pub(in crate::scenario) mod set;
pub(in crate::scenario) mod status;
pub(in crate::scenario) mod then;
pub(in crate::scenario) mod timeline;
pub(in crate::scenario) mod token;
pub(in crate::scenario) mod wire;
