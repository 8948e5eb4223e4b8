/** Copies a file tree with its links and modes; the times are those of the copy. */
export function copySync(from: string, to: string): void {
  const info = Deno.lstatSync(from);
  if (info.isSymlink) Deno.symlinkSync(Deno.readLinkSync(from), to);
  else if (info.isDirectory) {
    Deno.mkdirSync(to, { recursive: true });
    Deno.chmodSync(to, 0o755);
    for (const entry of Deno.readDirSync(from)) {
      copySync(`${from}/${entry.name}`, `${to}/${entry.name}`);
    }
  } else Deno.copyFileSync(from, to);
}
