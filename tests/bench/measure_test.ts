import { equal, ok, rejects } from "node:assert/strict";
import { Hung, run } from "./measure.ts";

Deno.test("run() kills a command that hangs, with all that it has started", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const script = 'sleep 100 & echo $! > "$1"; wait';
    const args = ["-c", script, "sh", `${folder}/pid`];
    const env = { PATH: Deno.env.get("PATH") ?? "" };
    await rejects(run({ command: "sh", args, env }, 0.5), Hung);
    const pid = (await Deno.readTextFile(`${folder}/pid`)).trim();
    ok(pid.length > 0);
    equal(await stateOf(pid), "gone");
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

/** A killed process that nobody has waited for is gone, too. */
async function stateOf(pid: string): Promise<string> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return / Z /.test(stat) ? "gone" : "there";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "gone";
    throw error;
  }
}
