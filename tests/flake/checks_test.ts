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

/**
 * The flake with a few sources in the place of the tree's: .ci/run looks at those by the same commands,
 * and what is tried here are the checks.
 */
function smallFlake() {
  const flake = copyOfFlake();
  for (const folder of ["cmd", "lib"]) {
    Deno.removeSync(`${flake.path}/${folder}`, { recursive: true });
    Deno.mkdirSync(`${flake.path}/${folder}`);
  }
  for (const folder of ["nix", "nix/module"]) {
    for (const { name } of Deno.readDirSync(`${flake.path}/${folder}`)) {
      if (name.endsWith(".ts")) Deno.removeSync(`${flake.path}/${folder}/${name}`);
    }
  }
  copy(`${REPOSITORY}/lib/layout`, `${flake.path}/lib/layout`);
  Deno.mkdirSync(`${flake.path}/tests`);
  const { imports } = JSON.parse(Deno.readTextFileSync(`${flake.path}/deno.json`));
  const packages = Object.keys(imports)
    .map((name, index) => `import * as package${index} from "${name}";\n`);
  const names = packages.map((_, index) => `package${index}`).join(", ");
  write(
    flake.path,
    "tests/packages.ts",
    `${packages.join("")}\nexport const packages = [${names}];\n`,
  );
  return flake;
}

function write(folder: string, path: string, text: string): void {
  Deno.writeTextFileSync(`${folder}/${path}`, text);
}

const FOLDERS = ["cmd", "lib", "tests", "nix"];
/** A file that each check must find in every folder of sources, and what it says then. */
const WRONG: Readonly<Record<string, readonly [text: string, said: RegExp]>> = {
  format: ["export  const x = 1;\n", /Found 4 not formatted/],
  lint: ["export const x: any = 1;\n", /Found 4 problems/],
  types: ['export const x: number = "1";\n', /Found 4 errors/],
};

for (const [check, [text, said]] of Object.entries(WRONG)) {
  Deno.test({
    name: `checks: ${check} looks at the tree with the real Deno and deno.lock's npm packages`,
    ignore: !hasNix,
    fn: async () => {
      using flake = smallFlake();
      const env = { STANDIN_DENO: Deno.realPathSync(Deno.execPath()) };
      await addNpmPackages();
      const right = await build(flake.path, check, env);
      assert.equal(right.code, 0, right.stderr);
      for (const folder of FOLDERS) write(flake.path, `${folder}/wrong.ts`, text);
      const { code, stderr } = await build(flake.path, check, env);
      assert.notEqual(code, 0, `${check} holds for files that are wrong`);
      assert.match(stderr, said);
    },
  });
}
