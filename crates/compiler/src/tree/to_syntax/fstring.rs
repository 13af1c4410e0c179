//! Strings with fields: f-strings and t-strings.

use ruff_python_ast::{
    self as ast, AtomicNodeIndex, ConversionFlag, Expr, FStringFlags, InterpolatedElement,
    InterpolatedStringElement, InterpolatedStringLiteralElement, TStringFlags,
};
use ruff_text_size::TextRange;

use super::constant::escape;
use super::{Res, Writer, unsupported};
use crate::bytecode::code::Constant;
use crate::parse::SourcePlace;
use crate::tree::{Field, Kind, Node};

impl Writer {
    pub(super) fn joined(&mut self, node: &Node) -> Res<Expr> {
        let start = self.map(node.place.line, node.place.column);
        self.text.push_str("f\"");
        let elements = self.elements(node)?;
        self.text.push('"');
        let range = self.close(start, node.place);
        Ok(fstring(elements, range))
    }

    pub(super) fn template(&mut self, node: &Node) -> Res<Expr> {
        let start = self.map(node.place.line, node.place.column);
        self.text.push_str("t\"");
        let elements = self.elements(node)?;
        self.text.push('"');
        let range = self.close(start, node.place);
        let part = ast::TString {
            node_index: AtomicNodeIndex::NONE,
            range,
            elements: elements.into(),
            flags: TStringFlags::empty(),
        };
        let value = ast::TStringValue::single(part);
        Ok(Expr::TString(ast::ExprTString { node_index: AtomicNodeIndex::NONE, range, value }))
    }

    pub(super) fn elements(&mut self, node: &Node) -> Res<Vec<InterpolatedStringElement>> {
        let mut elements = Vec::new();
        for item in node.nodes(0) {
            elements.push(match (item.kind, item.fields.first()) {
                (Kind::Constant, Some(Field::Constant(Constant::Str(content)))) => {
                    let range = self.literal(item.place, |text| escape(content, true, text));
                    InterpolatedStringElement::Literal(InterpolatedStringLiteralElement {
                        node_index: AtomicNodeIndex::NONE,
                        range,
                        value: String::from_utf8_lossy(content).into(),
                    })
                }
                (Kind::FormattedValue | Kind::Interpolation, _) => self.replacement(item)?,
                // Any other expression must be text; formatting does not change that.
                _ => {
                    let start = self.open(item.place);
                    let expression = Box::new(self.expression(item)?);
                    let range = self.close(start, item.place);
                    field(range, expression, ConversionFlag::None, None)
                }
            });
        }
        Ok(elements)
    }

    pub(super) fn replacement(&mut self, node: &Node) -> Res<InterpolatedStringElement> {
        let is_template = node.kind == Kind::Interpolation;
        let (conversion_at, spec_at) = if is_template { (2, 3) } else { (1, 2) };
        // What it is made of comes before it: its own text is the source of the expression.
        let mut expression = is_template.then(|| self.required(node, 0)).transpose()?;
        let start = self.open(node.place);
        if let (Some(expression), Some(Field::Constant(Constant::Str(source)))) =
            (&mut expression, node.fields.get(1))
        {
            let place = node.node(0).map_or(node.place, |value| value.place);
            self.places.push(SourcePlace {
                offset: self.end().to_u32(),
                line: u32::try_from(place.line).unwrap_or(0),
                column: u32::try_from(place.column).unwrap_or(0),
            });
            let from = self.end();
            self.text.push_str(&String::from_utf8_lossy(source));
            let range = self.close(from, place);
            ranged(expression, range);
        }
        let expression = match expression {
            Some(expression) => expression,
            None => self.required(node, 0)?,
        };
        let conversion = match node.int(conversion_at) {
            -1 => ConversionFlag::None,
            115 => ConversionFlag::Str,
            114 => ConversionFlag::Repr,
            97 => ConversionFlag::Ascii,
            other => {
                return Err(unsupported(&format!("the conversion character {other}")));
            }
        };
        let spec = match node.node(spec_at) {
            None => None,
            Some(spec) => {
                let start = self.open(spec.place);
                let elements = if spec.kind == Kind::JoinedStr {
                    self.elements(spec)?
                } else {
                    let list = Node {
                        kind: Kind::JoinedStr,
                        place: spec.place,
                        fields: vec![Field::List(vec![Field::Node(Box::new(spec.clone()))])],
                    };
                    self.elements(&list)?
                };
                let range = self.close(start, spec.place);
                Some(Box::new(ast::InterpolatedStringFormatSpec {
                    node_index: AtomicNodeIndex::NONE,
                    range,
                    elements: elements.into(),
                }))
            }
        };
        let range = self.close(start, node.place);
        Ok(field(range, expression, conversion, spec))
    }
}

pub(super) fn fstring(elements: Vec<InterpolatedStringElement>, range: TextRange) -> Expr {
    let part = ast::FString {
        node_index: AtomicNodeIndex::NONE,
        range,
        elements: elements.into(),
        flags: FStringFlags::empty(),
    };
    let value = ast::FStringValue::single(part);
    Expr::FString(ast::ExprFString { node_index: AtomicNodeIndex::NONE, range, value })
}

fn field(
    range: TextRange,
    expression: Box<Expr>,
    conversion: ConversionFlag,
    format_spec: Option<Box<ast::InterpolatedStringFormatSpec>>,
) -> InterpolatedStringElement {
    InterpolatedStringElement::Interpolation(InterpolatedElement {
        node_index: AtomicNodeIndex::NONE,
        range,
        expression,
        debug_text: None,
        conversion,
        format_spec,
    })
}

/// Gives an expression another range; its parts keep theirs.
fn ranged(expression: &mut Expr, to: TextRange) {
    macro_rules! set {
        ($($variant:ident)*) => {
            match expression {
                $(Expr::$variant(e) => e.range = to,)*
                Expr::Call(e) => {
                    e.range_start = to.start();
                    e.arguments.range = TextRange::new(to.start(), to.end());
                }
            }
        };
    }
    set! {
        BoolOp Named BinOp UnaryOp Lambda If Dict Set ListComp SetComp DictComp Generator Await Yield YieldFrom
        Compare FString TString StringLiteral BytesLiteral NumberLiteral BooleanLiteral NoneLiteral EllipsisLiteral
        Attribute Subscript Starred Name List Tuple Slice IpyEscapeCommand
    }
}
