/** What is not known is null in each document, never missing: docs/json.md. */
import { deepEqual, equal } from "node:assert/strict";
import { generations } from "../../lib/nix/generations.ts";
import {
  cleaningDocument,
  generationsDocument,
  rebuildDocument,
} from "../../lib/rebuild/documents.ts";
import { testContext } from "../support/context.ts";
import { withScratch } from "../support/scratch_files.ts";

const SYSTEM = `/nix/store/${"a".repeat(32)}-nixos-system-a`;
const nothing = { generation: null, toplevel: null };

Deno.test("rebuildDocument() has every member, of a rebuild of which nothing is known", () => {
  const document = rebuildDocument(testContext(), {
    action: "build",
    before: nothing,
    after: nothing,
  });
  const missing = Object.entries(document).filter(([, value]) => value === undefined);
  deepEqual(missing, []);
  deepEqual(JSON.parse(JSON.stringify(document)), {
    version: 1,
    action: "build",
    flake: null,
    host: null,
    specialisation: null,
    nixOptions: [],
    commit: null,
    toplevel: null,
    log: null,
    before: nothing,
    after: nothing,
    changes: null,
    outcome: null,
  });
});

Deno.test("rebuildDocument() names the log where it is on this machine", async () => {
  await withScratch({}, (root) => {
    const result = {
      action: "switch",
      before: nothing,
      after: nothing,
      log: "/var/log/x",
    } as const;
    equal(rebuildDocument(testContext({ root }), result).log, `${root}/var/log/x`);
  });
});

Deno.test("generationsDocument() and cleaningDocument() tell kept from not known", async () => {
  await withScratch({
    [`${SYSTEM.slice(1)}/nixos-version`]: "24.05",
    "nix/var/nix/profiles/system-4-link": { link: SYSTEM },
    "nix/var/nix/profiles/system": { link: "system-4-link" },
  }, (root) => {
    const ctx = testContext({ root });
    const all = generations(ctx);
    const list = (entries: Parameters<typeof generationsDocument>[2]) =>
      JSON.parse(JSON.stringify(generationsDocument(ctx, all, entries)));
    equal(list(undefined).generations[0].kept, null, "who is not root does not know");
    deepEqual(list([{ generation: all[0]!, kept: [] }]).generations[0].kept, []);
    deepEqual(list(undefined).running, { generation: null, toplevel: null, specialisation: null });
    const { made } = all[0]!;
    deepEqual(
      JSON.parse(JSON.stringify(cleaningDocument({
        entries: [{ generation: all[0]!, kept: ["boots"] }],
        removed: [],
      }))),
      {
        version: 1,
        generations: [{
          generation: 4,
          toplevel: SYSTEM,
          made: made.toISOString(),
          kept: ["boots"],
        }],
        removed: [],
      },
    );
  });
});
