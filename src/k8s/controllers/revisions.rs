//! The revisions of a `StatefulSet` or `DaemonSet`: its templates, kept as objects (`pkg/controller/history`).

use serde_json::{Value, json};

use super::super::meta;
use super::objects::{REVISIONS, Type, Work, number, reference, suffix};

/// The label of pods with the name or hash of their revision.
pub(super) const LABEL: &str = "controller-revision-hash";

/// The hash of the template of an owner.
pub(super) fn hash(owner: &Value) -> String {
    suffix(&owner["spec"]["template"].to_string(), 10)
}

/// Makes sure that the current template has a revision, with the highest number.
pub(super) fn keep(work: &mut Work, of: Type, owner: &Value) {
    let hash = hash(owner);
    let name = format!("{}-{hash}", meta::text(owner, "name"));
    let all = work.owned(REVISIONS, owner);
    let highest = all.iter().map(|one| number(&one["revision"], 0)).max().unwrap_or_default();
    if let Some(known) = all.iter().find(|one| meta::text(one, "name") == name) {
        if number(&known["revision"], 0) < highest {
            let mut new = known.clone();
            new["revision"] = (highest + 1).into();
            work.update(REVISIONS, known, new);
        }
    } else {
        let mut template = owner["spec"]["template"].clone();
        template["$patch"] = "replace".into();
        let mut labels = owner["spec"]["template"]["metadata"]["labels"].clone();
        labels[LABEL] = hash.into();
        let metadata = json!({
            "name": name, "namespace": meta::text(owner, "namespace"), "labels": labels,
            "ownerReferences": reference(of, owner),
        });
        let data = json!({"spec": {"template": template}});
        work.create(
            REVISIONS,
            json!({"metadata": metadata, "data": data, "revision": highest + 1}),
        );
    }
    let limit = number(&owner["spec"]["revisionHistoryLimit"], 10);
    let mut old: Vec<Value> = work.owned(REVISIONS, owner);
    old.retain(|one| {
        meta::text(one, "name") != format!("{}-{}", meta::text(owner, "name"), self::hash(owner))
    });
    old.sort_by_key(|one| number(&one["revision"], 0));
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
    for one in &old[..surplus] {
        work.delete(REVISIONS, one);
    }
}
