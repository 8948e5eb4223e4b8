import assert from "node:assert/strict";
import { parseCommandLine } from "../../lib/program/command_line.ts";
import { EXIT_CODES } from "../../lib/program/exit_codes.ts";
import { helpText } from "../../lib/program/help.ts";
import { optionWords } from "../../lib/program/option_words.ts";
import { VERSION } from "../../lib/program/version.ts";
import {
  choice,
  flag,
  OptionError,
  optionName,
  parsed,
  text,
  textOrNone,
} from "../../lib/program/options.ts";
import type { Tool } from "../../lib/program/tool.ts";
import { eachTool } from "../../nix/man.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";

const options = {
  hostname: text({ argument: "NAME", description: "host name", defaultText: "this machine's" }),
  ref: text({
    argument: "REF",
    description: "what to sync",
    default: "main",
    env: "TEST_TOOL_REF",
  }),
  action: choice({ choices: ["build", "test", "switch"], description: "what to do" }),
  force: flag({ description: "overwrite", default: true }),
  dryRun: flag({ description: "only show it" }),
  confirm: parsed({
    argument: "SECONDS",
    description: "go back unless confirmed",
    parse: (value) => {
      if (!/^\d+$/.test(value)) throw new OptionError(`"${value}" is not a number of seconds`);
      return Number(value);
    },
  }),
};

const tool: Tool<typeof options> = {
  name: "test-tool",
  purpose: "Tests things.",
  options,
  operand: {
    name: "ACTION",
    choices: { left: "to the left", right: "to the right" },
    description: "where",
  },
  examples: [["test-tool --dry-run", "shows it"]],
  notes: "Files:\n  /etc/thing",
  exitCodes: { 6: "nothing fits" },
  needsRoot: () => false,
  writesLog: () => false,
  run: () => Promise.resolve(),
};

function values(...args: string[]) {
  const result = parseCommandLine(tool, args);
  assert.equal(result.kind, "run");
  return result.kind === "run" ? result.values : assert.fail();
}

function failure(...args: string[]): ToolError {
  try {
    parseCommandLine(tool, args);
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
  return assert.fail(`accepted ${args.join(" ")}`);
}

Deno.test("parseCommandLine() gives every option its default", () => {
  assert.deepEqual({ ...values() }, {
    ref: "main",
    force: true,
    dryRun: false,
    json: false,
    root: "/",
    yes: false,
    verbose: false,
    plain: false,
    color: true,
    operand: undefined,
    handedOn: [],
    given: new Set(),
  });
});

Deno.test("parseCommandLine() reads values, flags and the operand in any order", () => {
  const read = values(
    "right",
    "--dry-run",
    "--hostname",
    "a",
    "--action=switch",
    "--confirm",
    "90",
    "--json",
  );
  assert.equal(read.operand, "right");
  assert.ok(read.given.size > 0 && !read.given.has("yes"));
  assert.equal(read.dryRun, true);
  assert.equal(read.hostname, "a");
  assert.equal(read.action, "switch");
  assert.equal(read.confirm, 90);
  assert.equal(read.json, true);
});

Deno.test("parseCommandLine() turns options that are on off by their --no- form", () => {
  assert.equal(values("--no-force").force, false);
  assert.equal(values("--force").force, true);
  assert.equal(values("--no-force", "--force").force, true);
  assert.equal(values("--no-color").color, false);
  assert.equal(failure("--no-dry-run").code, 4);
});

Deno.test("parseCommandLine() takes an option's variable, the command line winning", () => {
  const restore = Deno.env.get("TEST_TOOL_REF");
  try {
    Deno.env.set("TEST_TOOL_REF", "develop");
    assert.equal(values().ref, "develop");
    assert.equal(values("--ref", "v1").ref, "v1");
    // An empty variable is one that is not set.
    Deno.env.set("TEST_TOOL_REF", "");
    assert.equal(values().ref, "main");
  } finally {
    if (restore === undefined) Deno.env.delete("TEST_TOOL_REF");
    else Deno.env.set("TEST_TOOL_REF", restore);
  }
});

Deno.test("parseCommandLine() refuses an unknown option and names the nearest", () => {
  const error = failure("--hostnam", "x");
  assert.equal(error.code, 4);
  assert.equal(error.message, "unknown option '--hostnam'");
  assert.equal(error.hint, "did you mean --hostname?");
  assert.equal(failure("--zzzzzz").hint, "see test-tool --help");
});

Deno.test("parseCommandLine() refuses values that do not fit, with exit 4 and the option named", () => {
  for (
    const [args, words] of [
      [["--action", "destroy"], /--action.*destroy.*build, test, switch$/],
      [["--confirm", "soon"], /--confirm.*"soon" is not a number of seconds$/],
      [["--hostname"], /--hostname <NAME>' argument missing/],
      [["up"], /up.*left, right$/],
      [["left", "right"], /too many arguments/],
    ] as const
  ) {
    const error = failure(...args);
    assert.equal(error.code, 4);
    assert.match(error.message, words);
  }
});

Deno.test("parseCommandLine() takes everything after -- as operands", () => {
  assert.equal(values("--", "left").operand, "left");
  assert.match(failure("--", "--json").message, /--json/);
});

Deno.test("helpText() shows defaults, choices, variables, examples and exit codes", () => {
  const help = helpText(tool);
  assert.match(help, /^Usage: test-tool \[options\] \[ACTION\]\n\nTests things\.\n/);
  assert.match(help, /\nACTION, where:\n {2}left +to the left\n {2}right +to the right\n/);
  assert.match(help, /--hostname <NAME> +host name \(default: this machine's\)\n/);
  assert.match(help, /--ref <REF> +what to sync \(default: main, env: TEST_TOOL_REF\)\n/);
  assert.match(help, /--action <build\|test\|switch>/);
  assert.match(help, /--force, --no-force +overwrite \(default: on\)\n/);
  // Off is what a flag is that is not given.
  assert.match(help, / {2}--dry-run +only show it\n/);
  assert.match(help, /\nOptions of every tool:\n/);
  assert.match(help, /--root <PATH> +.*\(default: \/, env: HYPERVISOR_ROOT\)\n/);
  assert.match(help, /--version, -h, --help /);
  assert.match(help, /\nExamples:\n {2}test-tool --dry-run {2}shows it\n/);
  const exitCodes = help.slice(help.indexOf("Exit codes:")).replaceAll(/\s+/g, " ");
  for (const [code, meaning] of EXIT_CODES) assert.ok(exitCodes.includes(`${code} ${meaning}`));
  assert.match(help, /\nMore: man test-tool, docs\/test-tool\.md\n$/);
  for (const line of help.split("\n")) assert.ok(line.length <= 80, line);
});

Deno.test("parseCommandLine() names the nearest choice for a mistyped one", () => {
  const mistyped = failure("rihgt");
  assert.equal(mistyped.message, "'rihgt' is not an ACTION. Allowed choices are left, right");
  assert.equal(mistyped.hint, "did you mean right?");
  assert.equal(failure("--action", "swich", "left").hint, "did you mean switch?");
  assert.equal(failure("elsewhere").hint, "see test-tool --help");
});

eachTool((tool) =>
  Deno.test(`helpText() of ${tool.name} fits on one screen and has every option`, () => {
    const help = helpText(tool);
    const lines = help.trimEnd().split("\n");
    assert.ok(lines.length <= 40, `${lines.length} lines`);
    for (const line of lines) assert.ok(line.length <= 80, line);
    for (const { long, short, argument } of optionWords(tool)) {
      const value = argument === undefined ? "" : ` <${argument}>`;
      assert.ok(help.includes(`--${long}${value}`), long);
      if (short) assert.ok(help.includes(`-${short}, --${long}`), long);
    }
    for (const word of Object.keys(tool.operand?.choices ?? {})) {
      assert.ok(help.includes(`\n  ${word} `), word);
    }
  })
);

Deno.test("parseCommandLine() tells help and version from a run, whatever else is wrong", () => {
  for (
    const [kind, ...args] of [
      ["help", "--help"],
      ["help", "-h"],
      ["help", "left", "--forse", "--help"],
      ["version", "--version"],
      ["version", "--action", "destroy", "--version", "--help"],
    ] as const
  ) {
    assert.deepEqual(parseCommandLine(tool, args), { kind });
  }
  // Behind two dashes, and as a value, they are no options.
  assert.equal(failure("--", "--help").code, 4);
  assert.equal(values("--hostname", "--help").hostname, "--help");
  assert.match(VERSION, /^\d+\.\d+\.\d+/);
});

Deno.test("parseCommandLine() takes a value as it is written, the last one counting", () => {
  assert.equal(values("--ref=a=b").ref, "a=b");
  assert.equal(values("--ref", "v1", "--ref=v2").ref, "v2");
  assert.equal(values("--ref", "--").ref, "--");
});

Deno.test("parseCommandLine() refuses a value that is empty, or of several lines, as one line", () => {
  const invalid = "option '--ref <REF>' argument";
  assert.equal(failure("--ref=").message, `${invalid} '' is invalid. It is empty`);
  assert.equal(failure("--action", "").code, 4);
  assert.equal(
    failure("--ref", "v1\n2026-01-01 info forged").message,
    `${invalid} 'v1\\n2026-01-01 info forged' is invalid. It holds a control character`,
  );
  assert.match(failure("--action", "\x1b[2J").message, /'\\x1b\[2J' is invalid/);
});

Deno.test("parseCommandLine() refuses what is no option of its form", () => {
  assert.equal(failure("--dry-run=yes").message, "option '--dry-run' takes no value");
  assert.equal(failure("-x").message, "unknown option '-x'");
  // What was typed behind it may be secret.
  assert.equal(failure("--tokne=secret").message, "unknown option '--tokne'");
  assert.equal(failure("--color").code, 4);
});

Deno.test("parseCommandLine() knows the value that turns another option's own default off", () => {
  const signedBy = textOrNone({ argument: "FILE", description: "whose" });
  const other: Tool<{ signedBy: typeof signedBy }> = {
    ...{ name: "test-tool", purpose: "Tests things.", options: { signedBy }, examples: [] },
    ...{ needsRoot: () => false, writesLog: () => false, run: () => Promise.resolve() },
  };
  const read = (...args: string[]) => {
    const parsed = parseCommandLine(other, args);
    return parsed.kind === "run" ? parsed.values.signedBy : assert.fail();
  };
  assert.equal(read(), undefined);
  assert.equal(read("--signed-by", "keys"), "keys");
  assert.equal(read("--signed-by", "keys", "--no-signed-by"), false);
  assert.throws(() => read("--no-signed-by=keys"), /takes no value/);
});

Deno.test("parseCommandLine() names the variable that holds a value that does not fit", () => {
  const action = choice({ choices: ["build", "test"], description: "do", env: "TEST_TOOL_ACTION" });
  const other: Tool<{ action: typeof action }> = {
    ...{ name: "test-tool", purpose: "Tests things.", options: { action }, examples: [] },
    ...{ needsRoot: () => false, writesLog: () => false, run: () => Promise.resolve() },
  };
  Deno.env.set("TEST_TOOL_ACTION", "biuld");
  try {
    assert.throws(() => parseCommandLine(other, []), {
      message:
        "option '--action <build|test>' argument 'biuld' from the variable TEST_TOOL_ACTION " +
        "is invalid. Allowed choices are build, test",
      hint: "did you mean build?",
    });
    assert.equal(parseCommandLine(other, ["--action", "test"]).kind, "run");
  } finally {
    Deno.env.delete("TEST_TOOL_ACTION");
  }
});

Deno.test("optionName() writes a key as people type it", () => {
  assert.equal(optionName("checkOnly"), "--check-only");
  assert.equal(optionName("ref"), "--ref");
});
