/** Renews what is made of something else: parts of docs/, and lib/nix/expressions/host_files.json: `deno task docs`. */
import { exitCodeTable, referenceParts, renewPage } from "../lib/program/reference.ts";
import { eachTool } from "./man.ts";

/** What is installed beside a published tree, from the files that are it: these are in no executable. */
const HOST_FILES = [
  "published/flake.nix",
  "published/machine.nix",
  "module/flake_link.nix",
  "module/kit_loader.nix",
  "module/rebuild_wrapper.nix",
  "module/nixos_rebuild.sh",
];

/** Name and text of each of {@link HOST_FILES}. */
export function hostFiles(): Record<string, string> {
  return Object.fromEntries(
    HOST_FILES.map((path) => [path.split("/").at(-1)!, Deno.readTextFileSync(here(path))]),
  );
}

function here(path: string): string {
  return new URL(path, import.meta.url).pathname;
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
  const path = here(`../docs/${name}.md`);
  return [path, renewPage(Deno.readTextFileSync(path), parts)] as const;
}

if (import.meta.main) {
  for (const [path, renewed] of renewedPages()) Deno.writeTextFileSync(path, renewed);
  Deno.writeTextFileSync(
    here("../lib/nix/expressions/host_files.json"),
    JSON.stringify(hostFiles(), null, 2) + "\n",
  );
}
