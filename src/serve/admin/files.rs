//! The body files of the root directory: listed, read, written, removed.
//!
//! Names are those of the request's path as it is sent: an escaped character stays escaped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};

use crate::message::{Body, Origin, Plan};

use super::super::context::RequestContext;
use super::super::root::{self, RootDirectory};
use super::reply::{AdminError, absent, empty, ok};

/// The names of all files.
pub(super) async fn list(context: &RequestContext) -> Result<Plan, AdminError> {
    let Some(root) = context.shared.root.clone() else { return Ok(ok(&serde_json::json!([]))) };
    blocking(move || {
        let names = root.body_files().map_err(|error| {
            AdminError::Storage(format!("{} cannot be listed: {error}", root.files.display()))
        })?;
        Ok(ok(&names.into()))
    })
    .await
}

/// Reads, writes or removes one file.
pub(super) async fn one(
    context: &RequestContext,
    method: &Method,
    name: &str,
    body: &bytes::Bytes,
) -> Result<Plan, AdminError> {
    let Some(root) = context.shared.root.clone() else {
        let why = "there is no root directory to keep files in; start the server with --fixtures DIR, where DIR holds mappings/ or __files/";
        return match *method {
            Method::PUT => Err(AdminError::Conflict(why.to_owned())),
            Method::DELETE => Ok(empty()),
            _ => Ok(absent()),
        };
    };
    let (method, name, body) = (method.clone(), name.to_owned(), body.clone());
    blocking(move || match method {
        Method::PUT => put(&root, &name, &body),
        Method::DELETE => remove(&root, &name),
        _ => get(&root, &name),
    })
    .await
}

fn get(root: &RootDirectory, name: &str) -> Result<Plan, AdminError> {
    let Ok(path) = root::inside(&root.files, name) else { return Ok(absent()) };
    if !path.is_file() {
        return Ok(absent());
    }
    let read = std::fs::read(&path).map_err(|error| failed(name, &error))?;
    Ok(Plan::new(StatusCode::OK, Origin::Admin, Body::Bytes(read.into())))
}

fn put(root: &RootDirectory, name: &str, body: &[u8]) -> Result<Plan, AdminError> {
    let path = root::inside(&root.files, name).map_err(|error| {
        AdminError::Invalid(format!("{error}; name a file inside of __files, without .."))
    })?;
    root::write(&path, body).map_err(|error| failed(name, &error))?;
    Ok(ok(&STANDARD.encode(body).into()))
}

fn remove(root: &RootDirectory, name: &str) -> Result<Plan, AdminError> {
    let path = root::inside(&root.files, name).map_err(|error| {
        AdminError::Invalid(format!("{error}; name a file inside of __files, without .."))
    })?;
    if path.is_file() {
        root::remove(&path).map_err(|error| failed(name, &error))?;
    }
    Ok(empty())
}

fn failed(name: &str, error: &std::io::Error) -> AdminError {
    AdminError::Storage(format!("the file {name:?}: {error}"))
}

async fn blocking(
    work: impl FnOnce() -> Result<Plan, AdminError> + Send + 'static,
) -> Result<Plan, AdminError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(AdminError::Failed))
}
