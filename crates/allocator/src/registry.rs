//! All heaps by their ids, and those without a thread.
//!
//! # Invariants
//! - G1: ids run from 1; a heap's id and address never change, so a lookup needs no lock.
//! - G2: `parked` holds each parked heap once, until it is adopted; the lock on it gives each to one
//!   adopter. It has room for all heaps, so parking cannot fail.
//!
//! Not here: who may touch a heap meanwhile (`parking.rs`).

use std::fmt;
use std::sync::{OnceLock, PoisonError};

use mode::OwnerId;
use mode::primitive::{AtomicPtr, Mutex, MutexGuard, Ordering};

use crate::heap::{Backend, RawHeap};

/// Heaps in a leaf of the table.
const LEAF: usize = 256;

/// Why there is no heap for a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachError {
    /// So many threads run that no id is left.
    TooManyHeaps,
    /// Memory is short.
    OutOfMemory,
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AttachError::TooManyHeaps => "too many threads: no object heap is left",
            AttachError::OutOfMemory => "no memory for an object heap",
        })
    }
}

impl std::error::Error for AttachError {}

type Leaf<B> = Box<[AtomicPtr<RawHeap<B>>]>;

/// All heaps of a build.
pub struct Registry<B: Backend> {
    leaves: Box<[OnceLock<Leaf<B>>]>,
    lists: Mutex<Lists>,
    /// The highest id.
    limit: u16,
}

#[derive(Debug, Default)]
struct Lists {
    /// How many heaps were made: the highest id in use.
    made: u16,
    parked: Vec<u16>,
}

impl<B: Backend> fmt::Debug for Registry<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl<B: Backend> Registry<B> {
    /// An empty registry of at most `limit` heaps.
    pub(crate) fn new(limit: u16) -> Self {
        Registry {
            leaves: (0..=limit as usize / LEAF).map(|_| OnceLock::new()).collect(),
            lists: Mutex::new(Lists::default()),
            limit,
        }
    }

    /// The heap with this id, if there is one.
    #[inline]
    pub fn heap(&self, owner: OwnerId) -> Option<&'static RawHeap<B>> {
        let leaf = self.leaves.get(owner.0 as usize / LEAF)?.get()?;
        // Acquire: with `create`.
        let heap = leaf.get(owner.0 as usize % LEAF)?.load(Ordering::Acquire);
        // SAFETY: the table holds null, or heaps, which are never freed.
        unsafe { heap.as_ref() }
    }

    /// All heaps made so far, by id.
    pub fn heaps(&self) -> impl Iterator<Item = &'static RawHeap<B>> {
        let made = self.lock().made;
        (1..=made).filter_map(|id| self.heap(OwnerId(id)))
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A parked heap, or else a new one; attended by the caller.
    pub(crate) fn adopt_or_create(&self) -> Result<&'static RawHeap<B>, AttachError> {
        let mut lists = self.lock();
        if let Some(heap) = lists.parked.pop().and_then(|id| self.heap(OwnerId(id))) {
            drop(lists);
            // The list gave the heap to us alone (G2). This may wait for a helper, so not under the lock.
            heap.parking.adopt();
            return Ok(heap);
        }
        self.create(&mut lists)
    }

    /// The first heap, made if need be.
    pub(crate) fn first_heap(&self) -> Result<&'static RawHeap<B>, AttachError> {
        if let Some(heap) = self.heap(OwnerId(1)) {
            return Ok(heap);
        }
        let mut lists = self.lock();
        match self.heap(OwnerId(1)) {
            Some(heap) => Ok(heap),
            None => self.create(&mut lists),
        }
    }

    fn create(&self, lists: &mut Lists) -> Result<&'static RawHeap<B>, AttachError> {
        if lists.made >= self.limit {
            return Err(AttachError::TooManyHeaps);
        }
        let id = lists.made + 1;
        // None is parked, or it would have been taken: this is room for all heaps, with the new one.
        lists.parked.try_reserve(id as usize).map_err(|_| AttachError::OutOfMemory)?;
        let heap = RawHeap::create(OwnerId(id)).ok_or(AttachError::OutOfMemory)?;
        let leaf = self.leaves[id as usize / LEAF]
            .get_or_init(|| (0..LEAF).map(|_| AtomicPtr::new(std::ptr::null_mut())).collect());
        // Release: with `heap`.
        leaf[id as usize % LEAF].store(std::ptr::from_ref(heap).cast_mut(), Ordering::Release);
        lists.made = id;
        Ok(heap)
    }

    /// Offers a heap that its thread leaves.
    pub(crate) fn park(&self, heap: &'static RawHeap<B>) {
        heap.parking.park();
        // Listed only when it is parked: an adopter may come at once.
        self.lock().parked.push(heap.id().0);
    }
}
