//! Secrets in commands: behind options by their names, and in the places where well-known programs take them.

use super::edit::Edit;
use super::marks;
use super::names::{self, Place};
use super::pass::Pass;
use super::pattern::patterns;

patterns! {
    // `--name value`, and `-name value` of Java's and OpenSSL's programs.
    ARGUMENT = r#"(?:^|[\s"'])--?([a-z][a-zA-Z0-9_-]{2,40})[ \t]+["']?([^\s"'-][^\s"']*)"#;
    // `curl -u user:password`.
    CURL = r#"\b(?:curl|http|https|xh)\b[^\n"|;]*?\s(?:-u|-a|--user|-U|--proxy-user|--auth)[ \t=]*["']?[^\s:"'\\]*:([^\s"'\\]+)"#;
    // `mysql -ppassword`, `7z -ppassword`.
    ATTACHED = r#"\b(?:mysql|mysqldump|mysqladmin|mysqlimport|mariadb|mariadb-dump|7z|7za|rar|unrar|sshpass)\b[^\n"|;]*?\s-p([^\s"'\\]+)"#;
    // `redis-cli -a password`, and programs with `-p`, `-w`, `-P`, `-k` or `-W` for a password.
    SHORT = r#"\b(?:sshpass|redis-cli|mongo(?:s|sh)?|mongodump|cqlsh|sqlcmd|impala-shell|(?:docker|podman|nerdctl|helm(?: registry)?|skopeo|buildah|oras|oc|az|cf|vault) login)\b[^\n"|;]*?\s-[paP][ \t]*["']?([^\s"'\\-][^\s"'\\]*)"#;
    DIRECTORY = r#"\bldap(?:search|add|modify|delete|passwd|whoami|compare)\b[^\n"|;]*?\s-[wsa][ \t]*["']?([^\s"'\\-][^\s"'\\]*)"#;
    ARCHIVE = r#"\b(?:zip|unzip|zipcloak|sqlcmd|bcp|lftp|ipmitool|snmp(?:get|walk|set|bulkwalk))\b[^\n"|;]*?\s-[PAX][ \t]*["']?([^\s"'\\-][^\s"'\\]*)"#;
    CIPHER = r#"\bopenssl\b[^\n"|;]*?\s-[kK][ \t]+["']?([^\s"'\\-][^\s"'\\]*)"#;
    PASSED = r#"\s-(?:pass|passin|passout)[ \t=]+["']?pass:([^\s"'\\]+)"#;
    // `smbclient -U user%password`, `net use /user:name password`.
    SAMBA = r#"\b(?:smbclient|rpcclient|smbget|net|wmic|winexe)\b[^\n"|;]*?\s-U[ \t]*["']?[^\s%"']+%([^\s"'\\]+)"#;
    NET_USE = r#"(?i)\bnet\s+use\b[^\n]*?/user:\S+[ \t]+["']?([^\s"'/\\*][^\s"'\\]*)"#;
    NET_USER = r#"(?i)\bnet\s+user\s+[^\s/]+[ \t]+["']?([^\s"'/\\*][^\s"'\\]*)"#;
    // `htpasswd -b file user password`, `echo user:password | chpasswd`, `echo password | docker login --password-stdin`.
    BATCH = r#"\bhtpasswd\b(?:[^\n"|;]*?)\s-[a-zA-Z]*b[a-zA-Z]*(?:\s+-\S+)*(?:\s+[^\s-]\S*){1,2}?\s+([^\s"'|;]+)[ \t]*(?:$|[\n"'|;&])"#;
    PIPED = r#"\b(?:echo|printf|print)\s+(?:-\S+\s+)*["']?(?:[\w.-]+:)?([^\s"'|]+)["']?\s*\|[^\n]*(?:--password-stdin|chpasswd|sudo -S|--stdin|passwd\b|--passphrase-fd)"#;
    // `aws configure set aws_secret_access_key value`, `git config x.token value`, `heroku config:set`.
    CONFIGURED = r#"\b(?:configure|config|parameter|secret|property)\s+(?:--?[0-9A-Za-z_\u{80}-\u{10ffff}]+\s+)*(?:set\s+|add\s+|put\s+)?([A-Za-z][0-9A-Za-z_\u{80}-\u{10ffff}.:-]{1,60})[ \t]+["']?([^\s"'-][^\s"']*)"#;
    // `sqlplus user/password@database`, `vault login token`, `rabbitmqctl add_user name password`.
    ORACLE = r#"\b(?:sqlplus|rman|expdp|impdp|sqlldr)\b[^\n"|;]*?\s[\w$#]+/([^\s@"'\\/]+)"#;
    VAULT = r#"\bvault\s+login\s+(?:-\S+\s+)*([^\s"'=-][^\s"'=]{5,})"#;
    RABBIT = r#"\brabbitmqctl\s+(?:add_user|change_password)\s+\S+\s+["']?([^\s"'\\]+)"#;
    // `ENV name value` of a Dockerfile.
    ENVIRONMENT = r"(?m)^[ \t]*ENV[ \t]+([A-Za-z_][A-Za-z0-9_]*)[ \t]+(\S+)";
    LITERAL = r#"--from-literal[= ]["']?[^\s=]+=([^\s"'\\]+)"#;
}

impl Pass<'_> {
    /// The edits of commands.
    pub(super) fn commands(&self, text: &str, marks: u32, edits: &mut Vec<Edit>) {
        if marks & marks::OPTION != 0 {
            for found in ARGUMENT.captures_iter(text) {
                if names::is_secret(&found[1], Place::Field) {
                    self.edit(&found, 2, &found[1], edits);
                }
            }
        }
        if marks & marks::COMMAND != 0 {
            self.places(text, edits);
        }
        let by_name = [
            (&CONFIGURED, text.contains("config") || text.contains(" set ")),
            (&ENVIRONMENT, text.contains("ENV")),
        ];
        for (pattern, _) in by_name.into_iter().filter(|(_, has)| *has) {
            for found in pattern.captures_iter(text) {
                if names::is_secret(&found[1], Place::Field) {
                    self.edit(&found, 2, &found[1], edits);
                }
            }
        }
    }

    /// The edits of what programs take in a place of its own.
    fn places(&self, text: &str, edits: &mut Vec<Edit>) {
        if text.contains(" -") {
            for pattern in [
                &CURL, &ATTACHED, &SHORT, &DIRECTORY, &ARCHIVE, &CIPHER, &PASSED, &SAMBA, &BATCH,
                &LITERAL,
            ] {
                for found in pattern.captures_iter(text) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
        for pattern in [&ORACLE, &VAULT, &RABBIT] {
            for found in pattern.captures_iter(text) {
                self.edit(&found, 1, "", edits);
            }
        }
        if text.contains('|') {
            for found in PIPED.captures_iter(text) {
                self.edit(&found, 1, "", edits);
            }
        }
        if text.contains("net ") || text.contains("NET ") {
            for pattern in [&NET_USE, &NET_USER] {
                for found in pattern.captures_iter(text) {
                    self.edit(&found, 1, "", edits);
                }
            }
        }
    }

    /// The secrets in the places of a command's arguments.
    pub(super) fn in_command(&self, command: &str) -> Vec<String> {
        let mut edits = Vec::new();
        self.places(command, &mut edits);
        edits.into_iter().map(|edit| command[edit.range].to_owned()).collect()
    }
}
