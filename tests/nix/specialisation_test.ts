import assert from "node:assert/strict";
import { runningSpecialisation, specialisedOf } from "../../lib/nix/running_specialisation.ts";
import {
  isSystemOrItsOwn,
  specialisationNamed,
  specialisationNames,
  specialisationPath,
} from "../../lib/nix/specialisation.ts";
import { testContext } from "../support/context.ts";

/** A root with a generation `base` that has two specialisations, and another system beside it. */
function machine() {
  const root = Deno.realPathSync(Deno.makeTempDirSync());
  const profiles = `${root}/nix/var/nix/profiles`;
  for (const name of ["base/specialisation", "gaming", "lean", "other"]) {
    Deno.mkdirSync(`${root}/nix/store/${name}`, { recursive: true });
  }
  for (const folder of [profiles, `${root}/run`, `${root}/etc`]) {
    Deno.mkdirSync(folder, { recursive: true });
  }
  for (const name of ["gaming", "lean"]) {
    Deno.symlinkSync(`/nix/store/${name}`, `${root}/nix/store/base/specialisation/${name}`);
  }
  Deno.symlinkSync("/nix/store/base", `${profiles}/system-7-link`);
  Deno.symlinkSync("system-7-link", `${profiles}/system`);
  return {
    ctx: testContext({ root }),
    runs: (system: string) => Deno.symlinkSync(system, `${root}/run/current-system`),
    write: (text: string) => Deno.writeTextFileSync(`${root}/etc/specialisation`, text),
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

Deno.test("specialisationNames() and its like read what a system's folder leads to", () => {
  using here = machine();
  const { ctx } = here;
  assert.deepEqual(specialisationNames(ctx, "/nix/store/base"), ["gaming", "lean"]);
  assert.deepEqual(specialisationNames(ctx, "/nix/store/other"), []);
  assert.equal(specialisationPath(ctx, "/nix/store/base", "lean"), "/nix/store/lean");
  assert.equal(specialisationPath(ctx, "/nix/store/base", "../lean"), undefined);
  assert.equal(specialisationNamed(ctx, "/nix/store/base", "/nix/store/gaming"), "gaming");
  assert.ok(isSystemOrItsOwn(ctx, "/nix/store/base", "/nix/store/base"));
  assert.ok(isSystemOrItsOwn(ctx, "/nix/store/base", "/nix/store/lean"));
  assert.ok(!isSystemOrItsOwn(ctx, "/nix/store/base", "/nix/store/other"));
});

Deno.test("runningSpecialisation() is what a generation has, else what nh's file says", () => {
  using here = machine();
  const { ctx } = here;
  assert.equal(runningSpecialisation(ctx), undefined);
  here.runs("/nix/store/gaming");
  assert.deepEqual(specialisedOf(ctx, "/nix/store/gaming"), {
    base: "/nix/store/base",
    name: "gaming",
  });
  assert.equal(runningSpecialisation(ctx), "gaming");
  using tested = machine();
  tested.runs("/nix/store/other");
  assert.equal(runningSpecialisation(tested.ctx), undefined);
  tested.write("lean\n");
  assert.equal(runningSpecialisation(tested.ctx), "lean");
});
