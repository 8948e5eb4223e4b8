import { isMountedEarly } from "../../nix/evaluation/boot_devices.ts";
import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState } from "./machine_now.ts";
import { fails, type Verdict } from "./verdict.ts";

/** What a restart empties. */
const VOLATILE = /^(tmpfs|ramfs)$/;

/**
 * Whether the password file of an account is there when the next boot makes the accounts. It matters where
 * it is read at each boot: without `mutableUsers`, and on a root that a restart empties. Pure.
 */
export function provePasswordStays(after: ConfigurationFacts, account: AccountState): Verdict[] {
  const declared = after.users.accounts.find(({ name }) => name === account.name);
  const file = declared?.password === "file" ? declared.passwordFile : null;
  const rootIsVolatile = VOLATILE.test(fileSystemOf(after, "/etc/shadow")?.fsType ?? "");
  if (file === null || account.password !== "hash") return [];
  if (after.users.mutableUsers && !rootIsVolatile) return [];
  const place = fileSystemOf(after, file);
  if (place === undefined) return [];
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

function fileSystemOf({ fileSystems }: ConfigurationFacts, path: string) {
  return fileSystems.filter(({ mountPoint }) =>
    mountPoint === "/" || path === mountPoint || path.startsWith(`${mountPoint}/`)
  ).sort((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
}
