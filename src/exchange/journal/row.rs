//! An exchange as one row of a table, for those who follow the journal: what happened, without header fields and
//! bodies.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::super::index::Slot;
use super::Journal;

impl Journal {
    /// An exchange as a row, without secrets.
    pub(crate) fn row(&self, slot: &Slot) -> Value {
        let entry = &slot.entry;
        let microseconds = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let at = self.time_of(slot).duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut row = Map::new();
        let mut set = |key: &str, value: Value| row.insert(key.to_owned(), value);
        set("number", slot.number.into());
        set("id", self.id_of(slot).to_string().into());
        set("at", json!(at.as_secs_f64() * 1000.0));
        set("world", (*entry.world).into());
        set("method", entry.method.as_str().into());
        set("target", self.shown_target(slot).into());
        set("status", entry.status.as_u16().into());
        set("stage", entry.origin.label().into());
        set("microseconds", microseconds(entry.took).into());
        // What most exchanges do not have is left out.
        if let Some(by) = entry.origin.id() {
            set("by", by.into());
        }
        if let Some(name) = entry.stub.as_ref().and_then(|stub| stub.name()) {
            set("name", name.into());
        }
        if let Some(rule) = entry.rule() {
            set("rule", (**rule).into());
        }
        if let Some(fault) = entry.fault() {
            set("fault", fault.into());
        }
        if let Some(hint) = entry.hint() {
            set("hint", hint.into());
        }
        if !entry.delay().is_zero() {
            set("delayMicroseconds", microseconds(entry.delay()).into());
        }
        row.into()
    }

    /// The target with pseudonyms in place of its secrets, of those in the header fields, and of those that were seen
    /// before.
    fn shown_target(&self, slot: &Slot) -> String {
        let (redactor, target) = (&self.redactor, slot.entry.target());
        if redactor.is_off() {
            return target.to_owned();
        }
        let pass = redactor.pass(target);
        for (name, value) in &slot.entry.headers() {
            if let Ok(value) = value.to_str() {
                pass.header(name, value);
            }
        }
        let shown = pass.target(target);
        redactor.without(&pass.known().and(&redactor.remembered()), shown)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::exchange::{Answered, ByStub, JournalLimits, Lookup};
    use crate::matching::testing;
    use crate::message::{Body, Origin, Plan};

    fn row(headers: &[(&str, &str)], target: &str, plan: &Plan, stub: ByStub<'_>) -> Value {
        let journal = Journal::new(None, JournalLimits::default(), Arc::default());
        let request = testing::request("GET", target, headers, "");
        journal.record(&Answered {
            request: &request,
            plan,
            late: None,
            began: Instant::now(),
            made: Instant::now(),
            world: &Arc::from("blue"),
            stub,
        });
        journal.row(&journal.select(Lookup::All)[0])
    }

    #[test]
    fn a_row_says_what_happened() {
        let plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty);
        let shown = row(&[], "/api/v1/pods?limit=1", &plan, ByStub::No);
        let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
        let expected =
            ["at", "id", "method", "microseconds", "number", "stage", "status", "target", "world"];
        assert_eq!(keys, expected);
        assert_eq!(
            (&shown["number"], &shown["world"], &shown["target"], &shown["stage"]),
            (&json!(1), &json!("blue"), &json!("/api/v1/pods?limit=1"), &json!("kubernetes"))
        );
        let stub = Arc::new(testing::stub(&json!({"name": "a stub", "response": {}})));
        let mut plan = Plan::text(StatusCode::OK, Origin::Stub(stub.id), "B");
        plan.set_rule(&Arc::from("slow/1"));
        plan.set_hint("a hint".to_owned());
        let shown = row(&[], "/a", &plan, ByStub::Rendered(&stub));
        assert_eq!(
            (&shown["name"], &shown["rule"], &shown["hint"], &shown["by"]),
            (&json!("a stub"), &json!("slow/1"), &json!("a hint"), &json!(stub.id.to_string()))
        );
    }

    #[test]
    fn secrets_of_the_head_are_not_shown() {
        let secret = "s3cret-4711-abcdef";
        let plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty);
        let bearer = format!("Bearer {secret}");
        for (headers, target) in [
            (vec![], format!("/x?access_token={secret}")),
            (vec![("authorization", bearer.as_str())], format!("/x/{secret}")),
        ] {
            let shown = row(&headers, &target, &plan, ByStub::No).to_string();
            assert!(!shown.contains(secret) && shown.contains("/x"), "{shown}");
        }
    }
}
