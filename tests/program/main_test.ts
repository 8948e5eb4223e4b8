import assert from "node:assert/strict";
import { VERSION } from "../../lib/program/version.ts";
import { demo } from "../support/demo.ts";
import { runTool, type RunToolOptions } from "../support/executable.ts";
import { launch } from "../support/launch.ts";
import { hasSetpriv, isRoot } from "../support/needs.ts";
import { scratchMachine } from "../support/scratch_machine.ts";
import { standIns } from "../support/stand_ins.ts";
import { assertSameTree, snapshotTree } from "../support/tree.ts";

/** Runs one deed of the demo tool without a log file. */
function deed(name: string, ...args: string[]) {
  return runTool(demo, ["--do", name, "--no-log", ...args]);
}

Deno.test("main() prints help and version on stdout, also for who is not root", {
  ignore: !hasSetpriv,
}, async () => {
  const help = await runTool(demo, ["--help"], { uid: 65534 });
  assert.equal(help.code, 0);
  assert.equal(help.stderr, "");
  assert.match(help.stdout, /^Usage: demo \[options\] \[TARGET\]/);
  const version = await runTool(demo, ["--as-root", "--version"], { uid: 65534 });
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^demo \d+\.\d+\.\d+/);
});

Deno.test("main() ends with the code that the failure names", async () => {
  for (
    const [name, code, stderr] of [
      ["nothing", 0, /^$/],
      ["code", 6, /^$/],
      ["missing", 2, /command "no-such-command-at-all" not found\n.*next: install it/],
      ["child", 1, /sh ended with exit code 7: two\n/],
    ] as const
  ) {
    const result = await deed(name);
    assert.equal(result.code, code, name);
    assert.match(result.stderr, stderr);
    assert.equal(result.stdout, "");
  }
});

Deno.test("main() shows a failure with what to do next, and its cause with --verbose", async () => {
  const brief = await deed("fail");
  assert.equal(brief.code, 5);
  assert.equal(
    brief.stderr,
    "[demo] error: cannot open /etc/thing\n[demo]   next: look at it with ls -l /etc/thing\n",
  );
  const verbose = await deed("fail", "--verbose");
  assert.match(verbose.stderr, /caused by: the lower cause\n$/);
});

Deno.test("main() calls what it does not know a bug and shows where it is", async () => {
  const { code, stderr } = await deed("bug");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error: this is a bug of the toolkit.*TypeError: x is not a function\n.*demo_tool\.ts/s,
  );
});

Deno.test("main() refuses bad arguments with exit 4 before anything runs", async () => {
  const { code, stdout, stderr } = await deed("greet", "--forse");
  assert.equal(code, 4);
  assert.equal(stdout, "");
  assert.match(stderr, /^\[demo\] error: unknown option '--forse'\n.*did you mean --force\?\n$/);
});

Deno.test("main() takes a relative --root from the working directory and refuses an empty one", async () => {
  using machine = scratchMachine("rented");
  const relative = await runTool(demo, ["--do", "greet", "--root", "."], { cwd: machine.root });
  assert.equal(relative.code, 0);
  assert.match(machine.read("/var/log/hypervisor/demo.log"), /hello/);
  assert.equal((await deed("nothing", "--root", "")).code, 4);
});

Deno.test("main() takes the dashes before options that `deno task NAME --` hands on", async () => {
  const { code, stdout } = await runTool(demo, ["--", "--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: demo/);
});

Deno.test("main() lets --json have stdout for itself", async () => {
  const { stdout, stderr } = await deed("document", "--json");
  assert.deepEqual(JSON.parse(stdout), {
    version: 1,
    tool: "demo",
    toolkit: VERSION,
    answer: 42,
  });
  assert.equal(stderr, "[demo] talk\nreport\n");
});

Deno.test("main() does not pass half a document on a full disk for a success", async () => {
  const onto = async (file: string, args: readonly string[]) => {
    using start = launch(demo, [...args, "--no-log"]);
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", 'exec "$0" "$@" >' + file, start.command, ...start.args],
      env: { ...start.env },
      clearEnv: true,
      cwd: start.cwd,
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  };
  const full = await onto("/dev/full", ["--do", "document", "--json"]);
  assert.equal(full.code, 1);
  assert.match(full.stderr, /error: the result could not be written: No space left/);
  // A failure stays what it is, and so does what was only told.
  assert.equal((await onto("/dev/full", ["--do", "fail", "--json"])).code, 5);
  assert.equal((await onto("/dev/full", ["--do", "greet"])).code, 0);
  assert.equal((await onto("&-", ["--do", "document", "--json"])).code, 0);
});

Deno.test("main() ends a failed run with --json with one document that says what to do", async () => {
  for (
    const [args, exitCode, error] of [
      [["--do", "fail"], 5, {
        message: "cannot open /etc/thing",
        hint: "look at it with ls -l /etc/thing",
      }],
      [["--forse"], 4, { message: "unknown option '--forse'", hint: "did you mean --force?" }],
      [["--do", "insist"], 4, {
        message: "this needs an answer, and nobody can be asked: Erase it all?",
        hint: "answer it on the command line with --erase",
      }],
    ] as const
  ) {
    const { code, stdout, stderr } = await runTool(demo, [...args, "--no-log", "--json"]);
    assert.equal(code, exitCode);
    const head = { version: 1, tool: "demo", toolkit: VERSION };
    assert.deepEqual(JSON.parse(stdout), { ...head, exitCode, error });
    assert.ok(stderr.includes(`[demo] error: ${error.message}\n`), stderr);
  }
});

Deno.test("main() writes no second document when the run fails after the first", async () => {
  const { code, stdout } = await deed("document-then-fail", "--json");
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).answer, 42);
});

Deno.test("main() writes JSON that parses to the very text, whatever is in it", async () => {
  const hostile = '\x00 \x1b[31m \x7f \x9b31m \u202e \u2066 \u{F0003} \\ " é 🦉 \n';
  const { stdout } = await runTool(demo, [
    "--do",
    "repeat",
    "--no-log",
    "--json",
    "--ref",
    encodeURIComponent(hostile),
  ]);
  assert.equal(JSON.parse(stdout).text, hostile);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
});

Deno.test("main() refuses what needs root with the line to type and exit 3", {
  ignore: !hasSetpriv,
}, async () => {
  using programs = standIns({ only: ["sudo"] });
  const args = ["--do", "greet", "--as-root", "--ref", "it's"];
  const { code, stdout, stderr } = await runTool(demo, args, {
    uid: 65534,
    standIns: programs.folder,
    env: { HTTPS_PROXY: "http://proxy", GITHUB_TOKEN: "secret-token", HOME: "/" },
  });
  assert.equal(code, 3);
  assert.equal(stdout, "");
  assert.match(stderr, /error: this needs root: it changes the system's configuration\n/);
  assert.match(
    stderr,
    /next: run: sudo --preserve-env=GITHUB_TOKEN,HTTPS_PROXY,NIX_CONFIG -- .*demo_tool\.ts --do greet --as-root --ref 'it'\\''s'\n$/,
  );
  assert.doesNotMatch(stderr, /secret-token/);
  assert.deepEqual(programs.calls(), []);
});

Deno.test("main() gives children a safe environment", async () => {
  const { stdout } = await runTool(demo, ["--do", "environment", "--no-log"], {
    env: {
      LD_PRELOAD: "/tmp/evil.so",
      PYTHONPATH: "/tmp",
      BASH_ENV: "/tmp/evil.sh",
      NIX_CONFIG: "max-jobs = 3",
      NIX_PATH: "nixpkgs=/x",
      LC_ALL: "tr_TR.UTF-8",
    },
  });
  const variables = new Map(
    stdout.split("\n").map((line) => line.split(/=(.*)/s) as [string, string]),
  );
  assert.equal(variables.get("LC_ALL"), "C.UTF-8");
  assert.equal(variables.get("NIX_PATH"), "nixpkgs=/x");
  assert.equal(variables.get("NIX_CONFIG"), "max-jobs = 3");
  assert.match(stdout, /^extra-experimental-features = nix-command flakes$/m);
  for (const name of ["LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "DENO_DIR"]) {
    assert.ok(!variables.has(name), name);
  }
});

Deno.test("main() escapes control characters from wherever a text came", async () => {
  const { stdout } = await deed("hostile");
  const text = "\\x1b[31mred\\x1b[0m \\u{202e}bidi {name}\n";
  assert.equal(stdout, `[demo] ${text}${text}`);
});

Deno.test("main() goes on to the end when nobody reads its output any more", async () => {
  using machine = scratchMachine("rented");
  const { startTool } = await import("../support/executable.ts");
  await using tool = startTool(demo, ["--do", "flood"], { root: machine.root });
  await tool.waitForLine(/flooding/);
  await tool.closeOutput();
  assert.equal((await tool.result).code, 0);
  assert.equal(machine.read("/flooded"), "to the end");
});

Deno.test("main() maps what a file system refuses, and leaves nothing half-written", {
  ignore: !isRoot,
}, async () => {
  using machine = scratchMachine("rented", { immutable: ["/etc"] });
  const before = snapshotTree(machine.root);
  const write = (options: RunToolOptions) =>
    runTool(demo, ["--do", "write", "--no-log"], { root: machine.root, ...options });
  const etc = machine.host("/etc");

  const full = await write({ full: [etc] });
  assert.equal(full.code, 1, full.stderr);
  assert.match(full.stderr, /error: the disk is full: .*\n.*nix-collect-garbage/);
  const readOnly = await write({ readOnly: [etc] });
  assert.equal(readOnly.code, 3, readOnly.stderr);
  assert.match(readOnly.stderr, /error: a file system is read-only: .*\n.*remount/);
  const otherUser = await write({ uid: 65534 });
  assert.equal(otherUser.code, 3);
  assert.match(otherUser.stderr, /error: permission denied: .*\n.*run it as root\n$/);
  const immutable = await write({});
  assert.equal(immutable.code, 3);
  assert.match(immutable.stderr, /error: permission denied: .*\n.*lsattr/);
  assertSameTree(before, snapshotTree(machine.root));
});
