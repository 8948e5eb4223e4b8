/**
 * Evaluates the output `a` of the flake that is named and prints it, for a test as another user. A
 * failure is its message and hint on stderr, and its exit code.
 */
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { evaluateFlake } from "../../../lib/nix/evaluation/evaluate.ts";
import { testContext } from "../../support/context.ts";

const encoder = new TextEncoder();
try {
  const value = await evaluateFlake(testContext(), { url: Deno.args[0]! }, ["a"], "a: a + 1", {
    what: "the test",
  });
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(value)));
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  Deno.stderr.writeSync(encoder.encode(`${error.message}\n${error.hint}\n`));
  Deno.exitCode = error.code;
}
