//! `standin kubeconfig`: what kubectl and other clients need to find the server.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::kubeconfig::ANY_TOKEN;
use crate::message::WorldName;

use super::args::Kubeconfig;
use super::ask::{Server, ask};
use super::error::CommandError;

pub(super) fn kubeconfig(args: &Kubeconfig) -> Result<(), CommandError> {
    let server = Server::find(&args.target.server)?;
    let mut url = server.to_string();
    if let Some(world) = &args.world {
        WorldName::parse(world)
            .map_err(|error| CommandError::Usage(format!("--world: {error}")))?;
        url.push_str(&format!("{}/{world}", args.world_prefix));
    }
    let mut cluster = json!({"server": url});
    if !server.tls {
        // Without TLS there is nothing to verify; the JavaScript client needs it for an http:// URL.
        cluster["insecure-skip-tls-verify"] = true.into();
    }
    if let Some(ca) = certificate_authority(args, &server)? {
        cluster["certificate-authority-data"] = STANDARD.encode(ca).into();
    }
    let mut user = json!({});
    // Over TLS kubectl asks for a password if a kubeconfig has no credentials. A server without a token file
    // accepts any token.
    let any = (server.tls && args.client_certificate.is_none()).then_some(ANY_TOKEN);
    if let Some(token) = args.token.as_deref().or(any) {
        user["token"] = token.into();
    }
    let files = [
        ("client-certificate-data", &args.client_certificate),
        ("client-key-data", &args.client_key),
    ];
    for (key, path) in files {
        if let Some(path) = path {
            user[key] = STANDARD.encode(read(path)?).into();
        }
    }
    print!("{}", crate::kubeconfig::render(&cluster, &user));
    Ok(())
}

/// The CA of the command line, or the one that the server reports. That one is trusted on first use, which is good
/// enough on loopback.
fn certificate_authority(
    args: &Kubeconfig,
    server: &Server,
) -> Result<Option<Vec<u8>>, CommandError> {
    if let Some(path) = &args.certificate_authority {
        return read(path).map(Some);
    }
    if !server.tls {
        return Ok(None);
    }
    let token = args.admin.read().map_err(CommandError::Usage)?;
    let answer = ask(server, "/__admin/ca", token.as_deref())?;
    if answer.status == 200 && answer.body.starts_with("-----BEGIN CERTIFICATE-----") {
        return Ok(Some(answer.body.into_bytes()));
    }
    Err(CommandError::Failed(format!(
        "{server} does not report its CA (it answered {}); name a file with --certificate-authority",
        answer.status
    )))
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path).map_err(|source| CommandError::Read { path: path.to_path_buf(), source })
}
