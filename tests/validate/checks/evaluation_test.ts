import { equal, match } from "node:assert/strict";
import { encodeHostRecord } from "../../../lib/machine/host_record.ts";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts } from "../../support/facts.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { evaluatedFacts, look } from "../look.ts";

type Change = (facts: ConfigurationFacts) => void;

/** Expects a finding where host.json says `nixos`, and the configuration is changed so. */
async function expectFinding(
  id: string,
  change: Change,
  status: string,
  says: RegExp,
): Promise<void> {
  const machine = {
    "etc/hypervisor/src/flake.nix": "{ }",
    "etc/hypervisor/configuration/host.json": encodeHostRecord({
      version: 2,
      hostName: "nixos",
      system: "x86_64-linux",
      base: null,
      tools: null,
    }),
    "etc/nixos/flake.nix": { link: "/etc/hypervisor/src/flake.nix" },
    "srv/flake": { link: "/etc/hypervisor/src" },
  };
  await withScratch(machine, async (root) => {
    const ctx = testContext({ root });
    const found = await look(id, ctx, evaluatedFacts(ctx, configurationFacts(change)));
    equal(found.status, status, found.detail);
    match(`${found.detail} ${found.remedy}`, says);
  });
}

const upgrade = (flake: string | null): Change => (facts) => void (facts.autoUpgradeFlake = flake);
const CASES: Readonly<Record<string, readonly [id: string, Change, string, RegExp]>> = {
  "no flake": ["auto-upgrade", upgrade(null), "pass", /none/],
  "another flake": [
    "auto-upgrade",
    upgrade("github:me/machines"),
    "warn",
    /builds github:me\/machines, which has no Hyper-NixOS/,
  ],
  "a flake on the disk": ["auto-upgrade", upgrade("/etc/nixos"), "warn", /builds \/etc\/nixos/],
  // What is installed is what shall be built.
  "the host's own flake": ["auto-upgrade", upgrade("/etc/hypervisor/src"), "pass", /none/],
  "the host's own flake with its host": [
    "auto-upgrade",
    upgrade("path:/etc/hypervisor/src#nixos"),
    "pass",
    /none/,
  ],
  "the host's own flake behind a link": [
    "auto-upgrade",
    upgrade("path:/srv/flake?dir=."),
    "pass",
    /none/,
  ],
  "all is well": ["evaluation", () => {}, "pass", /evaluates, NixOS 24\.05/],
  "an assertion": [
    "evaluation",
    (facts) => void facts.failedAssertions.push("no boot loader", "no root"),
    "fail",
    /cannot be built: no boot loader.*local\.nix/,
  ],
  "another name": [
    "evaluation",
    (facts) => void (facts.hostName = "other"),
    "warn",
    /nixos calls itself other/,
  ],
  "warnings": [
    "evaluation",
    (facts) => void facts.warnings.push("old option", "x"),
    "warn",
    /2 warnings of its own: old option/,
  ],
  "an assertion beside warnings": [
    "evaluation",
    (facts) => {
      facts.warnings.push("old option");
      facts.failedAssertions.push("no root");
    },
    "fail",
    /no root/,
  ],
};

for (const [what, [id, change, status, says]] of Object.entries(CASES)) {
  Deno.test(`${id} and ${what}: ${status}`, () => expectFinding(id, change, status, says));
}

Deno.test("flake-host names the nearest host that is there", async () => {
  await expectFinding("flake-host", () => {}, "pass", /has nixos/);
  await expectFinding(
    "flake-host",
    (facts) => void (facts.hostName = "nixso"),
    "fail",
    /no host nixos; the nearest is nixso it has: nixso/,
  );
});
