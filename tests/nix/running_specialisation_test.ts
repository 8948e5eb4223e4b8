import { deepEqual, equal } from "node:assert/strict";
import { runningSpecialisation, specialisedOf } from "../../lib/nix/running_specialisation.ts";
import { recordSystem } from "../../lib/nix/system_record.ts";
import { testContext } from "../support/context.ts";

/** A root with systems, each with specialisations of these names, called SYSTEM-NAME. */
function machine(systems: Readonly<Record<string, readonly string[]>>) {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "specialised-" }));
  for (const folder of ["/nix/var/nix/profiles", "/run", "/etc"]) {
    Deno.mkdirSync(root + folder, { recursive: true });
  }
  for (const [system, names] of Object.entries(systems)) {
    Deno.mkdirSync(`${root}/nix/store/${system}/specialisation`, { recursive: true });
    for (const name of names) {
      Deno.mkdirSync(`${root}/nix/store/${system}-${name}`, { recursive: true });
      Deno.symlinkSync(
        `/nix/store/${system}-${name}`,
        `${root}/nix/store/${system}/specialisation/${name}`,
      );
    }
  }
  return {
    ctx: testContext({ root }),
    link: (path: string, system: string) =>
      Deno.symlinkSync(`/nix/store/${system}`, `${root}${path}`),
    generation: (number: number, system: string) =>
      Deno.symlinkSync(
        `/nix/store/${system}`,
        `${root}/nix/var/nix/profiles/system-${number}-link`,
      ),
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

Deno.test("specialisedOf() takes the newest generation that has it, then what was booted", () => {
  using here = machine({ a: ["lean"], b: ["lean"], c: ["lean"] });
  const { ctx } = here;
  here.generation(9, "a");
  here.generation(10, "b");
  // One specialisation of both: what did not change between them is one store path.
  Deno.removeSync(ctx.root.host("/nix/store/b/specialisation/lean"));
  Deno.symlinkSync("/nix/store/a-lean", ctx.root.host("/nix/store/b/specialisation/lean"));
  deepEqual(specialisedOf(ctx, "/nix/store/a-lean"), { base: "/nix/store/b", name: "lean" });
  equal(specialisedOf(ctx, "/nix/store/c-lean"), undefined);
  here.link("/run/booted-system", "c");
  deepEqual(specialisedOf(ctx, "/nix/store/c-lean"), { base: "/nix/store/c", name: "lean" });
  equal(specialisedOf(ctx, "/nix/store/a"), undefined);
});

Deno.test("runningSpecialisation() remembers what these tools activated, when its base is gone", () => {
  using here = machine({ base: ["lean"] });
  const { ctx } = here;
  here.link("/run/current-system", "base-lean");
  equal(runningSpecialisation(ctx), undefined);
  const specialisation = { base: "/nix/store/base", name: "lean" };
  recordSystem(ctx, {
    toplevel: "/nix/store/base-lean",
    flake: "path:/x",
    host: "vm",
    commit: null,
    facts: null,
    specialisation,
  });
  Deno.removeSync(ctx.root.host("/nix/store/base"), { recursive: true });
  deepEqual(specialisedOf(ctx, "/nix/store/base-lean"), specialisation);
  equal(runningSpecialisation(ctx), "lean");
});

Deno.test("runningSpecialisation() says none for what is no running NixOS", () => {
  using here = machine({});
  Deno.writeTextFileSync(here.ctx.root.host("/etc/specialisation"), "lean\n");
  equal(runningSpecialisation(here.ctx), undefined);
});
