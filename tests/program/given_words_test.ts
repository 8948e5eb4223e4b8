import { deepEqual } from "node:assert/strict";
import { parseCommandLine } from "../../lib/program/command_line.ts";
import { givenWords } from "../../lib/program/given_words.ts";
import { flag, parsed, text, textOrNone, wholeNumber } from "../../lib/program/options.ts";
import type { Tool } from "../../lib/program/tool.ts";

const options = {
  impure: flag({ default: true, description: "allow it" }),
  quick: flag({ description: "be quick" }),
  confirm: parsed({ argument: "SECONDS", description: "wait", parse: wholeNumber(1, 9) }),
  kind: textOrNone({ argument: "NAME", description: "which" }),
  targetHost: text({ argument: "HOST", description: "there" }),
};

const tool: Tool<typeof options> = {
  name: "demo",
  purpose: "Shows it.",
  options,
  examples: [],
  needsRoot: () => false,
  writesLog: () => false,
  run: () => Promise.resolve(),
};

function words(...args: string[]): string[] {
  const parsed = parseCommandLine(tool, args);
  if (parsed.kind !== "run") throw new Error("it prints");
  return givenWords(options, parsed.values, ["targetHost"]);
}

Deno.test("givenWords() says again what was given, and nothing of what was not or is left out", () => {
  deepEqual(words(), []);
  deepEqual(words("--target-host", "x", "--quick"), ["--quick"]);
  deepEqual(words("--no-impure", "--confirm", "3", "--no-color", "--json"), [
    "--no-impure",
    "--confirm=3",
    "--json",
    "--no-color",
  ]);
  deepEqual(words("--kind", "big"), ["--kind=big"]);
  deepEqual(words("--no-kind"), ["--no-kind"]);
  deepEqual(words("--impure", "--root=/mnt"), ["--impure", "--root=/mnt"]);
});
