import * as v from "valibot";

/**
 * What tells whether a file is still the one that was looked at: its inode, its size in bytes and the
 * time of its last change in milliseconds (the runtime knows no finer one). Not the time of the inode's
 * change, which a hard link or a rename sets, too.
 */
export const FileIdentitySchema = v.object({
  inode: v.number(),
  size: v.number(),
  mtime: v.number(),
});
/** See {@link FileIdentitySchema}. */
export type FileIdentity = v.InferOutput<typeof FileIdentitySchema>;

/** The identity of what `lstat` has told of. */
export function identityOf(info: Deno.FileInfo): FileIdentity {
  return { inode: info.ino ?? 0, size: info.size, mtime: info.mtime?.getTime() ?? 0 };
}

/** Whether what is there now is a file, unchanged since its identity was taken. */
export function isStill(now: Deno.FileInfo | undefined, was: FileIdentity): boolean {
  if (now === undefined || now.isDirectory) return false;
  const { inode, size, mtime } = identityOf(now);
  return inode === was.inode && size === was.size && mtime === was.mtime;
}
