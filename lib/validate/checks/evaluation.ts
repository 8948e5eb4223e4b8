import { counted } from "../../layout/counted.ts";
import { nearestName } from "../../layout/nearest_name.ts";
import { localModule } from "../../machine/tree_layout.ts";
import { hostFolder } from "../../nix/expressions/host_flake.ts";
import type { Context } from "../../machine/context.ts";
import { checksOf, fail, type Finding, pass, skip, some, warn } from "../check.ts";
import type { Facts } from "../facts.ts";

/** What only evaluating the flake tells. */
export const evaluationChecks = checksOf("Configuration Files", [
  {
    id: "flake-host",
    title: "nixosConfigurations",
    quick: false,
    check: (_ctx, facts) => host(facts),
  },
  {
    id: "evaluation",
    title: "configuration",
    quick: false,
    check: evaluation,
  },
  {
    id: "auto-upgrade",
    title: "automatic upgrades",
    severity: "warning",
    quick: false,
    check: autoUpgrade,
  },
]);

/** An upgrade that names a flake builds that flake's host, without Hyper-NixOS. */
async function autoUpgrade(ctx: Context, facts: Facts): Promise<Finding> {
  const configuration = await facts.evaluated();
  const flake = configuration.autoUpgradeFlake;
  return flake && !isInstalled(ctx, flake)
    ? warn(
      `system.autoUpgrade builds ${flake}, which has no Hyper-NixOS`,
      "take system.autoUpgrade.flake out: it then builds what nixos-rebuild builds",
    )
    : pass("none that would build another system");
}

/** Whether a flake reference is that of the host's own flake. */
function isInstalled(ctx: Context, flake: string): boolean {
  const path = flake.replace(/[?#].*$/, "").replace(/^(?:path:|git\+file:(?:\/\/)?)/, "");
  return path.startsWith("/") && ctx.root.realPath(path) === ctx.root.realPath(hostFolder(ctx));
}

async function host(facts: Facts): Promise<Finding> {
  facts.requireSource();
  const own = facts.host();
  if (own === undefined) return skip("host.json does not name this machine");
  const hosts = await facts.hosts();
  if (hosts.includes(own.hostName)) return pass(`the flake has ${own.hostName}`);
  const nearest = nearestName(own.hostName, hosts);
  return fail(
    `the flake has no host ${own.hostName}${nearest ? `; the nearest is ${nearest}` : ""}`,
    hosts.length > 0 ? `it has: ${some(hosts, 6)}` : "bring the tree back: smart-sync --force-full",
    hosts,
  );
}

/** That it does not evaluate at all is what the check of the host says, where that is so. */
async function evaluation(ctx: Context, facts: Facts): Promise<Finding> {
  facts.requireSource();
  const own = facts.host();
  if (own === undefined) return skip("host.json does not name this machine");
  const configuration = await facts.configuration();
  if (configuration === undefined) return skip("the flake has no host for this machine");
  const { failedAssertions, unreadable = [], warnings, hostName, nixosVersion } = configuration;
  if (failedAssertions.length > 0) {
    return fail(
      `it cannot be built: ${failedAssertions[0]}`,
      `correct it in ${localModule(ctx)}`,
      failedAssertions,
    );
  }
  if (hostName !== own.hostName) {
    return warn(
      `${own.hostName} calls itself ${hostName}`,
      `name it alike: networking.hostName in local.nix, or system-installer --hostname ${hostName}`,
    );
  }
  if (unreadable.length > 0) {
    return warn(
      `parts cannot be evaluated: ${some(unreadable)}`,
      "validator --verbose names them",
      unreadable,
    );
  }
  if (warnings.length > 0) {
    return warn(
      `it evaluates with ${counted(warnings.length, "warning")} of its own: ${warnings[0]}`,
      "follow what they say",
      warnings,
    );
  }
  return pass(`evaluates${nixosVersion ? `, NixOS ${nixosVersion}` : ""}`);
}
