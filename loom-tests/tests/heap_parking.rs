//! `allocator::parking`: a heap is one thread's at a time, and no message for its owner is left unread.

use allocator::parking::Parking;
use loom_tests::{check, must_fail};
use mode::primitive::{Arc, AtomicBool, AtomicU32, Ordering, UnsafeCell, fence, thread, yield_now};

/// What the models use of `Parking`.
trait Protocol: Send + Sync + 'static {
    fn new() -> Self;
    fn park(&self);
    fn adopt(&self);
    fn detach(&self);
    fn reattach(&self);
    /// Runs `work` as a helper, and says whether it could.
    fn help(&self, work: impl FnOnce()) -> bool;
}

impl Protocol for Parking {
    fn new() -> Self {
        Parking::new()
    }

    fn park(&self) {
        Parking::park(self);
    }

    fn adopt(&self) {
        Parking::adopt(self);
    }

    fn detach(&self) {
        Parking::detach(self);
    }

    fn reattach(&self) {
        Parking::reattach(self);
    }

    fn help(&self, work: impl FnOnce()) -> bool {
        let help = self.try_help();
        let helps = help.is_ok();
        if helps {
            work();
        }
        helps
    }
}

const ATTENDED: u32 = 0;
const DETACHED: u32 = 1;
const PARKED: u32 = 2;
const HELPED: u32 = 4;

/// No fault: passes every model, so that the twins fail for their fault alone.
const SOUND: u8 = 0;
/// Adopting does not wait for a helper.
const COME_OVER_HELP: u8 = 1;
/// A helper does not say that it is at work.
const HELP_SILENTLY: u8 = 2;
/// The end of help publishes nothing.
const RELAXED_HELP_END: u8 = 3;
/// Parking publishes nothing.
const RELAXED_LEAVE: u8 = 4;
/// Parking may be moved behind the owner's look for messages.
const NO_FENCE_IN_LEAVE: u8 = 5;
/// The sender's message may be moved behind its look at the state.
const NO_FENCE_IN_HELP: u8 = 6;

/// `Parking` with one fault.
struct Broken<const FAULT: u8> {
    word: AtomicU32,
}

impl<const FAULT: u8> Broken<FAULT> {
    fn leave(&self, state: u32) {
        let order = if FAULT == RELAXED_LEAVE { Ordering::Relaxed } else { Ordering::Release };
        self.word.store(state, order);
        if FAULT != NO_FENCE_IN_LEAVE && FAULT != RELAXED_LEAVE {
            fence(Ordering::SeqCst);
        }
    }

    fn come(&self, state: u32) {
        if FAULT == COME_OVER_HELP {
            self.word.swap(ATTENDED, Ordering::AcqRel);
            return;
        }
        while self.word.compare_exchange(state, ATTENDED, Ordering::Acquire, Ordering::Relaxed).is_err() {
            yield_now();
        }
    }
}

impl<const FAULT: u8> Protocol for Broken<FAULT> {
    fn new() -> Self {
        Broken { word: AtomicU32::new(ATTENDED) }
    }

    fn park(&self) {
        self.leave(PARKED);
    }

    fn adopt(&self) {
        self.come(PARKED);
    }

    fn detach(&self) {
        self.leave(DETACHED);
    }

    fn reattach(&self) {
        self.come(DETACHED);
    }

    fn help(&self, work: impl FnOnce()) -> bool {
        if FAULT != NO_FENCE_IN_HELP {
            fence(Ordering::SeqCst);
        }
        loop {
            let now = self.word.load(Ordering::Relaxed);
            if now == ATTENDED {
                return false;
            }
            let mark = if FAULT == HELP_SILENTLY { 0 } else { HELPED };
            if now & HELPED == 0
                && self.word.compare_exchange(now, now | mark, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                work();
                let order = if FAULT == RELAXED_HELP_END { Ordering::Relaxed } else { Ordering::Release };
                self.word.store(now, order);
                return true;
            }
            yield_now();
        }
    }
}

/// A heap whose every use loom checks.
struct Heap<P> {
    parking: P,
    blocks: UnsafeCell<u32>,
    message: AtomicBool,
    read: AtomicU32,
}

impl<P: Protocol> Heap<P> {
    fn new() -> Arc<Self> {
        Arc::new(Heap {
            parking: P::new(),
            blocks: UnsafeCell::new(0),
            message: AtomicBool::new(false),
            read: AtomicU32::new(0),
        })
    }

    /// Uses the heap as its owner does; loom fails if another thread can be at it.
    fn work(&self) {
        // SAFETY: that this is exclusive is what the models check; loom panics where it is not.
        self.blocks.with_mut(|blocks| unsafe { *blocks += 1 });
    }

    fn read_messages(&self) {
        if self.message.swap(false, Ordering::Acquire) {
            self.read.fetch_add(1, Ordering::Relaxed);
        }
    }
}

// SAFETY: loom itself finds unsynchronised uses of `blocks`.
unsafe impl<P: Sync> Sync for Heap<P> {}
// SAFETY: as above.
unsafe impl<P: Send> Send for Heap<P> {}

/// Invariant: who adopts a parked heap sees it as its last owner and its helpers left it, and alone.
fn adoption_waits_for_help<P: Protocol>() {
    let heap = Heap::<P>::new();
    heap.work();
    heap.parking.park();
    let helper = {
        let heap = Arc::clone(&heap);
        thread::spawn(move || heap.parking.help(|| heap.work()))
    };
    let adopter = {
        let heap = Arc::clone(&heap);
        thread::spawn(move || {
            heap.parking.adopt();
            heap.work();
            heap.parking.park();
        })
    };
    let helped = helper.join().expect("no panic");
    adopter.join().expect("no panic");
    // SAFETY: all other threads have ended.
    heap.blocks.with(|blocks| assert_eq!(unsafe { *blocks }, 2 + u32::from(helped)));
}

/// Invariant: a thread that goes on after it blocked is alone with its heap, and sees what helpers did.
fn reattaching_waits_for_help<P: Protocol>() {
    let heap = Heap::<P>::new();
    let helper = {
        let heap = Arc::clone(&heap);
        thread::spawn(move || heap.parking.help(|| heap.work()))
    };
    heap.work();
    heap.parking.detach();
    heap.parking.reattach();
    heap.work();
    let helped = helper.join().expect("no panic");
    // SAFETY: all other threads have ended.
    heap.blocks.with(|blocks| assert_eq!(unsafe { *blocks }, 2 + u32::from(helped)));
}

/// Invariant: one helper at a time.
fn helpers_take_turns<P: Protocol>() {
    let heap = Heap::<P>::new();
    heap.parking.park();
    let helpers: Vec<_> = (0..2)
        .map(|_| {
            let heap = Arc::clone(&heap);
            thread::spawn(move || assert!(heap.parking.help(|| heap.work())))
        })
        .collect();
    for helper in helpers {
        helper.join().expect("no panic");
    }
    // SAFETY: all other threads have ended.
    heap.blocks.with(|blocks| assert_eq!(unsafe { *blocks }, 2));
}

/// Invariant (P4): a message to the owner is read, by the sender or by the owner that leaves.
fn messages_are_read<P: Protocol>() {
    let heap = Heap::<P>::new();
    let sender = {
        let heap = Arc::clone(&heap);
        thread::spawn(move || {
            heap.message.store(true, Ordering::Release);
            heap.parking.help(|| heap.read_messages());
        })
    };
    heap.parking.park();
    if heap.message.load(Ordering::Relaxed) {
        heap.parking.help(|| heap.read_messages());
    }
    sender.join().expect("no panic");
    assert_eq!(heap.read.load(Ordering::Relaxed), 1, "a message is left unread");
}

#[test]
fn a_parked_heap_is_adopted_whole() {
    check(adoption_waits_for_help::<Parking>);
    check(adoption_waits_for_help::<Broken<SOUND>>);
    must_fail("Causality violation", adoption_waits_for_help::<Broken<COME_OVER_HELP>>);
    must_fail("Causality violation", adoption_waits_for_help::<Broken<RELAXED_HELP_END>>);
    must_fail("Causality violation", adoption_waits_for_help::<Broken<RELAXED_LEAVE>>);
}

#[test]
fn a_detached_heap_is_found_again() {
    check(reattaching_waits_for_help::<Parking>);
    check(reattaching_waits_for_help::<Broken<SOUND>>);
    must_fail("Causality violation", reattaching_waits_for_help::<Broken<COME_OVER_HELP>>);
    must_fail("Causality violation", reattaching_waits_for_help::<Broken<RELAXED_LEAVE>>);
}

#[test]
fn helpers_are_alone() {
    check(helpers_take_turns::<Parking>);
    check(helpers_take_turns::<Broken<SOUND>>);
    must_fail("Causality violation", helpers_take_turns::<Broken<HELP_SILENTLY>>);
}

#[test]
fn no_message_is_lost() {
    check(messages_are_read::<Parking>);
    check(messages_are_read::<Broken<SOUND>>);
    must_fail("left unread", messages_are_read::<Broken<NO_FENCE_IN_LEAVE>>);
    must_fail("left unread", messages_are_read::<Broken<NO_FENCE_IN_HELP>>);
}
