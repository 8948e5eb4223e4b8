import assert from "node:assert/strict";
import { acquireLock } from "../../lib/machine/lock.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { testContext } from "../support/context.ts";
import { isRoot } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";

const HOLDER = `
  import { acquireLock } from ${
  JSON.stringify(new URL("../../lib/machine/lock.ts", import.meta.url).href)
};
  import { testContext } from ${
  JSON.stringify(new URL("../support/context.ts", import.meta.url).href)
};
  const lock = await acquireLock(testContext({ root: Deno.args[0] }));
  console.log("held");
  await Deno.stdin.read(new Uint8Array(1));
  lock[Symbol.dispose]();
`;

async function withHolder(
  root: string,
  test: (holder: Deno.ChildProcess) => Promise<void>,
): Promise<void> {
  const script = `${root}/holder.ts`;
  Deno.writeTextFileSync(script, HOLDER);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-lock", script, root],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "held\n");
    await reader.cancel();
    await test(child);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await child.stdin.abort().catch(() => {});
    await child.status;
  }
}

async function refusal(root: string): Promise<ToolError> {
  try {
    using _lock = await acquireLock(testContext({ root }));
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
  return assert.fail("the lock was free");
}

Deno.test("acquireLock() makes /run and the file that names the holder", async () => {
  await withScratch({}, async (root) => {
    using _lock = await acquireLock(testContext({ root }));
    assert.equal(Deno.readTextFileSync(`${root}/run/hyper-nixos.lock`), `${Deno.pid}\n`);
    assert.equal(Deno.statSync(`${root}/run`).mode! & 0o777, 0o755);
  });
});

Deno.test("acquireLock() refuses while another process holds it, naming that process", async () => {
  await withScratch({}, async (root) => {
    await withHolder(root, async (holder) => {
      const error = await refusal(root);
      assert.equal(error.code, 1);
      assert.equal(error.message, `another tool is changing this machine (process ${holder.pid})`);
    });
  });
});

Deno.test("acquireLock() succeeds once the holder is gone, however it went", async () => {
  await withScratch({}, async (root) => {
    await withHolder(root, async (holder) => {
      holder.kill("SIGKILL");
      await holder.status;
      using _lock = await acquireLock(testContext({ root }));
    });
  });
});

Deno.test("acquireLock() is released by dispose and can be taken again", async () => {
  await withScratch({}, async (root) => {
    for (let turn = 0; turn < 2; turn++) {
      using _lock = await acquireLock(testContext({ root }));
    }
  });
});

Deno.test("acquireLock() leaves nothing on a mounted machine's disk that it made", async () => {
  const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);
  const take = async (root: string) => {
    using _lock = await acquireLock(testContext({ root }));
    assert.deepEqual(names(`${root}/run`).filter((name) => name !== "other"), ["hyper-nixos.lock"]);
  };
  await withScratch({}, async (root) => {
    await take(root);
    assert.deepEqual(names(root), []);
  });
  await withScratch({ "run/other": "" }, async (root) => {
    Deno.chmodSync(`${root}/run`, 0o755);
    await take(root);
    assert.deepEqual(names(`${root}/run`), ["other"]);
  });
  await withScratch({}, async (root) => {
    using _lock = await acquireLock(testContext({ root }));
    await refusal(root);
    assert.deepEqual(names(`${root}/run`), ["hyper-nixos.lock"], "it is another's");
  });
});

Deno.test("acquireLock() holds what is at the path, whoever removes his lock meanwhile", async () => {
  await withScratch({}, async (root) => {
    let taken = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let turn = 0; turn < 20; turn++) {
          try {
            using _lock = await acquireLock(testContext({ root }));
            assert.equal(taken++, 0);
            await Promise.resolve();
            assert.ok(Deno.statSync(`${root}/run/hyper-nixos.lock`).isFile);
            taken--;
          } catch (error) {
            if (!(error instanceof ToolError)) throw error;
          }
          await Promise.resolve();
        }
      }),
    );
  });
});

Deno.test("acquireLock() locks each machine for itself", async () => {
  await withScratch({ "one/": "", "two/": "" }, async (folder) => {
    using _one = await acquireLock(testContext({ root: `${folder}/one` }));
    using _two = await acquireLock(testContext({ root: `${folder}/two` }));
  });
});

Deno.test(
  "acquireLock() takes no lock that others could hold, or put something else in its place",
  {
    ignore: !isRoot,
  },
  async () => {
    const lock = "run/hyper-nixos.lock";
    await withScratch({ [lock]: "" }, async (root) => {
      Deno.chmodSync(`${root}/run`, 0o755);
      for (const [path, mode] of [[lock, 0o664], [lock, 0o646], ["run", 0o775]] as const) {
        const before = Deno.statSync(`${root}/${path}`).mode! & 0o7777;
        Deno.chmodSync(`${root}/${path}`, mode);
        const error = await refusal(root);
        assert.equal(error.code, 3);
        assert.match(error.message, /the lock .* is not safe: .* can be written by/);
        Deno.chmodSync(`${root}/${path}`, before);
      }
      Deno.chownSync(`${root}/${lock}`, 1000, 100);
      assert.match((await refusal(root)).message, /belongs to user 1000/);
    });
    await withScratch({ "run/": "" }, async (root) => {
      Deno.chmodSync(`${root}/run`, 0o777);
      await refusal(root);
      assert.deepEqual([...Deno.readDirSync(`${root}/run`)], [], "what is refused is not made");
    });
  },
);

Deno.test("acquireLock() closes a lock that others could open, and so hold", async () => {
  await withScratch({ "run/hyper-nixos.lock": "" }, async (root) => {
    const path = `${root}/run/hyper-nixos.lock`;
    for (const folder of [root, `${root}/run`]) Deno.chmodSync(folder, 0o755);
    Deno.chmodSync(path, 0o644);
    using _lock = await acquireLock(testContext({ root }));
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  });
});
