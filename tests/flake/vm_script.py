"""Judges the script of a NixOS VM test, given on standard input: prints what is wrong, one per line.

The names are those that the test driver gives to a script (NixOS manual, "Writing Tests").
"""

import ast
import builtins
import sys

DRIVER = {"start_all", "subtest"}
METHODS = {"succeed", "fail", "execute", "wait_for_unit", "wait_for_open_port", "wait_until_succeeds"}


def main() -> None:
    machines = set(sys.argv[1:])
    tree = ast.parse(sys.stdin.read(), "script")
    compile(tree, "script", "exec")
    nodes = list(ast.walk(tree))
    defined = DRIVER | machines | set(dir(builtins))
    defined |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    defined |= {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
    defined |= {a.arg for n in nodes if isinstance(n, ast.FunctionDef) for a in n.args.args}
    defined |= {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id not in defined:
            print(f"line {node.lineno}: {node.id} is not defined")
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if node.value.id in machines and node.attr not in METHODS:
            print(f"line {node.lineno}: a machine has no {node.attr}()")


main()
