//! The public API, from several threads: each test is a thread, and all share the one interpreter of the process.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use amphis::{Arguments, BigInt, Bytes, Error, FromPython, Interpreter, IntoPython, Object, Python, Result};

/// A module written with the macros of the standard library.
mod native {
    use vm::prelude::*;

    #[pymodule(name = "native_host", doc = "A module of this test.")]
    pub mod module {
        use vm::prelude::*;

        /// Adds one.
        #[pyfunction]
        fn successor(number: i64) -> i64 {
            number + 1
        }
    }
}

fn interpreter() -> Interpreter {
    static STARTED: OnceLock<Interpreter> = OnceLock::new();
    *STARTED.get_or_init(|| {
        let builder = Interpreter::builder().arguments(["host", "--flag"]).site(false);
        builder.native_module(&native::module::DEFINITION).start().expect("the first start")
    })
}

fn round_trip<T>(value: T)
where
    T: IntoPython + FromPython + Clone + PartialEq + std::fmt::Debug,
{
    let back = interpreter().attach(|py| py.to_object(value.clone())?.extract::<T>(py));
    assert_eq!(back.expect("a value that Python has"), value);
}

#[test]
fn values_come_back() {
    round_trip(());
    round_trip(true);
    round_trip([i64::MIN, -1, 0, i64::MAX]);
    round_trip(vec![i128::MIN, i128::MAX]);
    round_trip(vec![0, u128::MAX]);
    round_trip(u64::MAX);
    round_trip(vec![0.0, -1.5, 1e300, f64::INFINITY]);
    round_trip("naïve 🐍".to_owned());
    round_trip('ß');
    round_trip(Bytes(vec![0, 255, 10]));
    round_trip(Some("x".to_owned()));
    round_trip(None::<String>);
    round_trip((1, "two".to_owned(), 3.0));
    round_trip(HashMap::from([("a".to_owned(), vec![1, 2]), ("b".to_owned(), vec![])]));
    round_trip(BTreeMap::from([(1, Some(2)), (3, None)]));
    round_trip(HashSet::from([1, 2, 3]));
    round_trip(BTreeSet::from(["x".to_owned(), "y".to_owned()]));
    let large: BigInt = "-98765432109876543210987654321098765432109876543210".parse().expect("digits");
    round_trip(large);
}

#[test]
fn big_integers_keep_their_value() {
    let text = "1000000000000000000000000000000000000000000000007";
    let number: BigInt = text.parse().expect("digits");
    assert_eq!(number.to_string(), text);
    for number in [0, 1, -1, 127, 128, -128, -129, 255, 256, i64::MAX, i64::MIN] {
        let bytes = BigInt::from(number).to_le_bytes();
        assert_eq!(BigInt::from_le_bytes(&bytes), BigInt::from(number));
        let unsigned_bits = if number < 0 { !number } else { number };
        assert_eq!(bytes.len(), (64 - unsigned_bits.leading_zeros()) as usize / 8 + 1, "{number}");
    }
    let same = interpreter().attach(|py| {
        let number = py.to_object(number)?;
        let other = py.eval("10 ** 48 + 7")?;
        number.equals(py, other)
    });
    assert!(same.expect("a comparison"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |code: &str, extract: fn(&Object, &mut Python<'_>) -> Option<Error>| {
        interpreter()
            .attach(|py| Ok(extract(&py.eval(code)?, py).expect("no such value").to_string()))
            .expect("evaluates")
    };
    assert_eq!(
        refused("256", |o, py| o.extract::<u8>(py).err()),
        "OverflowError: Python int does not fit into u8"
    );
    assert_eq!(
        refused("-1", |o, py| o.extract::<u128>(py).err()),
        "OverflowError: Python int does not fit into u128"
    );
    assert_eq!(refused("'a'", |o, py| o.extract::<bool>(py).err()), "TypeError: expected bool, not str");
    assert_eq!(
        refused("'ab'", |o, py| o.extract::<Vec<char>>(py).err()),
        "TypeError: expected a sequence, not str"
    );
    assert_eq!(refused("1", |o, py| o.extract::<String>(py).err()), "TypeError: expected str, not int");
    assert_eq!(
        refused("(1, 2)", |o, py| o.extract::<(i32,)>(py).err()),
        "ValueError: expected 1 items, got 2"
    );
    assert_eq!(
        refused("[]", |o, py| o.extract::<HashMap<i32, i32>>(py).err()),
        "TypeError: expected a mapping, not list"
    );
    assert!(refused("1.5", |o, py| o.extract::<i64>(py).err()).starts_with("TypeError"));
}

#[test]
fn exceptions_have_tracebacks() {
    let error = interpreter()
        .attach(|py| {
            let globals = py.dict();
            py.run_in("def outer(): return inner()\ndef inner(): return {}['missing']", &globals)?;
            globals.get_item(py, "outer")?.call(py, ())
        })
        .expect_err("a KeyError");
    assert_eq!((error.class_name(), error.message()), ("KeyError", "'missing'"));
    assert_eq!(error.to_string(), "KeyError: 'missing'");
    let text = error.traceback().expect("attach has rendered it");
    assert!(text.starts_with("Traceback (most recent call last):\n"), "{text}");
    assert!(text.contains("in outer\n") && text.contains("in inner\n"), "{text}");
    assert_eq!(format!("{error:?}"), text.trim_end());
    let is = interpreter()
        .attach(|py| Ok((error.is_instance(py, "LookupError")?, error.is_instance(py, "OSError")?)));
    assert_eq!(is.expect("classes"), (true, false));
}

#[test]
fn syntax_errors_are_errors() {
    let error = interpreter().attach(|py| py.run("def (:")).expect_err("no program");
    assert_eq!(error.class_name(), "SyntaxError");
}

#[test]
fn closures_are_functions() {
    let interpreter = interpreter();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let (sum, repr, seen) = interpreter
        .attach(|py| {
            let globals = py.dict();
            let add = py.function("add", move |_py: &mut Python<'_>, (a, b): (i64, i64)| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok(a + b)
            });
            globals.set_item(py, "add", &add)?;
            let show = py.function("show", |py: &mut Python<'_>, arguments: Arguments| {
                let prefix: Option<String> = arguments.get(py, "prefix")?;
                let mut all = Vec::new();
                for item in &arguments.positional {
                    all.push(format!("{}{}", prefix.as_deref().unwrap_or(""), item.repr(py)?));
                }
                Ok(all)
            });
            globals.set_item(py, "show", show)?;
            let sum: i64 = py.eval_in("sum(add(n, 1) for n in range(100))", &globals)?.extract(py)?;
            let repr = add.repr(py)?;
            let seen: Vec<String> = py.eval_in("show(1, 'x', prefix='>')", &globals)?.extract(py)?;
            Ok((sum, repr, seen))
        })
        .expect("no exception");
    assert_eq!((sum, calls.load(Ordering::Relaxed)), (5050, 100));
    assert_eq!(repr, "<rust function add>");
    assert_eq!(seen, [">1", ">'x'"]);
}

#[test]
fn errors_and_panics_of_closures_are_exceptions() {
    interpreter()
        .attach(|py| {
            let globals = py.dict();
            let raise = py.function("raise_it", |_py: &mut Python<'_>, (class,): (String,)| {
                Err::<(), _>(Error::new(class, "from Rust"))
            });
            let panics = py.function("panics", |_py: &mut Python<'_>, ()| -> Result<()> { panic!("on purpose") });
            globals.set_item(py, "raise_it", raise)?;
            globals.set_item(py, "panics", panics)?;
            let code = "
import json
seen = []
for name, args in [('raise_it', ('ValueError',)), ('raise_it', ('json.JSONDecodeError',)), ('raise_it', ('int',)),
                   ('raise_it', ('nonsense',)), ('raise_it', ()), ('panics', ())]:
    try:
        globals()[name](*args)
    except Exception as error:
        seen.append(f'{type(error).__name__}: {error}')
";
            py.run_in(code, &globals)?;
            let seen: Vec<String> = globals.get_item(py, "seen")?.extract(py)?;
            assert_eq!(seen[0], "ValueError: from Rust");
            // Its constructor wants more.
            assert!(seen[1].starts_with("TypeError"), "{}", seen[1]);
            assert!(seen[2].starts_with("ValueError: invalid literal"), "{}", seen[2]);
            assert!(seen[3].contains("nonsense"), "{}", seen[3]);
            assert_eq!(seen[4], "TypeError: raise_it() takes exactly 1 argument (0 given)");
            assert_eq!(seen[5], "RuntimeError: the Rust function panics() panicked: on purpose");
            Ok(())
        })
        .expect("no exception");
}

#[test]
fn a_panic_leaves_the_thread_usable() {
    let caught = std::panic::catch_unwind(|| {
        let _: Result<()> = interpreter().attach(|py| py.detached(|| panic!("on purpose")));
    });
    assert!(caught.is_err());
    assert_eq!(interpreter().attach(|py| py.eval("1 + 1")?.extract::<i32>(py)).expect("attached again"), 2);
}

#[test]
fn attaching_twice_is_refused_but_not_when_detached() {
    let interpreter = interpreter();
    interpreter
        .attach(|py| {
            let error = interpreter.attach(|_py| Ok(())).expect_err("attached already");
            assert_eq!(error.to_string(), "the thread is attached already");
            let object = py.to_object("kept".to_owned())?;
            let inside: String = py.detached(|| {
                interpreter.attach(|py| {
                    let copy = object.clone_ref(py);
                    py.detached(|| interpreter.attach(|py| copy.extract(py)))
                })
            })?;
            assert_eq!(inside, "kept");
            object.extract::<String>(py).map(|text| assert_eq!(text, "kept"))
        })
        .expect("no exception");
}

#[test]
fn there_is_one_interpreter() {
    let _ = interpreter();
    assert!(Interpreter::current().is_some());
    let error = Interpreter::start().expect_err("the second one");
    assert_eq!(error.to_string(), "there is an interpreter in this process already");
}

#[test]
fn objects_may_be_dropped_anywhere() {
    let interpreter = interpreter();
    let (object, alive) = interpreter
        .attach(|py| {
            let globals = py.dict();
            py.run_in("import weakref\nclass C: pass\nc = C()\nalive = weakref.ref(c)", &globals)?;
            let object = globals.get_item(py, "c")?;
            globals.del_item(py, "c")?;
            Ok((object, globals.get_item(py, "alive")?))
        })
        .expect("no exception");
    let is_alive = || interpreter.attach(|py| Ok(!alive.call(py, ())?.is_none())).expect("a call");
    assert!(is_alive());
    std::thread::spawn(move || drop(object)).join().expect("no panic");
    // The next attachment gives the reference back; in the free-threaded build its owner may have to settle it first.
    let gone = (0..1000).any(|_| !is_alive());
    assert!(gone);
}

#[test]
fn threads_run_python_at_once() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 50;
    let interpreter = interpreter();
    let (work, shared) = interpreter
        .attach(|py| {
            let globals = py.dict();
            let code = "
shared = {'list': [], 'count': 0}
def work(name, rounds):
    import json
    for i in range(rounds):
        shared['list'].append((name, i))
        assert json.loads(json.dumps({'name': name, 'i': [i] * 5}))['i'][0] == i
    return rounds
";
            py.run_in(code, &globals)?;
            Ok((globals.get_item(py, "work")?, globals.get_item(py, "shared")?))
        })
        .expect("no exception");
    let done: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|number| {
                let work = &work;
                scope.spawn(move || {
                    let mut done = 0;
                    for _ in 0..4 {
                        let rounds: usize = interpreter
                            .attach(|py| work.call(py, (number, ROUNDS))?.extract(py))
                            .expect("no exception");
                        done += rounds;
                    }
                    done
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).sum()
    });
    assert_eq!(done, THREADS * ROUNDS * 4);
    let items: HashMap<usize, usize> = interpreter
        .attach(|py| {
            let mut found = HashMap::new();
            shared.get_item(py, "list")?.for_each(py, |py, item| {
                let (name, _): (usize, usize) = item.extract(py)?;
                *found.entry(name).or_insert(0) += 1;
                Ok(())
            })?;
            Ok(found)
        })
        .expect("no exception");
    assert_eq!(items.len(), THREADS);
    assert!(items.values().all(|count| *count == ROUNDS * 4), "{items:?}");
}

#[test]
fn attributes_items_and_modules() {
    interpreter()
        .attach(|py| {
            let math = py.import("math")?;
            assert!(math.has_attr(py, "pi")? && !math.has_attr(py, "tau2")?);
            assert_eq!(math.call_method(py, "hypot", (3.0, 4.0))?.extract::<f64>(py)?, 5.0);
            let class = py.eval("type('Point', (), {})")?;
            let point = class.call(py, ())?;
            point.set_attr(py, "x", 3)?;
            assert_eq!(point.get_attr(py, "x")?.extract::<i32>(py)?, 3);
            assert!(point.is_instance(py, &class)?);
            assert_eq!(point.type_name(py), "Point");
            let list = py.to_object(vec!["a", "b", "c"])?;
            list.set_item(py, 1, "B")?;
            list.del_item(py, 0)?;
            assert!(list.contains(py, "B")? && !list.contains(py, "a")?);
            assert_eq!((list.length(py)?, list.str(py)?.as_str()), (2, "['B', 'c']"));
            assert!(list.is_true(py)? && !py.none().is_true(py)?);
            let host = py.import("native_host")?;
            assert_eq!(host.call_method(py, "successor", (41,))?.extract::<i32>(py)?, 42);
            let argv: Vec<String> = py.import("sys")?.get_attr(py, "argv")?.extract(py)?;
            assert_eq!(argv, ["host", "--flag"]);
            py.poll()
        })
        .expect("no exception");
}

#[test]
fn python_threads_call_closures() {
    let interpreter = interpreter();
    let total = Arc::new(AtomicUsize::new(0));
    let sum = total.clone();
    interpreter
        .attach(|py| {
            let globals = py.dict();
            let note = py.function("note", move |py: &mut Python<'_>, (n,): (usize,)| {
                // Gives the others their turn.
                py.detached(std::thread::yield_now);
                sum.fetch_add(n, Ordering::Relaxed);
                Ok(())
            });
            globals.set_item(py, "note", note)?;
            let code = "
import threading
def body():
    for n in range(50):
        note(n)
threads = [threading.Thread(target=body) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
";
            py.run_in(code, &globals)
        })
        .expect("no exception");
    assert_eq!(total.load(Ordering::Relaxed), 4 * 1225);
}
