"""Puts mutants into a source, each behind a question to `mutant.rs` whether it is the active one."""

import collections, re
import tree_sitter, tree_sitter_rust


def offsets(text, span):
    lines = text.splitlines(keepends=True)
    def at(p):
        before = "".join(lines[: p["line"] - 1]) + lines[p["line"] - 1][: p["column"] - 1]
        return len(before.encode())
    return at(span["start"]), at(span["end"])


def above(node, *kinds):
    while node is not None and node.type not in kinds:
        node = node.parent
    return node


def parse(source):
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language())).parse(source)


def chained(source, m):
    """Whether an operator stands in a chain of `let`, which knows `&&` alone."""
    node = parse(source).root_node.descendant_for_byte_range(*offsets(source.decode(), m["span"]))
    return m["genre"] == "BinaryOperator" and node.parent.child_by_field_name("left") is None


def edit(m, tree, source, start, end):
    """(start, end, what becomes of the text between them) for one mutant."""
    n, genre, replacement = m["n"], m["genre"], m["replacement"]
    text = lambda node: source[node.start_byte : node.end_byte].decode()
    node = tree.root_node.descendant_for_byte_range(start, end)

    def instead(node, mutated):
        then = f"if crate::mutant::is({n}) {{/*<{n}*/ {mutated} /*{n}>*/}}"
        return node.start_byte, node.end_byte, lambda inner: f"(/*[{n}*/{then} else {{ {inner} }}/*{n}]*/)"

    if genre == "FnValue":
        body = above(node, "function_item").child_by_field_name("body").start_byte + 1
        first = f" if crate::mutant::is({n}) {{ return /*<{n}*/{replacement}/*{n}>*/; }}"
        return body, body, lambda inner: inner + first
    if genre == "BinaryOperator":
        node = node.parent
        left, right = (text(node.child_by_field_name(side)) for side in ("left", "right"))
        left = left if node.type == "compound_assignment_expr" else f"({left})"
        return instead(node, f"{left} {replacement} ({right})")
    if genre == "UnaryOperator":
        return instead(node.parent, f"({text(node.parent.children[-1])})")
    if genre == "MatchArmGuard":
        while node.parent.type != "match_pattern":
            node = node.parent
        return instead(node, replacement)
    if genre == "MatchArm":
        pattern = above(node, "match_arm").child_by_field_name("pattern")
        guard = pattern.child_by_field_name("condition")
        here = f"!crate::mutant::is({n})"
        if guard:
            return guard.start_byte, guard.end_byte, lambda inner: f"/*[{n}*/{here} && ({inner})/*{n}]*/"
        return pattern.end_byte, pattern.end_byte, lambda _: f" /*[{n}*/if {here}/*{n}]*/"
    if genre == "StructField":
        literal = above(node, "struct_expression")
        before, after = source[literal.start_byte : start].decode(), source[end : literal.end_byte].decode()
        return instead(literal, before + re.sub(r"^\s*,", "", after))
    raise ValueError(genre)


def render(source, edits, lo, hi):
    """Applies edits that nest, outermost first in `edits`."""
    out, i = [], 0
    while i < len(edits):
        start, end, changes = edits[i]
        j = i + 1
        while j < len(edits) and edits[j][0] < end:
            j += 1
        inner = render(source, edits[i + 1 : j], start, end)
        for change in changes:
            inner = change(inner)
        out += [source[lo:start].decode(), inner]
        lo, i = end, j
    return "".join(out) + source[lo:hi].decode()


def rewritten(source, mutants):
    """The source with all of these mutants of cargo-mutants in it."""
    tree = parse(source)
    edits = collections.defaultdict(list)
    for m in mutants:
        start, end = offsets(source.decode(), m["span"])
        start, end, change = edit(m, tree, source, start, end)
        edits[start, end].append(change)
        # What is switched at run time cannot be const.
        function = above(tree.root_node.descendant_for_byte_range(start, end), "function_item")
        for modifier in [c for c in function.children if c.type == "function_modifiers"] if function else []:
            for const in [c for c in modifier.children if c.type == "const"]:
                edits[const.start_byte, const.end_byte] = [lambda _: ""]
    ordered = sorted(((s, e, c) for (s, e), c in edits.items()), key=lambda x: (x[0], -x[1]))
    return render(source, ordered, 0, len(source))
