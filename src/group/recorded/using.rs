//! Kernels that use kernels: the steps of a called kernel, written as one step.
//!
//! A call is exchanged if the steps of the called kernel are those of a program that is proved by itself, up to the names of
//! the registers.

use super::one::{Kernel, Step};
use std::collections::HashMap;

/// A proved program that others may use, with its place in the list of used kernels.
pub(super) struct Known<'a> {
    pub(super) place: usize,
    pub(super) name: &'a str,
    pub(super) kernel: &'a Kernel,
}

impl Known<'_> {
    /// Whether this may be the program of the kernel `name`: a program is named after its kernel and its parameters.
    fn is_of(&self, name: &str) -> bool {
        self.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    }

    /// The registers that the registers of this program are in `steps`, or none if the steps are others.
    fn bound(&self, steps: &[Step], constants: &HashMap<u32, String>) -> Option<HashMap<u32, u32>> {
        let mut bound: HashMap<u32, u32> = HashMap::new();
        let mut steps = steps.iter().filter(|step| !step.is_constant());
        for own in self.kernel.steps.iter().filter(|step| !step.is_constant()) {
            let step = steps.next()?;
            let alike = own.name == step.name && own.rest == step.rest && own.results == step.results;
            if !alike || own.arguments.len() != step.arguments.len() {
                return None;
            }
            for (a, b) in own.arguments.iter().zip(&step.arguments) {
                if bound.insert(*a, *b).is_some_and(|before| before != *b) {
                    return None;
                }
            }
            bound.extend((0..own.results).map(|i| (own.first_result + i, step.first_result + i)));
        }
        let same_constant =
            |own: &Step| bound.get(&own.first_result).is_none_or(|register| constants.get(register) == Some(&own.name));
        let constants_agree = self.kernel.steps.iter().filter(|step| step.is_constant()).all(same_constant);
        if steps.next().is_some() || !constants_agree || !self.kernel.outputs.iter().all(|r| bound.contains_key(r)) {
            return None;
        }
        // An input that is never read may be anything.
        let any = (1..=self.kernel.inputs).find_map(|input| bound.get(&input).copied())?;
        for input in 1..=self.kernel.inputs {
            bound.entry(input).or_insert(any);
        }
        Some(bound)
    }
}

/// The kernel with the calls of known programs exchanged for steps `Use`.
pub(super) fn using(kernel: &Kernel, known: &[Known]) -> Kernel {
    let constants: HashMap<u32, String> = kernel
        .steps
        .iter()
        .filter(|step| step.is_constant())
        .map(|step| (step.first_result, step.name.clone()))
        .collect();
    let mut last_use: HashMap<u32, usize> = HashMap::new();
    for (i, step) in kernel.steps.iter().enumerate() {
        last_use.extend(step.arguments.iter().map(|register| (*register, i)));
    }
    last_use.extend(kernel.outputs.iter().map(|register| (*register, usize::MAX)));

    let mut renamed: HashMap<u32, u32> = (1..=kernel.inputs).map(|i| (i, i)).collect();
    let mut registers = kernel.inputs;
    let mut steps = Vec::new();
    let mut push = |step: &Step, renamed: &mut HashMap<u32, u32>, results: &[u32]| {
        let arguments = step.arguments.iter().map(|register| renamed[register]).collect();
        steps.push(Step { arguments, first_result: registers + 1, ..step.clone() });
        for register in results {
            registers += 1;
            renamed.insert(*register, registers);
        }
    };
    let mut at = 0;
    while at < kernel.steps.len() {
        let mut calls: Vec<_> =
            kernel.calls.iter().filter(|call| call.steps.start == at && call.steps.end > at).collect();
        calls.sort_by_key(|call| std::cmp::Reverse(call.steps.end));
        let exchanged = calls.iter().find_map(|call| {
            let body = &kernel.steps[call.steps.clone()];
            known.iter().filter(|known| known.is_of(call.name)).find_map(|known| {
                let bound = known.bound(body, &constants)?;
                let outputs: Vec<u32> = known.kernel.outputs.iter().map(|register| bound[register]).collect();
                let inside = body.iter().filter(|step| !step.is_constant());
                let hidden =
                    inside.flat_map(|step| step.first_result..step.first_result + step.results).all(|register| {
                        outputs.contains(&register) || last_use.get(&register).is_none_or(|last| *last < call.steps.end)
                    });
                let inputs: Vec<u32> = (1..=known.kernel.inputs).map(|register| bound[&register]).collect();
                hidden.then_some((call.steps.clone(), known.place, inputs, outputs))
            })
        });
        let Some((range, place, inputs, outputs)) = exchanged else {
            let step = &kernel.steps[at];
            let results: Vec<u32> = (step.first_result..step.first_result + step.results).collect();
            push(step, &mut renamed, &results);
            at += 1;
            continue;
        };
        for step in kernel.steps[range.clone()].iter().filter(|step| step.is_constant()) {
            push(step, &mut renamed, &[step.first_result]);
        }
        let results = u32::try_from(outputs.len()).unwrap();
        let step = Step {
            name: format!("Use {place} {results}"),
            arguments: inputs,
            rest: String::new(),
            first_result: 0,
            results,
        };
        push(&step, &mut renamed, &outputs);
        at = range.end;
    }
    let outputs = kernel.outputs.iter().map(|register| renamed[register]).collect();
    let inverses = kernel.inverses.iter().filter_map(|register| renamed.get(register)).copied().collect();
    Kernel { inputs: kernel.inputs, steps, outputs, calls: Vec::new(), inverses, methods: kernel.methods.clone() }
}
