//! The certificate of the API server, where upstream reads and writes it: `--tls-cert-file` and
//! `--tls-private-key-file`, or `apiserver.crt` and `apiserver.key` in `--cert-dir`, which are made where they are
//! not there (`k8s.io/apiserver/pkg/server/options/serving.go`, `MaybeDefaultWithSelfSignedCerts`).

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::flags::Flags;

/// The default of `--cert-dir`.
const DIRECTORY: &str = "/var/run/kubernetes";

/// The names and addresses of the service `kubernetes` and of this machine, for a certificate that is made.
#[cfg(feature = "tls")]
const NAMES: [&str; 7] = [
    "localhost",
    "kubernetes.default.svc",
    "kubernetes.default",
    "kubernetes",
    "127.0.0.1",
    "::1",
    "10.0.0.1",
];

/// The files of the certificate and its key.
///
/// # Errors
/// What upstream says: a file without the other, or files that cannot be read or written.
pub(super) fn files(flags: &Flags, address: IpAddr) -> Result<(PathBuf, PathBuf), String> {
    match (flags.file("tls-cert-file"), flags.file("tls-private-key-file")) {
        (Some(certificate), Some(key)) => return Ok((readable(certificate)?, readable(key)?)),
        (None, None) => {}
        _ => return Err("missing filename for serving cert".to_owned()),
    }
    let directory = Path::new(flags.last("cert-dir").unwrap_or(DIRECTORY));
    let (certificate, key) = (directory.join("apiserver.crt"), directory.join("apiserver.key"));
    if !(certificate.exists() && key.exists()) {
        make(&certificate, &key, address)
            .map_err(|why| format!("unable to generate self signed cert: {why}"))?;
    }
    Ok((certificate, key))
}

/// The path of a file that can be opened.
///
/// # Errors
/// Go's text.
pub(super) fn readable(path: &str) -> Result<PathBuf, String> {
    match fs::File::open(path) {
        Ok(_) => Ok(path.into()),
        Err(error) => {
            // Go has the texts of C in lower case, without their numbers.
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_lowercase();
            Err(format!("open {path}: {text}"))
        }
    }
}

#[cfg(feature = "tls")]
fn make(certificate: &Path, key: &Path, address: IpAddr) -> Result<(), String> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut names: Vec<String> = NAMES.map(str::to_owned).to_vec();
    if !address.is_unspecified() {
        names.push(address.to_string());
    }
    let issued = crate::tls::server::issued_pem(&names).map_err(|error| error.to_string())?;
    let written = |path: &Path, mode: u32, text: &str| {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(mode);
        options.open(path)?.write_all(text.as_bytes())
    };
    for (path, mode, text) in [(certificate, 0o644, &issued.0), (key, 0o600, &issued.1)] {
        written(path, mode, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn make(_: &Path, _: &Path, _: IpAddr) -> Result<(), String> {
    Err(crate::cli::error::NO_TLS.to_owned())
}
