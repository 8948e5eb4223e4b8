import { main } from "/work/main/lib/program/main.ts";
import { choice, flag, jsonOption, text } from "/work/main/lib/program/options.ts";
await main({
  name: "demo",
  purpose: "Demo it.",
  options: {
    force: flag({ description: "overwrite", default: true }),
    action: choice({ choices: ["build", "test"], description: "what" }),
    ref: text({ argument: "REF", default: "main", description: "r" }),
    ...jsonOption,
  },
  examples: [["demo --x", "does x"]],
  needsRoot: () => false,
  writesLog: () => true,
  run: async (ctx, v) => {
    ctx.log.info("hi \x1b[31m {a} " + v.force + v.action);
    ctx.out.print(JSON.stringify(v));
    const x = await ctx.ui.select({
      message: "pick",
      option: "--pick",
      choices: [{ value: { a: 1 }, label: "one" }, {
        value: 2 as unknown as { a: number },
        label: "two",
      }],
    });
    ctx.log.info(JSON.stringify(x));
    const p = ctx.ui.progress("Working", 10);
    for (let i = 0; i < 10; i++) {
      p.update(i, "f" + i);
      await new Promise((r) => setTimeout(r, 50));
    }
    p.done("worked");
    const r = await ctx.run("sh", ["-c", "echo hi; sleep 1; env"]);
    ctx.out.print(r.stdout);
  },
});
