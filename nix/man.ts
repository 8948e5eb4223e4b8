/**
 * Writes the manual pages and completions of the named executables, or of all, into a `share` folder:
 *
 *     deno run -A nix/man.ts DIRECTORY [NAME…]
 */
import { devUpdate } from "../cmd/dev-update.ts";
import { rebuildHelper } from "../cmd/rebuild-helper.ts";
import { smartSync } from "../cmd/smart-sync.ts";
import { systemInstaller } from "../cmd/system-installer.ts";
import { validator } from "../cmd/validator.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "../lib/program/completions.ts";
import { manualPage } from "../lib/program/manual.ts";
import { VERSION } from "../lib/program/version.ts";
import type { OptionTable } from "../lib/program/options.ts";
import type { Tool } from "../lib/program/tool.ts";
import descriptions from "./descriptions.json" with { type: "json" };

/** The files of one tool by their path below `share`. */
function documents<T extends OptionTable>(tool: Tool<T>): Record<string, string> {
  const { name } = tool;
  const summary = (descriptions as Record<string, string>)[name] ?? "";
  return {
    [`man/man8/${name}.8`]: manualPage(tool, summary, VERSION),
    [`bash-completion/completions/${name}`]: bashCompletion(tool),
    [`zsh/site-functions/_${name}`]: zshCompletion(tool),
    [`fish/vendor_completions.d/${name}.fish`]: fishCompletion(tool),
  };
}

/** Makes something of the declaration of each of the five tools, in the README's order. */
export function eachTool<R>(make: <T extends OptionTable>(tool: Tool<T>) => R): R[] {
  return [
    make(systemInstaller),
    make(smartSync),
    make(rebuildHelper),
    make(validator),
    make(devUpdate),
  ];
}

/** The files of every tool, by the tool's name. */
export function allDocuments(): Record<string, Record<string, string>> {
  return Object.fromEntries(eachTool((tool) => [tool.name, documents(tool)]));
}

if (import.meta.main) {
  const [folder, ...names] = Deno.args;
  if (!folder) throw new Error("usage: deno run -A nix/man.ts DIRECTORY [NAME…]");
  for (const [name, files] of Object.entries(allDocuments())) {
    if (names.length > 0 && !names.includes(name)) continue;
    for (const [path, text] of Object.entries(files)) {
      const file = `${folder}/${path}`;
      Deno.mkdirSync(file.replace(/\/[^/]*$/, ""), { recursive: true });
      Deno.writeTextFileSync(file, text);
    }
  }
}
