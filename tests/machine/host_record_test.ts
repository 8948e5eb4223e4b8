import assert from "node:assert/strict";
import {
  encodeHostRecord,
  type HostRecord,
  readHostRecord,
  requireHostRecord,
} from "../../lib/machine/host_record.ts";
import { places } from "../../lib/machine/places.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { testContext } from "../support/context.ts";
import { makeFifo, withScratch } from "../support/scratch_files.ts";

const PATH = places.hostRecord.slice(1);

/** One of each shape that a machine may have; they must go on being read. */
const RECORDS: readonly HostRecord[] = [
  { version: 1, hostName: "tower", system: "x86_64-linux", base: null, tools: null },
  { version: 2, hostName: "tower", system: "x86_64-linux", base: null, tools: null },
  {
    version: 2,
    hostName: "tower",
    system: "x86_64-linux",
    base: {
      kind: "channel",
      configuration: "/etc/nixos/configuration.nix",
      searchPath: ["nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos"],
    },
    tools: "/nix/store/0123-tools",
  },
  {
    version: 2,
    hostName: "tower",
    system: "aarch64-linux",
    base: {
      kind: "flake",
      url: "git+file:///home/dana/nixos",
      host: "old",
      checkout: "/home/dana",
    },
    tools: null,
  },
];

Deno.test("readHostRecord() reads what encodeHostRecord() wrote, of every version", async () => {
  for (const record of RECORDS) {
    await withScratch({ [PATH]: encodeHostRecord(record) }, (root) => {
      assert.deepEqual(readHostRecord(testContext({ root })), record);
    });
  }
});

Deno.test("readHostRecord() tells no record from one that cannot be used", async () => {
  await withScratch({}, (root) => {
    assert.equal(readHostRecord(testContext({ root })), undefined);
    assert.equal(requireHostRecord(testContext({ root })), undefined);
  });
  const wrong = {
    "{": /it is not JSON/,
    "[]": /version/,
    '{ "version": 3, "hostName": "tower", "system": "x86_64-linux" }': /version/,
    '{ "version": 1, "system": "x86_64-linux" }': /hostName/,
    '{ "version": 2, "hostName": "a", "system": "b", "base": { "kind": "nfs" }, "tools": null }':
      /base\.kind/,
  };
  for (const [text, why] of Object.entries(wrong)) {
    await withScratch({ [PATH]: text }, (root) => {
      const problem = readHostRecord(testContext({ root }));
      assert.match(String(problem), why);
      assert.throws(
        () => requireHostRecord(testContext({ root })),
        (error) => error instanceof ToolError && error.code === 6 && why.test(error.message),
      );
    });
  }
});

Deno.test("readHostRecord() does not wait for a pipe", async () => {
  await withScratch({}, (root) => {
    const folder = `${root}/${PATH.slice(0, PATH.lastIndexOf("/"))}`;
    Deno.mkdirSync(folder, { recursive: true });
    makeFifo(`${root}/${PATH}`);
    assert.match(String(readHostRecord(testContext({ root }))), /not a regular file/);
  });
});
