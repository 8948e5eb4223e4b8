import { deepEqual, equal, match } from "node:assert/strict";
import { demo } from "../support/demo.ts";
import { runTool } from "../support/executable.ts";
import { hasCommand, isRoot } from "../support/needs.ts";

/** The arguments of sh(1) that run what follows them after this. */
const after = (script: string) => ["/bin/sh", "-c", `${script}\nexec "$@"`, "sh"];

Deno.test({
  name: "without /proc a tool says so, what to do, and ends with 2; help is there all the same",
  ignore: !isRoot || !hasCommand("unshare"),
  fn: async () => {
    const under = ["unshare", "-m", "--", ...after("mount -t tmpfs tmpfs /proc")];
    const { code, stdout, stderr } = await runTool(demo, ["--do", "nothing", "--json"], { under });
    equal(code, 2, stderr);
    match(stderr, /^\[demo\] error: \/proc is not mounted\n.*next: mount it: mount -t proc /);
    equal(JSON.parse(stdout).exitCode, 2);
    equal((await runTool(demo, ["--help"], { under })).code, 0);
  },
});

Deno.test("a tool that may hardly open a file ends with 1 before it begins", async () => {
  const run = async (files: number) => {
    const under = after(`ulimit -n ${files}`);
    const { code, stderr } = await runTool(demo, ["--do", "nothing", "--no-log"], { under });
    return { code, stderr };
  };
  const few = await run(31);
  equal(few.code, 1);
  match(few.stderr, /^\[demo\] error: at most 31 files may be open here.*\n.*next: .*ulimit -n/);
  deepEqual(await run(64), { code: 0, stderr: "" });
});
