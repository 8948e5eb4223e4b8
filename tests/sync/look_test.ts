import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { listIfExists, lstatIfExists } from "../../lib/machine/files/files.ts";
import type { ToolError } from "../../lib/machine/tool_error.ts";
import { Look } from "../../lib/sync/look.ts";
import { encodeState } from "../../lib/sync/state.ts";
import { testContext } from "../support/context.ts";
import { type ScratchEntry, withScratch } from "../support/scratch_files.ts";

const STATE = encodeState({
  version: 1,
  repository: "o/n",
  commit: "a".repeat(40),
  ref: "main",
  time: "2026-01-01T00:00:00.000Z",
});
const STATE_FILE = "var/lib/hyper-nixos/sync/state.json";

async function withMachine(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (root: string) => Promise<void>,
): Promise<void> {
  await withScratch({ "etc/x": "", "var/lib/x": "", ...files }, async (root) => {
    for (const path of ["", "/etc", "/etc/hypervisor", "/etc/hypervisor/src", "/var", "/var/lib"]) {
      if (lstatIfExists(root + path)?.isDirectory) Deno.chmodSync(root + path, 0o755);
    }
    for (const path of ["/var/lib/hyper-nixos", "/var/lib/hyper-nixos/sync"]) {
      if (lstatIfExists(root + path)) Deno.chmodSync(root + path, 0o700);
    }
    await test(root);
  });
}

Deno.test("Look makes nothing that is not used, and nothing at all where it only looks", async () => {
  for (const options of [{}, { dryRun: true }, { checkOnly: true }]) {
    await withMachine({}, async (root) => {
      {
        await using look = await Look.at(testContext({ root }), options);
        deepEqual([look.state, look.index, look.rows], [undefined, undefined, undefined]);
        equal(look.writes, Object.keys(options).length === 0);
        if (!look.writes) equal(look.staging(), undefined);
      }
      equal(lstatIfExists(`${root}/etc/hypervisor`), undefined);
      equal(lstatIfExists(`${root}/var/lib/hyper-nixos`), undefined);
    });
  }
});

Deno.test("Look removes its staging folder with what is in it, and makes one of them", async () => {
  await withMachine({ "etc/hypervisor/src/f": "" }, async (root) => {
    {
      await using look = await Look.at(testContext({ root }), {});
      const staging = look.staging()!;
      equal(look.staging(), staging);
      Deno.mkdirSync(`${staging}/new/a/b`, { recursive: true });
    }
    deepEqual(listIfExists(`${root}/etc/hypervisor`), ["src"]);
  });
});

Deno.test("Look discards what an earlier run has left when it may write, and leaves it where it only looks", async () => {
  const left = { "etc/hypervisor/src/f": "", "etc/hypervisor/.src-staging-0badcafe/new/f": "" };
  await withMachine(left, async (root) => {
    Deno.chmodSync(`${root}/etc/hypervisor/.src-staging-0badcafe`, 0o700);
    {
      await using _look = await Look.at(testContext({ root }), { checkOnly: true });
    }
    equal(listIfExists(`${root}/etc/hypervisor`).length, 2);
    {
      await using _look = await Look.at(testContext({ root }), {});
      deepEqual(listIfExists(`${root}/etc/hypervisor`), ["src"]);
    }
  });
});

Deno.test("Look takes an index for nothing when it is not the state's, or is to be trusted in nothing", async () => {
  await withMachine({
    "etc/hypervisor/src/f": "",
    [STATE_FILE]: STATE,
    "var/lib/hyper-nixos/sync/index": "hyper-nixos index 2\nno index",
  }, async (root) => {
    await using look = await Look.at(testContext({ root }), {});
    equal(look.state?.commit, "a".repeat(40));
    deepEqual([look.index, look.rows], [undefined, undefined]);
  });
});

Deno.test("Look refuses a state that it does not understand, and a tree that is no folder, before anything is made", async () => {
  for (
    const [files, message] of [
      [{ [STATE_FILE]: STATE.replace('"version": 1', '"version": 9') }, /cannot be understood/],
      [{ [STATE_FILE]: "{ cut" }, /cannot be understood/],
      [{ "etc/hypervisor/src": "a file" }, /src/],
      [{ "etc/hypervisor/src": { link: "/tmp" } }, /src/],
    ] as const
  ) {
    await withMachine(files as Record<string, ScratchEntry>, async (root) => {
      await rejects(Look.at(testContext({ root }), {}), (error: ToolError) => {
        match(error.message, message);
        return error.code === 6;
      });
      deepEqual(listIfExists(`${root}/etc/hypervisor`).filter((name) => name !== "src"), []);
    });
  }
});
