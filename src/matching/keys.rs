//! The keys of a stub mapping other than its request and response (`C/stubbing/StubMapping.java`).

use uuid::Uuid;

use crate::document::{InvalidValue, Keys, Node};

/// The priority of a stub that names none.
const DEFAULT_PRIORITY: i32 = 5;

/// The scenario of a stub.
#[derive(Debug)]
pub(crate) struct StubScenario {
    pub(crate) name: Box<str>,
    /// The state in which the stub answers; any state if `None`.
    pub(crate) required_state: Option<Box<str>>,
    /// The state that the scenario has after the stub answered, if it changes.
    pub(crate) new_state: Option<Box<str>>,
}

impl StubScenario {
    /// Returns the scenario and the state that it must be in.
    pub(super) fn requires(&self) -> Option<(&str, &str)> {
        self.required_state.as_deref().map(|state| (&*self.name, state))
    }

    /// Returns the scenario and the state that it has after the stub answered.
    pub(super) fn moves(&self) -> Option<(&str, &str)> {
        self.new_state.as_deref().map(|state| (&*self.name, state))
    }
}

/// Reads the id as written: `id` or `uuid`, of both the one written last; `null` and an empty
/// string mean none.
///
/// # Errors
/// It is not a UUID.
pub(super) fn id(keys: &Keys<'_>) -> Result<Option<Uuid>, InvalidValue> {
    let (id, uuid) = (keys.get_with_null("id"), keys.get_with_null("uuid"));
    let same = |(id, uuid): (&Node<'_>, &Node<'_>)| id.value() == uuid.value();
    let last = match (id, uuid) {
        // Only the text knows which was written last.
        (Some(id), Some(uuid)) if !same((&id, &uuid)) => {
            Some(if uuid.place() > id.place() { uuid } else { id })
        }
        (id, uuid) => id.or(uuid),
    };
    let written = |node: &Node<'_>| !node.value().is_null() && node.value().as_str() != Some("");
    let Some(node) = last.filter(written) else { return Ok(None) };
    let text = node.text().ok_or(InvalidValue)?.trim();
    // WireMock accepts no shorter forms.
    let parsed = Uuid::parse_str(text).ok().filter(|_| text.len() == 36);
    if parsed.is_none() {
        node.error(
            "not a UUID",
            "like 9f0e0f6e-59e4-4d3c-b0ad-5d24c0a4f36e; leave it out to have one derived",
        );
    }
    parsed.map(Some).ok_or(InvalidValue)
}

/// Reads the priority: lower comes first.
pub(super) fn priority(keys: &Keys<'_>) -> Option<i32> {
    let Some(node) = keys.get("priority") else { return Some(DEFAULT_PRIORITY) };
    let number = node.loose_integer().ok()?;
    number.map_or(Some(DEFAULT_PRIORITY), |number| i32::try_from(number).ok())
}

/// Reads the scenario. States without a name have no effect.
pub(super) fn scenario(keys: &Keys<'_>) -> Option<StubScenario> {
    let text = |key| keys.get(key).and_then(|node| node.loose_text().map(Box::<str>::from));
    let (name, required_state, new_state) =
        (text("scenarioName"), text("requiredScenarioState"), text("newScenarioState"));
    Some(StubScenario { name: name?, required_state, new_state })
}

/// Reads `persistent`: whether the stub is saved to a file.
pub(super) fn persistent(keys: &Keys<'_>) -> bool {
    keys.get("persistent").and_then(|node| node.loose_bool()).unwrap_or_default()
}

/// Returns where the stub stood among those of the server that saved it.
pub(super) fn insertion_index(keys: &Keys<'_>) -> Option<i64> {
    keys.get("insertionIndex").and_then(|node| node.integer(i64::MIN..=i64::MAX))
}

/// Accepts the keys with arbitrary content.
pub(super) fn free(keys: &Keys<'_>) {
    let _ = keys.get("$schema");
    if let Some(node) = keys.get("metadata") {
        let _ = node.entries();
    }
}
