import { deepEqual, equal, match, ok } from "node:assert/strict";
import { quote } from "../../../lib/machine/shell_words.ts";
import {
  type ActivationPlan,
  activationScript,
} from "../../../lib/nix/activation/activation_script.ts";
import { makeFifo } from "../../support/scratch_files.ts";

/** A scratch folder with systems whose switch-to-configuration records its calls and ends as told. */
async function withSystems(
  test: (scratch: Scratch) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "activation " });
  try {
    await test(new Scratch(folder));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

class Scratch {
  constructor(readonly folder: string) {}

  /** @param ends what the script does per action: an exit code or shell commands */
  system(name: string, ends: { readonly test?: string; readonly boot?: string } = {}): string {
    const path = `${this.folder}/${name}`;
    Deno.mkdirSync(`${path}/bin`, { recursive: true });
    Deno.writeTextFileSync(
      `${path}/bin/switch-to-configuration`,
      `#!/bin/sh
echo "${name} $1" >> ${quote(`${this.folder}/calls`)}
case $1 in test) ${ends.test ?? "exit 0"};; boot) ${ends.boot ?? "exit 0"};; esac
`,
      { mode: 0o755 },
    );
    return path;
  }

  plan(changes: Partial<ActivationPlan> = {}): ActivationPlan {
    const { folder } = this;
    return {
      version: 1,
      id: "20261124T071500Z-00000000",
      action: "switch",
      toplevel: `${folder}/new`,
      base: `${folder}/new`,
      previous: `${folder}/old`,
      previousDefault: `${folder}/old`,
      bootId: "boot",
      failedBefore: ["it's.service"],
      confirmSeconds: 0,
      hungAfter: 900,
      setProfile: ["ln", "-sfn", `${folder}/new`, `${folder}/profile`],
      restoreProfile: ["ln", "-sfn", `${folder}/old`, `${folder}/profile`],
      log: `${folder}/log`,
      status: `${folder}/status.json`,
      confirmed: `${folder}/confirmed`,
      etc: `${folder}/etc`,
      declarations: `${folder}/nixos`,
      keptDeclarations: `${folder}/declarations`,
      accountsAfter: undefined,
      ...changes,
    };
  }

  start(plan: ActivationPlan, ...args: string[]): Deno.ChildProcess {
    Deno.writeTextFileSync(`${this.folder}/activate.sh`, activationScript(plan));
    return new Deno.Command("sh", {
      args: [`${this.folder}/activate.sh`, ...args],
      stdout: "null",
      stderr: "inherit",
    }).spawn();
  }

  async run(plan: ActivationPlan, ...args: string[]): Promise<Record<string, unknown>> {
    equal((await this.start(plan, ...args).status).code, 0);
    return this.status();
  }

  status(): Record<string, unknown> {
    return JSON.parse(Deno.readTextFileSync(`${this.folder}/status.json`));
  }

  calls(): string[] {
    return Deno.readTextFileSync(`${this.folder}/calls`).trim().split("\n");
  }

  profile(): string {
    return Deno.readLinkSync(`${this.folder}/profile`).split("/").at(-1)!;
  }
}

function codes(status: Record<string, unknown>): unknown[] {
  const { activateCode, profileCode, bootCode, restoreCode, goBackCode } = status;
  return [activateCode, profileCode, bootCode, restoreCode, goBackCode];
}

Deno.test("activationScript() makes a system the default after it was activated", async () => {
  await withSystems(async (scratch) => {
    scratch.system("new");
    const status = await scratch.run(scratch.plan());
    equal(status.phase, "done");
    deepEqual(status.failedBefore, ["it's.service"]);
    deepEqual(codes(status), [0, 0, 0, null, null]);
    deepEqual(scratch.calls(), ["new test", "new boot"]);
    equal(scratch.profile(), "new");
  });
});

Deno.test("activationScript() keeps a system whose units failed (exit 4) as the default", async () => {
  await withSystems(async (scratch) => {
    scratch.system("new", { test: "exit 4" });
    deepEqual(codes(await scratch.run(scratch.plan())), [4, 0, 0, null, null]);
    equal(scratch.profile(), "new");
  });
});

for (
  const [how, code] of [["exit 1", 1], ["exit 2", 2], ["exit 3", 3], ["kill -9 $$", 137]] as const
) {
  Deno.test(`activationScript() leaves the default alone when the activation ends with ${how}`, async () => {
    await withSystems(async (scratch) => {
      scratch.system("new", { test: how });
      Deno.symlinkSync(`${scratch.folder}/old`, `${scratch.folder}/profile`);
      deepEqual(codes(await scratch.run(scratch.plan())), [code, null, null, null, null]);
      deepEqual(scratch.calls(), ["new test"]);
      equal(scratch.profile(), "old");
    });
  });
}

Deno.test("activationScript() puts the default back when the boot loader fails", async () => {
  await withSystems(async (scratch) => {
    scratch.system("new", { boot: "exit 1" });
    scratch.system("old");
    deepEqual(codes(await scratch.run(scratch.plan())), [0, 0, 1, 0, null]);
    deepEqual(scratch.calls(), ["new test", "new boot", "old boot"]);
    equal(scratch.profile(), "old");
  });
});

Deno.test("activationScript() only activates for test, only sets the default for boot", async () => {
  await withSystems(async (scratch) => {
    scratch.system("new");
    deepEqual(codes(await scratch.run(scratch.plan({ action: "test" }))), [
      0,
      null,
      null,
      null,
      null,
    ]);
    deepEqual(codes(await scratch.run(scratch.plan({ action: "boot" }))), [null, 0, 0, null, null]);
    deepEqual(scratch.calls(), ["new test", "new boot"]);
  });
});

Deno.test("activationScript() goes back when nobody confirms, without ever changing the default", async () => {
  await withSystems(async (scratch) => {
    scratch.system("new");
    scratch.system("old");
    const status = await scratch.run(scratch.plan({ confirmSeconds: 1 }));
    deepEqual(codes(status), [0, null, null, null, 0]);
    deepEqual(scratch.calls(), ["new test", "old test"]);
    match(Deno.readTextFileSync(`${scratch.folder}/log`), /not confirmed within 1 seconds/);
  });
});

Deno.test("activationScript() makes a confirmed system the default", async () => {
  await withSystems(async (scratch) => {
    scratch.system("new", { test: `touch ${quote(`${scratch.folder}/confirmed`)}` });
    const status = await scratch.run(scratch.plan({ confirmSeconds: 600 }));
    deepEqual(codes(status), [0, 0, 0, null, null]);
    equal(scratch.profile(), "new");
  });
});

Deno.test("activationScript() goes back at once from a failed or hung activation to be confirmed", async () => {
  for (const [ends, code] of [["exit 3", 3], ["sleep 600", 124]] as const) {
    let begun = false;
    // On a loaded machine the time may be over before the activation has begun.
    for (let hungAfter = code === 124 ? 1 : 900; !begun; hungAfter *= 4) {
      await withSystems(async (scratch) => {
        scratch.system("new", { test: ends });
        scratch.system("old");
        const plan = scratch.plan({ confirmSeconds: 600, hungAfter });
        deepEqual(codes(await scratch.run(plan)), [code, null, null, null, 0]);
        begun = scratch.calls().includes("new test");
        if (begun) deepEqual(scratch.calls(), ["new test", "old test"]);
      });
    }
  }
});

Deno.test("activationScript() goes back when it was killed before the confirmation", async () => {
  await withSystems(async (scratch) => {
    const fifo = `${scratch.folder}/activated`;
    makeFifo(fifo);
    scratch.system("new", { test: `echo > ${quote(fifo)}` });
    scratch.system("old");
    const plan = scratch.plan({ confirmSeconds: 600 });
    const child = scratch.start(plan);
    await Deno.readTextFile(fifo);
    child.kill("SIGKILL");
    await child.status;
    ok(scratch.status().phase !== "done");
    const status = await scratch.run(plan, "recover");
    deepEqual([status.phase, status.goBackCode], ["done", 0]);
    deepEqual(scratch.calls(), ["new test", "old test"]);
  });
});

/** Account files and declarations as the machine has them, and an activation that changes both. */
function withAccounts(scratch: Scratch): ActivationPlan {
  const { folder } = scratch;
  for (const name of ["etc", "nixos"]) Deno.mkdirSync(`${folder}/${name}`);
  for (const name of ["passwd", "shadow"]) Deno.writeTextFileSync(`${folder}/etc/${name}`, "old");
  Deno.writeTextFileSync(`${folder}/nixos/declarative-users`, "alice");
  const change = (what: string) =>
    `for f in passwd shadow; do printf ${what} > ${quote(`${folder}/etc`)}/$f; done;` +
    `printf '%s ' ${what} >> ${quote(`${folder}/nixos/declarative-users`)}; exit 0`;
  scratch.system("new", { test: change("new") });
  scratch.system("old", { test: change("back") });
  return scratch.plan({ accountsAfter: `${folder}/after`, confirmSeconds: 1 });
}

Deno.test("activationScript() saves the accounts as each activation left them", async () => {
  await withSystems(async (scratch) => {
    const plan = withAccounts(scratch);
    const after = (name: string) => Deno.readTextFileSync(`${scratch.folder}/after/${name}`);
    await scratch.run({ ...plan, confirmSeconds: 0 });
    deepEqual([after("passwd"), after("shadow")], ["new", "new"]);
    equal(Deno.statSync(`${scratch.folder}/after/shadow`).mode! & 0o77, 0);
    await scratch.run(plan);
    deepEqual([after("passwd"), after("shadow")], ["back", "back"]);
  });
});

Deno.test("activationScript() gives NixOS its declarations back before it goes back", async () => {
  await withSystems(async (scratch) => {
    await scratch.run(withAccounts(scratch));
    // What the new system declared is forgotten: the old one's activation would remove it.
    equal(Deno.readTextFileSync(`${scratch.folder}/nixos/declarative-users`), "aliceback ");
  });
});

Deno.test("activationScript() that is killed leaves no accounts of an earlier activation", async () => {
  await withSystems(async (scratch) => {
    const { folder } = scratch;
    const plan = { ...withAccounts(scratch), confirmSeconds: 0 };
    await scratch.run(plan);
    const fifo = `${folder}/activated`;
    makeFifo(fifo);
    scratch.system("new", { test: `echo > ${quote(fifo)}; exec sleep 60` });
    const child = scratch.start(plan);
    await Deno.readTextFile(fifo);
    child.kill("SIGKILL");
    await child.status;
    ok(![...Deno.readDirSync(folder)].some(({ name }) => name.startsWith("after")));
  });
});

Deno.test("activationScript() has nothing to recover after its end", async () => {
  await withSystems(async (scratch) => {
    scratch.system("new");
    scratch.system("old");
    const plan = scratch.plan({ confirmSeconds: 1 });
    await scratch.run(plan);
    await scratch.run(plan, "recover");
    deepEqual(scratch.calls(), ["new test", "old test"]);
  });
});
