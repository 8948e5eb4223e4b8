/** One value that fails never hides others, and what fails is named. */
import { deepEqual, ok, rejects } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { evaluateApart, type Place } from "../../../lib/nix/evaluation/evaluate_apart.ts";

type Tree = { readonly [name: string]: Tree | string };

/** A tree in which the value "!" fails, and takes with it what it is evaluated with. */
function evaluation(tree: Tree, code: number = ExitCode.Configuration) {
  let evaluations = 0;
  const at = (place: Place) =>
    place.reduce<Tree | string>((value, name) => (value as Tree)[name]!, tree);
  return {
    count: () => evaluations,
    values: (places: readonly Place[]) => {
      evaluations++;
      const values = places.map(at);
      if (JSON.stringify(values).includes("!")) {
        return Promise.reject(new ToolError("attribute missing", { code, hint: "" }));
      }
      return Promise.resolve(values);
    },
    names: (place: Place) => {
      evaluations++;
      const value = at(place);
      return Promise.resolve(typeof value === "string" ? [] : Object.keys(value));
    },
  };
}

const hundred = (bad: readonly number[]): Tree =>
  Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`n${index}`, bad.includes(index) ? "!" : "ok"]),
  );

Deno.test("evaluateApart() finds what fails among a hundred, and everything else", async () => {
  for (const bad of [[0], [37], [99], [3, 4], [1, 50, 98]]) {
    const parts = evaluation({ a: hundred(bad), b: { c: "ok", d: { e: "!", f: "ok" } }, g: "ok" });
    const { found, failed } = await evaluateApart({ ...parts, budget: 200 });
    deepEqual(failed.map((place) => place.join(".")), [...bad.map((n) => `a.n${n}`), "b.d.e"]);
    const names = found.map(([place]) => place.join("."));
    deepEqual(names.filter((name) => name.startsWith("a")).length, 100 - bad.length);
    deepEqual(names.filter((name) => !name.startsWith("a")).sort(), ["b.c", "b.d.f", "g"]);
    ok(parts.count() < 25 * (bad.length + 1), `${parts.count()} evaluations`);
  }
});

Deno.test("evaluateApart() knows the whole groups that are fine, however few evaluations there are", async () => {
  const parts = evaluation({ a: hundred([5, 60, 70]), b: "ok", c: "ok" });
  const { found, failed } = await evaluateApart({ ...parts, budget: 8 });
  ok(parts.count() <= 8);
  const names = found.map(([place]) => place.join("."));
  deepEqual(names.filter((name) => !name.startsWith("a")), ["b", "c"]);
  // What was not tried counts as failed: it is named rather than missing.
  deepEqual(names.length - 2 + failed.length, 100);
  ok(failed.some((place) => place.join(".") === "a.n60"));
});

Deno.test("evaluateApart() lets every other failure through", async () => {
  await rejects(
    evaluateApart(evaluation({ a: "!", b: "ok" }, ExitCode.Network)),
    /attribute missing/,
  );
});
