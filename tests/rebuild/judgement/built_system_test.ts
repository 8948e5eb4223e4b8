import { deepEqual, match } from "node:assert/strict";
import { builtRefusals } from "../../../lib/rebuild/judgement/built_system.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts } from "../../support/facts.ts";
import { type ScratchEntry, withScratch } from "../../support/scratch_files.ts";

type Files = Readonly<Record<string, ScratchEntry>>;

/** What is said against a system with these files beside a running one of others. */
async function refused(changed: Files, running: Files = {}): Promise<string[]> {
  const at = (name: string, files: Files) =>
    Object.entries({
      "systemd/system/default.target": { link: "multi-user.target" },
      ...files,
    }).map(([path, entry]) => [`nix/store/${name}/etc/${path}`, entry as ScratchEntry] as const);
  const files = Object.fromEntries([...at("old", running), ...at("new", changed)]);
  const facts = configurationFacts();
  let found: string[] = [];
  await withScratch({ "run/current-system": { link: "/nix/store/old" }, ...files }, (root) => {
    found = builtRefusals(testContext({ root }), "/nix/store/new", facts, facts).map((
      { what, why },
    ) => `${what}: ${why}`);
    return Promise.resolve();
  });
  return found;
}

Deno.test("builtRefusals() has nothing against what NixOS makes", async () => {
  deepEqual(await refused({}), []);
  deepEqual(await refused({ "systemd/system/default.target": { link: "graphical.target" } }), []);
});

Deno.test("builtRefusals() finds a boot that would stop before the machine is at work", async () => {
  for (const target of ["rescue.target", "poweroff.target"]) {
    const file = { "systemd/system/default.target": { link: target } };
    match((await refused(file))[0] ?? "", new RegExp(`would stop at ${target}$`));
    deepEqual(await refused(file, file), []);
  }
});
