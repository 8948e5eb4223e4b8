import type { HostBase } from "../../lib/machine/host_record.ts";
import type { Plan } from "../../lib/install/plan/plan.ts";

/** A plan of an installation on a base, in which nothing was found and nothing has to be done; with these changes. */
export function examplePlan(changes: Partial<Plan> = {}): Plan {
  const configuration = "/etc/nixos/configuration.nix";
  const record: HostBase = {
    kind: "channel",
    configuration,
    searchPath: ["nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos"],
  };
  return {
    hostName: "host",
    decisions: {
      hostName: null,
      users: null,
      keepConfig: true,
      config: null,
      stateVersion: null,
      action: null,
    },
    root: "/",
    source: undefined,
    host: { version: 2, hostName: "host", system: "x86_64-linux", base: record, tools: null },
    base: {
      record,
      source: { kind: "channel", configuration, nixPath: "" },
      foundBy: "as nixos-rebuild finds it",
    },
    nixosVersion: "24.05.20240815.883180e",
    running: { kind: "unknown", why: "there is no /run/current-system" },
    blockers: [],
    questions: [],
    warnings: [],
    machine: [],
    users: [],
    leftBehind: [],
    invokingUser: undefined,
    settings: [],
    notCarried: undefined,
    disagreements: [],
    steps: [],
    supply: undefined,
    before: { facts: undefined, adopted: undefined },
    judgement: { unknown: "nothing was evaluated" },
    comparison: undefined,
    ...changes,
  };
}
