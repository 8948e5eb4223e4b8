import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { proveAccess } from "./proof_access.ts";
import { proveAddress } from "./proof_address.ts";
import { proveAssembled } from "./proof_assembled.ts";
import { proveBoot } from "./proof_boot.ts";
import { proveDisks } from "./proof_disks.ts";
import { proveEncrypted } from "./proof_encrypted.ts";
import { proveExtraConfig } from "./proof_extra_config.ts";
import { proveFirewall } from "./proof_firewall.ts";
import { proveHostKeys } from "./proof_host_keys.ts";
import { proveInterfaceNames } from "./proof_interface_names.ts";
import { proveLink } from "./proof_link.ts";
import { proveMountHelpers } from "./proof_mount_helpers.ts";
import { proveNumbers } from "./proof_numbers.ts";
import { provePamFiles } from "./proof_pam_files.ts";
import type { Proof, ProofQuestion } from "./proof_question.ts";
import { proveResolver } from "./proof_resolver.ts";
import { proveReversePath } from "./proof_reverse_path.ts";
import { proveRoute } from "./proof_route.ts";
import { proveSecondFactors } from "./proof_second_factors.ts";
import { proveSshSettings } from "./proof_ssh_settings.ts";
import { proveSshServer } from "./proof_ssh_server.ts";
import { proveStranger } from "./proof_stranger.ts";
import { proveTunnel } from "./proof_tunnel.ts";
import { proveUnlocking } from "./proof_unlocking.ts";
import { fails, type Verdict } from "./verdict.ts";

/** All proofs, in the order of a report. */
export const PROOFS: readonly Proof[] = [
  { name: "ssh-server", about: "access", onlyOverSsh: true, prove: proveSshServer },
  { name: "firewall", about: "access", onlyOverSsh: true, prove: proveFirewall },
  { name: "link", about: "access", onlyOverSsh: true, prove: proveLink },
  { name: "tunnel", about: "access", onlyOverSsh: true, prove: proveTunnel },
  { name: "address", about: "access", onlyOverSsh: true, prove: proveAddress },
  { name: "route", about: "access", onlyOverSsh: true, prove: proveRoute },
  { name: "reverse-path", about: "access", onlyOverSsh: true, prove: proveReversePath },
  { name: "interface-names", about: "access", onlyOverSsh: true, prove: proveInterfaceNames },
  { name: "host-keys", about: "access", onlyOverSsh: true, prove: proveHostKeys },
  { name: "extra-config", about: "access", onlyOverSsh: true, prove: proveExtraConfig },
  { name: "ssh-settings", about: "access", onlyOverSsh: true, prove: proveSshSettings },
  { name: "second-factors", about: "access", onlyOverSsh: true, prove: proveSecondFactors },
  { name: "stranger", about: "access", prove: proveStranger },
  { name: "access", about: "access", prove: proveAccess },
  { name: "pam-files", about: "access", prove: provePamFiles },
  { name: "numbers", about: "access", prove: proveNumbers },
  { name: "disks", about: "boot", prove: proveDisks },
  { name: "encrypted", about: "boot", prove: proveEncrypted },
  { name: "resolver", about: "boot", prove: proveResolver },
  { name: "assembled", about: "boot", prove: proveAssembled },
  { name: "mount-helpers", about: "boot", prove: proveMountHelpers },
  { name: "boot", about: "boot", prove: proveBoot },
  { name: "unlocking", about: "boot", prove: proveUnlocking },
];

/** What the proofs stand on, by its place in the facts, and what to call it. */
const STANDS_ON: Readonly<Record<Proof["about"], readonly [places: RegExp, what: string]>> = {
  access: [
    /^(users|sudo|ssh|pam|pamFiles|limits|network|firewall)\b/,
    "who can log in can be evaluated",
  ],
  boot: [
    /^(boot|fileSystems|swapDevices|mountHelpers)\b/,
    "what the machine boots from can be evaluated",
  ],
};

/** Makes all proofs. What could not be evaluated cannot be judged: that is the verdict then. */
export function proveAll(question: ProofQuestion): Verdict[] {
  const lost = {
    access: unreadable(question.after, "access"),
    boot: unreadable(question.after, "boot"),
  };
  return [
    ...Object.values(lost).flat(),
    ...PROOFS.filter(({ about }) => lost[about].length === 0)
      .filter(({ onlyOverSsh }) => question.way === "ssh" || !onlyOverSsh)
      .flatMap(({ prove }) => prove(question)),
  ];
}

function unreadable({ unreadable = [] }: ConfigurationFacts, about: Proof["about"]): Verdict[] {
  const [places, what] = STANDS_ON[about];
  const lost = unreadable.filter((place) => places.test(place));
  if (lost.length === 0) return [];
  return [fails(
    "evaluation",
    what,
    `these cannot: ${lost.join(", ")}`,
    "correct them; nixos-rebuild dry-build --show-trace says what is wrong",
  )];
}
