import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import { withIncluded } from "../access/pam_access.ts";
import { sameRule, stackOf, unknownRules } from "../access/pam_stack.ts";
import type { ProofQuestion } from "./proof_question.ts";
import { fails, type Verdict } from "./verdict.ts";

/**
 * The second factors that the SSH server asks for now: what PAM demands beside a password, and lists of
 * several methods. Without them the server is open to whoever has one of them.
 */
export function proveSecondFactors({ before, after, now }: ProofQuestion): Verdict[] {
  const what = "the SSH server asks for the second factors that it asks for now";
  const stays = stackOf(withIncluded(after.pam ?? {}, now, "sshd"), "sshd");
  const lost = after.pam === undefined ? undefined : unknownRules(stackOf(now.pam ?? {}, "sshd"))
    .filter(({ type, control }) => type === "auth" && /^(required|requisite|\[)/.test(control))
    .find((rule) => !stays.some((one) => sameRule(one, rule)));
  if (lost !== undefined) {
    return [fails(
      "sshd",
      what,
      `${lost.module} would be gone from its PAM stack, or be another`,
      "security.pam.services.sshd, as in your present configuration",
    )];
  }
  const methods = before === undefined ? [] : demands(before.ssh);
  const gone = methods.find((list) => !demands(after.ssh).includes(list));
  return gone === undefined ? [] : [fails(
    "sshd",
    what,
    `AuthenticationMethods would no longer be "${gone}"`,
    `services.openssh.settings.AuthenticationMethods = "${gone}";`,
  )];
}

/** Each AuthenticationMethods, of the settings and of free text, of which every list wants several. */
function demands({ otherSettings, extraConfig }: ConfigurationFacts["ssh"]): string[] {
  const setting = otherSettings.AuthenticationMethods;
  const lines = extraConfig.matchAll(/^\s*AuthenticationMethods[\s=]+(.+)$/gim);
  return [
    Array.isArray(setting) ? setting.join(" ") : String(setting ?? ""),
    ...[...lines].map(([, words]) => words!.trim().replaceAll('"', "")),
  ].filter((text) => text !== "" && text.split(/\s+/).every((list) => list.includes(",")));
}
