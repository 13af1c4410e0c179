//! How a thread starts and ends (`vm::thread::start_exit`, `registry`): registration against a stop of the world, the
//! heap's hand-over, joining. World, parking and merge queue are those that ship.
//!
//! # Invariants
//! 1. A thread that is attached while somebody stops the world was asked to stop.
//! 2. Whoever asks a thread finds it there: it leaves the registry before it is freed.
//! 3. Who adopts a heap sees what the thread before did, and nothing waits in the heap's queue.
//! 4. Who has joined a thread sees what it did.

use allocator::parking::Parking;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Condvar, Mutex};
use loom_tests::shipped::world::World;
use loom_tests::{Play, Toy, Watched, check_play, play_must_fail};
use mode::OwnerId;
use refcount::free_threaded::RefCount;
use refcount::{Given, MergeQueue, Release};

const HEAP: OwnerId = OwnerId(1);
const OTHER: OwnerId = OwnerId(2);

/// No fault.
const SOUND: u8 = 0;
/// A thread registers after it has attached.
const REGISTER_LATE: u8 = 1;
/// A thread is freed before it leaves the registry.
const FREE_EARLY: u8 = 2;
/// A thread says that it is done before it is.
const DONE_EARLY: u8 = 3;
/// The heap is parked before its queue is served.
const PARK_EARLY: u8 = 4;

/// What becomes of a thread and its heap.
struct Scene<const FAULT: u8> {
    world: World,
    registered: Mutex<bool>,
    poll: AtomicU32,
    /// The thread's memory: who asks reads it, who frees writes it.
    thread: Watched,
    heap: Watched,
    parking: Parking,
    queue: MergeQueue,
    object: Toy<RefCount>,
    result: Watched,
    done: Mutex<bool>,
    joined: Condvar,
}

impl<const FAULT: u8> Scene<FAULT> {
    /// `attached` threads run already; the heap is parked, with an object of two references.
    fn of(attached: usize) -> Self {
        let scene = Scene {
            world: World::new(),
            registered: Mutex::new(false),
            poll: AtomicU32::new(0),
            thread: Watched::new(),
            heap: Watched::new(),
            parking: Parking::new(),
            queue: MergeQueue::new(),
            object: Toy::new(HEAP, 1),
            result: Watched::new(),
            done: Mutex::new(false),
            joined: Condvar::new(),
        };
        scene.object.increment(HEAP);
        scene.parking.park();
        (0..attached).for_each(|_| scene.world.attach());
        scene
    }

    fn register(&self, is: bool) {
        *self.registered.lock().expect("no thread panics and goes on") = is;
    }

    fn ask(&self) {
        let registered = self.registered.lock().expect("no thread panics and goes on");
        if *registered {
            self.thread.get();
            self.poll.fetch_or(1, Ordering::Release);
        }
    }

    fn finish(&self) {
        *self.done.lock().expect("no thread panics and goes on") = true;
        self.joined.notify_all();
    }

    fn drain(&self) {
        for _object in self.queue.drain() {
            self.object.settle(self.object.merge(1));
        }
    }

    /// A thread from its start to its end: it adopts the heap and gives up one of its references.
    fn lives(&self) {
        self.parking.adopt();
        self.heap.add_one();
        if FAULT != REGISTER_LATE {
            self.register(true);
        }
        self.world.attach();
        self.queue.attach();
        if self.world.is_stopped() {
            assert_ne!(self.poll.load(Ordering::Acquire), 0, "nobody asked this thread");
        }
        if FAULT == REGISTER_LATE {
            self.register(true);
        }
        if self.poll.swap(0, Ordering::AcqRel) != 0 {
            self.world.pause();
        }
        if FAULT == DONE_EARLY {
            self.finish();
        }
        self.result.add_one();
        self.drop(HEAP);
        if FAULT == PARK_EARLY {
            self.queue.detach();
        }
        while FAULT != PARK_EARLY && !self.queue.try_detach() {
            self.drain();
        }
        if FAULT == FREE_EARLY {
            self.thread.add_one();
        }
        self.register(false);
        self.world.detach();
        if FAULT != FREE_EARLY {
            self.thread.add_one();
        }
        self.heap.add_one();
        self.parking.park();
        if FAULT != DONE_EARLY {
            self.finish();
        }
    }

    fn stops(&self) {
        self.world.stop(|| self.ask());
        self.world.start();
        self.world.detach();
    }

    fn joins(&self) {
        let mut done = self.done.lock().expect("no thread panics and goes on");
        while !*done {
            done = self.joined.wait(done).expect("no thread panics and goes on");
        }
        drop(done);
        assert_eq!(self.result.get(), 1);
    }

    /// Takes the heap over when its thread has ended.
    fn succeeds(&self) {
        self.joins();
        self.parking.adopt();
        self.heap.add_one();
        self.parking.park();
    }

    fn drop(&self, me: OwnerId) {
        self.object.read();
        match self.object.decrement(me) {
            Release::Queue => match self.queue.give(self.object.pointer(), |_| self.object.merge(1)) {
                Given::Queued => {}
                Given::Merged(release) => {
                    self.object.settle(release);
                }
            },
            release => {
                self.object.settle(release);
            }
        }
    }

    fn end(&self) {
        assert!(self.queue.drain().is_empty(), "left in a parked heap's queue");
        self.object.assert_dead();
    }
}

fn the_world_is_stopped_meanwhile<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(1)).role(Scene::lives).role(Scene::stops)
}

fn another_drops_meanwhile<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(0)).role(Scene::lives).role(|scene| scene.drop(OTHER)).end(Scene::end)
}

fn one_joins_and_takes_over<const FAULT: u8>() -> Play<Scene<FAULT>> {
    Play::over(Scene::of(0)).role(Scene::lives).role(Scene::succeeds)
}

/// Invariants 1 and 2.
#[test]
fn a_thread_comes_and_goes_while_the_world_is_stopped() {
    check_play(the_world_is_stopped_meanwhile::<SOUND>);
}

#[test]
fn fails_if_a_thread_registers_late() {
    play_must_fail("nobody asked", the_world_is_stopped_meanwhile::<REGISTER_LATE>);
}

#[test]
fn fails_if_a_thread_is_freed_early() {
    play_must_fail("Causality violation", the_world_is_stopped_meanwhile::<FREE_EARLY>);
}

/// Invariant 3.
#[test]
fn a_thread_ends_while_another_drops_its_object() {
    check_play(another_drops_meanwhile::<SOUND>);
}

#[test]
fn fails_if_the_heap_is_parked_early() {
    play_must_fail("left in a parked heap's queue", another_drops_meanwhile::<PARK_EARLY>);
}

/// Invariants 3 and 4.
#[test]
fn a_thread_is_joined_and_succeeded() {
    check_play(one_joins_and_takes_over::<SOUND>);
}

#[test]
fn fails_if_a_thread_is_done_early() {
    play_must_fail("Causality violation", one_joins_and_takes_over::<DONE_EARLY>);
}

/// Invariants 1 to 4.
#[test]
fn three_threads() {
    check_play(|| {
        Play::over(Scene::<SOUND>::of(1))
            .role(Scene::lives)
            .role(Scene::stops)
            .role(|scene| scene.drop(OTHER))
            .end(Scene::end)
    });
}
