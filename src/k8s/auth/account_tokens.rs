//! Tokens of service accounts: JSON web tokens that this process signs and accepts
//! (`pkg/serviceaccount/claims.go` of `k8s.io/kubernetes`; RFC 7515, RFC 2104).
//!
//! The key is random, and is kept in memory alone: a token of another process is not accepted. That a token has
//! expired is not checked: the engine has no clock.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::user::User;

/// The size of a block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// Signs claims.
pub(in super::super) fn sign(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(authenticated(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The service account of a token that this process has signed.
pub(super) fn owner(token: &str) -> Option<Arc<User>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let expected = authenticated(signed.as_bytes());
    let differs = signature.iter().zip(expected).fold(0, |all, (a, b)| all | (a ^ b));
    if signature.len() != expected.len() || differs != 0 {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let name = claims["sub"].as_str()?.to_owned();
    let own = &claims["kubernetes.io"];
    let namespace = own["namespace"].as_str()?;
    let groups = vec![
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".to_owned(),
    ];
    let mut user = User { name, groups, ..User::default() };
    own["serviceaccount"]["uid"].as_str().unwrap_or_default().clone_into(&mut user.uid);
    Some(Arc::new(user))
}

/// HMAC with SHA-256, under the key of this process.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_account_and_cannot_be_changed() {
        let claims = json!({
            "sub": "system:serviceaccount:n:s",
            "kubernetes.io": {"namespace": "n", "serviceaccount": {"name": "s", "uid": "u"}},
        });
        let token = sign(&claims);
        let user = owner(&token).unwrap();
        assert_eq!((&*user.name, &*user.uid), ("system:serviceaccount:n:s", "u"));
        assert!(user.groups.contains(&"system:serviceaccounts:n".to_owned()));
        let (head, signature) = token.rsplit_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(claims.to_string().replace(":s\"", ":t\""));
        let (kind, _) = head.split_once('.').unwrap();
        assert!(owner(&format!("{kind}.{other}.{signature}")).is_none());
        assert!(owner("a.b.c").is_none());
    }
}
