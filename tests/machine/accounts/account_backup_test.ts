import assert from "node:assert/strict";
import {
  accountsAfterFolder,
  restoreAccounts,
  restoreDeclarations,
  saveAccountsBefore,
} from "../../../lib/machine/accounts/account_backup.ts";
import { testContext } from "../../support/context.ts";
import { plant, withScratch } from "../../support/scratch_files.ts";

const INSTALLATION = { id: "2026-11-24T06-00-00-000Z" };
const BACKUPS = `var/lib/hyper-nixos/backups/${INSTALLATION.id}`;

/** A machine with these lines in shadow, and what happens to it. */
class Story {
  readonly ctx: ReturnType<typeof testContext>;

  constructor(readonly root: string) {
    this.ctx = testContext({ root });
  }

  shadow(...lines: string[]): void {
    plant(this.root, { "etc/shadow": lines.map((line) => line + "\n").join("") });
  }

  now(): string[] {
    return Deno.readTextFileSync(`${this.root}/etc/shadow`).split("\n").filter(Boolean);
  }

  /** An activation that leaves these lines. @param killed before it could save them */
  async activation(lines: string[], killed = false): Promise<void> {
    await saveAccountsBefore(this.ctx, INSTALLATION);
    const after = accountsAfterFolder(this.ctx, INSTALLATION);
    try {
      Deno.removeSync(after, { recursive: true });
    } catch {
      // The first one.
    }
    this.shadow(...lines);
    if (killed) return;
    Deno.mkdirSync(after);
    Deno.copyFileSync(`${this.root}/etc/shadow`, `${after}/shadow`);
  }

  async undo(): Promise<string[]> {
    const restored = await restoreAccounts(this.ctx, INSTALLATION);
    return restored.flatMap(({ keptNames }) => [...keptNames]);
  }
}

async function story(tell: (story: Story) => Promise<void>): Promise<void> {
  await withScratch({ "etc/shadow": "root:1\nalice:1\n" }, async (root) => {
    await tell(new Story(root));
  });
}

Deno.test("restoreAccounts() keeps a password that was changed between two activations", async () => {
  await story(async (machine) => {
    await machine.activation(["root:1", "alice:1", "ours:1"]);
    machine.shadow("root:1", "alice:2", "ours:1");
    await machine.activation(["root:!", "alice:2", "ours:1"]);
    assert.deepEqual(await machine.undo(), ["alice"]);
    assert.deepEqual(machine.now(), ["root:1", "alice:2"]);
  });
});

Deno.test("restoreAccounts() brings an account back that going back removed", async () => {
  await story(async (machine) => {
    await machine.activation(["root:1", "alice:1"]);
    await machine.activation(["root:1"]);
    assert.deepEqual(await machine.undo(), []);
    assert.deepEqual(machine.now(), ["root:1", "alice:1"]);
  });
});

Deno.test("restoreAccounts() leaves an account removed that somebody removed", async () => {
  await story(async (machine) => {
    await machine.activation(["root:1", "alice:1"]);
    machine.shadow("root:1");
    await machine.activation(["root:1"]);
    assert.deepEqual(await machine.undo(), []);
    assert.deepEqual(machine.now(), ["root:1"]);
  });
});

Deno.test("restoreAccounts() after an activation that was cut off loses no change", async () => {
  await story(async (machine) => {
    await machine.activation(["root:1"], true);
    machine.shadow("root:2", "later:1");
    assert.deepEqual(await machine.undo(), ["root"]);
    assert.deepEqual(machine.now(), ["root:2", "alice:1", "later:1"]);
  });
});

Deno.test("restoreAccounts() keeps what each undoing found", async () => {
  await story(async (machine) => {
    const kept = (folder: string) =>
      Deno.readTextFileSync(`${machine.root}/${BACKUPS}/${folder}/shadow`);
    await machine.activation(["root:!"]);
    await machine.undo();
    assert.equal(kept("accounts-before-undo"), "root:!\n");
    machine.shadow("root:!");
    await machine.undo();
    assert.equal(kept("accounts-before-undo"), "root:!\n");
    assert.equal(kept("accounts-before-undo-2"), "root:!\n");
    assert.equal(kept("accounts-before"), "root:1\nalice:1\n");
  });
});

Deno.test("restoreDeclarations() tells NixOS what it had declared before the installation", async () => {
  await story(async (machine) => {
    const path = "var/lib/nixos/declarative-users";
    plant(machine.root, { [path]: "root" });
    await machine.activation(["root:1", "alice:1"]);
    plant(machine.root, { [path]: "alice root" });
    await restoreDeclarations(machine.ctx, INSTALLATION);
    assert.equal(Deno.readTextFileSync(`${machine.root}/${path}`), "root");
  });
});
