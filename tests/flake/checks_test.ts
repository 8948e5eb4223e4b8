/** The flake's checks, built as far as the stand-in nixpkgs can build them. */
import assert from "node:assert/strict";
import { hasNix } from "../support/needs.ts";
import { copy, copyOfFlake, nix, REPOSITORY, WITH_STAND_IN } from "./support.ts";
import { addNpmPackages } from "./npm_store.ts";

/** The flake with its tests, which some checks look at. */
function wholeFlake() {
  const flake = copyOfFlake();
  copy(`${REPOSITORY}/tests`, `${flake.path}/tests`);
  return flake;
}

function build(flake: string, check: string, env: Readonly<Record<string, string>> = {}) {
  const attribute = `path:${flake}#checks.${Deno.build.arch}-linux.${check}`;
  return nix("nix", ["build", "--impure", "--no-link", attribute, ...WITH_STAND_IN], env);
}

Deno.test({
  name: "checks: module, tools and VM test's machines are built, with stand-ins for the tools",
  ignore: !hasNix,
  fn: async () => {
    using flake = wholeFlake();
    const checks = ["module-disabled", "module-enabled", "run"];
    if (Deno.build.arch === "x86_64") checks.push("vm");
    for (const check of checks) {
      const { code, stderr } = await build(flake.path, check);
      assert.equal(code, 0, `${check}: ${stderr}`);
    }
  },
});

Deno.test({
  name: "checks: format and lint look at the tree with the real Deno, and find what is wrong",
  ignore: !hasNix,
  fn: async () => {
    using flake = wholeFlake();
    const env = { STANDIN_DENO: Deno.realPathSync(Deno.execPath()) };
    await addNpmPackages();
    for (const check of ["format", "lint"]) {
      const { code, stderr } = await build(flake.path, check, env);
      assert.equal(code, 0, `${check}: ${stderr}`);
    }
    Deno.writeTextFileSync(`${flake.path}/lib/wrong.ts`, "export  const x: any = 1\n");
    for (
      const [check, said] of [["format", /Found 1 not formatted/], ["lint", /no-explicit-any/]]
    ) {
      const { code, stderr } = await build(flake.path, check as string, env);
      assert.notEqual(code, 0, `${check} holds for a file that is wrong`);
      assert.match(stderr, said as RegExp);
    }
  },
});

Deno.test({
  name: "checks: the types hold, with the npm packages of deno.lock",
  ignore: !hasNix,
  fn: async () => {
    using flake = wholeFlake();
    const env = { STANDIN_DENO: Deno.realPathSync(Deno.execPath()) };
    await addNpmPackages();
    const { code, stderr } = await build(flake.path, "types", env);
    assert.equal(code, 0, stderr);
  },
});
