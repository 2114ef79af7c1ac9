//! Pieces of bytes, first in first out, one behind the other in blocks: what is pushed is written in sequence, and
//! what falls out frees nothing until its block is empty. So a piece costs no allocation of its own.

use std::collections::VecDeque;

/// How many bytes a block has, unless a piece is larger.
const BLOCK: usize = 64 << 10;

/// The pieces. Whoever uses it knows how long each is.
#[derive(Debug, Default)]
pub(super) struct ByteQueue {
    blocks: VecDeque<Block>,
    /// A block that is empty again.
    spare: Option<Vec<u8>>,
    len: usize,
}

#[derive(Debug)]
struct Block {
    bytes: Vec<u8>,
    /// Where its first piece begins.
    start: usize,
}

impl ByteQueue {
    /// How many bytes all pieces have.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Makes room for a piece of this length, which the caller appends.
    pub(super) fn push(&mut self, length: usize) -> &mut Vec<u8> {
        self.len += length;
        let fits = |block: &Block| block.bytes.capacity() - block.bytes.len() >= length;
        if !self.blocks.back().is_some_and(fits) {
            let spare = self.spare.take().filter(|spare| spare.capacity() >= length);
            let bytes = spare.unwrap_or_else(|| Vec::with_capacity(length.max(BLOCK)));
            self.blocks.push_back(Block { bytes, start: 0 });
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last].bytes
    }

    /// The piece that was pushed last.
    pub(super) fn last(&self, length: usize) -> &[u8] {
        let bytes = self.blocks.back().map_or(&[][..], |block| &block.bytes);
        &bytes[bytes.len() - length..]
    }

    /// Drops the first piece.
    pub(super) fn pop(&mut self, length: usize) {
        self.len -= length;
        let Some(block) = self.blocks.front_mut() else { return };
        block.start += length;
        if block.start < block.bytes.len() {
            return;
        }
        if let Some(Block { mut bytes, .. }) = self.blocks.pop_front()
            && bytes.capacity() == BLOCK
        {
            bytes.clear();
            self.spare = Some(bytes);
        }
    }

    /// Reads the pieces in order.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { blocks: &self.blocks, block: 0, at: self.blocks.front().map_or(0, |b| b.start) }
    }
}

/// A place between two pieces.
pub(super) struct Reader<'a> {
    blocks: &'a VecDeque<Block>,
    block: usize,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next piece.
    pub(super) fn next(&mut self, length: usize) -> &'a [u8] {
        while self.blocks.get(self.block).is_some_and(|block| self.at == block.bytes.len()) {
            self.block += 1;
            self.at = 0;
        }
        let Some(block) = self.blocks.get(self.block) else { return &[] };
        let piece = &block.bytes[self.at..self.at + length];
        self.at += length;
        piece
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_come_out_as_they_went_in(
            steps in proptest::collection::vec((1_usize..40_000, 0_usize..3), 1..60),
        ) {
            let mut queue = ByteQueue::default();
            let mut model: VecDeque<Vec<u8>> = VecDeque::new();
            for (n, (length, pops)) in steps.into_iter().enumerate() {
                let piece = vec![u8::try_from(n).unwrap(); length];
                queue.push(length).extend_from_slice(&piece);
                prop_assert_eq!(queue.last(length), &piece[..]);
                model.push_back(piece);
                for _ in 0..pops.min(model.len()) {
                    queue.pop(model.pop_front().unwrap().len());
                }
                let mut reader = queue.reader();
                for piece in &model {
                    prop_assert_eq!(reader.next(piece.len()), &piece[..]);
                }
                prop_assert_eq!(queue.len(), model.iter().map(Vec::len).sum::<usize>());
                // At most one block begins before its first piece, and one is kept for later.
                prop_assert!(queue.blocks.iter().all(|block| block.start < block.bytes.len()));
            }
        }
    }
}
