import assert from "node:assert/strict";
import { parseShellAssignments } from "../../lib/machine/shell_assignments.ts";

Deno.test("parseShellAssignments() reads the quoting of os-release", () => {
  const text = [
    "A=bare",
    `B="two words"  # comment`,
    `C='single "$x" \\n'`,
    'D="\\$HOME \\"q\\" \\\\ \\` \\n"',
    "E=",
    'F=""',
    "  export G=g\r",
    "H=with # comment",
    "I=es\\ caped",
  ];
  assert.deepEqual(Object.fromEntries(parseShellAssignments(text.join("\n"))), {
    A: "bare",
    B: "two words",
    C: `single "$x" \\n`,
    D: '$HOME "q" \\ ` \\n',
    E: "",
    F: "",
    G: "g",
    H: "with",
    I: "es caped",
  });
});

Deno.test("parseShellAssignments() passes over what is no assignment; the last one counts", () => {
  const text = "A=1\n# B=1\nC = 1\n1D=1\nE=\"open\nF='a'b\n=x\n\0\nA=2\n";
  assert.deepEqual(Object.fromEntries(parseShellAssignments(text)), { A: "2" });
});
