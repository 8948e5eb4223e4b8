import { equal, match } from "node:assert/strict";
import { encodeHostRecord, type HostBase } from "../../../lib/machine/host_record.ts";
import { lookAt } from "../look.ts";

const RECORD = "etc/hypervisor/configuration/host.json";
const record = (hostName: unknown) =>
  JSON.stringify({ version: 1, hostName, system: "x86_64-linux" });
const onBase = (base: HostBase) =>
  encodeHostRecord({ version: 2, hostName: "web", system: "x86_64-linux", base, tools: null });

for (
  const [what, files, status, says] of [
    [
      "the same name",
      { [RECORD]: record("web"), "etc/hostname": "web\n" },
      "pass",
      /this machine is web/,
    ],
    [
      "a name with a comment above it",
      { [RECORD]: record("web"), "etc/hostname": "# ours\n\nweb\r\n" },
      "pass",
      /web/,
    ],
    [
      "another name",
      { [RECORD]: record("web"), "etc/hostname": "db\n" },
      "warn",
      /says web.*itself db.*--hostname db/,
    ],
    ["a machine without a name", { [RECORD]: record("web"), "etc/hostname": "\n" }, "pass", /web/],
    ["none", { "etc/hypervisor/": "" }, "fail", /is missing.*system-installer/],
    ["an empty one, after a power cut", { [RECORD]: "" }, "fail", /it is not JSON/],
    ["half of one", { [RECORD]: record("web").slice(0, -5) }, "fail", /it is not JSON/],
    [
      "one of a later version",
      { [RECORD]: '{"version":9,"hostName":"web"}' },
      "fail",
      /cannot be used: .*received 9, at version/,
    ],
    ["one without a name", { [RECORD]: record(undefined) }, "fail", /cannot be used.*hostName/],
    [
      "a name that is none",
      { [RECORD]: record("web.example.org") },
      "fail",
      /"web\.example\.org", which is no host name/,
    ],
    ["an empty name", { [RECORD]: record("") }, "fail", /no host name/],
    ["a folder in its place", { [`${RECORD}/x`]: "" }, "fail", /cannot be used: is a folder/],
    [
      "an owner's configuration that is there",
      {
        [RECORD]: onBase({
          kind: "channel",
          configuration: "/etc/nixos/configuration.nix",
          searchPath: [],
        }),
        "etc/nixos/configuration.nix": { link: "/home/a/configuration.nix" },
        "home/a/configuration.nix": "{ }",
      },
      "pass",
      /web/,
    ],
    // The next rebuild could not be made.
    [
      "an owner's configuration that is gone",
      {
        [RECORD]: onBase({
          kind: "channel",
          configuration: "/etc/nixos/configuration.nix",
          searchPath: [],
        }),
        "etc/nixos/configuration.nix": { link: "/home/a/configuration.nix" },
      },
      "fail",
      /configuration \/etc\/nixos\/configuration\.nix is not there.*--config/,
    ],
    [
      "an owner's flake that is gone",
      {
        [RECORD]: onBase({
          kind: "flake",
          url: "path:/home/a/x",
          host: "web",
          directory: "/home/a/x",
        }),
      },
      "fail",
      /\/home\/a\/x\/flake\.nix is not there/,
    ],
    [
      "an owner's flake elsewhere",
      {
        [RECORD]: onBase({ kind: "flake", url: "github:a/b", host: "web" }),
      },
      "pass",
      /web/,
    ],
    [
      "a name that no machine can have",
      { [RECORD]: record("web"), "etc/hostname": "my web\n" },
      "warn",
      /itself my web to be web: rebuild-helper switch, and a reboot$/,
    ],
    [
      "a byte order mark",
      { [RECORD]: "\ufeff" + record("web"), "etc/hostname": "web" },
      "pass",
      /web/,
    ],
  ] as const
) {
  Deno.test(`host-record and ${what}: ${status}`, async () => {
    const found = await lookAt("host-record", files);
    equal(found.status, status, found.detail);
    match(`${found.detail} ${found.remedy}`, says);
  });
}
