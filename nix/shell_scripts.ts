/**
 * Shellcheck over every shell script of the tree, part of `deno task check`. Where shellcheck is not
 * installed it says so and fails nothing: the workflow has it.
 */
import { REPOSITORY } from "./bundle.ts";

/** The tree's shell scripts: files that name a shell in their first line, and those that end in `.sh`. */
export function shellScripts(folder: string = REPOSITORY): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory, isFile }) => {
    const path = `${folder}${name}`;
    if (isDirectory) {
      return /^(\.git|dist|result|target|var)$/.test(name) ? [] : shellScripts(`${path}/`);
    }
    return isFile && (name.endsWith(".sh") || startsAShell(path)) ? [path] : [];
  }).sort();
}

function startsAShell(path: string): boolean {
  using file = Deno.openSync(path);
  const start = new Uint8Array(64);
  const length = file.readSync(start) ?? 0;
  return /^#!.*\b(ba|da)?sh\b/.test(new TextDecoder().decode(start.subarray(0, length)));
}

if (import.meta.main) {
  try {
    const args = ["--severity=warning", ...shellScripts()];
    const { code } = new Deno.Command("shellcheck", { args, stdout: "inherit", stderr: "inherit" })
      .outputSync();
    Deno.exit(code);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // deno-lint-ignore no-console
    console.error("NOT CHECKED: the shell scripts, because shellcheck is not installed");
  }
}
