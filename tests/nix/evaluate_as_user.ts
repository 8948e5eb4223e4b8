/** Evaluates the output `a` of the flake that is named and prints it, for a test as another user. */
import { evaluateFlake } from "../../lib/nix/evaluate.ts";
import { testContext } from "../support/context.ts";

const value = await evaluateFlake(testContext(), Deno.args[0]!, ["a"], "a: a + 1", {
  what: "the test",
});
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(value)));
