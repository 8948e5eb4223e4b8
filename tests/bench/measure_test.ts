import { equal, rejects } from "node:assert/strict";
import { readTextIfExists } from "../../lib/machine/files/files.ts";
import { untilGone } from "../support/until.ts";
import { Hung, run } from "./measure.ts";

Deno.test("run() kills a command that hangs, with all that it has started", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const script = 'sleep 100 & echo $! > "$1"; wait';
    const args = ["-c", script, "sh", `${folder}/pid`];
    const env = { PATH: Deno.env.get("PATH") ?? "" };
    let pid = 0;
    // A loaded machine may not have come to the pid when the time is over.
    for (let seconds = 0.5; pid === 0; seconds *= 4) {
      await rejects(run({ command: "sh", args, env }, seconds), Hung);
      pid = Number(readTextIfExists(`${folder}/pid`) ?? 0);
    }
    await untilGone(pid);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("run() gives what a command says, and an error that is no hanging when it fails", async () => {
  const env = { PATH: Deno.env.get("PATH") ?? "" };
  equal(await run({ command: "echo", args: ["yes"], env }), "yes\n");
  const failed = run({ command: "sh", args: ["-c", "echo no >&2; exit 3"], env });
  await rejects(failed, (error) =>
    error instanceof Error && /no\n/.test(error.message) &&
    !(error instanceof Hung));
});
