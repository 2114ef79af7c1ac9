//! Secrets of one kind each, as configurations, commands, pages and letters have them.

use super::{redactor, text};

#[test]
fn each_kind_is_found_in_its_place() {
    const S: &str = "Xk7Qz2mW9bVt4Lr";
    const HEX: &str = "0a3f9c5e7b1d4826a0c3e5f7918b2d46";
    const TOTP: &str = "mzxw 6ytb oi2d emrq gezd gnbv";
    const LICENSE: &str = "A3K9Q-77ZTR-B2M4N-X8C1V-P0L6D";
    let planted = [
        (S, format!("Login with user bob and password {S}\n")),
        ("482913", "Your verification code is 482913.\n".to_owned()),
        (LICENSE, format!("Serial number: {LICENSE}\n")),
        (TOTP, format!("{{\"setupKey\":\"{TOTP}\"}}")),
        ("AGJvYgBzM2NyM3Q=", "AUTH PLAIN AGJvYgBzM2NyM3Q=\n".to_owned()),
        (S, format!("radius-server key 7 {S}\n")),
        (S, format!("snmp-server community {S} RO\n")),
        (S, format!("ConvertTo-SecureString \"{S}\" -AsPlainText -Force\n")),
        (S, format!("app.config['SECRET_KEY'] = '{S}'\n")),
        (S, format!("    db.example.com:5432:app:bob:{S}\n")),
        (S, format!("<pre>db.example.com:5432:app:bob:{S}</pre>")),
        (S, format!("data: a1 LOGIN bob {S}\n")),
        (S, format!("see: {{\"recovery_codes\":[\"a0d05-4db4c\",\"{S}\"]}} there")),
        (S, format!("<note>&lt;password>{S}&lt;/password></note>")),
        (S, format!("<note>&lt;add key=\"DbPassword\" value=\"{S}\"/></note>")),
        (S, format!("<p>{{\"kty\":\"EC\",\"d\":\"{S}{S}{S}\"}}</p>")),
        (HEX, format!("https://calendar.google.com/calendar/ical/a%40b/private-{HEX}/basic.ics")),
        (S, format!("https://docs.example.com/d/1/edit?resourcekey=0-{S}")),
        ("lit3py4urodmrkq1fsbnwzxy", "/(S(lit3py4urodmrkq1fsbnwzxy))/page.aspx".to_owned()),
        (
            HEX,
            format!(
                "-----BEGIN OpenVPN Static key V1-----\n{HEX}\n{HEX}\n-----END OpenVPN Static key V1-----\n"
            ),
        ),
        ("482913", "Use code 482913 to sign in.".to_owned()),
        ("482913", "G-482913 is your Google verification code.".to_owned()),
        ("482913", "<p>Your code: <strong>482913</strong></p>".to_owned()),
        (S, format!("Unseal Key 1: {S}\n")),
        (S, format!("Default login: admin / {S}\n")),
        (S, format!("::add-mask::{S}\n")),
        ("tunafish", "requirepass tunafish\n".to_owned()),
        ("tunafish", "key k { secret \"tunafish\"; };\n".to_owned()),
        ("tunafish", "set ike pre-shared-key ascii-text \"tunafish\"\n".to_owned()),
        ("tunafish", "rabbitmqctl add_user bob tunafish\n".to_owned()),
        (S, format!("mongo -u bob -p {S} db\n")),
        (S, format!("sqlplus scott/{S}@db\n")),
        (S, format!("vault login {S}\n")),
        (HEX, format!("the header was t=1492774577,v1={HEX}{HEX},v0={HEX}{HEX}")),
        ("482913", "{\"hostKey\":\"482913\"}".to_owned()),
        ("tunafish", "curl -H 'Authorization: Bearer tunafish' https://x/\n".to_owned()),
        ("tuna%fish7", "\"authorization\": \"Bearer tuna%fish7\"".to_owned()),
        ("tunafish", "FROM x\nENV DB_PASSWORD tunafish\n".to_owned()),
        ("tunafish", "invalid value 'tunafish' for field db_password".to_owned()),
        (
            "tunafish",
            "{\"error\":\"the value \\\"tunafish\\\" of the header X-Api-Key is wrong\"}"
                .to_owned(),
        ),
        ("482913", "<dl><dt>PIN</dt><dd>482913</dd></dl>".to_owned()),
    ];
    for (secret, before) in planted {
        let after = text(&before);
        assert!(!after.contains(secret), "{before}\n{after}");
        assert_eq!(after.len(), before.len(), "{before}\n{after}");
    }
}

#[test]
fn what_is_like_one_stays() {
    let redactor = redactor();
    for text in [
        "a password SHA256withRSA signs",
        "use code 404 for it, 1234 is your port, log in with admin/reader",
        "sign in at example.com:8443 or login: bob/team",
        "{\"hostKey\":\"SHA256:abc\"} t=1,v1=2 the secret \"is\" out",
        "<table><tr><th>Password</th><td>required</td></tr></table>",
        "the access key hierarchy",
        "{\"recovery_codes\":[\"none\"]}",
        "the community of users",
        "send Authorization: Bearer your-token-here with it",
        "ENV PATH /usr/local/bin9\n",
        "invalid value 'tunafish' for field name",
        "main.go:12:34:undefined: x\n",
        "AUTH LOGIN or AUTH PLAIN works",
        "see /(section)/page and IPX9A-1",
        "config['name'] = 'Bob Smith 1'\n",
        "permissions:\n  id-token: write # to sign the provenance\n",
        "golang.org/x/net v0.49.0/go.mod h1:/ysNB2EvaqvesRkuLAyjI1ycPZlQHM3q01F02UY/MV8=\n",
    ] {
        assert_eq!(redactor.pass("/x").changed(text), None, "{text}");
    }
}
