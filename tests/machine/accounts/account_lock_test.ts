import assert from "node:assert/strict";
import { withAccountLock } from "../../../lib/machine/accounts/account_lock.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { testContext } from "../../support/context.ts";
import { hasCommand, isRoot, need } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

Deno.test("withAccountLock() lets one in at a time, and the next when the first is done", async () => {
  await withScratch({ "etc/": "" }, async (root) => {
    const ctx = testContext({ root });
    const order: string[] = [];
    let begun = () => {};
    let end = () => {};
    const holding = new Promise<void>((resolve) => begun = resolve);
    const first = withAccountLock(ctx, async () => {
      begun();
      await new Promise<void>((resolve) => end = resolve);
      order.push("first");
    });
    await holding;
    const second = withAccountLock(ctx, () => void order.push("second"));
    end();
    await Promise.all([first, second]);
    assert.deepEqual(order, ["first", "second"]);
  });
});

Deno.test("withAccountLock() that waits hears a signal", async () => {
  await withScratch({ "etc/": "" }, async (root) => {
    const [ctx, other] = [testContext({ root }), testContext({ root })];
    other.abort(new Error("stopped"));
    await withAccountLock(ctx, async () => {
      await assert.rejects(withAccountLock(other, () => 1), /stopped/);
    });
  });
});

Deno.test("withAccountLock() is freed when its work throws", async () => {
  await withScratch({ "etc/": "" }, async (root) => {
    const ctx = testContext({ root });
    await assert.rejects(
      withAccountLock(ctx, () => {
        throw new Error("no");
      }),
      /no/,
    );
    assert.equal(await withAccountLock(ctx, () => 1), 1);
  });
});

Deno.test("withAccountLock() does not follow a link in the lock's place", async () => {
  await withScratch({ "etc/.pwd.lock": { link: "/victim" }, "other": "" }, async (root) => {
    await assert.rejects(
      withAccountLock(testContext({ root }), () => 1),
      (error) => error instanceof ToolError && /link/.test(error.message),
    );
  });
});

const canAdd = isRoot && need(
  hasCommand("useradd"),
  "useradd is not installed: the test of the account lock beside it is skipped",
);

Deno.test({
  name: "withAccountLock() keeps useradd waiting, and waits for nothing that useradd has left",
  ignore: !canAdd,
  fn: async () => {
    const files = {
      "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
      "etc/shadow": "root:!:1::::::\n",
      "etc/group": "root:x:0:\n",
      "etc/gshadow": "root:!::\n",
      "etc/login.defs": "",
    };
    await withScratch(files, async (root) => {
      const ctx = testContext({ root });
      const passwd = () => Deno.readTextFileSync(`${root}/etc/passwd`);
      const useradd = (name: string) =>
        new Deno.Command("useradd", { args: ["--root", root, "-M", "-N", "-g", "0", name] });
      let child: Deno.ChildProcess | undefined;
      await withAccountLock(ctx, () => {
        child = useradd("carol").spawn();
        // Blocks this program as a write under the lock would, until useradd has come to the lock.
        new Deno.Command("sh", {
          args: [
            "-c",
            `for i in $(seq 100); do grep -q . /proc/${child.pid}/wchan && ` +
            `ls -l /proc/${child.pid}/fd 2>/dev/null | grep -q pwd.lock && break; sleep 0.05; done`,
          ],
        }).outputSync();
        assert.doesNotMatch(passwd(), /carol/);
        Deno.writeTextFileSync(`${root}/etc/passwd`, passwd() + "dave:x:1001:0::/:/bin/sh\n");
      });
      assert.equal((await child!.status).code, 0);
      assert.match(passwd(), /^dave:/m, "what was written under the lock is not lost");
      assert.match(passwd(), /^carol:/m);
    });
  },
});
