import { lstatIfExists } from "../../machine/files.ts";
import { devicePresence } from "../../machine/device_names.ts";
import { places } from "../../machine/places.ts";
import { proveDisks } from "../../rebuild/proof_disks.ts";
import type { Context } from "../../program/context.ts";
import { type Check, fail, type Finding, pass, some } from "../check.ts";
import { evaluated } from "../evaluated.ts";
import type { Facts } from "../facts.ts";
import { parseNix } from "../parse_nix.ts";

const REMEDY = "nixos-generate-config --show-hardware-config shows what it should be";

/** What the machine boots from, as configured, against the disks that are there. */
export const hardwareFileChecks: readonly Check[] = [
  {
    id: "hardware-configuration",
    group: "Configuration Files",
    title: "hardware-configuration.nix",
    severity: "error",
    quick: true,
    blocksUpdate: true,
    check: hardwareConfiguration,
  },
  {
    id: "boot-devices",
    group: "Configuration Files",
    title: "configured disks",
    severity: "error",
    quick: false,
    blocksUpdate: true,
    check: bootDevices,
  },
];

async function hardwareConfiguration(ctx: Context): Promise<Finding> {
  const path = ctx.root.follow(places.hardwareConfiguration);
  const info = lstatIfExists(path);
  if (info === undefined) return fail(`${places.hardwareConfiguration} is missing`, REMEDY);
  if (!info.isFile) return fail(`${places.hardwareConfiguration} is not a file`, REMEDY);
  const parsed = await parseNix(ctx, [path]);
  return parsed.includes("fileSystems")
    ? pass("there, parses, names file systems")
    : fail(`${places.hardwareConfiguration} names no file system`, REMEDY);
}

async function bootDevices(ctx: Context, facts: Facts): Promise<Finding> {
  const configuration = await evaluated(facts);
  if ("status" in configuration) return configuration;
  const verdicts = proveDisks(configuration, (device) => devicePresence(ctx, device));
  const missing = verdicts.filter(({ ok }) => !ok);
  if (missing.length === 0) {
    return pass(`${verdicts.length} devices that it boots from are on this machine`);
  }
  return fail(
    `not proven: ${some(missing.map(({ what, why }) => `${what}: ${why}`), 2)}`,
    `put it right in ${places.hardwareConfiguration}: ${missing[0]!.remedy ?? REMEDY}`,
    missing.map(({ what, why }) => `${what}: ${why}`),
  );
}
