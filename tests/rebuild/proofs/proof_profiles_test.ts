/** What gives the session's address beside networking.interfaces: profiles, tables, members, resolvers. */
import { deepEqual } from "node:assert/strict";
import type { ConfigurationFacts } from "../../../lib/nix/evaluation/configuration_facts.ts";
import { readConfiguration } from "../../../lib/nix/evaluation/read_configuration.ts";
import type { MachineNow } from "../../../lib/rebuild/proofs/machine_now.ts";
import { PROOFS } from "../../../lib/rebuild/proofs/registry.ts";
import type { ProofQuestion } from "../../../lib/rebuild/proofs/proof_question.ts";
import { proveResolver } from "../../../lib/rebuild/proofs/proof_resolver.ts";
import { testContext } from "../../support/context.ts";
import { configurationFacts, question, rentedServerNow } from "../../support/facts.ts";
import { hasNix } from "../../support/needs.ts";
import { withScratch } from "../../support/scratch_files.ts";
import { STAND_IN_NIXPKGS } from "../../support/scratch_machine.ts";

/** Evaluates two configurations of one machine whose session came in on 203.0.113.42. */
async function compare(
  before: string,
  after: string,
  judge: (before: ConfigurationFacts, after: ConfigurationFacts) => void,
): Promise<void> {
  const common = "services.openssh.enable = true; networking.firewall.enable = false;";
  await withScratch({
    "a.nix": `{ ... }: { ${common} ${before} }`,
    "b.nix": `{ ... }: { ${common} ${after} }`,
  }, async (folder) => {
    const read = async (file: string) => {
      const facts = await readConfiguration(testContext(), {
        kind: "channel",
        configuration: `${folder}/${file}`,
        nixPath: `nixpkgs=${STAND_IN_NIXPKGS}`,
      });
      deepEqual(facts.unreadable, []);
      return facts;
    };
    judge(await read("a.nix"), await read("b.nix"));
  });
}

const NETWORK = ["firewall", "link", "address", "route", "interface-names"];

function whys(
  before: ConfigurationFacts,
  after: ConfigurationFacts,
  session: string | null = "203.0.113.42",
  now: MachineNow = rentedServerNow(),
): string[] {
  const address = session ?? undefined;
  const client = address === undefined ? undefined : "198.51.100.7";
  const asked: ProofQuestion = { before, after, now, way: "ssh", port: 22, address, client };
  return PROOFS.filter(({ name }) => NETWORK.includes(name)).flatMap(({ prove }) => prove(asked))
    .filter(({ ok }) => !ok).map(({ why }) => why);
}

const NM = "networking.networkmanager.enable = true;";
const IN_ETC = `environment.etc."NetworkManager/system-connections/lan.nmconnection" = {
  mode = "0600";
  text = "[connection]\\nid=lan\\ntype=ethernet\\ninterface-name=ens3\\n[ipv4]\\nmethod=manual\\naddress1=203.0.113.42/24,203.0.113.1\\n";
};`;
const ENSURED = `networking.networkmanager.ensureProfiles.profiles.lan = {
  connection = { id = "lan"; type = "ethernet"; interface-name = "ens3"; };
  ipv4 = { method = "manual"; addresses = "203.0.113.42/24"; gateway = "203.0.113.1"; };
};`;
const WIFI = `networking.networkmanager.ensureProfiles.profiles.home = {
  connection = { id = "home"; type = "wifi"; };
};`;

for (
  const [name, profile] of Object.entries({ "environment.etc": IN_ETC, ensureProfiles: ENSURED })
) {
  Deno.test({
    name: `PROOFS sees that a profile of ${name} gives the address, and that it goes`,
    ignore: !hasNix,
    fn: async () => {
      await compare(NM + profile, NM, (before, after) => {
        deepEqual(whys(before, before), []);
        deepEqual(whys(before, after), [
          "NetworkManager's profile lan would be gone",
          "it was configured, and no longer is",
        ]);
        deepEqual(whys(before, after, null), [
          "203.0.113.42 of NetworkManager's profile lan would be gone",
        ]);
      });
      // One of another kind of card is nothing to this session.
      await compare(NM + profile + WIFI, NM + profile, (before, after) => {
        deepEqual(whys(before, after), []);
      });
    },
  });
}

Deno.test({
  name: "PROOFS wants the numbers of route tables that networkd's units name",
  ignore: !hasNix,
  fn: () => {
    const unit = `systemd.network = { enable = true; networks."10-lan" = {
      name = "ens3"; address = [ "203.0.113.42/24" ];
      routes = [ { routeConfig = { Gateway = "203.0.113.1"; Table = "mgmt"; }; } ];
    }; };`;
    return compare(
      `${unit} systemd.network.config.routeTables.mgmt = 100;`,
      unit,
      (before, after) => {
        deepEqual(whys(before, before), []);
        deepEqual(whys(before, after), ["10-lan.network names it, and nothing says its number"]);
      },
    );
  },
});

Deno.test({
  name: "PROOFS wants the virtual members of a bridge made",
  ignore: !hasNix,
  fn: () => {
    const bridge = `networking = {
      useDHCP = false;
      defaultGateway = "203.0.113.1";
      bridges.br0.interfaces = [ "ens3" "tap0" ];
      interfaces.br0.ipv4.addresses = [ { address = "203.0.113.42"; prefixLength = 24; } ];
    };`;
    return compare(
      `${bridge} networking.interfaces.tap0.virtual = true;`,
      bridge,
      (before, after) => {
        const now = rentedServerNow({
          interfaces: [{
            name: "br0",
            kind: "virtual",
            addresses: [{ address: "203.0.113.42", prefixLength: 24 }],
          }],
        });
        deepEqual(whys(before, before, "203.0.113.42", now), []);
        deepEqual(whys(before, after, "203.0.113.42", now), [
          "nothing would make tap0, which is part of it",
        ]);
      },
    );
  },
});

Deno.test({
  name: "proveResolver() wants a server that answers where the machine asks itself",
  ignore: !hasNix,
  fn: () =>
    compare(
      'networking.nameservers = [ "127.0.0.1" ]; services.unbound.enable = true;',
      'networking.nameservers = [ "127.0.0.1" ];',
      (before, after) => {
        const why = (a: ConfigurationFacts | undefined, b: ConfigurationFacts) =>
          proveResolver(question(a, b)).map((verdict) => verdict.ok || verdict.why);
        deepEqual(before.network.localResolver, true);
        deepEqual(why(before, before), [true]);
        deepEqual(why(before, after), ["unbound would be gone"]);
        deepEqual(why(undefined, after), ["no service that answers names is known"]);
        deepEqual(why(before, configurationFacts()), []);
        // A container that answers is not known by its name: it does as long as nothing goes away.
        deepEqual(why(after, after), [true]);
      },
    ),
});
