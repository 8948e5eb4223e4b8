import { readTextIfExists } from "../machine/files/files.ts";
import type { Context } from "../machine/context.ts";
import type { PasswordlessRule } from "./sudoers.ts";

/** A word, quoted or not, or a brace; doas.conf(5). */
const WORD = /"(?:\\.|[^"\\])*"|[{}]|(?:\\.|[^\s"{}\\#])+|#.*$/g;

/**
 * What doas.conf(5) grants without a password (`permit nopass …`): the command with its arguments,
 * where the rule names them, otherwise "ALL". A group is `:name`.
 * @throws Deno.errors.PermissionDenied for who may not read it
 */
export function passwordlessDoas(ctx: Context): PasswordlessRule[] {
  const text = readTextIfExists(ctx.root.follow("/etc/doas.conf")) ?? "";
  return text.replace(/\\\r?\n/g, " ").split("\n").flatMap((line) => {
    const words = (line.match(WORD) ?? []).filter((word) => !word.startsWith("#"))
      .map((word) => word.replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1"));
    if (words.shift() !== "permit") return [];
    let free = false;
    for (let word = words[0]; isOption(word); word = words[0]) {
      words.shift();
      if (word === "nopass") free = true;
      if (word === "setenv") words.splice(0, words.indexOf("}") + 1);
    }
    const who = words.shift();
    if (!free || who === undefined) return [];
    const [target] = words[0] === "as" ? words.splice(0, 2).slice(1) : [];
    const [cmd, command, args, ...rest] = words;
    return [{
      who,
      command: cmd !== "cmd" ? "ALL" : args === "args" ? [command, ...rest].join(" ") : command!,
      asRoot: target === undefined || target === "root",
      certain: true,
    }];
  });
}

function isOption(word: string | undefined): boolean {
  return word !== undefined && ["nopass", "nolog", "persist", "keepenv", "setenv"].includes(word);
}
