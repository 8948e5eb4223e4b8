import { deepEqual, equal, rejects } from "node:assert/strict";
import { ExitCode } from "../../lib/machine/exit_code.ts";
import { waitForArrival } from "../../lib/rebuild/arrival.ts";
import { testContext } from "../support/context.ts";
import { until } from "../support/until.ts";

/** A folder in which a link is to come, and what it holds afterwards. */
async function inFolder(work: (link: string) => Promise<void>): Promise<string[]> {
  const folder = Deno.makeTempDirSync({ prefix: "arrival-" });
  try {
    await work(`${folder}/arrival`);
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const exists = (path: string) => {
  try {
    return Deno.lstatSync(path) !== undefined || undefined;
  } catch {
    return undefined;
  }
};

Deno.test("waitForArrival() says that it waits, until there is a link, wherever that leads", async () => {
  const left = await inFolder(async (link) => {
    const waiting = waitForArrival(testContext(), link);
    await until("it waits", () => exists(`${link}.awaited`));
    equal(Deno.statSync(`${link}.awaited`).mode! & 0o777, 0o644);
    Deno.symlinkSync("/nix/store/not-there", link);
    await waiting;
  });
  deepEqual(left, ["arrival"]);
});

Deno.test("waitForArrival() gives up when nothing is heard for three minutes, and not before", async () => {
  const start = Date.now();
  let now = start;
  const left = await inFolder(async (link) => {
    const waiting = rejects(
      waitForArrival(testContext({ now: () => new Date(now) }), link),
      { code: ExitCode.Network },
    );
    await until("it waits", () => exists(`${link}.awaited`));
    // Heard of ten minutes later, by that machine's own clock.
    Deno.writeTextFileSync(`${link}.alive`, "");
    Deno.utimeSync(`${link}.alive`, new Date(start + 600_000), new Date(start + 600_000));
    now = start + 700_000;
    const early = await Promise.race([
      waiting.then(() => "gave up"),
      new Promise((resolve) => setTimeout(() => resolve("waits"), 1000)),
    ]);
    equal(early, "waits");
    now = start + 800_000;
    await waiting;
  });
  deepEqual(left, ["arrival.alive"]);
});

Deno.test("waitForArrival() ends as soon as it is told that nothing will come", async () => {
  await inFolder(async (link) => {
    const waiting = rejects(waitForArrival(testContext(), link), { code: ExitCode.Network });
    await until("it waits", () => exists(`${link}.awaited`));
    Deno.writeTextFileSync(`${link}.over`, "");
    await waiting;
  });
});

Deno.test("waitForArrival() ends with a signal, and refuses to write over what lies there", async () => {
  const left = await inFolder(async (link) => {
    const ctx = testContext();
    const waiting = rejects(waitForArrival(ctx, link), { message: "stop" });
    await until("it waits", () => exists(`${link}.awaited`));
    ctx.abort(new Error("stop"));
    await waiting;
    Deno.symlinkSync(`${link}.victim`, `${link}.awaited`);
    await rejects(waitForArrival(testContext(), link), { code: ExitCode.InvalidArguments });
    await rejects(waitForArrival(testContext(), `${link}/none/x`), {
      code: ExitCode.InvalidArguments,
    });
  });
  deepEqual(left, ["arrival.awaited"]);
});
