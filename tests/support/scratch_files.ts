import { mustRun } from "./must_run.ts";

/** A file's text or bytes, or a link's target. */
export type ScratchEntry = string | Uint8Array | { readonly link: string };

/**
 * Runs a test in a new temporary folder that holds these files, and removes it afterwards. Keys are
 * paths below the folder; a key that ends in "/" makes an empty folder.
 */
export async function withScratch(
  files: Readonly<Record<string, ScratchEntry>>,
  test: (folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "hyper-nixos-test-" });
  try {
    plant(folder, files);
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Writes files (as for {@link withScratch}) into a folder that is there. */
export function plant(folder: string, files: Readonly<Record<string, ScratchEntry>>): void {
  for (const [name, entry] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (name.endsWith("/")) continue;
    if (typeof entry === "string") Deno.writeTextFileSync(path, entry);
    else if (entry instanceof Uint8Array) Deno.writeFileSync(path, entry);
    else Deno.symlinkSync(entry.link, path);
  }
}

/** Makes a named pipe, with the folders above it. */
export function makeFifo(path: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o755 });
  mustRun("mkfifo", [path]);
}
