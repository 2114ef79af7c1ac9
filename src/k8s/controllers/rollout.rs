//! The next step of a rollout: how many replicas each set gets (`pkg/controller/deployment/rolling.go`).

use serde_json::Value;

use super::objects::number;

/// How many pods there may be above the wanted number, and how many may be missing
/// (`ResolveFenceposts`).
pub(super) fn limits(deployment: &Value) -> (i64, i64) {
    let strategy = &deployment["spec"]["strategy"];
    let wanted = number(&deployment["spec"]["replicas"], 1);
    if strategy["type"] == "Recreate" {
        return (0, wanted);
    }
    let rolling = &strategy["rollingUpdate"];
    let surge = share(&rolling["maxSurge"], wanted, true);
    let mut unavailable = share(&rolling["maxUnavailable"], wanted, false);
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    (surge, unavailable.min(wanted))
}

/// A number, or a percentage of a number; 25% where there is none.
pub(super) fn share(value: &Value, of: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let text = value.as_str().unwrap_or("25%");
    let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
    let product = percent.saturating_mul(of);
    if up { product.saturating_add(99) / 100 } else { product / 100 }
}

/// The sets that change their number of replicas, with the new number.
pub(super) fn next<'a>(
    deployment: &Value,
    new: &'a Value,
    old: &[&'a Value],
) -> Vec<(&'a Value, i64)> {
    let wanted = number(&deployment["spec"]["replicas"], 1);
    let asked = |set: &Value| number(&set["spec"]["replicas"], 0);
    let available = |set: &Value| number(&set["status"]["availableReplicas"], 0);
    let old_total: i64 = old.iter().map(|set| asked(set)).sum();
    let own = asked(new);
    if deployment["spec"]["strategy"]["type"] == "Recreate" {
        let down: Vec<_> = old.iter().filter(|set| asked(set) > 0).map(|set| (*set, 0)).collect();
        let running: i64 = old.iter().map(|set| number(&set["status"]["replicas"], 0)).sum();
        if down.is_empty() && running == 0 {
            return vec![(new, wanted)];
        }
        return down;
    }
    let (surge, unavailable) = limits(deployment);
    if own > wanted || old_total == 0 {
        return vec![(new, wanted)];
    }
    let room = wanted + surge - own - old_total;
    if own < wanted && room > 0 {
        return vec![(new, own + room.min(wanted - own))];
    }
    // Old pods that are not available go first, then as many as may be missing.
    let least = wanted - unavailable;
    let mut unready_budget = (own + old_total - least - (own - available(new))).max(0);
    let mut left: Vec<(&Value, i64)> = old.iter().map(|set| (*set, asked(set))).collect();
    for (set, replicas) in &mut left {
        let unready = (*replicas - available(set)).clamp(0, unready_budget);
        *replicas -= unready;
        unready_budget -= unready;
    }
    let available_now = available(new) + old.iter().map(|set| available(set)).sum::<i64>();
    let mut budget = (available_now - least).max(0);
    for (set, replicas) in &mut left {
        let down = (*replicas).min(budget).min(asked(set));
        *replicas -= down;
        budget -= down;
    }
    left.into_iter().filter(|(set, replicas)| asked(set) != *replicas).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rollout_keeps_to_its_limits() {
        let deployment = |replicas: i64, surge: Value, unavailable: Value| {
            let rolling = json!({"maxSurge": surge, "maxUnavailable": unavailable});
            json!({"spec": {"replicas": replicas, "strategy": {"rollingUpdate": rolling}}})
        };
        for (deployment, expected) in [
            (deployment(10, json!("25%"), json!("25%")), (3, 2)),
            (deployment(3, json!(0), json!(0)), (0, 1)),
            (deployment(1, json!(1), json!("100%")), (1, 1)),
        ] {
            assert_eq!(limits(&deployment), expected);
        }
        // Every pod is available one step later: the sum stays within the limits until the end.
        let deployment = deployment(10, json!("25%"), json!("25%"));
        let mut counts = [(0_i64, 0_i64), (10, 10)];
        for _ in 0..20 {
            let set = |(asked, available): (i64, i64)| json!({"spec": {"replicas": asked}, "status": {"availableReplicas": available}});
            let (new, old) = (set(counts[0]), set(counts[1]));
            for (set, replicas) in next(&deployment, &new, &[&old]) {
                let index = usize::from(!std::ptr::eq(set, &raw const new));
                counts[index].0 = replicas;
                counts[index].1 = counts[index].1.min(replicas);
            }
            assert!(counts[0].0 + counts[1].0 <= 13, "{counts:?}");
            assert!(counts[0].1 + counts[1].1 >= 8, "{counts:?}");
            counts[0].1 = counts[0].0;
        }
        assert_eq!(counts, [(10, 10), (0, 0)]);
    }
}
