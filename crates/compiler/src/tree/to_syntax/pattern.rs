//! Patterns of `match`.

use ruff_python_ast::{self as ast, AtomicNodeIndex, Pattern, Singleton};
use ruff_text_size::TextRange;

use super::{Res, Writer, damaged};
use crate::bytecode::code::Constant;
use crate::tree::{Field, Kind, Node};

impl Writer {
    pub(super) fn patterns(&mut self, node: &Node, index: usize) -> Res<Vec<Pattern>> {
        node.nodes(index).map(|item| self.pattern(item)).collect()
    }

    pub(super) fn pattern(&mut self, node: &Node) -> Res<Pattern> {
        let place = node.place;
        let node_index = AtomicNodeIndex::NONE;
        let start = self.open(place);
        Ok(match node.kind {
            Kind::MatchValue => {
                let value = self.required(node, 0)?;
                Pattern::MatchValue(ast::PatternMatchValue {
                    node_index,
                    range: self.close(start, place),
                    value,
                })
            }
            Kind::MatchSingleton => {
                let value = match node.fields.first() {
                    Some(Field::Constant(Constant::True)) => Singleton::True,
                    Some(Field::Constant(Constant::False)) => Singleton::False,
                    _ => Singleton::None,
                };
                let range = self.close(start, place);
                Pattern::MatchSingleton(ast::PatternMatchSingleton { node_index, range, value })
            }
            Kind::MatchSequence => {
                let patterns = self.patterns(node, 0)?;
                let range = self.close(start, place);
                Pattern::MatchSequence(ast::PatternMatchSequence { node_index, range, patterns })
            }
            Kind::MatchMapping => {
                let keys = self.list(node, 0)?.into_iter().collect();
                let patterns = self.patterns(node, 1)?.into_iter().collect();
                let range = self.close(start, place);
                let rest = self.optional_identifier(node.text(2), start)?;
                Pattern::MatchMapping(ast::PatternMatchMapping { node_index, range, keys, patterns, rest })
            }
            Kind::MatchClass => {
                let cls = self.required(node, 0)?;
                let begin = self.end();
                let patterns = self.patterns(node, 1)?.into_iter().collect();
                let mut keywords = Vec::new();
                for (attribute, value) in node.list(2).iter().zip(node.nodes(3)) {
                    let Field::Text(attribute) = attribute else { return Err(damaged(node)) };
                    let from = self.end();
                    let pattern = self.pattern(value)?;
                    let range = TextRange::new(from, self.end());
                    let attr = self.identifier(Some(attribute), range)?;
                    keywords.push(ast::PatternKeyword {
                        node_index: AtomicNodeIndex::NONE,
                        range,
                        attr,
                        pattern,
                    });
                }
                let range = self.close(start, place);
                let arguments = ast::PatternArguments {
                    node_index: AtomicNodeIndex::NONE,
                    range: TextRange::new(begin, range.end()),
                    patterns,
                    keywords,
                };
                Pattern::MatchClass(ast::PatternMatchClass { node_index, range, cls, arguments })
            }
            Kind::MatchStar => {
                let range = self.close(start, place);
                let name = self.optional_identifier(node.text(0), start)?;
                Pattern::MatchStar(ast::PatternMatchStar { node_index, range, name })
            }
            Kind::MatchAs => {
                let pattern = node.node(0).map(|inner| self.pattern(inner).map(Box::new)).transpose()?;
                let range = self.close(start, place);
                let name = self.optional_identifier(node.text(1), start)?;
                Pattern::MatchAs(ast::PatternMatchAs { node_index, range, pattern, name })
            }
            Kind::MatchOr => {
                let patterns = self.patterns(node, 0)?;
                let range = self.close(start, place);
                Pattern::MatchOr(ast::PatternMatchOr { node_index, range, patterns })
            }
            _ => return Err(damaged(node)),
        })
    }
}
