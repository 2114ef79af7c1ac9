//! Tests of the rules for names.

use super::*;

#[test]
fn the_words_of_a_name_decide() {
    check(
        Place::Field,
        true,
        "password db_password DB_PASSWORD dbPassword passwordHash pwd passphrase apiToken \
         auth_token access_token accessToken refreshToken client-key-data clientKeyData \
         connectionString accessKeyId AWS_SECRET_ACCESS_KEY AWSAccessKeyId x-api-key apikey \
         APIKey encryptionKey sessionId session_id bearer jwt otp credentials secret tls.key \
         csrf_token csrfmiddlewaretoken oauth_token_secret newPassword password2 \
         client%5Fsecret userPassword ssh-private-key x-vault-token securitytoken id_token \
         code_verifier SharedAccessKey AccountKey pw_hash passwordSalt pincode doorCode unlock_code \
         privkey priv_key firebase_key dbpw userpwd pass_phrase mot_de_passe contraseña serialKey \
         motherMaidenName maiden_name ssn social_security_number rememberMe sasl.jaas.config key_data \
         keyFile_content",
    );
    check(
        Place::Field,
        false,
        "name secretName secretKeyRef token_type tokenType continue nextPageToken next_token \
         nextToken max_tokens total_tokens key publicKey code author monkey signatures_url \
         auth_url authMethod imagePullPolicy session_count passed password_expires_at \
         tokenExpirationSeconds description keyName partitionKey certificate-authority-data \
         design spin assign primary_key expires_in turkey keycode promo_code zipcode postcode \
         opcode sidepin bypass",
    );
    check(
        Place::Query,
        true,
        "code sig X-Amz-Signature X-Amz-Credential auth private_token ticket",
    );
    check(
        Place::Header,
        true,
        "authorization x-auth-token x-goog-api-key ocp-apim-subscription-key cookie \
         x-sdk-content-signature impersonate-extra-token private-token x-csrf-token invitecode \
         storagekey serviceaccountkey cardpin ftppass recoveryphrase securityanswer",
    );
    check(
        Place::Header,
        false,
        "sec-websocket-key idempotency-key content-type x-request-id etag author",
    );
}

fn check(place: Place, secret: bool, names: &str) {
    for name in names.split_whitespace() {
        assert_eq!(is_secret(name, place), secret, "{name}");
    }
}

#[test]
fn names_are_cut_into_words() {
    assert_eq!(words("AWSAccessKeyId"), ["aws", "access", "key", "id"]);
    assert_eq!(words("db-password_2"), ["db", "password", "2"]);
    assert_eq!(words("invitecode"), ["invite", "code"]);
    assert!(words("--").is_empty());
}
