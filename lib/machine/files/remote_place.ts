import { type Mount, mountOf } from "../hardware/mounts.ts";
import { ifItAnswers } from "../run.ts";
import type { Context } from "../context.ts";

/** File systems behind which is somebody who can be gone: whoever looks at them then waits for ever. */
const REMOTE = /^(nfs4?|cifs|smb3|ceph|9p|afs|glusterfs|lustre|autofs|fuse(\..+)?)$/;
/** For so long (milliseconds) a server is waited for. */
const TIMEOUT = 5_000;

/**
 * Whether a machine path can be looked at without end of waiting: a file system that may not answer is asked
 * by a child first, which can be ended.
 */
export async function answersAt(
  ctx: Context,
  mounts: readonly Mount[],
  path: string,
): Promise<boolean> {
  if (!REMOTE.test(mountOf(mounts, path)?.fsType ?? "")) return true;
  const asked = ctx.run("stat", ["-f", ctx.root.host(path)], { accept: "any", timeout: TIMEOUT });
  return await ifItAnswers(asked) !== undefined;
}
