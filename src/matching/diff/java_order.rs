//! The iteration order of Java's `HashMap`.

/// Puts entries into the order of a `HashMap` that is a copy of all but the last, with the last one added.
pub(super) fn of_hash_map<T>(entries: &mut [T], key: impl Fn(&T) -> &str) {
    let copied = entries.len().saturating_sub(1);
    // The table of a copy has room for its entries at a load of three quarters; an empty one has 16 places.
    let mut places = if copied == 0 { 16 } else { (copied * 4 / 3 + 1).next_power_of_two() };
    if entries.len() * 4 > places * 3 {
        places *= 2;
    }
    // Stable: in one place the order is that of insertion.
    entries.sort_by_key(|entry| place(key(entry), places));
}

/// Returns where `HashMap` puts a text (`String.hashCode`, `HashMap.hash`).
fn place(text: &str, places: usize) -> usize {
    let hash = text
        .encode_utf16()
        .fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) as usize & (places - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_as_a_hash_map_gives_them() {
        // As a copy of a map with the first ones and "Authorization" put into it prints them (Java 17).
        let mut keys = ["X", "Accept", "Authorization"];
        of_hash_map(&mut keys, |key| key);
        assert_eq!(keys, ["X", "Accept", "Authorization"]);
        let mut keys = ["Content-Type", "X-A", "X-B", "X-C", "Accept", "Authorization"];
        of_hash_map(&mut keys, |key| key);
        let given = ["Authorization", "X-B", "Accept", "X-A", "Content-Type", "X-C"];
        assert_eq!(keys, given);
    }
}
