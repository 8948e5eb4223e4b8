import assert from "node:assert/strict";
import { childEnvironment } from "../../lib/machine/child_environment.ts";
import { CommandError, createRunner, type Runner } from "../../lib/machine/run.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import { isRoot } from "../support/needs.ts";
import { withScratch } from "../support/scratch_files.ts";
import { isAlive, untilGone } from "../support/until.ts";

function runner(signal: AbortSignal = new AbortController().signal): Runner {
  return createRunner(childEnvironment(Deno.env.toObject()), signal);
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return assert.fail("it did not fail");
}

Deno.test("run() gives arguments as they are, never through a shell", async () => {
  const args = ["$(id)", "a b", "'\"", "*", "", "-n"];
  const { stdout, code } = await runner()("printf", ["%s|", ...args]);
  assert.equal(code, 0);
  assert.equal(stdout, args.map((arg) => `${arg}|`).join(""));
});

Deno.test("run() captures both streams, feeds input and sets folder and variables", async () => {
  await withScratch({}, async (folder) => {
    const result = await runner()("sh", ["-c", "cat; pwd; echo $X >&2"], {
      input: "in\n",
      cwd: folder,
      env: { X: "value" },
    });
    assert.equal(result.stdout, `in\n${Deno.realPathSync(folder)}\n`);
    assert.equal(result.stderr, "value\n");
  });
});

Deno.test("run() can keep a child's input open, and its end is the end of this program's part", async () => {
  const open = await runner()("sh", ["-c", "timeout 0.3 cat; echo $?"], { keepInputOpen: true });
  assert.equal(open.stdout, "124\n");
  const closed = await runner()("sh", ["-c", "timeout 30 cat; echo $?"]);
  assert.equal(closed.stdout, "0\n");
});

Deno.test("run() is not disturbed by a child that does not read its input", async () => {
  const { code } = await runner()("true", [], { input: "x".repeat(1_000_000) });
  assert.equal(code, 0);
});

Deno.test("run() fails with the command, the code and the end of stderr", async () => {
  const error = await failureOf(
    runner()("sh", ["-c", "echo one; printf 'a\\nb\\nc\\n\\033d' >&2; exit 9"]),
  );
  assert.ok(error instanceof CommandError);
  assert.equal(error.message, "sh ended with exit code 9: b / c / \\x1bd");
  assert.match(error.hint ?? "", /to see it all, run: sh -c 'echo one/);
  assert.equal(error.result.stdout, "one\n");
  assert.equal(error.result.code, 9);
});

Deno.test("run() takes the codes it is told to accept as results", async () => {
  assert.equal((await runner()("sh", ["-c", "exit 4"], { accept: [0, 4] })).code, 4);
  assert.equal((await runner()("sh", ["-c", "exit 99"], { accept: "any" })).code, 99);
  assert.ok(
    await failureOf(runner()("sh", ["-c", "exit 5"], { accept: [0, 4] })) instanceof CommandError,
  );
});

Deno.test("run() says which signal ended a child", async () => {
  const error = await failureOf(runner()("sh", ["-c", "kill -SEGV $$"]));
  assert.ok(error instanceof CommandError);
  assert.match(error.message, /^sh was ended by SIGSEGV/);
  assert.equal(error.result.code, 139);
  const killed = await failureOf(runner()("sh", ["-c", "kill -KILL $$"]));
  assert.match((killed as CommandError).hint ?? "", /add swap/);
});

Deno.test("run() reports a missing command with exit 2 before it starts anything", async () => {
  const error = await failureOf(runner()("no-such-command", []));
  assert.ok(error instanceof ToolError);
  assert.equal(error.code, 2);
  assert.equal(error.message, 'command "no-such-command" not found');
});

Deno.test("run() calls onLine with whole lines of both streams", async () => {
  const lines: string[] = [];
  await runner()("sh", ["-c", "printf 'a\\nb'; printf 'é\\nlast'; echo err >&2"], {
    onLine: (line, stream) => lines.push(`${stream}: ${line}`),
  });
  assert.deepEqual(lines.filter((line) => line.startsWith("stdout")), [
    "stdout: a",
    "stdout: bé",
    "stdout: last",
  ]);
  assert.ok(lines.includes("stderr: err"));
});

Deno.test("run() keeps the end of an output that is longer than it may be", async () => {
  const { stdout } = await runner()("sh", ["-c", "seq 1 5000"], { capture: 100 });
  assert.equal(stdout.length, 100);
  assert.match(stdout, /\n4999\n5000\n$/);
});

Deno.test("run() kills the whole process group when the time is over", async () => {
  let pid = 0;
  let error: Error | undefined;
  // A loaded machine may not have come to the pid when the time is over.
  for (let timeout = 300; pid === 0; timeout *= 4) {
    error = await failureOf(
      runner()("sh", ["-c", "sleep 300 & echo $!; wait"], {
        timeout,
        onLine: (line) => pid = Number(line),
      }),
    );
  }
  assert.ok(error instanceof CommandError);
  assert.equal(error.result.timedOut, true);
  assert.match(error.message, /^sh timed out/);
  await untilGone(pid);
});

Deno.test("run() kills the whole process group on abort and fails with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("stopped by the test");
  let pid = 0;
  const running = runner(controller.signal)("sh", ["-c", "sleep 300 & echo $!; wait"], {
    onLine: (line) => {
      pid = Number(line);
      controller.abort(reason);
    },
  });
  assert.equal(await failureOf(running), reason);
  await untilGone(pid);
  assert.equal(await failureOf(runner(controller.signal)("true", [])), reason);
});

Deno.test("run() with signal null is not stopped by an abort", async () => {
  const controller = new AbortController();
  const { stdout } = await runner(controller.signal)("sh", ["-c", "echo start; read x; echo $x"], {
    signal: null,
    input: "end\n",
    onLine: () => controller.abort(),
  });
  assert.equal(stdout, "start\nend\n");
});

Deno.test("which() finds executables on the safe PATH and by path", async () => {
  await withScratch({ "plain": "x" }, (folder) => {
    assert.match(runner().which("sh") ?? "", /^\/.*\/sh$/);
    assert.equal(runner().which("no-such-command"), undefined);
    assert.equal(runner().which(`${folder}/plain`), undefined);
    Deno.chmodSync(`${folder}/plain`, 0o755);
    assert.equal(runner().which(`${folder}/plain`), `${folder}/plain`);
    assert.equal(runner().which(folder), undefined);
  });
});

Deno.test("run() does not wait for what a child has left behind with its output", async () => {
  // It has left the group, so that nothing reaches it.
  const script = 'setsid sleep 600 & echo "$!"; yes | head -c 3000000';
  const { stdout } = await runner()("sh", ["-c", script]);
  const pid = Number(stdout.split("\n")[0]);
  try {
    assert.equal(stdout.length, `${pid}\n`.length + 3_000_000);
    assert.equal(isAlive(pid), true);
  } finally {
    Deno.kill(pid, "SIGKILL");
  }
});

Deno.test({
  name:
    "run() starts another user's child where anybody may be, and tells it nothing of the environment",
  ignore: !isRoot,
  fn: async () => {
    const env = {
      PATH: "/usr/bin:/bin",
      LC_ALL: "C.UTF-8",
      NIX_CONFIG: "access-tokens = x=secret",
    };
    const run = createRunner(env, new AbortController().signal);
    const options = { user: { uid: 65534, gid: 65534 }, env: { HOME: "/" } };
    const { stdout } = await run("env", [], options);
    const names = stdout.trim().split("\n").map((line) => line.split("=")[0]);
    assert.deepEqual(names.sort(), ["HOME", "LC_ALL", "PATH"]);
    // Root's own folder may be closed to them: then nothing could be started there.
    assert.equal((await run("pwd", [], options)).stdout, "/\n");
  },
});
