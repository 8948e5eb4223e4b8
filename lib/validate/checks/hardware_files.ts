import { counted } from "../../layout/counted.ts";
import { lstatIfExists } from "../../machine/files/files.ts";
import { devicePresence } from "../../machine/hardware/device_names.ts";
import { machineText } from "../../machine/files/machine_files.ts";
import type { HostBase } from "../../machine/host_record.ts";
import { places } from "../../machine/places.ts";
import { type BootDevice, bootDevices } from "../../nix/evaluation/boot_devices.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, skip, some } from "../check.ts";
import type { Facts } from "../facts.ts";
import { parseNix } from "../parse_nix.ts";

const REMEDY = "nixos-generate-config --show-hardware-config shows what it should be";

/** What the machine boots from, as configured, against the disks that are there. */
export const hardwareFileChecks = checksOf("Configuration Files", [
  {
    id: "hardware-configuration",
    title: "hardware-configuration.nix",
    blocksUpdate: true,
    check: hardwareConfiguration,
  },
  {
    id: "boot-devices",
    title: "configured disks",
    quick: false,
    blocksUpdate: true,
    check: configuredDisks,
  },
]);

async function hardwareConfiguration(ctx: Context, facts: Facts): Promise<Finding> {
  const path = ctx.root.follow(places.hardwareConfiguration);
  const info = lstatIfExists(path);
  if (info === undefined && !isImported(ctx, facts)) {
    return skip("your configuration says it elsewhere");
  }
  if (info === undefined) return fail(`${places.hardwareConfiguration} is missing`, REMEDY);
  if (!info.isFile) return fail(`${places.hardwareConfiguration} is not a file`, REMEDY);
  const parsed = await parseNix(ctx, [path]);
  if (parsed.includes("fileSystems")) return pass("there, parses, names file systems");
  // With disko they are elsewhere (nixos-generate-config --no-filesystems); evaluation tells.
  return baseOf(facts) !== null
    ? skip("there, parses; your configuration names the file systems elsewhere")
    : fail(`${places.hardwareConfiguration} names no file system`, REMEDY);
}

function baseOf(facts: Facts): HostBase | null {
  return facts.host()?.base ?? null;
}

/** A host without a base imports it itself; an owner may have it where he likes. */
function isImported(ctx: Context, facts: Facts): boolean {
  const base = baseOf(facts);
  if (base === null) return true;
  return base.kind === "channel" &&
    (machineText(ctx, base.configuration)?.includes("./hardware-configuration.nix") ?? true);
}

async function configuredDisks(ctx: Context, facts: Facts): Promise<Finding> {
  const configuration = await facts.evaluated();
  const devices = bootDevices(configuration);
  const presence = devices.map(({ device }) => devicePresence(ctx, device));
  const missing = devices.filter((_, at) => presence[at] === "absent");
  if (missing.length > 0) {
    const found = missing.map(({ role, device }) => `there is no ${device}, ${role}`);
    const [{ option }] = missing as [BootDevice];
    return fail(
      some(found, 2),
      `put it right in ${places.hardwareConfiguration}: ${option} = "…"; (see lsblk -f)`,
      found,
    );
  }
  if (!configuration.fileSystems.some(({ mountPoint }) => mountPoint === "/")) {
    return fail("no root file system is configured", REMEDY);
  }
  const there = presence.filter((found) => found === "present").length;
  const unknown = devices.filter((_, at) => presence[at] === "unknown").map(({ device }) => device);
  if (there > 0) return pass(`${counted(there, "device")} to boot from, on this machine`);
  return unknown.length > 0
    ? skip(`nothing here says whether there is ${some(unknown)}`)
    : pass("it boots from no device that has a name: ZFS, the network or memory");
}
