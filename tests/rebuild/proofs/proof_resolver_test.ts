import { deepEqual } from "node:assert/strict";
import { proveResolver } from "../../../lib/rebuild/proofs/proof_resolver.ts";
import { question, rentedServerFacts } from "../../support/facts.ts";

function facts(nameservers: string[], services: string[]) {
  return rentedServerFacts((facts) => {
    facts.network.nameservers = nameservers;
    facts.services = services;
  });
}

Deno.test("proveResolver() wants what answers on the machine's own addresses, and on no others", () => {
  const table: readonly (readonly [
    servers: string[],
    before: string[] | undefined,
    after: string[],
    ok?: boolean,
  ])[] = [
    [["9.9.9.9"], ["unbound"], []],
    [["128.0.0.1"], ["unbound"], []],
    [["127.0.0.1"], ["unbound"], [], false],
    [["127.0.0.53"], ["systemd-resolved"], [], false],
    [["9.9.9.9", "::1"], ["dnsmasq"], [], false],
    [["0:0::1"], ["dnsmasq"], ["dnsmasq"], true],
    // The one that goes may be the one that answers.
    [["127.0.0.1"], ["unbound", "dnsmasq"], ["dnsmasq"], false],
    [["127.0.0.1"], ["kresd@1"], ["kresd@1", "nginx"], true],
    // Something that is not known here answers, as long as nothing goes away.
    [["127.0.0.1"], ["docker-dns"], ["docker-dns"], true],
    [["127.0.0.1"], ["docker-dns"], [], false],
    [["127.0.0.1"], undefined, ["docker-dns"], false],
    [["127.0.0.1"], undefined, ["bind"], true],
  ];
  for (const [servers, before, after, ok] of table) {
    const old = before && facts(servers, before);
    const verdicts = proveResolver(question(old, facts(servers, after)));
    deepEqual(verdicts.map((one) => one.ok), ok === undefined ? [] : [ok], `${servers} ${after}`);
  }
});

Deno.test("proveResolver() knows that resolvconf asks the machine itself", () => {
  const asks = (services: string[]) => {
    const made = facts([], services);
    made.network.localResolver = true;
    return made;
  };
  const [verdict] = proveResolver(question(asks(["unbound"]), asks([])));
  deepEqual([verdict!.ok, verdict!.why], [false, "unbound would be gone"]);
});
