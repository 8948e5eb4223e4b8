/**
 * A tool that does a little of everything that lib/program offers, for the tests of lib/program. What
 * it does is said by `--do`.
 */
import { writeFileAtomic } from "../../lib/machine/files/files.ts";
import { ToolError } from "../../lib/machine/tool_error.ts";
import type { Context } from "../../lib/machine/context.ts";
import { main } from "../../lib/program/main.ts";
import { choice, flag, OptionError, parsed, text } from "../../lib/program/options.ts";
import { style } from "../../lib/layout/style.ts";

const HOSTILE = "\x1b[31mred\x1b[0m \u202ebidi {name}";

/** What each word of `--do` does. */
const deeds: Record<string, (ctx: Context) => Promise<number | void> | number | void> = {
  nothing: () => {},
  greet: (ctx) => {
    ctx.log.debug("a detail");
    ctx.log.info("hello");
    ctx.log.warn("careful");
    ctx.log.error("it went wrong");
  },
  lengthy: (ctx) => {
    ctx.log.info("a sentence that goes on for longer than thirty columns");
    ctx.log.info("to go back: sudo some command that must be copied whole");
  },
  hostile: (ctx) => {
    ctx.log.info(HOSTILE);
    ctx.out.print(HOSTILE);
  },
  styled: (ctx) => ctx.log.info(`${style.green("ok")} ${style.bold("bold")}`),
  document: (ctx) => {
    ctx.log.info("talk");
    ctx.out.print("report");
    ctx.out.json({ version: 1, ...{ answer: 42 } });
  },
  "document-then-fail": (ctx) => {
    ctx.out.json({ version: 1, ...{ answer: 42 } });
    throw new ToolError("too late");
  },
  code: () => 6,
  fail: () => {
    throw new ToolError("cannot open /etc/thing", {
      hint: "look at it with ls -l /etc/thing",
      code: 5,
      cause: new Error("the lower cause"),
    });
  },
  bug: () => {
    throw new TypeError("x is not a function");
  },
  write: (ctx) =>
    writeFileAtomic(ctx.root.host("/etc/thing"), "x".repeat(100_000), { mode: 0o644 }),
  missing: async (ctx) => void await ctx.run("no-such-command-at-all", []),
  child: async (ctx) => void await ctx.run("sh", ["-c", "echo one; echo two >&2; exit 7"]),
  environment: async (ctx) => ctx.out.print((await ctx.run("env", [])).stdout),
  cleanup: async (ctx) => {
    try {
      ctx.log.info("waiting");
      await aborted(ctx.signal);
    } finally {
      ctx.log.info("cleaned up");
    }
  },
  sleeper: async (ctx) => {
    ctx.log.info("child starts");
    await ctx.run("sh", ["-c", "echo $$; sleep 300 & echo $!; wait"], {
      onLine: (line) => ctx.log.info(`pid ${line}`),
    });
  },
  activate: async (ctx) => {
    ctx.passPointOfNoReturn();
    ctx.log.info("activating");
    // The test says when it may end, by a file.
    const done = ctx.root.host("/done");
    while (true) {
      try {
        Deno.statSync(done);
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    ctx.log.info("activated");
  },
  flood: async (ctx) => {
    ctx.log.info("flooding");
    for (let line = 0; line < 20_000; line++) ctx.out.print(`line ${line} ${"x".repeat(60)}`);
    await Deno.writeTextFile(ctx.root.host("/flooded"), "to the end");
  },
  confirm: async (ctx) => {
    const sure = await ctx.ui.confirm({ message: "Go on?", option: "--yes", default: true });
    ctx.log.info(`confirmed ${sure}`);
  },
  insist: async (ctx) => {
    const sure = await ctx.ui.confirm({ message: "Erase it all?", option: "--erase" });
    ctx.log.info(`confirmed ${sure}`);
  },
  name: async (ctx) => {
    const name = await ctx.ui.text({
      message: "Host name?",
      option: "--hostname",
      default: "nixos",
      validate: (answer) => /^[a-z]+$/.test(answer) ? undefined : "only letters please",
    });
    ctx.log.info(`named ${name}`);
  },
  select: async (ctx) => {
    const value = await ctx.ui.select({
      message: "Which action?",
      option: "--action",
      choices: [
        { value: { id: "build" }, label: "Build" },
        { value: { id: "test" }, label: "Test \x1b[5mblink" },
        { value: { id: "switch" }, label: "Switch", hint: "persistent" },
      ],
    });
    ctx.log.info(`selected ${value.id}`);
  },
  pick: async (ctx) => {
    const names = ["alice", "bob", "carol"];
    const picked = await ctx.ui.multiselect({
      message: "Which users?",
      option: "--users",
      choices: names.map((value) => ({ value, label: value })),
      default: ["alice"],
    });
    ctx.log.info(`picked ${picked.join(",")}`);
  },
  progress: async (ctx) => {
    const progress = ctx.ui.progress("Copying", 10);
    progress.update(5, "half.txt");
    if (ctx.ui.interactive) await ctx.ui.text({ message: "Seen?", option: "--seen" });
    progress.done("copied");
    progress.fail("never shown");
  },
};

main({
  name: "demo",
  purpose: "Does a little of everything.",
  options: {
    do: text({ argument: "DEED", description: "what to do", default: "nothing" }),
    force: flag({ description: "overwrite without asking", default: true }),
    dryRun: flag({ description: "only show it" }),
    action: choice({ choices: ["build", "test"], description: "what to build" }),
    ref: text({ argument: "REF", description: "branch or tag", default: "main", env: "DEMO_REF" }),
    port: parsed({
      argument: "N",
      description: "a port",
      parse: (value) => {
        if (!/^\d+$/.test(value)) throw new OptionError(`"${value}" is not a number`);
        return Number(value);
      },
    }),
    asRoot: flag({ description: "needs root" }),
    log: flag({ description: "write a log file", default: true }),
  },
  operand: {
    name: "TARGET",
    choices: { left: "to the left", right: "to the right" },
    description: "where to",
  },
  examples: [["demo --do greet", "says hello"]],
  notes: "Files:\n  /var/log/hypervisor/demo.log",
  exitCodes: { 6: "the demo said so" },
  needsRoot: (values) => values.asRoot,
  writesLog: (values) => values.log,
  run: async (ctx, values) => {
    const deed = deeds[values.do];
    if (deed) return await deed(ctx) ?? undefined;
    // `--do repeat` prints the text that `--ref` encodes: no option takes control characters.
    ctx.out.json({ version: 1, ...{ text: decodeURIComponent(values.ref) } });
  },
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const keepAlive = setInterval(() => {}, 1000);
    signal.addEventListener("abort", () => {
      clearInterval(keepAlive);
      reject(signal.reason);
    });
  });
}
