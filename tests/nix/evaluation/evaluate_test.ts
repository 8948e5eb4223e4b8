import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { ExitCode } from "../../../lib/machine/exit_code.ts";
import { ToolError } from "../../../lib/machine/tool_error.ts";
import { evaluateFlake, evaluateJson } from "../../../lib/nix/evaluation/evaluate.ts";
import { testContext } from "../../support/context.ts";
import { runTool } from "../../support/executable.ts";
import { hasNix, hasSetpriv } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";

const what = "the test";

/** Matches a ToolError by its exit code and message. */
function toolError(code: number, message: RegExp): (error: unknown) => true {
  return (error) => {
    strictEqual(error instanceof ToolError && error.code, code, String(error));
    match((error as ToolError).message, message);
    return true;
  };
}

Deno.test({
  name: "evaluateJson() returns the value, whatever the expression prints",
  ignore: !hasNix,
  fn: async () => {
    const expression = `builtins.trace "{ not json }" { a = [ 1 null ]; b = builtins.getEnv "X"; }`;
    const value = await evaluateJson(testContext(), expression, { what, env: { X: "y\nz" } });
    deepStrictEqual(value, { a: [1, null], b: "y\nz" });
  },
});

Deno.test({
  name: "evaluateJson() takes long expressions and returns long values",
  ignore: !hasNix,
  fn: async () => {
    const text = "x".repeat(3_000_000);
    strictEqual(await evaluateJson(testContext(), `"${text}"`, { what }), text);
  },
});

Deno.test({
  name: "evaluateJson() names the file and line of a mistake",
  ignore: !hasNix,
  fn: () =>
    withScratch({ "bad.nix": "{ a = 1;\n  b = nope; }" }, async (folder) => {
      await rejects(
        evaluateJson(testContext(), `import ${folder}/bad.nix`, { what }),
        toolError(ExitCode.Configuration, /undefined variable 'nope' .*bad\.nix:2/),
      );
    }),
});

Deno.test({
  name: "evaluateJson() finds <names> in the search path given",
  ignore: !hasNix,
  fn: () =>
    withScratch({ "lib/default.nix": "{ a = 1; }" }, async (folder) => {
      const env = { NIX_PATH: `thing=${folder}/lib` };
      deepStrictEqual(await evaluateJson(testContext(), "import <thing>", { what, env }), {
        a: 1,
      });
    }),
});

Deno.test({
  name: "evaluateJson() ends what takes too long",
  ignore: !hasNix,
  fn: async () => {
    const { promise: answer, resolve } = Promise.withResolvers<Response>();
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => answer,
    );
    const url = `http://127.0.0.1:${server.addr.port}/silent`;
    await rejects(
      evaluateJson(testContext(), `builtins.fetchurl "${url}"`, { what, timeout: 1000 }),
      toolError(ExitCode.General, /longer than 1 seconds/),
    );
    resolve(new Response());
  },
});

Deno.test({
  name: "evaluateJson() says that something could not be fetched",
  ignore: !hasNix,
  fn: async () => {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => new Response("no", { status: 404 }),
    );
    const url = `http://127.0.0.1:${server.addr.port}/x.tar.gz`;
    await rejects(
      evaluateJson(testContext(), `builtins.fetchTarball "${url}"`, { what }),
      toolError(ExitCode.Network, /could not fetch what it needs: .*404/),
    );
  },
});

Deno.test("evaluateJson() says that Nix is missing", async () => {
  const ctx = testContext();
  const run = Object.assign(
    (command: string, ...rest: [readonly string[]]) => ctx.run(`/nowhere/${command}`, ...rest),
    { which: ctx.run.which, env: ctx.run.env },
  );
  await rejects(
    evaluateJson({ ...ctx, run }, "1", { what }),
    toolError(ExitCode.MissingDependency, /nix-instantiate" not found/),
  );
});

Deno.test({
  name: "evaluateFlake() evaluates a flake without a lock file, and does not write one",
  ignore: !hasNix,
  fn: () =>
    withScratch({
      "host/flake.nix": `{
        inputs.other.url = "path:/nowhere";
        outputs = { self, other }: { hosts."a.b" = { x = builtins.getEnv "X"; y = other.y; }; };
      }`,
      "other/flake.nix": "{ outputs = { self }: { y = 2; }; }",
    }, async (folder) => {
      const value = await evaluateFlake(
        testContext(),
        { url: `path:${folder}/host`, inputs: { other: `path:${folder}/other` } },
        ["hosts", "a.b"],
        "host: [ host.x host.y ]",
        { what, env: { X: "1" } },
      );
      deepStrictEqual(value, ["1", 2]);
      deepStrictEqual([...Deno.readDirSync(`${folder}/host`)].map((entry) => entry.name), [
        "flake.nix",
      ]);
    }),
});

Deno.test({
  name: "evaluateFlake() works for a user without a store, and leaves nothing",
  ignore: !hasNix || !hasSetpriv,
  fn: () =>
    withScratch(
      { "host/flake.nix": "{ outputs = { self }: { a = 1; }; }", "tmp/": "" },
      async (folder) => {
        Deno.chmodSync(folder, 0o755);
        Deno.chmodSync(`${folder}/tmp`, 0o777);
        const { stdout, stderr } = await evaluateAsUser(`${folder}/host`, {
          TMPDIR: `${folder}/tmp`,
        });
        strictEqual(stdout, "2", stderr);
        deepStrictEqual([...Deno.readDirSync(`${folder}/tmp`)], []);
      },
    ),
});

Deno.test({
  name:
    "evaluateFlake() tells a home folder that Nix may not look into from a broken configuration",
  ignore: !hasNix || !hasSetpriv,
  fn: () =>
    withScratch(
      { "host/flake.nix": "{ outputs = { self }: { a = 1; }; }", "home/": "", "tmp/": "" },
      async (folder) => {
        Deno.chmodSync(folder, 0o755);
        Deno.chmodSync(`${folder}/home`, 0o700);
        Deno.chmodSync(`${folder}/tmp`, 0o777);
        const { code, stderr } = await evaluateAsUser(`${folder}/host`, {
          HOME: `${folder}/home`,
          TMPDIR: `${folder}/tmp`,
        });
        strictEqual(code, ExitCode.PermissionDenied, stderr);
        strictEqual(
          stderr,
          `evaluating the test failed: Nix may not look into ${folder}/home, which HOME names\n` +
            "set HOME to a folder of the user who runs this, then run it again\n",
        );
        deepStrictEqual([...Deno.readDirSync(`${folder}/tmp`)], []);
      },
    ),
});

Deno.test({
  name: "evaluateJson() tells a Nix that was killed from a wrong configuration",
  ignore: !hasNix,
  fn: async () => {
    // 10^9 steps, without recursion.
    const long = "let l = builtins.genList (x: x) 1000; all = f: builtins.all f l; in " +
      "all (a: all (b: all (c: a + b + c >= 0)))";
    const mark = crypto.randomUUID();
    const evaluation = rejects(
      evaluateJson(testContext(), long, { what, env: { MARK: mark } }),
      toolError(
        ExitCode.General,
        /^evaluating the test was ended by SIGKILL$/,
      ),
    );
    Deno.kill(await childWith(`MARK=${mark}`), "SIGKILL");
    await evaluation;
  },
});

/** Waits for a child of this process with a variable: tests of other files have theirs in it, too. */
async function childWith(variable: string): Promise<number> {
  for (;;) {
    for (const { name: task } of Deno.readDirSync("/proc/self/task")) {
      const children = procText(`self/task/${task}/children`);
      for (const pid of children.split(" ").filter((word) => word !== "")) {
        if (procText(`${pid}/environ`).split("\0").includes(variable)) return Number(pid);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Empty for what is gone meanwhile. */
function procText(path: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${path}`);
  } catch {
    return "";
  }
}

/** Runs evaluate_as_user.ts as nobody. */
async function evaluateAsUser(flake: string, env: Readonly<Record<string, string>>) {
  const script = new URL("evaluate_as_user.ts", import.meta.url).pathname;
  return await runTool(script, [`path:${flake}`], { uid: 65534, env });
}
