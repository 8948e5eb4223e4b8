import type { Context } from "../machine/context.ts";
import { machineHas, machineText } from "../machine/files/machine_files.ts";
import { bootDefault, currentSystem } from "./generations.ts";

/** setup-etc.pl's list of the files that it copied into /etc, by their names there. */
const COPIED = "/etc/.clean";

/**
 * Whether the activation of the machine's system has made this file, so that one without it takes it away.
 * Most of /etc are links into the store. What has a mode of its own, as sshd's keys of users have, is a copy
 * like any file made by hand; on an overlay everything is. Those are known by setup-etc.pl's list and by the
 * tree that the system has of its /etc (nixpkgs, nixos/modules/system/etc).
 * @param path a machine path
 */
export function isMadeByActivation(ctx: Context, path: string): boolean {
  const real = ctx.root.realPath(path);
  if (/^\/(nix\/store|etc\/static)\//.test(real)) return true;
  const system = currentSystem(ctx) ?? bootDefault(ctx);
  const copied = new Set(machineText(ctx, COPIED)?.split("\n"));
  return [path, real].filter((name) => name.startsWith("/etc/")).some((inEtc) => {
    const name = inEtc.slice("/etc/".length);
    return copied.has(name) || system !== undefined && machineHas(ctx, `${system}/etc/${name}`);
  });
}
