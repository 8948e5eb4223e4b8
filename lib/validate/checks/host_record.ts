import { attempt } from "../../machine/attempt.ts";
import { exists } from "../../machine/files/files.ts";
import { isHostLabel, isNixosHostName, readHostName } from "../../machine/host_name.ts";
import { type HostRecord, readHostRecord } from "../../machine/host_record.ts";
import { places } from "../../machine/places.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, warn } from "../check.ts";
import type { Facts } from "../facts.ts";

/** `host.json` names the host that the flake builds for this machine. */
export const hostRecordChecks = checksOf("Configuration Files", [{
  id: "host-record",
  title: "host.json",
  blocksUpdate: true,
  check: hostRecord,
}]);

function hostRecord(ctx: Context, facts: Facts): Finding {
  facts.requireInstalled();
  const host = readHostRecord(ctx);
  const remedy = "system-installer writes it anew";
  if (host === undefined) {
    return fail(`${places.hostRecord} is missing: the flake has no host for this machine`, remedy);
  }
  if (typeof host === "string") return fail(`${places.hostRecord} cannot be used: ${host}`, remedy);
  if (!isNixosHostName(host.hostName)) {
    return fail(`${places.hostRecord} names "${host.hostName}", which is no host name`, remedy);
  }
  const base = missingBase(ctx, host);
  if (base !== undefined) {
    return fail(
      `your configuration ${base} is not there, and this host is made on it`,
      "bring it back, or name another one: system-installer --config",
    );
  }
  const own = readHostName(ctx)?.name;
  // The kernel may have the full name, as DHCP or cloud-init gives it.
  if (own === undefined || [own, own.split(".")[0]].includes(host.hostName)) {
    return pass(`this machine is ${host.hostName}`);
  }
  const toStay = isHostLabel(own) ? `; to stay ${own}: system-installer --hostname ${own}` : "";
  return warn(
    `${places.hostRecord} says ${host.hostName}, the machine calls itself ${own}`,
    `to be ${host.hostName}: rebuild-helper switch, and a reboot${toStay}`,
  );
}

/** The file of the owner's configuration, where it is known to be gone: a home may be closed to this user. */
function missingBase(ctx: Context, host: HostRecord): string | undefined {
  const { base } = host;
  const place = base?.kind === "flake" ? base.directory ?? base.checkout : base?.configuration;
  if (!base || place === undefined) return undefined;
  const file = base.kind === "flake" ? `${place}/flake.nix` : place;
  return attempt(() => exists(ctx.root.follow(file))) === false ? file : undefined;
}
