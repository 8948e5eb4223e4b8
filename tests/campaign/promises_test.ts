/** Every promise is broken once, and its check must see that. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { scratchMachine } from "../support/scratch_machine.ts";
import { snapshotTree } from "../support/tree.ts";
import {
  exitProblems,
  leftoverProblems,
  lockProblems,
  outputProblems,
  outsideProblems,
  processProblems,
  receiptProblems,
  secretProblems,
  temporaryProblems,
} from "./promises.ts";
import type { StruckRun } from "./struck_run.ts";
import { OWNED } from "./trial.ts";

const RUN: StruckRun = {
  tool: "smart-sync",
  args: [],
  strike: undefined,
  pid: 0,
  code: 0,
  signal: null,
  stdout: "",
  stderr: "",
  hit: false,
  killed: false,
  hung: false,
  seconds: 1,
};

Deno.test("exitProblems() sees undocumented codes, bugs, silence and hangs", () => {
  deepEqual(exitProblems(RUN), []);
  deepEqual(exitProblems({ ...RUN, code: 5, stderr: "[smart-sync ERROR] no network\n" }), []);
  match(exitProblems({ ...RUN, code: 77, stderr: "x" }).join(), /77 is not documented/);
  match(exitProblems({ ...RUN, code: 137, stderr: "x" }).join(), /137 is not documented/);
  match(exitProblems({ ...RUN, code: 143, stderr: "x" }).join(), /143 without a signal/);
  match(exitProblems({ ...RUN, code: 1 }).join(), /without a word/);
  match(exitProblems({ ...RUN, hung: true }).join(), /hung/);
  const stderr = "[smart-sync ERROR] this is a bug of the toolkit, please report it: x\n";
  match(exitProblems({ ...RUN, code: 1, stderr }).join(), /a bug is reported/);
});

Deno.test("outputProblems() sees control characters and secrets", () => {
  const secrets = new Map([["$6$salt$hash", "the password hash of bob"]]);
  deepEqual(outputProblems("fine\tand\nü 🦕\n", "its output", secrets), []);
  for (const bad of ["\x1b[31m", "\u0007", "\r", "\u202e", "\x9b"]) {
    match(outputProblems(`a${bad}b`, "its output", secrets).join(), /a control character in its/);
  }
  match(outputProblems("x$6$salt$hashx", "the log", secrets).join(), /hash of bob in the log/);
});

Deno.test("outsideProblems() sees bytes, modes, times, links and new files", () => {
  using machine = scratchMachine("uefi");
  const before = snapshotTree(machine.root, { ignore: OWNED, times: true });
  const found = () => outsideProblems(before, machine.root, OWNED).join("\n");
  machine.write("/etc/hypervisor/src/flake.nix", "owned\n");
  equal(found(), "");
  machine.write("/etc/stray", "stray\n");
  match(found(), /\+ etc\/stray/);
  Deno.removeSync(machine.host("/etc/stray"));
  Deno.utimeSync(machine.host("/etc/shadow"), 1, 1);
  Deno.chmodSync(machine.host("/etc/passwd"), 0o600);
  Deno.writeTextFileSync(machine.host("/etc/group"), "other\n", { append: true });
  const lines = found().split("\n").map((line) => line.replace("outside the owned folders: ", ""));
  match(lines[0]!, /~ etc\/group: content/);
  match(lines[1]!, /~ etc\/passwd: mode 644 -> 600/);
  match(lines[2]!, /~ etc\/shadow: modification time/);
  equal(lines.length, 3);
});

Deno.test("leftoverProblems() and temporaryProblems() see what is left, but not what owners name so", () => {
  using machine = scratchMachine("uefi");
  machine.write("/etc/hypervisor/src/mine.tmp", "the owner's\n");
  machine.write("/var/lib/hyper-nixos/backups/sync-1/file.tmp", "the owner's\n");
  deepEqual(leftoverProblems(machine.root), []);
  for (
    const path of [
      "/etc/hypervisor/.src-staging-1/new/file",
      "/etc/nixos/.flake.nix.0123abcd.tmp",
      "/etc/.passwd.0123abcd.tmp",
      "/var/lib/hyper-nixos/receipts/.1.json.0123abcd.tmp",
    ]
  ) {
    machine.write(path, "");
    const top = path.split("/new/")[0]!.slice(1);
    ok(leftoverProblems(machine.root).some((problem) => problem.endsWith(top)), path);
  }
  machine.write("/tmp/x/left", "");
  deepEqual(temporaryProblems(machine.host("/tmp/x")), ["left behind in TMPDIR: left"]);
});

Deno.test("secretProblems() sees what others can read, unless a folder keeps them out", () => {
  using machine = scratchMachine("uefi");
  const secrets = new Map([["$6$salt$hash", "the hash"]]);
  const found = () => secretProblems(machine.root, secrets, new Set()).join();
  machine.write("/var/lib/hyper-nixos/passwords/bob", "$6$salt$hash\n", 0o600);
  machine.write("/var/lib/private/bob", "$6$salt$hash\n", 0o644);
  Deno.chmodSync(machine.host("/var/lib/private"), 0o700);
  equal(found(), "");
  machine.write("/nix/store/x-users.nix", 'hashedPassword = "$6$salt$hash";\n', 0o444);
  equal(found(), "the hash can be read by others in /nix/store/x-users.nix");
  equal(secretProblems(machine.root, secrets, new Set(["$6$salt$hash"])).join(), "");
});

Deno.test("processProblems() sees a process that is left, and ends it", async () => {
  const temporary = Deno.makeTempDirSync();
  try {
    deepEqual(await processProblems(RUN, temporary), []);
    const child = new Deno.Command("sleep", {
      args: ["60"],
      env: { TMPDIR: temporary },
      detached: true,
    }).spawn();
    const problems = await processProblems(RUN, temporary);
    match(problems.join(), new RegExp(`process ${child.pid} is left: . .*sleep 60`));
    equal((await child.status).signal, "SIGKILL");
  } finally {
    Deno.removeSync(temporary);
  }
});

Deno.test("lockProblems() sees a lock that is held", async () => {
  using machine = scratchMachine("uefi");
  deepEqual(lockProblems(machine.root), []);
  machine.write("/run/hyper-nixos.lock", "1\n");
  deepEqual(lockProblems(machine.root), []);
  using file = Deno.openSync(machine.host("/run/hyper-nixos.lock"), { read: true, write: true });
  await file.lock(true);
  deepEqual(lockProblems(machine.root), ["the machine's lock is still held"]);
});

Deno.test("receiptProblems() sees receipts that are damaged or left half-way", () => {
  using machine = scratchMachine("uefi");
  const write = (state: string, step: string) =>
    machine.write(
      "/var/lib/hyper-nixos/receipts/1.json",
      JSON.stringify({ version: 1, state, steps: [{ state: step }] }),
    );
  write("undone", "reverted");
  deepEqual(receiptProblems(machine.root), []);
  write("applying", "doing");
  deepEqual(receiptProblems(machine.root), [
    "receipt 1.json is left applying",
    "receipt 1.json has 1 steps half-done",
  ]);
  machine.write("/var/lib/hyper-nixos/receipts/2.json", "{ half");
  match(receiptProblems(machine.root).join(), /receipt 2\.json cannot be read/);
});
