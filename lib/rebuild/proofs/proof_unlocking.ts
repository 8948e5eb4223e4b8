import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** File systems that can be encrypted by themselves. */
const ENCRYPTS = /^(zfs|bcachefs)$/;

/** Drivers of network cards, by their names in Linux (drivers/net). */
const NETWORK =
  /^(e100|e1000e?|igbv?f?|igc|ixgbe(vf)?|i40e|iavf|ice|r8169|r8125|r8152|tg3|bnx2x?|bnxt_en|mlx[45]_|virtio_net|vmxnet3|hv_netvsc|xen_netfront|ena|gve|atlantic|sky2|skge|forcedeth|alx|atl1\w*|8139\w*|via_\w+|ax88179\w*|asix|cdc_(ether|ncm)|usbnet|smsc\w+|lan78xx|genet|bcmgenet|macb|stmmac|dwmac_\w+|fec|bonding|8021q)/;

/**
 * A machine whose encrypted disks are unlocked over SSH at boot still can be, on the same port, with the
 * same host keys, with a key that opens it now and the driver of its network card; elsewhere there is nothing to prove. Pure.
 */
export function proveUnlocking({ before, after, now }: ProofQuestion): Verdict[] {
  const isEncrypted = after.boot.luks.length > 0 ||
    after.fileSystems.some(({ fsType }) => ENCRYPTS.test(fsType));
  if (!before?.boot.initrdSsh || !isEncrypted) return [];
  const what = "disks can be unlocked over SSH at boot, as now";
  const lost = lostWay(before.boot, after.boot) ??
    lostDriver(before.boot, after.boot, now.loadedModules ?? []);
  return [
    lost === undefined ? holds("disk", what, "boot.initrd.network.ssh is on") : fails(
      "disk",
      what,
      lost,
      "boot.initrd.network = { … }; as in your present configuration",
    ),
  ];
}

type Boot = ConfigurationFacts["boot"];

function lostWay(then: Boot, next: Boot): string | undefined {
  if (!next.initrdSsh) return "boot.initrd.network.ssh is off";
  const [were, are] = [then.initrdSshWays ?? [], next.initrdSshWays ?? []];
  const keys = were.filter((way) => way.startsWith("key "));
  const lost = were.find((way) => !way.startsWith("key ") && !are.includes(way));
  if (lost !== undefined) return `its ${lost.replace(/^host/, "host key")} would be another`;
  if (keys.length > 0 && !keys.some((key) => are.includes(key))) {
    return "none of the keys that open it now would";
  }
  // kernel.org, Documentation/admin-guide/nfs/nfsroot.rst: the address that it is found at.
  const address = then.kernelParams.find((one) =>
    one.startsWith("ip=") && !next.kernelParams.includes(one)
  );
  return address && `the kernel's parameter ${address} would be gone`;
}

function lostDriver(then: Boot, next: Boot, loaded: readonly string[]): string | undefined {
  const plain = (names: readonly string[] | undefined) =>
    names?.map((name) => name.replaceAll("-", "_")) ?? [];
  const stays = plain(next.initrdModules);
  if (stays.length === 0) return undefined;
  const lost = plain(then.initrdModules)
    .find((name) => NETWORK.test(name) && loaded.includes(name) && !stays.includes(name));
  return lost && `${lost}, the driver of a network card here, would be missing in it`;
}
