//! The method resolution order: C3 linearisation (Barrett et al. 1996, as Python defines it).

use object_model::ty::Class;

use crate::error::PyResult;
use crate::thread::Thread;

/// The mro of a class with these bases, without the class itself.
pub fn linearise(th: &mut Thread, bases: &[Class]) -> PyResult<Vec<Class>> {
    let mut sequences: Vec<Vec<Class>> = bases.iter().map(|b| b.payload.mro.get(th).to_vec()).collect();
    sequences.push(bases.to_vec());
    for (i, base) in bases.iter().enumerate() {
        if bases[..i].contains(base) {
            let name = base.payload.name.get(th).to_string();
            return Err(th.type_error(format_args!("duplicate base class {name}")));
        }
    }
    let mut order = Vec::new();
    loop {
        sequences.retain(|s| !s.is_empty());
        if sequences.is_empty() {
            return Ok(order);
        }
        let next = sequences
            .iter()
            .map(|s| s[0])
            .find(|candidate| !sequences.iter().any(|s| s[1..].contains(candidate)));
        let Some(next) = next else { return Err(inconsistent(th, &sequences)) };
        order.push(next);
        for sequence in &mut sequences {
            if sequence[0] == next {
                sequence.remove(0);
            }
        }
    }
}

fn inconsistent(th: &mut Thread, sequences: &[Vec<Class>]) -> crate::error::Raised {
    let mut names: Vec<String> = Vec::new();
    for sequence in sequences {
        let name = sequence[0].payload.name.get(th).to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    th.type_error(format_args!(
        "Cannot create a consistent method resolution order (MRO) for bases {}",
        names.join(", ")
    ))
}
