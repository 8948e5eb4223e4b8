import type { Change } from "./repositories.ts";

/** Every file and link below a folder, as the first commit of a repository. */
export function* filesOf(top: string, folder = ""): Generator<Change> {
  for (const { name } of Deno.readDirSync(`${top}/${folder}`)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const info = Deno.lstatSync(`${top}/${path}`);
    if (info.isDirectory) yield* filesOf(top, path);
    else if (info.isSymlink) yield { path, link: Deno.readLinkSync(`${top}/${path}`) };
    else {
      const executable = (info.mode! & 0o100) !== 0;
      yield { path, content: Deno.readFileSync(`${top}/${path}`), executable };
    }
  }
}
