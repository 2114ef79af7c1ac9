//! Shared texts as they are written for another server.

/// One, or none.
pub(super) mod one {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes the field")]
    pub(in crate::grade) fn serialize<S: Serializer>(
        text: &Option<Arc<str>>,
        into: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_deref().serialize(into)
    }

    pub(in crate::grade) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Arc::from))
    }
}

/// Several.
pub(super) mod many {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::grade) fn serialize<S: Serializer>(
        texts: &[Arc<str>],
        into: S,
    ) -> Result<S::Ok, S::Error> {
        into.collect_seq(texts.iter().map(|text| &**text))
    }

    pub(in crate::grade) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Arc<str>>, D::Error> {
        Ok(Vec::<String>::deserialize(from)?.into_iter().map(Arc::from).collect())
    }
}
