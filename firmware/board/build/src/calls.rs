//! Who calls whom, how deep the stack gets at worst, and who can reach the panic handler.
//!
//! A bound, not a measurement: all of a function's pushes are added, whichever way runs, and every call is believed to
//! happen at the deepest place. Calls by a register and recursion have no bound: they are refused by name.

use crate::boards::Board;
use crate::image::Image;
use crate::thumb::{Step, step};
use std::collections::{BTreeMap, BTreeSet};

struct Node {
    name: String,
    stack: u32,
    calls: BTreeSet<usize>,
    indirect: bool,
}

pub struct Calls {
    nodes: Vec<Node>,
}

pub struct Depth {
    pub bytes: u32,
    /// The chain of calls that takes most, outermost first.
    pub deepest: Vec<String>,
}

impl Calls {
    pub fn of(image: &Image) -> Self {
        let starts: BTreeMap<u32, usize> =
            image.functions.iter().enumerate().map(|(index, function)| (function.address, index)).collect();
        let holds = |address: u32| {
            let (_, &index) = starts.range(..=address).next_back()?;
            let function = &image.functions[index];
            (((address - function.address) as usize) < function.code.len()).then_some(index)
        };
        let nodes = image.functions.iter().enumerate().map(|(index, function)| {
            let mut node = Node { name: function.name.clone(), stack: 0, calls: BTreeSet::new(), indirect: false };
            let (mut at, mut constants) = (0, BTreeMap::new());
            while at < function.code.len() {
                let address = function.address + at as u32;
                if is_data(image, address) {
                    at += 2;
                    continue;
                }
                let Some((step, length)) = step(&function.code[at..], address) else { break };
                match step {
                    Step::Other => {}
                    Step::Grows(bytes) => node.stack += bytes,
                    Step::Constant { register, value } => drop(constants.insert(register, value)),
                    Step::GrowsBy { register } => {
                        node.stack += constants.get(&register).copied().unwrap_or(u32::MAX / 2)
                    }
                    Step::Call(to) | Step::Branch(to) => {
                        node.calls.extend(holds(to).filter(|callee| *callee != index || matches!(step, Step::Call(_))));
                    }
                    Step::Indirect => node.indirect = true,
                }
                at += length;
            }
            node
        });
        Self { nodes: nodes.collect() }
    }

    /// The deepest the stack gets: from the entry, with one handler of each group on top of the others.
    pub fn worst_stack(&self, board: &Board) -> Result<Depth, String> {
        let find = |name: &str| {
            let found = self.nodes.iter().position(|node| node.name == name);
            found.ok_or_else(|| format!("no function {name} in the image"))
        };
        let mut memory = BTreeMap::new();
        let start = find(board.entry)?;
        let mut bytes = self.depth(start, &mut Vec::new(), &mut memory)?;
        for group in board.interrupts {
            let mut worst = 0;
            for handler in *group {
                worst = worst.max(self.depth(find(handler)?, &mut Vec::new(), &mut memory)?);
            }
            bytes += worst + board.interrupt_frame;
        }
        Ok(Depth { bytes, deepest: self.deepest(start, &memory) })
    }

    fn depth(&self, node: usize, on_way: &mut Vec<usize>, memory: &mut BTreeMap<usize, u32>) -> Result<u32, String> {
        if let Some(known) = memory.get(&node) {
            return Ok(*known);
        }
        let here = &self.nodes[node];
        if on_way.contains(&node) {
            return Err(format!("{} calls itself: its stack has no bound", here.name));
        }
        if here.indirect {
            return Err(format!("{} calls by a register: whom, is not known", here.name));
        }
        on_way.push(node);
        let mut below = 0;
        for callee in &here.calls {
            below = below.max(self.depth(*callee, on_way, memory)?);
        }
        on_way.pop();
        memory.insert(node, here.stack + below);
        Ok(here.stack + below)
    }

    fn deepest(&self, start: usize, memory: &BTreeMap<usize, u32>) -> Vec<String> {
        let (mut at, mut names) = (Some(start), Vec::new());
        while let Some(node) = at {
            let here = &self.nodes[node];
            names.push(format!("{} {}", here.name, here.stack));
            at = here.calls.iter().copied().max_by_key(|callee| memory.get(callee).copied().unwrap_or(0));
        }
        names
    }

    /// Who calls what leads to the panic handler, a line for each: the caller and whom it calls.
    pub fn panics(&self) -> Vec<String> {
        let mut leads: BTreeSet<usize> =
            (0..self.nodes.len()).filter(|index| self.nodes[*index].name.contains("rust_begin_unwind")).collect();
        loop {
            let more: Vec<usize> = (0..self.nodes.len())
                .filter(|index| !leads.contains(index) && self.nodes[*index].name.starts_with("core::"))
                .filter(|index| self.nodes[*index].calls.iter().any(|callee| leads.contains(callee)))
                .collect();
            if more.is_empty() {
                break;
            }
            leads.extend(more);
        }
        let ours = self.nodes.iter().enumerate().filter(|(index, _)| !leads.contains(index));
        let lines = ours.flat_map(|(_, node)| {
            let panics = node.calls.iter().filter(|callee| leads.contains(callee));
            panics.map(|callee| format!("{} calls {}", node.name, self.nodes[*callee].name)).collect::<Vec<_>>()
        });
        lines.collect()
    }
}

fn is_data(image: &Image, address: u32) -> bool {
    let before = image.data.partition_point(|(from, _)| *from <= address);
    before.checked_sub(1).and_then(|index| image.data.get(index)).is_some_and(|(_, data)| *data)
}
