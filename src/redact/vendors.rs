//! Tokens that say whose they are: by the prefixes that clouds, forges, chats, shops and vaults give them.

use std::ops::Range;

use super::edit::Edit;
use super::opaque;
use super::pass::Pass;
use super::pattern::patterns;
use super::random::{is_license, looks_random};

patterns! {
    // A JSON Web Token or encryption (RFC 7519, RFC 7516).
    JSON_WEB_TOKEN = r"ey(?:J[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}|[A-Za-z0-9]{17,}\.ey[A-Za-z0-9_-]{17,}\.[A-Za-z0-9_-]*)";
    OF_VENDORS = r"(?x-u)\b(?:
        # Clouds.
        (?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|AIPA|ANPA|APKA|A3T[A-Z0-9])[0-9A-Z]{12,} | ABSK[A-Za-z0-9+/=]{40,} | bedrock-api-key-[A-Za-z0-9+/=]{16,}
        | amzn\.mws\.[0-9a-f-]{36} | amzn1\.oa2-cs\.v1\.[a-f0-9]{40,} | k8s-aws-v1\.[A-Za-z0-9_-]{10,}
        | AIza[0-9A-Za-z_-]{20,} | ya29\.[0-9A-Za-z_-]{10,} | 1//0[0-9A-Za-z_-]{20,} | GOCSPX-[A-Za-z0-9_-]{20,}
        | LTAI[A-Za-z0-9]{12,} | AKID[A-Za-z0-9]{13,} | HPUA[A-Z0-9]{14,} | t1\.[A-Za-z0-9_-]{20,}={0,2}\.[A-Za-z0-9_-]{30,} | t1\.[A-Za-z0-9_-]{4,}={0,2}\.[A-Za-z0-9_-]{60,} | AQVN[A-Za-z0-9_-]{35,38}\b | YC[A-Za-z0-9_-]{38}\b
        | do[opr]_v1_[a-f0-9]{20,} | tk-us-[\w-]{30,} | HRKU-[A-Za-z0-9_-]{30,} | fm[12][ar]?_[A-Za-z0-9+/=,_-]{20,} | fo1_[\w-]{40,}
        | v1\.0-[a-f0-9]{24}-[a-f0-9]{40,} | dt0[a-z][0-9]{2}\.[A-Za-z0-9]{20,}\.[A-Za-z0-9]{40,} | nvapi-[\w-]{40,}
        | pscale_[a-z]+_[A-Za-z0-9_.=-]{20,} | sbp_[a-f0-9]{30,} | sb_secret_[\w-]{20,} | vercel_[A-Za-z0-9]{20,} | nfp_[A-Za-z0-9]{20,}
        # Forges and registries.
        | gh[pousr]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{20,} | gl(?:pat|agent|dt|rt|ptt|ft|cbt|soat|imt|ffct|oas)-[A-Za-z0-9_-]{10,}(?:\.[0-9a-z]{2}\.[a-z0-9]{9})?
        | ATATT3[A-Za-z0-9_=-]{20,} | ATBB[A-Za-z0-9]{20,} | ATCTT3[A-Za-z0-9_=-]{20,}
        | npm_[A-Za-z0-9]{20,} | pypi-[A-Za-z0-9_-]{16,} | rubygems_[a-f0-9]{40,} | oy2[a-z0-9]{43} | cio[A-Za-z0-9]{32}
        | CLOJARS_[a-z0-9]{40,} | dckr_[a-z]+_[A-Za-z0-9_-]{16,} | AKCp[A-Za-z0-9]{10,} | cmVmdGtu[A-Za-z0-9]{20,} | cmVmd[A-Za-z0-9]{55,}
        | bk(?:ua|aa|at|pt)_[a-f0-9]{30,} | CCI(?:PAT|PRJ)_[A-Za-z0-9_]{30,} | sgp_[A-Za-z0-9_]{40,} | sq[upa]_[a-f0-9]{40}
        # Chats, mail and telephones.
        | xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{6,} | xapp-[A-Za-z0-9-]{6,} | [0-9]{8,10}:AA[A-Za-z0-9_-]{30,} | [0-9]{5,16}:A[A-Za-z0-9_-]{34}\b
        | [MNO][A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{25,} | SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,} | SG\.[\w=.-]{50,} | x(?:keys|smtps)ib-[a-f0-9]{40,}(?:-[A-Za-z0-9]{10,})?
        | (?:pub)?key-[a-f0-9]{32} | [a-f0-9]{32}-us[0-9]{1,2}\b | SK[a-fA-F0-9]{32} | [0-9]{15,16}(?:\||%7C)[0-9A-Za-z_-]{27,40}\b | EAA[A-Z][A-Za-z0-9]{30,}
        # Shops and payments.
        | (?:sk|rk|pk|whsec)_(?:(?:live|test|prod)_[0-9A-Za-z]{10,} | [0-9A-Za-z]{12,}) | sq0[a-z]{3}-[0-9A-Za-z_-]{20,} | EAAA[A-Za-z0-9_-]{20,}
        | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{16,} | EZ[AT]K[A-Za-z0-9]{30,} | FLW(?:SEC|PUB)K(?:_TEST)?-[A-Za-z0-9]{12,}(?:-X)? | duffel_(?:test|live)_[\w=-]{40,}
        # Vaults and identity.
        | hv[sbr]\.[A-Za-z0-9_-]{10,} | [sbr]\.[A-Za-z0-9]{24}\b | sha256~[A-Za-z0-9_-]{20,} | AGE-SECRET-KEY-1[0-9A-Z]{20,}
        | ops_eyJ[A-Za-z0-9_+/=-]{20,} | A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3} | dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{20,} | ory_[a-z]+_[A-Za-z0-9_-]{20,}
        | v[1-4]\.(?:local|public)\.[A-Za-z0-9_-]{20,} | 00[A-Za-z0-9_-]{40}\b | tskey-[a-z]+-[A-Za-z0-9-]{8,}
        # Models.
        | sk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{16,} | hf_[A-Za-z0-9]{16,} | api_org_[A-Za-z]{30,} | r8_[A-Za-z0-9]{30,}
        | gsk_[A-Za-z0-9]{30,} | pplx-[A-Za-z0-9]{30,} | xai-[A-Za-z0-9]{30,} | dapi[a-h0-9]{32}
        # Measuring and building.
        | eyJrIjoi[A-Za-z0-9_-]{10,} | gls?a?c?_[A-Za-z0-9+/=_]{20,} | NR(?:AK|II|IQ|AL|JS|RA|BR)-[A-Za-z0-9_-]{16,} | ddapp_[A-Za-z0-9]{20,}
        | sntry[us]_[A-Za-z0-9+/=_-]{20,} | pul-[a-f0-9]{40} | pnu_[A-Za-z0-9]{30,} | ico-[A-Za-z0-9]{32}
        | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{20,} | (?:sdk|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
        | GR1348941[\w-]{20,} | [\w.~-]{3}[0-9]Q~[\w.~-]{31,34} | cf[a-z]{2}_[\w-]{35,} | rnd_[A-Za-z0-9]{20,} | napi_[a-z0-9]{40,}
        | dd[pwo]_[A-Za-z0-9]{30,} | y[0-3]_[\w-]{30,} | lsv2_[a-z]{2}_[a-f0-9]{32}_[a-f0-9]{6,} | ph[cxsr]_[A-Za-z0-9]{30,}
        | rdme_[a-z0-9]{50,} | API-[A-Z0-9]{25,32}\b | [ps]at\.[\w-]{22}\.[0-9A-Za-z]{24}\.\w{20} | sm_[aps]at_[A-Za-z0-9]{16,} | p8e-[A-Za-z0-9]{32} | 4b1d[A-Za-z0-9]{38}\b | \w{6}_\w{29}_mmk
        | re_[A-Za-z0-9]{8,}_[A-Za-z0-9]{20,} | (?:api|pat-[a-z]{2}[0-9]|access-(?:sandbox|development|production)|apify_api)-?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
        | access_token\$[a-z]+\$[0-9a-z]{16}\$[0-9a-f]{32} | rzp_[a-z]+_[A-Za-z0-9]{14,} | AQE[\w+/-]{50,}={0,2} | A{20,22}[A-Za-z0-9%]{70,100}\b
        | [\w-]{6}\.[\w-]{6}:[\w-]{40,} | sk_[0-9a-f]{48} | apify_api_[A-Za-z0-9]{30,} | pk\.eyJ[\w-]{20,}\.[\w-]{20,} | [ps]k\.[a-z0-9]{60}\.[a-z0-9]{22}\b | dnkey-[\w=-]{40,}
        | (?:ddog|dd)_[A-Za-z0-9]{30,} | jina_[A-Za-z0-9]{30,} | tvly-[A-Za-z0-9-]{20,} | fc-[0-9a-f]{32} | csk-[a-z0-9]{40,}
        | key_[A-Za-z0-9]{24,} | SCW[A-Z0-9]{17} | exp[ao]_[\w-]{20,} | uk[a-z]{1,4}_[a-z0-9]{20,} | ak_[A-Za-z0-9]{30,} | dsk_[A-Za-z0-9]{20,}
        | whpk_[\w-]{20,} | stk_[A-Za-z0-9]{20,} | mdb_sa_sk_[\w-]{30,} | ghv_[A-Za-z0-9]{16,} | bbdc-[A-Za-z0-9+/]{40,} | NMT[A-Za-z0-9]{20}\.[\w-]{6}\.[\w-]{27,}
        | v1\.[0-9a-f]{40}\b | zpka_[\w-]{30,} | (?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,} | secret-(?:sandbox|production)-[\w-]{20,} | BBFF-[A-Za-z0-9]{30}
        # Offices.
        | ntn_[A-Za-z0-9]{20,} | lin_(?:api|oauth)_[A-Za-z0-9]{16,} | pat[A-Za-z0-9]{14}\.[a-f0-9]{40,} | PMAK-[a-f0-9]{24}-[a-f0-9]{30,}
        | CFPAT-[\w-]{30,} | [0-9]/[0-9]{16}(?:/[0-9]{16})?:[a-f0-9]{32} | fig[dou]?_[\w-]{30,} | sl\.(?:u\.)?[A-Za-z0-9_-]{60,} | fio-u-[\w-]{30,}
        | [0-9]{6}-[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12} | 3MVG9[0-9A-Za-z._+/=]{40,} | 1000\.[0-9a-f]{32}\.[0-9a-f]{32}
        | api_[A-Za-z0-9]{22}\.[A-Za-z0-9]{22} | bb_(?:pr|ma|us)_[0-9a-f]{30} | pk_[A-Za-z0-9]{6}_[0-9a-f]{34} | flb_(?:live|test)_[0-9A-Za-z]{20}
        | VF\.(?:DM|WS)\.[0-9a-fA-F]{24}\.[A-Za-z0-9]{16} | salad_cloud_[0-9A-Za-z]{1,12}_[0-9A-Za-z]{7,}
        # Watching and searching.
        | (?:rootly|slk)_[0-9a-f]{64} | thog-(?:agent|secret|key)-[0-9a-f]{16,} | AA[0-9a-f]{40}-NRMA | [0-9a-f]{36}(?:FFFF)?NRAL
        | endr\+[A-Za-z0-9-]{16,} | rh-api-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} | (?:pub|sub|sec)-c-[0-9a-zA-Z]{8}(?:-[0-9a-zA-Z]{4}){3}-[0-9a-zA-Z]{12}
        | RWRTY0Iy[A-Za-z0-9+/]{50,}={0,2}
        | s-s4t2(?:ud|af)-[a-f0-9]{40,} | sk\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,} | aio_[A-Za-z0-9]{28} | tfp_[\w-]{30,}
    )";
    // Keys in the paths of services that have no other place for them.
    IN_PATH = r"(?:infura\.io/v3|alchemy\.com/v2|alchemyapi\.io/v2|quiknode\.pro|ankr\.com/\w+|maker\.ifttt\.com/trigger/\w+/(?:json/)?with/key|hooks\.zapier\.com/hooks/catch/\d+|hook\.[a-z0-9.]*make\.com|pipedream\.net|calendar\.google\.com/calendar/ical/[^/\s]+)/(?:private-)?([A-Za-z0-9_-]{6,})";
    // Sessions in paths, as ASP.NET writes them.
    SESSION_IN_PATH = r"/\((?:[A-Z]\([^()/]*\))*S\(([A-Za-z0-9]{16,})\)";
    // Signatures of messages, as Stripe lists them behind their time.
    SIGNED = r"\bv[01]=([0-9a-f]{64})\b";
    // The address at which Office takes messages.
    OFFICE = r"/IncomingWebhook/([0-9a-f]{32}(?:/[0-9a-f-]{36})?)";
    // A license of five groups, wherever it stands.
    LICENSE = r"(?-u)\b[A-Z0-9]{5}(?:-[A-Z0-9]{5}){3,}\b";
    // A short name and a long run of all kinds of characters: how most new tokens are made.
    PREFIXED = r"(?-u)\b[a-z][a-z0-9]{1,9}[_-](?:[a-z0-9]{2,8}[_-])?([A-Za-z0-9]{30,})\b";
    // Short prefixes, which words have as well.
    SHORT = r"(?-u)\b(b_[a-z0-9=_-]{44}|(?:live|test)_(?:pub_)?[A-Za-z0-9=_-]{31,40}|[a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8})\b";
    // A word for a secret in the name of a token: `acme_live_..`, `acme-pat-..`.
    NAMED = r"(?-u)\b(?:[A-Za-z0-9]{2,15}[_-])?(?:[a-z0-9]{2,10}[_-])?(?:pat|sk|tok|token|key|apikey|secret|pw|tkn|live|prod|test|sandbox|auth|at|rt)[_-]([A-Za-z0-9]{20,})\b";
}

impl Pass<'_> {
    /// The edits of tokens that their shape tells.
    pub(super) fn tokens(&self, text: &str, edits: &mut Vec<Edit>) {
        for range in candidates(text) {
            if opaque::is_line_of_data(text, &range) {
                continue;
            }
            let part = &text[range.clone()];
            let mut edit = |found: Range<usize>| {
                let new = self.hide(&part[found.clone()]);
                let range = range.start + found.start..range.start + found.end;
                edits.push(Edit { range, text: new });
            };
            for pattern in [&JSON_WEB_TOKEN, &OF_VENDORS] {
                let found =
                    pattern.find_iter(part).filter(|found| !is_of_certificate(found.as_str()));
                found.for_each(|found| edit(found.range()));
            }
            for found in PREFIXED.captures_iter(part) {
                // `sha512-..` is a digest.
                let is_token = !found[0].starts_with("sha") && is_of_all_kinds(&found[1]);
                if let (Some(all), true) = (found.get(0), is_token) {
                    edit(all.range());
                }
            }
            if !self.of_data.get() {
                for drawn in opaque::runs(text, range.clone()) {
                    edit(drawn.start - range.start..drawn.end - range.start);
                }
            }
            if part.contains("t=") {
                for found in SIGNED.captures_iter(part).filter_map(|found| found.get(1)) {
                    edit(found.range());
                }
            }
            for found in LICENSE.find_iter(part) {
                if is_license(found.as_str()) {
                    edit(found.range());
                }
            }
            for found in SHORT.find_iter(part) {
                if has_many_digits(found.as_str()) {
                    edit(found.range());
                }
            }
            for found in NAMED.captures_iter(part) {
                if let (Some(all), true) = (found.get(0), looks_random(&found[1])) {
                    edit(all.range());
                }
            }
        }
    }

    /// The edits of keys in the paths of services that have no other place for them.
    pub(super) fn keys_in_paths(&self, text: &str, edits: &mut Vec<Edit>) {
        for pattern in [&IN_PATH, &SESSION_IN_PATH, &OFFICE] {
            for found in pattern.captures_iter(text) {
                self.edit(&found, 1, "", edits);
            }
        }
    }
}

/// Whether a run is the base64 of a key or a signature in a certificate: the end of an algorithm's identity of RSA,
/// with its parameters NULL, and a BIT STRING behind it (RFC 5280, section 4.1.1.2).
fn is_of_certificate(run: &str) -> bool {
    const ENDS: [&str; 7] =
        ["AQEBBQAD", "AQEEBQAD", "AQEFBQAD", "AQELBQAD", "AQEMBQAD", "AQENBQAD", "AQEFAAOC"];
    ENDS.iter().any(|end| run.starts_with(end))
}

/// A token has a run of letters, digits and hyphens that is as long.
const SHORTEST: usize = 13;

/// The words of a text that may have a token in them: those with a long run that has a digit, or is mixed, and is no
/// plain identity of 128 bits.
fn candidates(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+=:~$%,@|".contains(&byte);
    let is_run = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_token(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        let (mut run, mut likely) = (start, false);
        while at < bytes.len() && is_token(bytes[at]) {
            if !is_run(bytes[at]) {
                likely |= may_be_token(&bytes[run..at], run == start);
                run = at + 1;
            }
            at += 1;
        }
        likely |= may_be_token(&bytes[run..at], run == start);
        if likely {
            found.push(start..at);
        }
    }
    found
}

/// Whether a run may be a token, or a part of one; `alone` says that nothing is before it in its word.
fn may_be_token(run: &[u8], alone: bool) -> bool {
    const IDENTITY: usize = 36;
    const WORD: usize = 28;
    if run.len() < SHORTEST {
        return false;
    }
    let digit = run.iter().any(u8::is_ascii_digit);
    let mixed = || run.iter().any(u8::is_ascii_lowercase) && run.iter().any(u8::is_ascii_uppercase);
    let is_identity = || {
        run.len() == IDENTITY
            && run.iter().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => *byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    // Words are shorter.
    let long = || run.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| word.len() >= WORD);
    (digit || mixed() || long()) && !(alone && is_identity())
}

/// Whether a token has digits between its letters, as words and names have not.
fn has_many_digits(token: &str) -> bool {
    token.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// Whether a run has capital and small letters and digits, several of each.
fn is_of_all_kinds(run: &str) -> bool {
    let count = |of: fn(&u8) -> bool| run.bytes().filter(of).count();
    count(u8::is_ascii_lowercase) >= 4
        && count(u8::is_ascii_uppercase) >= 4
        && count(u8::is_ascii_digit) >= 2
}

#[cfg(test)]
mod tests;
