//! How an object moves from shape to shape: one attribute more, or to dictionary mode.

use super::{Exhausted, Shape, ShapeId};
use crate::value::Value;

/// An object with more attributes than this goes to dictionary mode.
pub const MAX_ATTRIBUTES: usize = 64;

/// Key of the transition to dictionary mode; no string has this word.
const TO_DICT: u64 = 0;

impl Shape {
    /// The shape with one more attribute, called `name` (an interned string); None if that must go to a dict.
    pub fn with(&self, name: &Value) -> Result<Option<ShapeId>, Exhausted> {
        if !self.is_extensible() || self.is_dict_mode() || self.count() >= MAX_ATTRIBUTES {
            return Ok(None);
        }
        self.transition(name.word(), |shape| shape.extended(name.clone())).map(Some)
    }

    /// The shape of the same class and inline capacity whose attributes are in a dict.
    pub fn to_dict_mode(&self) -> Result<ShapeId, Exhausted> {
        self.transition(TO_DICT, Shape::dict_twin)
    }

    fn transition(
        &self,
        key: u64,
        make: impl FnOnce(&Shape) -> Result<ShapeId, Exhausted>,
    ) -> Result<ShapeId, Exhausted> {
        let mut transitions = self.transitions.lock();
        if let Some((_, to)) = transitions.iter().find(|(k, _)| *k == key) {
            return Ok(*to);
        }
        let to = make(self)?;
        transitions.push((key, to));
        Ok(to)
    }
}
