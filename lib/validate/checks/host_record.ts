import { isHostLabel, readHostName } from "../../machine/host_name.ts";
import { readHostRecord } from "../../machine/host_record.ts";
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
  if (!isHostLabel(host.hostName)) {
    return fail(`${places.hostRecord} names "${host.hostName}", which is no host name`, remedy);
  }
  const own = readHostName(ctx)?.name;
  return own === undefined || own === host.hostName
    ? pass(`this machine is ${host.hostName}`)
    : warn(
      `${places.hostRecord} says ${host.hostName}, the machine calls itself ${own}`,
      `to be ${host.hostName}: rebuild-helper switch, and a reboot; ` +
        `to stay ${own}: system-installer --hostname ${own}`,
    );
}
