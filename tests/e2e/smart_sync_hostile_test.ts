/** Servers that send what no healthy one does: refused by name, in bounded memory, and the tree stays. */
import { equal, match, ok } from "node:assert/strict";
import { objectHash } from "../../lib/machine/tree/blob_hash.ts";
import { listIfExists } from "../../lib/machine/files/files.ts";
import { startTool } from "../support/executable.ts";
import {
  COMMIT,
  concat,
  endless,
  gitAnswer,
  HostileServer,
  type Hostility,
  line,
  pack,
  packAnswer,
  type PackEntry,
} from "../support/github/hostile_server.ts";
import { until } from "../support/until.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

const encoder = new TextEncoder();
const ZEROS = new Uint8Array(64 * 1024);
/** Long enough for a loaded machine, where a case does not say otherwise. */
const LIMITS = { HYPERVISOR_TIMEOUT: "10", HYPERVISOR_DEADLINE: "50" };
/** Memory of a run at its peak: an empty program takes 60 to 80 MB. */
const MOST_MEMORY_KB = 700 * 1024;

function tree(entries: readonly (readonly [mode: string, name: string, sha: string])[]): PackEntry {
  const parts = entries.map(([mode, name, sha]) =>
    concat([encoder.encode(`${mode} ${name}\0`), Uint8Array.fromHex(sha)])
  );
  return { type: "tree", data: concat(parts) };
}

function named(entry: PackEntry): string {
  return objectHash(entry.type as "tree", entry.data);
}

/** A server with one commit of this top folder; what is in it has to be in `entries`. */
function commitOf(top: PackEntry, entries: readonly PackEntry[]): Hostility {
  const text = `tree ${named(top)}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\nx\n`;
  const commit: PackEntry = { type: "commit", data: encoder.encode(text) };
  const bytes = pack([commit, top, ...entries]);
  return {
    refs: () => gitAnswer([line(`${named(commit)} refs/heads/main`), "0000"]),
    fetch: () => packAnswer(bytes),
  };
}

const HOST: PackEntry = { type: "blob", data: encoder.encode("{ }\n") };

function withHost(
  entries: readonly (readonly [mode: string, name: string, sha: string])[],
  objects: readonly PackEntry[],
): Hostility {
  const nix = tree([["100644", "host.nix", named(HOST)]]);
  const flake = ["100644", "flake.nix", named(HOST)] as const;
  const sorted = [...entries, flake, ["40000", "nix", named(nix)] as const]
    .sort(([, a], [, b]) => a < b ? -1 : 1);
  return commitOf(tree(sorted), [nix, HOST, ...objects]);
}

function bomb(levels: number): Hostility {
  const file: PackEntry = { type: "blob", data: encoder.encode("boom\n") };
  let top = tree([["100644", "file", named(file)]]);
  const trees = [top];
  for (let level = 0; level < levels; level++) {
    const below = named(top);
    top = tree(Array.from({ length: 10 }, (_, at) => ["40000", `d${at}`, below] as const));
    trees.push(top);
  }
  return withHost([["40000", "bomb", named(top)]], [file, ...trees]);
}

function chain(length: number): Hostility {
  const file: PackEntry = { type: "blob", data: encoder.encode("deep\n") };
  const trees = [tree([["100644", "file", named(file)]])];
  for (let n = 0; n < length; n++) trees.push(tree([["40000", "d", named(trees.at(-1)!)]]));
  return withHost([["40000", "chain", named(trees.at(-1)!)]], [file, ...trees]);
}

function link(target: string): Hostility {
  const blob: PackEntry = { type: "blob", data: encoder.encode(target) };
  return withHost([["120000", "link", named(blob)]], [blob]);
}

/** The same large file under many names. */
function copies(): Hostility {
  const large: PackEntry = { type: "blob", data: new Uint8Array(8 * 1024 * 1024) };
  const files = Array.from({ length: 400 }, (_, n) => ["100644", `z${n}`, named(large)] as const);
  return withHost(files, [large]);
}

async function gzipped(stream: ReadableStream<Uint8Array>): Promise<Response> {
  const body = stream.pipeThrough(
    new CompressionStream("gzip") as TransformStream<Uint8Array, Uint8Array>,
  );
  const headers = { "content-encoding": "gzip", "content-type": "application/json" };
  return await Promise.resolve(new Response(body, { headers }));
}

/** A delta (gitformat-pack(5)) that copies the first 32 kB of a base of 64 kB. */
const COPY = Uint8Array.from([0x80, 0x80, 4, 0x80, 0x80, 2, 0xa0, 0x80]);

const API_ONLY = { refs: () => new Response("", { status: 404 }) };

/** What is sent, the exit code, what is said, and in which time. */
const CASES: Readonly<
  Record<string, readonly [Hostility, number, RegExp, Readonly<Record<string, string>>?]>
> = {
  "ten levels of ten equal folders": [bomb(10), 6, /more than 300000 files and folders/],
  "six levels of ten equal folders": [bomb(6), 6, /more than 300000 files and folders/],
  "folders in each other without end": [chain(3000), 6, /is too deep/],
  "a link that leads nowhere": [link(""), 6, /"link" is a link that leads nowhere/],
  "a link with a NUL": [link("a\0b"), 6, /"link" is a link that holds a NUL/],
  "a link of 5,000 bytes": [link("x".repeat(5000)), 6, /"link" is a link that is too long/],
  "one large file under 400 names": [copies(), 6, /more than 2 GB in all|nearly full/],
  "an object that claims a gigabyte": [
    {
      fetch: () => packAnswer(pack([{ type: "blob", data: ZEROS, claims: 2 ** 30 }])),
      other: () => new Response("no", { status: 500 }),
    },
    5,
    /cannot be downloaded/,
  ],
  "a pack that announces four billion objects": [
    { fetch: () => packAnswer(pack([HOST], 2 ** 32 - 1)) },
    6,
    /a pack has 4294967295 objects/,
  ],
  "a list of refs that does not end": [
    {
      refs: () => gitAnswer(endless(encoder.encode(line(`${COMMIT} refs/heads/x`).repeat(1000)))),
    },
    6,
    /the list of refs does not end/,
  ],
  "progress that does not end": [
    { fetch: () => gitAnswer(endless(encoder.encode("0009\x02abcd".repeat(100)), 20)) },
    5,
    /the time for it is over/,
    { HYPERVISOR_DEADLINE: "4" },
  ],
  "a byte now and then": [
    {
      fetch: () => gitAnswer(endless(encoder.encode("0005\x02"), 50)),
      other: () => new Response("no", { status: 500 }),
    },
    5,
    /only \d+ bytes in/,
    { HYPERVISOR_TIMEOUT: "1.5" },
  ],
  "an error that does not end": [
    { ...API_ONLY, other: () => new Response(endless(ZEROS), { status: 500 }) },
    5,
    /answers 500/,
  ],
  "an error that does not end, compressed": [
    {
      ...API_ONLY,
      other: async () => {
        const { body, headers } = await gzipped(endless(ZEROS));
        return new Response(body, { status: 500, headers });
      },
    },
    5,
    /answers 500/,
  ],
  "a JSON answer that does not end, compressed": [
    { ...API_ONLY, other: () => gzipped(endless(ZEROS)) },
    6,
    /an answer of the API is far too long/,
  ],
};

async function peakMemory(pid: number, ended: () => boolean): Promise<number> {
  let peak = 0;
  while (!ended()) {
    try {
      const status = Deno.readTextFileSync(`/proc/${pid}/status`);
      peak = Math.max(peak, Number(status.match(/^VmHWM:\s+(\d+) kB/m)?.[1] ?? 0));
    } catch {
      // It has just ended.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return peak;
}

Deno.test("smart-sync refuses what is beyond all bounds, and the tree stays", async (t) => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  for (const [name, [hostility, code, said, limits]] of Object.entries(CASES)) {
    await t.step(name, async () => {
      await using server = new HostileServer(hostility);
      await using running = startTool("smart-sync", ["--verbose"], {
        root: machine.root,
        env: { ...machine.env, ...server.env, ...LIMITS, ...limits },
      });
      let ended = false;
      running.result.finally(() => ended = true);
      const peak = await peakMemory(running.pid, () => ended);
      const result = await running.result;
      equal(result.code, code, result.stderr);
      match(result.stderr, said);
      ok(!/this is a bug/.test(result.stderr), result.stderr);
      ok(peak < MOST_MEMORY_KB, `${Math.round(peak / 1024)} MB`);
      await machine.expectCommit(first);
    });
  }
});

Deno.test("smart-sync hears a signal while it unpacks what waits for one base", async () => {
  await using machine = await SyncedMachine.start();
  const { first } = machine.repository;
  await machine.expect(0, ["--ref", first]);
  const base: PackEntry = { type: "blob", data: ZEROS };
  const waiting: PackEntry = { type: "delta", base: named(base), data: COPY };
  const deltas = Array.from({ length: 40_000 }, () => waiting);
  const bytes = pack([...deltas, base]);
  await using server = new HostileServer({ fetch: () => packAnswer(bytes) });
  await using running = startTool("smart-sync", [], {
    root: machine.root,
    env: { ...machine.env, ...server.env, HYPERVISOR_TIMEOUT: "30" },
  });
  await until("it asks for the pack", () => server.requests.at(1));
  await new Promise((resolve) => setTimeout(resolve, 300));
  running.kill("SIGTERM");
  const { code, stderr } = await running.result;
  equal(code, 143, stderr);
  await machine.expectCommit(first);
  equal(listIfExists(`${machine.root}/etc/hypervisor`).join(), ".src-previous,src");
});
