import { deepEqual, equal } from "node:assert/strict";
import { places } from "../../../lib/machine/places.ts";
import {
  confirmActivation,
  followActivation,
  markReported,
  unfinishedActivation,
} from "../../../lib/nix/activation/activation_progress.ts";
import {
  activationFiles,
  type ActivationHead,
  type ActivationStatus,
  neverStarted,
} from "../../../lib/nix/activation/activation_status.ts";
import { type TestContext, testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";

const ID = "20261124T071500Z-1a2b3c4d";
const HEAD: ActivationHead = {
  version: 1,
  id: ID,
  action: "switch",
  toplevel: "/nix/store/b",
  previous: "/nix/store/a",
  previousDefault: "/nix/store/a",
  log: "/log",
  bootId: "this boot",
  confirmSeconds: 0,
  failedBefore: [],
};

/** A machine with the files of one activation, whose processes are in its own /proc. */
class Machine implements Disposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "progress-" }));
  readonly ctx: TestContext = testContext({ root: this.root });
  readonly log = `${this.root}/log`;

  constructor() {
    Deno.mkdirSync(this.root + places.activations, { recursive: true });
    Deno.mkdirSync(`${this.root}/proc/sys/kernel/random`, { recursive: true });
    Deno.writeTextFileSync(`${this.root}/proc/sys/kernel/random/boot_id`, "this boot\n");
  }

  status(changes: Partial<ActivationStatus> = {}): void {
    const status = { ...neverStarted(HEAD), pid: 4711, ...changes };
    const path = this.root + activationFiles(status.id).status;
    Deno.writeTextFileSync(`${path}.new`, JSON.stringify(status));
    Deno.renameSync(`${path}.new`, path);
  }

  /** The script's process, or another one of its number. */
  process(commandLine: readonly string[] | undefined): void {
    const folder = `${this.root}/proc/4711`;
    if (commandLine === undefined) return Deno.removeSync(folder, { recursive: true });
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${folder}/cmdline`, commandLine.map((word) => `${word}\0`).join(""));
  }

  append(bytes: string | Uint8Array): void {
    const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    Deno.writeFileSync(this.log, data, { append: true });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

const SCRIPT = ["/bin/sh", activationFiles(ID).script];

Deno.test("followActivation() shows each line once and whole, however it is written", async () => {
  using machine = new Machine();
  machine.append("what was there before\n");
  machine.status();
  machine.process(SCRIPT);
  const lines: string[] = [];
  const following = followActivation(machine.ctx, ID, machine.log, {
    onLine: (line) => void lines.push(line),
    logFrom: Deno.statSync(machine.log).size,
  });
  // A letter of two bytes that arrives in two parts.
  const umlaut = new TextEncoder().encode("ä");
  machine.append("starting f");
  machine.append(umlaut.subarray(0, 1));
  machine.append(umlaut.subarray(1));
  machine.append("n.service\n\nactivating");
  await until("two lines are shown", () => lines.length === 2 || undefined);
  machine.append(" …\nno newline at the end");
  machine.status({ phase: "done", activateCode: 0 });
  equal((await following)?.activateCode, 0);
  deepEqual(lines, ["starting fän.service", "", "activating …", "no newline at the end"]);
});

Deno.test("followActivation() tells each step, and ends when the script was killed", async () => {
  using machine = new Machine();
  machine.status();
  machine.process(SCRIPT);
  const phases: string[] = [];
  const following = followActivation(machine.ctx, ID, machine.log, {
    onLine: () => {},
    onStatus: ({ phase }) => void (phases.at(-1) === phase || phases.push(phase)),
  });
  await until("the first step", () => phases.includes("activating") || undefined);
  machine.status({ phase: "making-default", activateCode: 0 });
  await until("the next step", () => phases.includes("making-default") || undefined);
  machine.process(undefined);
  const last = await following;
  deepEqual([last?.phase, last?.activateCode], ["making-default", 0]);
});

Deno.test("followActivation() ends for a script that never recorded anything", async () => {
  using machine = new Machine();
  equal(await followActivation(machine.ctx, ID, machine.log, { onLine: () => {} }), undefined);
});

Deno.test("unfinishedActivation() is the newest one, under way or not, until it was reported", async () => {
  using machine = new Machine();
  const { ctx } = machine;
  equal(await unfinishedActivation(ctx), undefined);
  machine.status({ id: "20251124T071500Z-00000000", phase: "done" });
  machine.status();
  machine.process(SCRIPT);
  equal((await unfinishedActivation(ctx))?.running, true);
  // Its number went to somebody else's process.
  machine.process(["/usr/bin/editor", "/etc/motd"]);
  const killed = await unfinishedActivation(ctx);
  deepEqual([killed?.running, killed?.status.id], [false, ID]);
  // After a reboot nothing of it runs, whatever has its number.
  machine.process(SCRIPT);
  machine.status({ bootId: "another boot" });
  equal((await unfinishedActivation(ctx))?.running, false);
  markReported(ctx, ID);
  equal(await unfinishedActivation(ctx), undefined);
});

Deno.test("confirmActivation() and markReported() leave files that only root can read", () => {
  using machine = new Machine();
  confirmActivation(machine.ctx, ID);
  markReported(machine.ctx, ID);
  const { confirmed, reported } = activationFiles(ID);
  for (const path of [confirmed, reported]) {
    equal(Deno.statSync(machine.root + path).mode! & 0o777, 0o600);
  }
});
