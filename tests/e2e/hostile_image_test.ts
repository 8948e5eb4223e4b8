/**
 * A mounted disk that came from a stranger: whatever is in it, tools with `--root` change, read and wait
 * for nothing outside it. Each image is tried with tools that write and with tools that only look.
 */
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { runTool, type ToolResult } from "../support/executable.ts";
import { mustRun } from "../support/must_run.ts";
import { isRoot } from "../support/needs.ts";
import { makeFifo, withScratch } from "../support/scratch_files.ts";
import { shared } from "../support/shared.ts";
import { snapshotTree } from "../support/tree.ts";
import { SyncedMachine } from "../sync/synced_machine.ts";

/** What a stranger puts into an image that was synced before. */
interface Image {
  readonly what: string;
  /** Machine paths of folders, ending in "/"; of files, with their text. */
  readonly files?: Readonly<Record<string, string>>;
  /** Machine paths of links, all leading to a path of the host below `outside`. */
  readonly links?: Readonly<Record<string, string>>;
  readonly pipes?: readonly string[];
  /** What smart-sync says of it, if it does not go on. */
  readonly refused?: RegExp;
}

const SRC = "/etc/hypervisor/src";
const STAGING = "/etc/hypervisor/.src-staging-0badf00d";
const STATE = "/var/lib/hyper-nixos";

function journal(...operations: unknown[]): string {
  return JSON.stringify({ version: 1, operations });
}

const IMAGES: readonly Image[] = [
  { what: "a staging folder that is a link", links: { [STAGING]: "folder" } },
  {
    what: "a decided change whose parent is a link",
    files: {
      [`${STAGING}/previous/tree/`]: "",
      [`${STAGING}/journal.json`]: journal(
        { do: "mode", path: "up/sh", mode: 0o777, before: 0o644 },
      ),
    },
    links: { [`${SRC}/up`]: "folder" },
    refused: /up is a symbolic link and is not followed/,
  },
  {
    what: "a decided change that makes something setuid",
    files: {
      [`${STAGING}/previous/tree/`]: "",
      [`${STAGING}/journal.json`]: journal(
        { do: "mode", path: "README", mode: 0o4755, before: 0o644 },
      ),
    },
    refused: /journal of an interrupted update is damaged/,
  },
  {
    what: "a decided change that moves what is behind links",
    files: {
      [`${STAGING}/previous/`]: "",
      [`${STAGING}/journal.json`]: journal(
        { do: "aside", path: "up/file" },
        { do: "put", path: "up/sh" },
        { do: "prune", path: "up/empty" },
      ),
    },
    links: { [`${SRC}/up`]: "folder", [`${STAGING}/previous/tree`]: "folder" },
    refused: /is a symbolic link and is not followed/,
  },
  {
    what: "staged files that are links",
    files: {
      [`${STAGING}/previous/tree/`]: "",
      [`${STAGING}/journal.json`]: journal({ do: "put", path: "sh" }),
    },
    links: {
      [`${STAGING}/new`]: "folder",
      [`${STAGING}/state.json`]: "file",
      [`${STAGING}/index`]: "file",
    },
    refused: /is a symbolic link and is not followed/,
  },
  {
    what: "a staging folder that names a backup outside",
    files: { [`${STAGING}/backup`]: `${STATE}/backups/sync-x` },
    links: { [`${STATE}/backups/sync-x`]: "folder" },
  },
  {
    what: "a lock that is a pipe",
    pipes: ["/run/hyper-nixos.lock"],
    refused: /hyper-nixos\.lock is a pipe, not a regular file/,
  },
  {
    what: "a lock that is a link",
    links: { "/run/hyper-nixos.lock": "file" },
    refused: /hyper-nixos\.lock is a symbolic link/,
  },
  // A log is opened, and the tree is read, whatever the other is.
  {
    what: "a log and a way back that are links",
    links: {
      "/var/log/hypervisor/smart-sync.log": "file",
      "/etc/hypervisor/.src-previous": "folder",
    },
  },
  {
    what: "a log and a file of the tree that are pipes",
    pipes: ["/var/log/hypervisor/smart-sync.log", `${SRC}/README.md`],
  },
  {
    what: "a log that is a link to nothing, and a file of the tree that is a link",
    links: { "/var/log/hypervisor/smart-sync.log": "new", [`${SRC}/README.md`]: "file" },
  },
  {
    what: "a state that is a pipe",
    pipes: [`${STATE}/sync/state.json`],
    refused: /state\.json is a pipe, not a regular file/,
  },
  {
    what: "a log folder and a folder of the tree that are links",
    links: { "/var/log/hypervisor": "folder", [`${SRC}/docs`]: "folder" },
  },
  {
    what: "a state that is a link",
    links: { [`${STATE}/sync/state.json`]: "file" },
    refused: /state\.json is a symbolic link/,
  },
  {
    what: "an index that is a pipe",
    pipes: [`${STATE}/sync/index`],
    refused: /index is a pipe, not a regular file/,
  },
  { what: "an index that is a link", links: { [`${STATE}/sync/index`]: "file" }, refused: /link/ },
  {
    what: "a journal that is a pipe",
    files: { [`${STAGING}/previous/tree/`]: "" },
    pipes: [`${STAGING}/journal.json`],
    refused: /journal\.json is a pipe/,
  },
  {
    what: "a state folder that is a link",
    links: { [STATE]: "folder" },
    refused: /hyper-nixos is not a folder/,
  },
  { what: "folders that lead out by ..", links: { [`${STATE}/sync`]: "folder" } },
];

/** A machine that was synced, of which every image is a copy. */
const synced = shared(async () => {
  const machine = await SyncedMachine.start();
  await machine.expect(0);
  return machine;
});

for (const [index, image] of IMAGES.entries()) {
  // An absolute link means a path inside the root, a relative one with many `..` the root itself.
  const form = index % 2 === 0 ? "relative" : "absolute";
  Deno.test({
    name: `tools leave the host alone before ${image.what}`,
    ignore: !isRoot,
    fn: () => withScratch({}, (folder) => tryImage(image, form, folder)),
  });
}

async function tryImage(
  image: Image,
  form: "absolute" | "relative",
  folder: string,
): Promise<void> {
  const machine = await synced();
  const root = `${folder}/root`;
  mustRun("cp", ["-a", machine.root, root]);
  const outside = `${folder}/outside`;
  Deno.mkdirSync(`${outside}/folder/empty`, { recursive: true });
  for (const name of ["file", "folder/file", "folder/sh"]) {
    Deno.writeTextFileSync(`${outside}/${name}`, `precious ${name}\n`, { mode: 0o644 });
  }
  prepare(root, image, outside, form);
  const before = snapshotTree(outside, { times: true });
  const runs: readonly (readonly [string, readonly string[]])[] = [
    ["smart-sync", ["--check-only"]],
    ["smart-sync", ["--dry-run"]],
    ["validator", ["--quick"]],
    ["smart-sync", ["--ref", "v1"]],
    ["smart-sync", ["--rollback"]],
    ["validator", ["--fix"]],
  ];
  for (const [tool, args] of runs) {
    const result: ToolResult = await runTool(tool, args, { root, env: machine.env });
    const said = `${tool} ${args.join(" ")}: exit ${result.code}\n${result.stdout}${result.stderr}`;
    doesNotMatch(result.stderr, /this is a bug|precious/, said);
    deepEqual(snapshotTree(outside, { times: true }), before, said);
    if (!args.includes("v1")) continue;
    if (image.refused === undefined) equal(result.code, 0, said);
    else {
      match(result.stderr, image.refused, said);
      equal([1, 3, 6].includes(result.code), true, said);
    }
  }
}

function prepare(
  root: string,
  { files = {}, links = {}, pipes = [] }: Image,
  outside: string,
  form: "absolute" | "relative",
): void {
  const clear = (path: string) => {
    const host = root + path;
    Deno.mkdirSync(host.slice(0, host.lastIndexOf("/")), { recursive: true, mode: 0o755 });
    try {
      Deno.removeSync(host, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return host;
  };
  for (const [path, text] of Object.entries(files)) {
    if (path.endsWith("/")) Deno.mkdirSync(root + path, { recursive: true });
    else Deno.writeTextFileSync(clear(path), text);
  }
  for (const [path, name] of Object.entries(links)) {
    const up = "../".repeat(path.split("/").length - 2);
    const target = form === "absolute" ? `${outside}/${name}` : `${up}../outside/${name}`;
    Deno.symlinkSync(target, clear(path));
  }
  for (const path of pipes) makeFifo(clear(path));
}
