//! RSA and ECDSA keys in PEM, as `--service-account-key-file` and `--service-account-signing-key-file` name them
//! (`client-go/util/keyutil/key.go`): PKCS #1, SEC 1, PKCS #8, public keys and certificates.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_parser::pem::Pem;

/// Tags of DER (X.690).
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// `[1]`, which holds the public key in an EC private key.
const FIRST: u8 = 0xa1;

/// Object identifiers with their tags and lengths: `rsaEncryption` with its empty parameters, and `ecPublicKey`.
const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
const EC: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

/// A curve: P-521 is none of them, ring does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
}

impl Curve {
    const ALL: [Self; 2] = [Self::P256, Self::P384];

    /// Its object identifier.
    fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            Self::P384 => &[6, 5, 0x2b, 0x81, 4, 0, 0x22],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    fn signing(self) -> &'static signature::EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// `RSAPublicKey` in DER.
    Rsa(Vec<u8>),
    /// The point, uncompressed.
    Ec(EcKey),
}

/// A public key on a curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EcKey {
    curve: Curve,
    point: Vec<u8>,
}

/// A private key.
#[derive(Debug)]
pub(super) struct Signer {
    key: PrivateKey,
    public: PublicKey,
}

#[derive(Debug)]
enum PrivateKey {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
}

impl Signer {
    /// The first private key of a file; nothing where it has none that can be used.
    pub(super) fn of_pem(text: &[u8]) -> Option<Self> {
        Pem::iter_from_buffer(text).filter_map(Result::ok).find_map(|pem| Self::of(&pem))
    }

    fn of(pem: &Pem) -> Option<Self> {
        let der = &pem.contents;
        let rsa = match pem.label.as_str() {
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(der).ok(),
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(der).ok(),
            _ => None,
        };
        if let Some(pair) = rsa {
            let public = PublicKey::Rsa(pair.public_key().as_ref().to_vec());
            return Some(Self { key: PrivateKey::Rsa(Box::new(pair)), public });
        }
        let random = SystemRandom::new();
        let (curve, pair) = match pem.label.as_str() {
            "EC PRIVATE KEY" => {
                let (curve, private, point) = sec1(der)?;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    curve.signing(),
                    private,
                    point,
                    &random,
                );
                (curve, pair.ok()?)
            }
            "PRIVATE KEY" => Curve::ALL.into_iter().find_map(|curve| {
                let pair = EcdsaKeyPair::from_pkcs8(curve.signing(), der, &random).ok()?;
                Some((curve, pair))
            })?,
            _ => return None,
        };
        let public = PublicKey::Ec(EcKey { curve, point: pair.public_key().as_ref().to_vec() });
        Some(Self { key: PrivateKey::Ec(pair), public })
    }

    /// Its public key.
    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of a text.
    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            PrivateKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                // It fails without random bits alone: then no one accepts the signature.
                let _ = pair.sign(&signature::RSA_PKCS1_SHA256, &random, text, &mut signature);
                signature
            }
            PrivateKey::Ec(pair) => {
                pair.sign(&random, text).map(|of| of.as_ref().to_vec()).unwrap_or_default()
            }
        }
    }
}

impl PublicKey {
    /// The public keys of a file, also those of private keys and certificates.
    pub(super) fn all_of_pem(text: &[u8]) -> Vec<Self> {
        Pem::iter_from_buffer(text)
            .filter_map(Result::ok)
            .filter_map(|pem| Self::of(&pem))
            .collect()
    }

    fn of(pem: &Pem) -> Option<Self> {
        match pem.label.as_str() {
            "PUBLIC KEY" => Self::of_info(&pem.contents),
            "RSA PUBLIC KEY" => Some(Self::Rsa(pem.contents.clone())),
            "CERTIFICATE" => {
                let (_, certificate) = x509_parser::parse_x509_certificate(&pem.contents).ok()?;
                Self::of_info(certificate.public_key().raw)
            }
            _ => Signer::of(pem).map(|signer| signer.public),
        }
    }

    /// That of a `SubjectPublicKeyInfo`.
    fn of_info(der: &[u8]) -> Option<Self> {
        let (info, _) = element(der, SEQUENCE)?;
        let (algorithm, rest) = element(info, SEQUENCE)?;
        let (bits, _) = element(rest, BITS)?;
        let (_, key) = bits.split_first()?;
        if algorithm == RSA {
            return Some(Self::Rsa(key.to_vec()));
        }
        let oid = algorithm.strip_prefix(EC)?;
        let curve = Curve::ALL.into_iter().find(|curve| curve.oid() == oid)?;
        Some(Self::Ec(EcKey { curve, point: key.to_vec() }))
    }

    /// Its `SubjectPublicKeyInfo`.
    fn info(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Self::Rsa(der) => (RSA.to_vec(), der),
            Self::Ec(EcKey { curve, point }) => ([EC, curve.oid()].concat(), point),
        };
        let bits = [&[0], key.as_slice()].concat();
        written(SEQUENCE, &[written(SEQUENCE, &algorithm), written(BITS, &bits)].concat())
    }

    /// The algorithm of its signatures.
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(EcKey { curve: Curve::P256, .. }) => "ES256",
            Self::Ec(EcKey { curve: Curve::P384, .. }) => "ES384",
        }
    }

    /// Its id: the digest of its `SubjectPublicKeyInfo` (`keyIDFromPublicKey`).
    pub(super) fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.info()))
    }

    /// Whether its private key has made a signature.
    pub(super) fn verify(&self, text: &[u8], of: &[u8]) -> bool {
        let (algorithm, key): (&'static dyn signature::VerificationAlgorithm, _) = match self {
            Self::Rsa(der) => (&signature::RSA_PKCS1_2048_8192_SHA256, der),
            Self::Ec(EcKey { curve: Curve::P256, point }) => {
                (&signature::ECDSA_P256_SHA256_FIXED, point)
            }
            Self::Ec(EcKey { curve: Curve::P384, point }) => {
                (&signature::ECDSA_P384_SHA384_FIXED, point)
            }
        };
        UnparsedPublicKey::new(algorithm, key).verify(text, of).is_ok()
    }

    /// It in a set of keys.
    pub(super) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(bytes));
        let mut key = json!({"use": "sig", "kid": self.id(), "alg": self.algorithm()});
        match self {
            Self::Rsa(der) => {
                let (modulus, exponent) = rsa_numbers(der).unwrap_or_default();
                key["kty"] = "RSA".into();
                key["n"] = text(modulus);
                key["e"] = text(exponent);
            }
            Self::Ec(EcKey { curve, point }) => {
                let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
                key["kty"] = "EC".into();
                key["crv"] = curve.name().into();
                key["x"] = text(x);
                key["y"] = text(y);
            }
        }
        key
    }
}

/// The modulus and the exponent of an `RSAPublicKey`, without leading zeros.
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (numbers, _) = element(der, SEQUENCE)?;
    let (modulus, rest) = element(numbers, INTEGER)?;
    let (exponent, _) = element(rest, INTEGER)?;
    Some((modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent))
}

/// The curve, the private number and the point of an `ECPrivateKey` (RFC 5915) that has all of them.
fn sec1(der: &[u8]) -> Option<(Curve, &[u8], &[u8])> {
    let (key, _) = element(der, SEQUENCE)?;
    let (_, rest) = element(key, INTEGER)?;
    let (private, rest) = element(rest, OCTETS)?;
    let curve = Curve::ALL.into_iter().find(|curve| {
        let oid = curve.oid();
        rest.windows(oid.len()).any(|part| part == oid)
    })?;
    let (_, rest) = element(rest, 0xa0)?;
    let (public, _) = element(rest, FIRST)?;
    let (bits, _) = element(public, BITS)?;
    Some((curve, private, bits.split_first()?.1))
}

/// The content of the first element, which has a tag, and what is behind it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ ..=0x7f => (short, rest),
        // Keys are shorter than what three bytes can say.
        long @ 0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            (bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}

/// An element.
fn written(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let bytes: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match (content.len(), u8::try_from(bytes.len())) {
        (..=0x7f, _) => out.push(bytes.first().copied().unwrap_or_default()),
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend(bytes);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    const EC_PUBLIC: &str = include_str!("data/ec-public.pem");
    const RSA_PUBLIC: &str = include_str!("data/rsa-public.pem");

    /// What openssl prints for some arguments and an input.
    fn openssl(arguments: &str, input: &str) -> String {
        let mut process = Command::new("openssl")
            .args(arguments.split(' '))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed");
        process.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "openssl {arguments}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// A new key in its own form, in PKCS #8, and its public part.
    fn forms(generation: &str) -> [String; 3] {
        let own = openssl(generation, "");
        let pkcs8 = openssl("pkcs8 -topk8 -nocrypt", &own);
        let public = openssl("pkey -pubout", &own);
        [own, pkcs8, public]
    }

    fn public(pem: &str) -> PublicKey {
        let mut all = PublicKey::all_of_pem(pem.as_bytes());
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn a_key_is_the_same_in_all_its_forms() {
        let (ec, rsa) = ("ecparam -name prime256v1 -genkey -noout", "genrsa -traditional 2048");
        for forms in [ec, rsa].map(forms) {
            let keys = forms.each_ref().map(|form| public(form));
            assert!(keys.iter().all(|key| *key == keys[0]));
            for form in &forms[..2] {
                let signature = Signer::of_pem(form.as_bytes()).unwrap().sign(b"text");
                assert!(keys[0].verify(b"text", &signature));
                assert!(!keys[0].verify(b"other", &signature));
            }
            assert!(Signer::of_pem(forms[2].as_bytes()).is_none());
        }
        assert!(PublicKey::all_of_pem(b"x").is_empty());
        assert_eq!(PublicKey::all_of_pem([EC_PUBLIC, RSA_PUBLIC].concat().as_bytes()).len(), 2);
    }

    /// The id and the numbers that kube-apiserver 1.36.3 shows for the keys.
    #[test]
    fn the_set_of_keys_is_upstreams() {
        let found = json!([public(RSA_PUBLIC).jwk(), public(EC_PUBLIC).jwk()]);
        let expected: Value = serde_json::from_str(include_str!("data/jwks.json")).unwrap();
        assert_eq!(found, expected["keys"]);
    }

    #[test]
    fn elements_are_written_as_they_are_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let der = written(OCTETS, &content);
            assert_eq!(element(&der, OCTETS), Some((content.as_slice(), &[][..])));
            assert_eq!(element(&der, BITS), None);
            assert!(element(&der[..der.len() - 1], OCTETS).is_none());
        }
    }
}
