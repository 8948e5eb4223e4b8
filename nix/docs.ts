/** Renews what the pages in docs/ take from the tools' declarations: `deno task docs`. */
import { exitCodeTable, referenceParts, renewPage } from "../lib/program/reference.ts";
import { eachTool } from "./man.ts";

if (import.meta.main) {
  for (const [path, renewed] of renewedPages()) Deno.writeTextFileSync(path, renewed);
}

/** The pages with parts that are made: the path of each, and what it should be. */
export function renewedPages(): (readonly [path: string, renewed: string])[] {
  const exitCodes = exitCodeTable(eachTool(({ name, exitCodes = {} }) => ({ name, exitCodes })));
  return [
    ...eachTool((tool) => renew(tool.name, referenceParts(tool))),
    renew("recovery", new Map([["exit codes", exitCodes]])),
  ];
}

function renew(name: string, parts: ReadonlyMap<string, string>) {
  const path = new URL(`../docs/${name}.md`, import.meta.url).pathname;
  return [path, renewPage(Deno.readTextFileSync(path), parts)] as const;
}
