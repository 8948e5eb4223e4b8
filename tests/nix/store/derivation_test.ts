import assert from "node:assert/strict";
import { parseDerivation } from "../../../lib/nix/store/derivation.ts";

const STORE = "/nix/store/0000000000000000000000000000000";
/** The members of an ATerm: outputs, inputs, sources, platform, builder, arguments, environment. */
const aterm = (outputs: string, inputs = "", env = "") =>
  `Derive([${outputs}],[${inputs}],["${STORE}s-builder.sh"],"x86_64-linux","/bin/sh",["-e"],[${env}])`;

Deno.test("parseDerivation() reads what a derivation is made of, and how", () => {
  const inputs = `("${STORE}b-glibc.drv",["bin","out"]),("${STORE}c-\\"odd\\".drv",["out"])`;
  const text = aterm(
    `("man","${STORE}d-x-man","",""),("out","${STORE}d-x","","")`,
    inputs,
    '("buildCommand","echo \\"(],\\"\\n\\\\"),("out","")',
  );
  assert.deepEqual(parseDerivation(text), {
    fetches: false,
    local: false,
    inputs: new Map([
      [`${STORE}b-glibc.drv`, ["bin", "out"]],
      [`${STORE}c-"odd".drv`, ["out"]],
    ]),
  });
});

Deno.test("parseDerivation() knows what is fetched and what is made where it is needed", () => {
  const read = (text: string) => {
    const { fetches, local } = parseDerivation(text);
    return [fetches, local];
  };
  const out = `("out","${STORE}d-x","","")`;
  assert.deepEqual(read(aterm(`("out","${STORE}d-x","sha256","0123")`)), [true, false]);
  // Its content decides its path only afterwards.
  assert.deepEqual(read(aterm('("out","","r:sha256","")')), [false, false]);
  assert.deepEqual(read(aterm(out, "", '("allowSubstitutes","")')), [false, true]);
  assert.deepEqual(read(aterm(out, "", '("preferLocalBuild","1")')), [false, true]);
  assert.deepEqual(read(aterm(out, "", '("allowSubstitutes","1")')), [false, false]);
  const json = '("__json","{\\"allowSubstitutes\\":false,\\"name\\":\\"x\\"}")';
  assert.deepEqual(read(aterm(out, "", json)), [false, true]);
});

Deno.test("parseDerivation() refuses what is none", () => {
  for (const text of ["", "Derive([", 'Derive("a")', "Derive(([]))"]) {
    assert.throws(() => parseDerivation(text), /this is no derivation/);
  }
});
