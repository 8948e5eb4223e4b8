import { deepEqual, equal, match } from "node:assert/strict";
import { provideTools, wayOfTools } from "../../lib/install/tools.ts";
import type { Plan } from "../../lib/install/plan/plan.ts";
import { kitFolder } from "../../lib/nix/tools.ts";
import { testContext } from "../support/context.ts";
import { plant, withScratch } from "../support/scratch_files.ts";

const FIVE = ["system-installer", "smart-sync", "dev-update", "rebuild-helper", "validator"];

/** A source as far as the way of the tools looks at it. */
function sourceAt(from: string, layout: "native" | "published" = "native"): Plan["source"] {
  return { listing: { from }, layout } as unknown as Plan["source"];
}

Deno.test("wayOfTools() takes the kit that the source or the program is of, and only a whole one", async () => {
  await withScratch({ "kit/source/flake.nix": "", "other/source/flake.nix": "" }, (top) => {
    const folder = kitFolder(`${top}/kit/source`);
    const five = Object.fromEntries(FIVE.map((name) => [name, "x"]));
    const words = (env: Record<string, string>, source: Plan["source"]) =>
      wayOfTools(testContext({ env }), source).words;
    plant(folder, { ...five });
    match(words({}, sourceAt(`${top}/kit/source`)), /^from the USB kit$/);
    match(words({ HYPERVISOR_LAUNCHER: `${top}/kit/validator` }, undefined), /^from the USB kit$/);
    match(
      words({ HYPERVISOR_LAUNCHER: `${top}/kit/validator` }, sourceAt(`${top}/other/source`)),
      /^from the USB kit$/,
    );
    match(words({}, sourceAt(`${top}/other/source`)), /^no part of the new system/);
    Deno.removeSync(`${folder}/validator`);
    match(words({}, sourceAt(`${top}/kit/source`)), /^no part of the new system/);
    Deno.symlinkSync("/bin/sh", `${folder}/validator`);
    match(words({}, sourceAt(`${top}/kit/source`)), /^no part of the new system/, "a link is none");
  });
});

Deno.test("wayOfTools() builds them where the program is a package and a source has them", async () => {
  await withScratch({
    "native/nix/host.nix": "",
    "native/flake.nix": "",
    "published/flake.nix": "",
    "published/configuration.nix": "",
    "published/modules/x": "",
  }, (top) => {
    const packaged = { HYPERVISOR_EXECUTABLE: "/nix/store/x-tools/bin/system-installer" };
    const has = (env: Record<string, string>, source: Plan["source"]) =>
      wayOfTools(testContext({ env: { HYPERVISOR_SOURCE: "", ...env } }), source).provide !==
        undefined;
    equal(has(packaged, sourceAt(`${top}/native`)), true);
    equal(has({}, sourceAt(`${top}/native`)), false, "where nothing is said to be built from it");
    equal(has({ HYPERVISOR_EXECUTABLE: "/tmp/x" }, sourceAt(`${top}/native`)), false);
    // A published tree has none: then the toolkit's own source.
    const published = sourceAt(`${top}/published`, "published");
    equal(has(packaged, published), false);
    equal(has({ ...packaged, HYPERVISOR_SOURCE: `${top}/native` }, published), true);
    equal(has({ ...packaged, HYPERVISOR_SOURCE: `${top}/published` }, published), false);
  });
});

Deno.test("provideTools() does nothing for a host that has them, or needs none", async () => {
  const base = { kind: "channel", configuration: "/x", searchPath: [] };
  const hosts = [
    { version: 2, tools: "/nix/store/x-tools", base },
    { version: 2, tools: null, base: null },
    { version: 1, tools: null, base: null },
  ];
  for (const host of hosts) {
    const ctx = testContext();
    const plan = { host, source: undefined } as unknown as Plan;
    await provideTools(ctx, plan, { steps: [] } as never);
    deepEqual(ctx.lines, []);
  }
  // Without a way it is said, and is no failure.
  const ctx = testContext({ env: { HYPERVISOR_LAUNCHER: "", HYPERVISOR_EXECUTABLE: "" } });
  const plan = { host: { ...hosts[0], tools: null }, source: undefined } as unknown as Plan;
  await provideTools(ctx, plan, { steps: [] } as never);
  match(ctx.messages("warn").join(), /keep the ones that you started/);
});
