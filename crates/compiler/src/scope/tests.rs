//! Places of names, compared with what CPython's `symtable` and `dis` say of the same programs.

use super::*;
use crate::parse::{Mode, parse};

fn table<R>(text: &str, look: impl FnOnce(&ScopeTable, &Parsed) -> R) -> R {
    let source = Source::new(text, "<test>");
    let parsed = parse(&source, Mode::Exec).expect("the program parses");
    let table = analyze(&parsed, &source, &options()).expect("the program has no scope errors");
    look(&table, &parsed)
}

fn options() -> Options<'static> {
    Options { filename: "<test>", mode: Mode::Exec, optimize: 0, future_annotations: false }
}

fn error(text: &str) -> String {
    let source = Source::new(text, "<test>");
    let parsed = parse(&source, Mode::Exec).expect("the program parses");
    let error = analyze(&parsed, &source, &options()).expect_err("the program has a scope error");
    format!("{}:{} {}", error.line, error.column, error.message)
}

/// Every scope on a line: depth, kind, locals / cells / free.
fn dump(text: &str) -> String {
    table(text, |table, _| {
        let mut out = String::new();
        for (index, scope) in table.collected.scopes.iter().enumerate().skip(1) {
            let id = ScopeId(index as u32);
            let list = |names: &[Arc<str>]| names.join(",");
            out.push_str(&format!(
                "{:?} {}/{}/{}\n",
                scope.kind,
                list(table.locals(id)),
                list(table.cells(id)),
                list(table.free(id))
            ));
        }
        out
    })
}

#[test]
fn closures() {
    let text = "def f(b, a):\n  c = 1\n  d = 2\n  def g():\n    nonlocal d\n    d = c + b\n    return h\n";
    assert_eq!(dump(text), "Function b,a,g/b,c,d/\nFunction //b,c,d\n");
}

#[test]
fn classes_hide_their_names_from_functions() {
    let text = "def f():\n  x = 1\n  class C:\n    x = 2\n    def m(self): return x, super()\n";
    assert_eq!(dump(text), "Function C/x/\nClass /__class__/x\nFunction self//__class__,x\n");
}

#[test]
fn comprehension_targets_are_private() {
    let text = "def f(y):\n  x = 0\n  return [x + y for x in y], [lambda: (z, y) for z in y]\n";
    assert_eq!(dump(text), "Function y,x/y/\nComprehension x//y\nComprehension /z/y\nLambda //y,z\n");
}

#[test]
fn comprehension_in_a_class_does_not_see_the_class() {
    table("x = 1\nclass C:\n  x = 2\n  y = [x for i in z]\n", |table, _| {
        let (class, comprehension) = (ScopeId(1), ScopeId(2));
        assert_eq!(table.place(class, "x"), Place::Name);
        assert_eq!(table.resolve(comprehension, "x"), (class, Place::GlobalImplicit));
        assert_eq!(table.resolve(comprehension, "i"), (comprehension, Place::Local));
    });
}

#[test]
fn comprehension_in_a_module_uses_the_modules_names() {
    table("x = 1\ny = [[x for i in j] for j in z]\n", |table, _| {
        assert_eq!(table.resolve(ScopeId(2), "x"), (ScopeId::MODULE, Place::Name));
        assert_eq!(table.resolve(ScopeId(2), "j"), (ScopeId(1), Place::Local));
    });
}

#[test]
fn named_expressions_bind_outside_comprehensions() {
    table("def f():\n  return [(a := x) for x in y]\n", |table, _| {
        assert_eq!(table.resolve(ScopeId(2), "a"), (ScopeId(1), Place::Local));
    });
    table("[(a := x) for x in y]\n", |table, _| {
        assert_eq!(table.place(ScopeId(1), "a"), Place::GlobalExplicit);
    });
}

#[test]
fn type_parameters_and_annotations() {
    let text = "class C[T](B[T]):\n  x: T\n  def m(self, y: x) -> T: ...\n";
    assert_eq!(
        dump(text),
        "TypeParameters .generic_base/.type_params,T/\n\
         Class /__classdict__/.type_params,T\n\
         Annotations .format//T,__classdict__\n\
         Annotations .format//T,__classdict__\n\
         Function self,y//\n"
    );
    table(text, |table, _| {
        let annotate = table.annotations(ScopeId(2)).expect("the class has annotations");
        assert_eq!(table.place(annotate, "T"), Place::ClassDictOrFree);
        assert_eq!(table.place(annotate, "__classdict__"), Place::Free);
        assert_eq!(table.place(ScopeId(4), "x"), Place::ClassDictOrGlobal);
    });
}

#[test]
fn private_names_are_mangled() {
    assert_eq!(mangle(Some("_C"), "__x"), "_C__x");
    assert_eq!(mangle(Some("C"), "__x__"), "__x__");
    assert_eq!(mangle(Some("__"), "__x"), "__x");
    assert_eq!(dump("class C:\n  def f(self): __x = 1\n"), "Class //\nFunction self,_C__x//\n");
}

#[test]
fn errors() {
    assert_eq!(error("def f(x):\n  global x\n"), "2:3 name 'x' is parameter and global");
    assert_eq!(error("def f():\n  nonlocal x\n"), "2:3 no binding for nonlocal 'x' found");
    assert_eq!(
        error("def f():\n  print(x)\n  global x\n"),
        "3:3 name 'x' is used prior to global declaration"
    );
    assert_eq!(
        error("def f():\n  x = 1\n  global x\n"),
        "3:3 name 'x' is assigned to before global declaration"
    );
    assert_eq!(error("nonlocal x\n"), "1:1 nonlocal declaration not allowed at module level");
    assert_eq!(error("def f(a, a): pass\n"), "1:10 duplicate argument 'a' in function definition");
    assert_eq!(error("def f[T, T](): pass\n"), "1:10 duplicate type parameter 'T'");
    assert_eq!(error("def f():\n  from m import *\n"), "2:17 import * only allowed at module level");
    assert_eq!(
        error("class C:\n  [(a := x) for x in y]\n"),
        "2:5 assignment expression within a comprehension cannot be used in a class body"
    );
    assert_eq!(
        error("[(x := 1) for x in y]\n"),
        "1:3 assignment expression cannot rebind comprehension iteration variable 'x'"
    );
    assert_eq!(
        error("x = 1\nfrom __future__ import division\n"),
        "2:1 from __future__ imports must occur at the beginning of the file"
    );
    assert_eq!(error("from __future__ import nope\n"), "1:24 future feature nope is not defined");
    assert_eq!(error("def f():\n  await x\n"), "2:3 'await' outside async function");
    assert_eq!(error("await x\n"), "1:1 'await' outside function");
    assert_eq!(
        error("def f(): [x async for x in y]\n"),
        "1:10 asynchronous comprehension outside of an asynchronous function"
    );
    assert_eq!(error("def f(): [(yield x) for x in y]\n"), "1:12 'yield' inside list comprehension");
    assert_eq!(error("x: (yield)\n"), "1:5 yield expression cannot be used within an annotation");
}
