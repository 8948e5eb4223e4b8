import { deepEqual, equal } from "node:assert/strict";
import { encodeHostRecord } from "../../../lib/machine/host_record.ts";
import { places } from "../../../lib/machine/places.ts";
import { asHostFlake, hostFolder, hostReference } from "../../../lib/nix/expressions/host_flake.ts";
import { flakeOptions, resolveFlake } from "../../../lib/nix/flakes/flake_reference.ts";
import { type TestContext, testContext } from "../../support/context.ts";

/** A mounted machine with a tree, the flake of its host, and one of the owner's. */
function withMachine(
  layout: "native" | "published" | "broken" | undefined,
  test: (ctx: TestContext) => void,
): void {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "host-flake-" }));
  const ctx = testContext({ root });
  try {
    for (const folder of [places.source, places.host, "/home/ann/config", places.configuration]) {
      Deno.mkdirSync(root + folder, { recursive: true });
      Deno.writeTextFileSync(`${root}${folder}/flake.nix`, "{ outputs = _: { }; }");
    }
    const record = layout === "broken" ? "{" : layout && encodeHostRecord({
      version: 2,
      hostName: "vm",
      system: "x86_64-linux",
      base: null,
      tools: null,
      layout,
    });
    if (record) Deno.writeTextFileSync(root + places.hostRecord, record);
    test(ctx);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("hostFolder() is where the layout has the host's flake, and the tree where nothing is known", () => {
  for (
    const [layout, folder] of [
      ["native", places.source],
      ["published", places.host],
      ["broken", places.source],
      [undefined, places.source],
    ] as const
  ) {
    withMachine(layout, (ctx) => {
      equal(hostFolder(ctx), folder);
      equal(hostReference(ctx), `path:${folder}`);
    });
  }
});

Deno.test("asHostFlake() builds the host of a published tree without --impure, of the tree as it is", () => {
  withMachine("published", (ctx) => {
    const host = asHostFlake(ctx, resolveFlake(ctx, `path:${places.host}#vm`));
    deepEqual(flakeOptions(host), [
      "--override-input",
      "tree",
      `path:${ctx.root.path}${places.source}`,
    ]);
    equal(host.attribute, "vm");
    // A checkout above it, as etckeeper makes one, sees only what git tracks.
    Deno.mkdirSync(`${ctx.root.path}/etc/.git`);
    const below = asHostFlake(ctx, resolveFlake(ctx, places.host));
    equal(below.url, `path:${ctx.root.path}${places.host}`);
    deepEqual(flakeOptions(asHostFlake(ctx, resolveFlake(ctx, `path:${places.source}`))), []);
  });
});

Deno.test("asHostFlake() leaves a flake that is not the installed one as it was named", () => {
  const named = ["/home/ann/config?submodules=1#vm", "github:ann/config/main#vm"];
  for (const layout of ["native", "published", undefined] as const) {
    withMachine(layout, (ctx) => {
      const references = layout === "published" ? named : [...named, `path:${places.host}`];
      for (const text of references) {
        const flake = resolveFlake(ctx, text);
        deepEqual(asHostFlake(ctx, flake), flake, text);
      }
    });
  }
});
