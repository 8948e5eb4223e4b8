import assert from "node:assert/strict";
import type { Derivation } from "../../../lib/nix/store/derivation.ts";
import { makingOf } from "../../../lib/nix/store/making.ts";

/** `local` is made where it is needed, `fetches` is a download. */
type Kind = "local" | "fetches" | "package";

/** Derivations that are not there yet; what is missing in the table is there. */
function derivations(table: Record<string, readonly [Kind, ...string[]]>) {
  return (path: string): Derivation | undefined => {
    const [kind, ...inputs] = table[path] ?? [];
    if (kind === undefined) return undefined;
    return {
      local: kind === "local",
      fetches: kind === "fetches",
      inputs: new Map(inputs.map((input) => {
        const [name = "", outputs = "out"] = input.split("!");
        return [name, outputs.split(",")];
      })),
    };
  };
}

const lacking = (...given: Parameters<typeof derivations>) =>
  [...makingOf("system", derivations(...given)).lacking]
    .map(([path, outputs]) => `${path}!${[...outputs].join(",")}`);

Deno.test("makingOf() names the first packages that need a download, with their outputs", () => {
  const table: Parameters<typeof derivations>[0] = {
    system: ["local", "etc", "qemu", "glibc"],
    etc: ["local", "unit", "libvirt!out"],
    unit: ["local", "libvirt!man,out", "bash"],
    libvirt: ["package", "source", "gcc"],
    qemu: ["package", "gcc"],
    gcc: ["package", "source"],
    source: ["fetches"],
  };
  assert.deepEqual(lacking(table), ["qemu!out", "libvirt!out,man"]);
  assert.deepEqual([...makingOf("system", derivations(table)).made], ["system", "etc", "unit"]);
});

Deno.test("makingOf() has what needs no download made, package or not", () => {
  const making = makingOf(
    "system",
    derivations({
      system: ["package", "script", "compiled"],
      script: ["local", "compiled"],
      compiled: ["package", "sourceThatIsThere"],
    }),
  );
  assert.deepEqual([...making.made], ["system", "script", "compiled"]);
  assert.equal(making.lacking.size, 0);
});

Deno.test("makingOf() lacks a download that the configuration itself needs", () => {
  assert.deepEqual(lacking({ system: ["local", "list"], list: ["fetches"] }), ["list!out"]);
  assert.deepEqual(lacking({}), [], "a system that is there lacks nothing");
});
