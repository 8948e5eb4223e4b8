import { foreignPart, isRootOrSelf } from "./file_trust.ts";
import { realPathIfSeen, statIfSeen } from "./files.ts";

const USUAL = "/tmp";
const STICKY = 0o1000;

/**
 * Where temporary files go: the folder named (TMPDIR) where nobody else can exchange what is made in it,
 * else /tmp. What is made there is written and read by path.
 */
export function temporaryPlace(named: string | undefined): string {
  return named !== undefined && isSafe(named) ? named : USUAL;
}

/** Makes an empty folder for this user only. */
export function makeTemporaryDirectory(
  { env }: { readonly env: Readonly<Record<string, string>> },
  prefix: string,
): string {
  return Deno.makeTempDirSync({ dir: temporaryPlace(env.TMPDIR), prefix });
}

/** In a sticky folder everyone makes files, and only their owner renames them. */
function isSafe(folder: string): boolean {
  const info = statIfSeen(folder);
  if (!folder.startsWith("/") || !info?.isDirectory) return false;
  try {
    const foreign = foreignPart(folder, isRootOrSelf);
    return foreign === undefined ||
      foreign.path === realPathIfSeen(folder) && ((info.mode ?? 0) & STICKY) !== 0 &&
        isRootOrSelf(info.uid ?? 0);
  } catch {
    return false;
  }
}
