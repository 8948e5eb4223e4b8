/**
 * What `deno lint` does not read, part of `deno task check`: shell scripts (shellcheck) and Nix (nixfmt,
 * deadnix). Where one of these is not installed it says so and fails nothing: `nix flake check` has them.
 */
import { REPOSITORY } from "./bundle.ts";

/** The tree's shell scripts: files that name a shell in their first line, and those that end in `.sh`. */
export function shellScripts(): string[] {
  return filesBelow(REPOSITORY).filter((path) => path.endsWith(".sh") || startsAShell(path));
}

function nixFiles(): string[] {
  return filesBelow(REPOSITORY).filter((path) => path.endsWith(".nix"));
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory, isFile }) => {
    if (isFile) return [`${folder}${name}`];
    const isOurs = isDirectory && !/^(\.git|dist|result|target|var)$/.test(name);
    return isOurs ? filesBelow(`${folder}${name}/`) : [];
  }).sort();
}

function startsAShell(path: string): boolean {
  using file = Deno.openSync(path);
  const start = new Uint8Array(64);
  const length = file.readSync(start) ?? 0;
  return /^#!.*\b(ba|da)?sh\b/.test(new TextDecoder().decode(start.subarray(0, length)));
}

/** Whether a program has nothing against these files, or is not there to say so. */
function accepts(program: string, options: readonly string[], files: readonly string[]): boolean {
  try {
    const args = [...options, ...files];
    return new Deno.Command(program, { args, stdout: "inherit", stderr: "inherit" })
      .outputSync().success;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // deno-lint-ignore no-console
    console.error(`NOT CHECKED by ${program}, which is not installed: ${files.length} files`);
    return true;
  }
}

if (import.meta.main) {
  const good = [
    accepts("shellcheck", ["--severity=warning"], shellScripts()),
    accepts("nixfmt", ["--check"], nixFiles()),
    accepts("deadnix", ["--fail"], nixFiles()),
  ];
  Deno.exit(good.every(Boolean) ? 0 : 1);
}
