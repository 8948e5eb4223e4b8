import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

type FileSystem = ConfigurationFacts["fileSystems"][number];

/** Programs that mount a type, by what their packages are called; others are called as the type is. */
const PACKAGES: Readonly<Record<string, string>> = {
  nfs: "nfs-utils",
  nfs4: "nfs-utils",
  cifs: "cifs-utils",
  smb3: "cifs-utils",
  davfs: "davfs2",
  ntfs: "ntfs3g",
  "ntfs-3g": "ntfs3g",
  s3fs: "s3fs-fuse",
  sshfs: "sshfs-fuse",
};

/**
 * Whether the programs are installed that mount what the kernel cannot mount alone (sshfs, mergerfs, nfs
 * …): a configuration without them evaluates, builds, and does not mount. Pure.
 */
export function proveMountHelpers({ before, after }: ProofQuestion): Verdict[] {
  const installed = after.mountHelpers;
  if (installed === undefined) return [];
  return after.fileSystems.flatMap((one) => {
    const helper = helperOf(one);
    if (helper === undefined) return [];
    const what = `the file system of ${one.mountPoint} can be mounted`;
    if (has(installed, helper)) return [holds("disk", what, `${helper} is installed`)];
    const same = before?.fileSystems.some(({ mountPoint, fsType }) =>
      mountPoint === one.mountPoint && fsType === one.fsType
    );
    // One that is not mounted now, or by something else than these packages, is as before.
    if (same && before?.mountHelpers !== undefined && !has(before.mountHelpers, helper)) return [];
    return [fails(
      "disk",
      what,
      `${helper}, which mounts ${one.fsType}, is not installed`,
      `system.fsPackages = [ pkgs.${helper.replace(/-fuse$/, "")} ];`,
    )];
  });
}

/** The package that mounts a file system; mount(8) asks for `mount.TYPE`, mount.fuse(8) for the program. */
function helperOf({ fsType, device }: FileSystem): string | undefined {
  const [fuse, type = ""] = /^fuse3?(?:\.(.+))?$/.exec(fsType) ?? [];
  if (fuse === undefined && !KNOWN.test(fsType)) return undefined;
  const program = fuse === undefined ? fsType : type || device?.split("#")[0]?.split("/").at(-1);
  if (!program) return undefined;
  return PACKAGES[program] ?? program;
}

/** Types beside FUSE's that the kernel does not mount alone. */
const KNOWN =
  /^(nfs4?|cifs|smb3|davfs2?|ntfs|ntfs-3g|glusterfs|mergerfs|bindfs|sshfs|s3fs|rclone|encfs|gocryptfs|cryfs|curlftpfs)$/;

function has(packages: readonly string[], helper: string): boolean {
  const short = helper.replace(/-fuse$|-utils$/, "");
  return packages.some((name) => name === helper || name.startsWith(short));
}
