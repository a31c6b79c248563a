//! Just enough of ONNX's protocol buffers to write a graph of float convolutions.
//!
//! Field numbers are those of `onnx.proto3` (ONNX 1.12, IR version 8, opset 17), named beside each. Only writes: reading is
//! the engine's business.

/// A tensor at the graph's rim.
pub(super) struct Value<'a> {
    pub name: &'a str,
    pub shape: &'a [i64],
}

/// A node's attribute, by name.
pub(super) enum Attribute<'a> {
    One(&'a str, i64),
    List(&'a str, &'a [i64]),
}

/// A `GraphProto` under construction, its parts already encoded.
pub(super) struct Graph {
    name: String,
    nodes: Vec<u8>,
    constants: Vec<u8>,
    inputs: Vec<u8>,
    outputs: Vec<u8>,
}

const IR_VERSION: u64 = 8;
const OPSET: u64 = 17;
/// `TensorProto.DataType.FLOAT`.
const FLOAT: u64 = 1;
/// `AttributeProto.AttributeType`.
const INT: u64 = 2;
const INTS: u64 = 7;

impl Graph {
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), nodes: vec![], constants: vec![], inputs: vec![], outputs: vec![] }
    }

    pub fn input(&mut self, value: &Value<'_>) {
        bytes(&mut self.inputs, 11, &value_info(value)); // GraphProto.input
    }

    pub fn output(&mut self, value: &Value<'_>) {
        bytes(&mut self.outputs, 12, &value_info(value)); // GraphProto.output
    }

    /// An initializer of floats.
    pub fn constant(&mut self, name: &str, shape: &[i64], values: &[f32]) {
        let mut tensor = Vec::new();
        for &side in shape {
            number(&mut tensor, 1, side as u64); // TensorProto.dims
        }
        number(&mut tensor, 2, FLOAT); // TensorProto.data_type
        bytes(&mut tensor, 8, name.as_bytes()); // TensorProto.name
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        bytes(&mut tensor, 9, &raw); // TensorProto.raw_data
        bytes(&mut self.constants, 5, &tensor); // GraphProto.initializer
    }

    /// A node with one output.
    pub fn node(&mut self, operation: &str, inputs: &[&str], output: &str, attributes: &[Attribute<'_>]) {
        let mut node = Vec::new();
        for input in inputs {
            bytes(&mut node, 1, input.as_bytes()); // NodeProto.input
        }
        bytes(&mut node, 2, output.as_bytes()); // NodeProto.output
        bytes(&mut node, 4, operation.as_bytes()); // NodeProto.op_type
        for attribute in attributes {
            bytes(&mut node, 5, &attribute_proto(attribute)); // NodeProto.attribute
        }
        bytes(&mut self.nodes, 1, &node); // GraphProto.node
    }

    /// The whole `ModelProto`.
    pub fn finish(self) -> Vec<u8> {
        let mut graph = self.nodes;
        bytes(&mut graph, 2, self.name.as_bytes()); // GraphProto.name
        graph.extend(self.constants);
        graph.extend(self.inputs);
        graph.extend(self.outputs);
        let mut opset = Vec::new();
        bytes(&mut opset, 1, b""); // OperatorSetIdProto.domain: ONNX's own
        number(&mut opset, 2, OPSET); // OperatorSetIdProto.version
        let mut model = Vec::new();
        number(&mut model, 1, IR_VERSION); // ModelProto.ir_version
        bytes(&mut model, 2, b"gatepost"); // ModelProto.producer_name
        bytes(&mut model, 7, &graph); // ModelProto.graph
        bytes(&mut model, 8, &opset); // ModelProto.opset_import
        model
    }
}

fn attribute_proto(attribute: &Attribute<'_>) -> Vec<u8> {
    let mut proto = Vec::new();
    let (Attribute::One(name, _) | Attribute::List(name, _)) = attribute;
    bytes(&mut proto, 1, name.as_bytes()); // AttributeProto.name
    match attribute {
        Attribute::One(_, value) => {
            number(&mut proto, 3, *value as u64); // AttributeProto.i
            number(&mut proto, 20, INT); // AttributeProto.type
        }
        Attribute::List(_, values) => {
            for &value in *values {
                number(&mut proto, 8, value as u64); // AttributeProto.ints
            }
            number(&mut proto, 20, INTS);
        }
    }
    proto
}

fn value_info(value: &Value<'_>) -> Vec<u8> {
    let mut shape = Vec::new();
    for &side in value.shape {
        let mut dimension = Vec::new();
        number(&mut dimension, 1, side as u64); // Dimension.dim_value
        bytes(&mut shape, 1, &dimension); // TensorShapeProto.dim
    }
    let mut tensor = Vec::new();
    number(&mut tensor, 1, FLOAT); // TypeProto.Tensor.elem_type
    bytes(&mut tensor, 2, &shape); // TypeProto.Tensor.shape
    let mut kind = Vec::new();
    bytes(&mut kind, 1, &tensor); // TypeProto.tensor_type
    let mut info = Vec::new();
    bytes(&mut info, 1, value.name.as_bytes()); // ValueInfoProto.name
    bytes(&mut info, 2, &kind); // ValueInfoProto.type
    info
}

/// A varint field.
fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

/// A length-delimited field.
fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
