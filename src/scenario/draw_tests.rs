//! Draws by request.

use std::time::Duration;

use super::testing::{Client, client};

#[test]
fn outcomes_by_request_do_not_depend_on_the_order() {
    let text = "
seed: 42
rules: [{draw_by: request, share: [{p: 40%, then: {status: 503}}]}]
";
    let paths: Vec<String> = (0..50).map(|n| format!("/x/{n}")).collect();
    let outcomes = |order: &mut dyn Iterator<Item = &String>| {
        let client = client(text);
        let mut all: Vec<(String, Vec<u16>)> =
            order.map(|path| (path.clone(), (0..3).map(|_| client.code(path)).collect())).collect();
        all.sort();
        all
    };
    let forth = outcomes(&mut paths.iter());
    assert_eq!(forth, outcomes(&mut paths.iter().rev()));
    let failed = forth.iter().flat_map(|(_, codes)| codes).filter(|code| **code == 503).count();
    // 150 draws at 40%: five standard deviations are 30.
    assert!(failed.abs_diff(60) < 30, "{failed}");
    let differ = forth.iter().any(|(_, codes)| codes.windows(2).any(|pair| pair[0] != pair[1]));
    assert!(differ, "each attempt draws separately");
    // Equal within one world, different in another.
    let world = |name: &'static str| {
        let client = Client { world: name, ..client(text) };
        let draw = |path: &String| client.code(path);
        paths.iter().map(draw).collect::<Vec<_>>()
    };
    assert_eq!(world("a"), world("a"));
    assert_ne!(world("a"), world("b"));
}

#[test]
fn memory_of_requests_is_bounded() {
    let client = client("rules: [{draw_by: request, share: [{p: 40%, then: {status: 503}}]}]");
    for n in 0..30_000 {
        let _ = client.code(&format!("/{n}"));
    }
    // An evicted request starts again, with the same draw.
    let first = client.code("/0");
    client.state.reset(Duration::ZERO);
    assert_eq!(client.code("/0"), first);
}
