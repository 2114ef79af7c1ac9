//! The clusters of a store whose worlds are in several.

use crate::etcd::{Access, StoreAddress};
use crate::message::WorldName;

use super::super::inner::PATIENCE;
use super::super::several::{Membership, place_of};
use super::StoreTool;
use super::import::Dump;

/// The clusters of a store, in order.
#[derive(Debug)]
pub(crate) struct StoreTools(Vec<StoreTool>);

impl StoreTools {
    /// Opens the clusters at their addresses, in the current runtime.
    ///
    /// # Errors
    /// Certificates that cannot be used; an etcd that does not answer; clusters that are not those of one store.
    pub(crate) async fn open(clusters: Vec<(StoreAddress, Access)>) -> Result<Self, String> {
        let (count, mut of) = (clusters.len(), None);
        let mut tools = Vec::with_capacity(count);
        for (at, (address, access)) in clusters.into_iter().enumerate() {
            let tool = StoreTool::open(address, access, (at, count)).await?;
            let known = tool.membership().await?;
            let first = of.get_or_insert_with(|| known.clone());
            let is_one = match (&known, first) {
                (Some(known), Some(first)) => known.is_beside(first, at, count),
                (known, _) => known.is_none() && (count == 1 || !tool.is_begun().await?),
            };
            if !is_one {
                let is = known
                    .as_ref()
                    .map_or("the only cluster of its store".to_owned(), Membership::text);
                return Err(format!(
                    "{}: it is {is}: name all clusters of the store in their order",
                    tool.address
                ));
            }
            tools.push(tool);
        }
        Ok(Self(tools))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, StoreTool> {
        self.0.iter()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The one that a world is in.
    pub(crate) fn of(&self, world: &WorldName) -> &StoreTool {
        &self.0[place_of(world, self.0.len())]
    }

    /// The lines of a dump of a world, or of all.
    ///
    /// # Errors
    /// What etcd says.
    pub(crate) async fn dump(&self, world: Option<&WorldName>) -> Result<Vec<String>, String> {
        if let Some(world) = world {
            return self.of(world).dump(Some(world)).await;
        }
        let mut lines = Vec::new();
        for tool in &self.0 {
            let of_tool = tool.dump(None).await?;
            // One line says what a dump is.
            lines.extend(of_tool.into_iter().skip(usize::from(!lines.is_empty())));
        }
        Ok(lines)
    }

    /// Writes the objects of a dump: into the worlds that it names, or all into one. Where there is no store yet, it
    /// begins as the one of the dump. Returns how many they are.
    ///
    /// # Errors
    /// What etcd says; text that is no dump; a world that has objects already, unless it is to be written over.
    pub(crate) async fn restore(
        &self,
        dump: &str,
        into: Option<&WorldName>,
        over: bool,
    ) -> Result<usize, String> {
        let Dump { head, worlds } = Dump::read(dump, into)?;
        for tool in &self.0 {
            tool.begin(&head).await?;
        }
        let mut count = 0;
        for (world, objects) in worlds {
            count += objects.len();
            self.of(&world).write(&world, objects, over).await?;
        }
        Ok(count)
    }
}

impl StoreTool {
    /// Where it is.
    pub(crate) fn address(&self) -> &StoreAddress {
        &self.address
    }

    async fn membership(&self) -> Result<Option<Membership>, String> {
        let found = self.members.get(&self.keys.clusters(), PATIENCE).await;
        let found = found.map_err(|failure| self.failed(&failure))?;
        let known = found.kvs.first().map(|kv| serde_json::from_slice(&kv.value));
        known.transpose().map_err(|error| format!("{}: {error}", self.address))
    }

    async fn is_begun(&self) -> Result<bool, String> {
        let found = self.members.get(&self.keys.format(), PATIENCE).await;
        Ok(!found.map_err(|failure| self.failed(&failure))?.kvs.is_empty())
    }
}
