import { isMountedEarly } from "../../nix/evaluation/boot_devices.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState } from "../proofs/machine_now.ts";
import { fails, type Verdict } from "../proofs/verdict.ts";

/** Types of file systems that a restart empties. */
export const VOLATILE = /^(tmpfs|ramfs)$/;

/** Made anew at each boot by the system that names it, before the accounts (sops-nix, agenix). */
const MADE_AT_BOOT = /^\/run\//;

/**
 * Whether the password file of an account is there when the next boot makes the accounts. It matters where
 * it is read at each boot: without `mutableUsers`, and on a root that a restart empties. A file that the
 * present configuration reads at the same place is as sure as it was. Pure.
 */
export function provePasswordStays(
  before: ConfigurationFacts | undefined,
  after: ConfigurationFacts,
  account: AccountState,
): Verdict[] {
  const file = passwordFileOf(after, account);
  const rootIsVolatile = VOLATILE.test(fileSystemOf(after, "/etc/shadow")?.fsType ?? "");
  if (file === null || account.password !== "hash") return [];
  if (after.users.mutableUsers && !rootIsVolatile) return [];
  const place = fileSystemOf(after, file);
  if (place === undefined || MADE_AT_BOOT.test(file)) return [];
  if (before !== undefined && isAsBefore(before, file, account, place)) return [];
  const what = `the password of ${account.name} outlives a restart`;
  const remedy = `users.users.${account.name}.hashedPasswordFile = lib.mkForce "…"; ` +
    "(a file where a restart leaves it)";
  if (VOLATILE.test(place.fsType)) {
    return [
      fails("login", what, `${file} is on a ${place.fsType}, which a restart empties`, remedy),
    ];
  }
  if (isMountedEarly(place)) return [];
  return [fails(
    "login",
    what,
    `${file} is on ${place.mountPoint}, which is mounted after the accounts are made`,
    `fileSystems."${place.mountPoint}".neededForBoot = true;`,
  )];
}

function passwordFileOf({ users }: ConfigurationFacts, { name }: AccountState): string | null {
  const declared = users.accounts.find((account) => account.name === name);
  return declared?.password === "file" ? declared.passwordFile : null;
}

function isAsBefore(
  before: ConfigurationFacts,
  file: string,
  account: AccountState,
  place: FileSystem,
): boolean {
  return passwordFileOf(before, account) === file &&
    JSON.stringify(fileSystemOf(before, file)) === JSON.stringify(place);
}

type FileSystem = ConfigurationFacts["fileSystems"][number];

/** The file system that a machine path lies on: of several the innermost. */
export function fileSystemOf(
  { fileSystems }: ConfigurationFacts,
  path: string,
): FileSystem | undefined {
  return fileSystems.filter(({ mountPoint }) =>
    mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`)
  ).sort((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
}
