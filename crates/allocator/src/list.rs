//! The lists of pages that a heap keeps: queues with a way out of the middle, and stacks of empty pages.
//!
//! Both link through `before` and `after` of the page header, so a page is in one of them at most.
//!
//! Not here: the list of all pages of a heap (`heap.rs`), the stack that other threads push to (`remote.rs`).

use std::cell::Cell;

use crate::page::PageRef;

/// Pages with free blocks, the next to allocate from first.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    first: Cell<Option<PageRef>>,
    last: Cell<Option<PageRef>>,
}

impl Queue {
    /// Appends a page. The pages longest in the queue had the most time to gather free blocks.
    pub(crate) fn push_back(&self, page: PageRef) {
        let last = self.last.replace(Some(page));
        page.before.set(last);
        page.after.set(None);
        match last {
            Some(last) => last.after.set(Some(page)),
            None => self.first.set(Some(page)),
        }
    }

    /// Takes the first page.
    pub(crate) fn pop_front(&self) -> Option<PageRef> {
        let page = self.first.get()?;
        self.remove(page);
        Some(page)
    }

    /// Takes out a page of this queue.
    pub(crate) fn remove(&self, page: PageRef) {
        let (before, after) = (page.before.take(), page.after.take());
        match before {
            Some(before) => before.after.set(after),
            None => self.first.set(after),
        }
        match after {
            Some(after) => after.before.set(before),
            None => self.last.set(before),
        }
    }

    /// The pages, first to last.
    pub(crate) fn iter(&self) -> impl Iterator<Item = PageRef> {
        std::iter::successors(self.first.get(), |page| page.after.get())
    }
}

/// Pages without a block in use.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    first: Cell<Option<PageRef>>,
}

impl Stack {
    /// Puts a page on top.
    pub(crate) fn push(&self, page: PageRef) {
        page.after.set(self.first.replace(Some(page)));
    }

    /// Takes the page on top.
    pub(crate) fn pop(&self) -> Option<PageRef> {
        let page = self.first.get()?;
        self.first.set(page.after.take());
        Some(page)
    }

    /// Takes the first page that `fits`, of the topmost `tries`.
    pub(crate) fn take_first(&self, tries: usize, fits: impl Fn(PageRef) -> bool) -> Option<PageRef> {
        let mut before: Option<PageRef> = None;
        for page in self.iter().take(tries) {
            if fits(page) {
                let after = page.after.take();
                match before {
                    Some(before) => before.after.set(after),
                    None => self.first.set(after),
                }
                return Some(page);
            }
            before = Some(page);
        }
        None
    }

    /// The pages, top to bottom.
    pub(crate) fn iter(&self) -> impl Iterator<Item = PageRef> {
        std::iter::successors(self.first.get(), |page| page.after.get())
    }
}
