//! The keys of tokens of service accounts: JSON web signatures (RFC 7515, RFC 7518), and the set of public keys
//! (`pkg/serviceaccount/{jwt,openidmetadata}.go` of `k8s.io/kubernetes`, `client-go/util/keyutil`).
//!
//! With `--service-account-signing-key-file` tokens are signed by its key, and those of all `--service-account-key-file`
//! are accepted. Without files the key is random, and in memory alone: a token of another process is not accepted.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[cfg(feature = "tls")]
use super::key_files::{PublicKey, Signer};

/// The size of a block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// The keys that sign tokens and check them.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct AccountKeys {
    /// The key of new tokens, and those of tokens that are accepted. Without any it is that of the process.
    #[cfg(feature = "tls")]
    files: Option<std::sync::Arc<(Signer, Vec<PublicKey>)>>,
}

impl AccountKeys {
    /// The keys of files.
    #[cfg(feature = "tls")]
    pub(super) fn of_files(signer: Signer, accepted: Vec<PublicKey>) -> Self {
        Self { files: Some(std::sync::Arc::new((signer, accepted))) }
    }

    /// Signs claims.
    pub(in super::super) fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let with = |head: &Value, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
            let signed = format!("{}.{}", part(head), part(claims));
            let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
            format!("{signed}.{signature}")
        };
        #[cfg(feature = "tls")]
        if let Some(files) = &self.files {
            let signer = &files.0;
            let public = signer.public();
            let head = json!({"alg": public.algorithm(), "kid": public.id()});
            return with(&head, &|text| signer.sign(text));
        }
        let head = json!({"alg": "HS256", "typ": "JWT"});
        with(&head, &|text| authenticated(text).to_vec())
    }

    /// Whether one of the keys has made a signature.
    pub(super) fn verify(&self, signed: &str, signature: &[u8]) -> bool {
        #[cfg(feature = "tls")]
        if let Some(files) = &self.files {
            let head = signed.split('.').next().and_then(|head| URL_SAFE_NO_PAD.decode(head).ok());
            let head: Value =
                head.and_then(|head| serde_json::from_slice(&head).ok()).unwrap_or_default();
            // The algorithm of a token is the one of the key, whatever the token says.
            return files.1.iter().any(|key| {
                head["alg"] == key.algorithm() && key.verify(signed.as_bytes(), signature)
            });
        }
        let expected = authenticated(signed.as_bytes());
        let differs = signature.iter().zip(expected).fold(0, |all, (a, b)| all | (a ^ b));
        signature.len() == expected.len() && differs == 0
    }

    /// The public keys as `/openid/v1/jwks` shows them (RFC 7517); nothing where there are none.
    #[cfg(feature = "tls")]
    pub(in super::super) fn public(&self) -> Option<Value> {
        let keys: Vec<Value> = self.files.as_ref()?.1.iter().map(PublicKey::jwk).collect();
        Some(json!({"keys": keys}))
    }

    /// There are no public keys: this build reads none.
    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "as in a build that reads keys")]
    pub(in super::super) fn public(&self) -> Option<Value> {
        None
    }
}

/// HMAC with SHA-256 (RFC 2104), under the key of this process.
fn authenticated(text: &[u8]) -> [u8; 32] {
    static KEY: OnceLock<[u8; 32]> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let mut key = [0; 32];
        key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        key
    });
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}
