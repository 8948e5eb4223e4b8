import { createHash } from "node:crypto";
import { openRegular, readAll } from "../files/regular_file.ts";

/** Kinds of Git objects, as their headers name them (gitformat-pack(5)). */
export type ObjectKind = "commit" | "tree" | "blob" | "tag";

/** The name Git gives to an object: SHA-1 of `<kind> <size>\0<content>`, 40 hexadecimal digits. */
export function objectHash(kind: ObjectKind, content: Uint8Array): string {
  return createHash("sha1").update(`${kind} ${content.length}\0`).update(content).digest("hex");
}

/** The blob name of a content: what a tree entry of a file says. */
export function blobHash(content: Uint8Array): string {
  return objectHash("blob", content);
}

/** Files up to this size are read whole (bytes). */
const WHOLE = 4 * 1024 * 1024;

/**
 * The blob name of a regular file, read without following a link in its last component.
 * @param size from lstat; a file that changes its length meanwhile gets a name that fits nothing
 */
export function fileHash(path: string, size: number): string {
  using opened = openRegular(path);
  const { file } = opened;
  if (size <= WHOLE) return blobHash(readAll(opened, path));
  const hash = createHash("sha1").update(`blob ${size}\0`);
  const buffer = new Uint8Array(1024 * 1024);
  for (let n = file.readSync(buffer); n !== null; n = file.readSync(buffer)) {
    hash.update(buffer.subarray(0, n));
  }
  return hash.digest("hex");
}

/** The blob name of a symbolic link: its target is its content. */
export function linkHash(path: string): string {
  return blobHash(new TextEncoder().encode(Deno.readLinkSync(path)));
}
