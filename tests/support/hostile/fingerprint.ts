import { createHash } from "node:crypto";

/** What there is to know of each path: type, permissions, owners, inode, time, content. */
export type Fingerprint = ReadonlyMap<string, string>;

/**
 * Looks at a tree without following links.
 * @param ignore tested against paths such as `etc/passwd`; what is below them is left out, too
 */
export function fingerprint(root: string, ignore: readonly RegExp[] = []): Fingerprint {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    if (ignore.some((pattern) => pattern.test(path))) return;
    const host = path === "" ? root : `${root}/${path}`;
    const info = Deno.lstatSync(host);
    const { uid, gid, ino, mtime } = info;
    const rights = `${info.mode!.toString(8)} of ${uid}:${gid}`;
    if (info.isDirectory) {
      // Its times change with what is in it, which is looked at by itself.
      found.set(path, `folder ${rights}, inode ${ino}`);
      for (const { name } of Deno.readDirSync(host)) visit(path === "" ? name : `${path}/${name}`);
      return;
    }
    const content = info.isSymlink
      ? `link to ${Deno.readLinkSync(host)}`
      : info.isFile
      ? `file ${createHash("sha256").update(Deno.readFileSync(host)).digest("hex")}`
      : "special";
    found.set(path, `${content} ${rights}, inode ${ino}, changed ${mtime?.toISOString()}`);
  };
  visit("");
  return found;
}

/** One line for each path that is another. */
export function compareFingerprints(before: Fingerprint, now: Fingerprint): string[] {
  const paths = [...new Set([...before.keys(), ...now.keys()])].sort();
  return paths.filter((path) => before.get(path) !== now.get(path)).map((path) =>
    `${path || "the top"}: ${before.get(path) ?? "nothing"} -> ${now.get(path) ?? "nothing"}`
  );
}
