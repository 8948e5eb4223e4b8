import { deepEqual, equal, match } from "node:assert/strict";
import type { Progress } from "../../../lib/machine/context.ts";
import { CopyProgress } from "../../../lib/nix/remote/copy_progress.ts";
import { testContext } from "../../support/context.ts";

const GLIBC = "/nix/store/1bxk1g9xk0dx1x5n8j4c8p0wkqrqzy3l-glibc-2.40";
const SYSTEM = "/nix/store/2n2s0chrifg8js8q0k81j4qxfbbkfj80-nixos-system-vm-25.05";

/** What is shown of lines that Nix writes: each label, position and note, and how it ended. */
function shown(lines: readonly (string | object)[], succeeded = true) {
  const seen: string[] = [];
  const progress = (label: string, total?: number): Progress => {
    seen.push(`${label} /${total}`);
    return {
      update: (position, note) => seen.push(`${position} ${note}`),
      done: (message) => seen.push(`done ${message}`),
      fail: (message) => seen.push(`fail ${message}`),
    };
  };
  const ctx = testContext();
  const copy = new CopyProgress({ log: ctx.log, ui: { ...ctx.ui, progress } }, "root@host");
  for (const line of lines) {
    copy.line(typeof line === "string" ? line : `@nix ${JSON.stringify(line)}`);
  }
  copy.end(succeeded);
  return { seen, errors: copy.errors };
}

const start = (id: number, type: number, text: string) => ({
  action: "start",
  id,
  level: 3,
  type,
  text,
  fields: [],
});
const stop = (id: number) => ({ action: "stop", id });
const progress = (id: number, ...fields: number[]) => ({ action: "result", id, type: 105, fields });

Deno.test("CopyProgress counts paths as Nix 2.8 tells them, without bytes", () => {
  const { seen } = shown([
    start(1, 103, ""),
    stop(1),
    start(2, 103, "copying 2 paths"),
    start(3, 100, `copying path '${GLIBC}' to 'ssh-ng://root@host'`),
    stop(3),
    start(4, 100, `copying path '${SYSTEM}' to 'ssh-ng://root@host'`),
    stop(4),
    stop(2),
  ]);
  equal(seen[0], "copying to root@host /2");
  match(seen[2]!, /^0 0 of 2: glibc-2\.40$/);
  match(seen.join("\n"), /^1 1 of 2: nixos-system-vm-25\.05$/m);
  equal(seen.at(-1), "done copied to root@host: 2 of 2 paths");
});

Deno.test("CopyProgress adds up the bytes that newer Nix tells of each path, which it copies beside each other", () => {
  const { seen } = shown([
    start(2, 103, "copying 2 paths"),
    start(3, 100, `copying path '${GLIBC}' to 'ssh-ng://root@host'`),
    start(4, 100, `copying path '${SYSTEM}' to 'ssh-ng://root@host'`),
    progress(3, 1024, 4096, 0, 0),
    progress(4, 2048, 2048, 0, 0),
    // The whole, and a download of something else: not a path that is copied.
    progress(2, 0, 2, 2, 0),
    progress(99, 1 << 30, 1 << 30, 0, 0),
    progress(3, 4096, 4096, 0, 0),
    stop(4),
    stop(3),
  ]);
  equal(seen.at(-1), "done copied to root@host: 2 of 2 paths, 6.00 KiB");
});

Deno.test("CopyProgress shows nothing where nothing has to be copied, and keeps what went wrong", () => {
  deepEqual(shown([start(1, 103, ""), start(2, 103, "copying 0 paths")]).seen, []);
  const failed = shown([
    start(2, 103, "copying 1500 paths"),
    start(3, 100, `copying path '${GLIBC}' to 'ssh-ng://root@host'`),
    "client_loop: send disconnect: Broken pipe",
    { action: "msg", level: 0, msg: "\u001b[31;1merror:\u001b[0m writing to file: Broken pipe" },
  ], false);
  equal(failed.seen.at(-1), "fail copied before it ended: 0 of 1500 paths");
  equal(
    failed.errors,
    "client_loop: send disconnect: Broken pipe\nerror: writing to file: Broken pipe\n",
  );
});
