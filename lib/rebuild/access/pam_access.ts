import type { AccountState, MachineNow } from "../proofs/machine_now.ts";
import { askPam, type PamTexts, sameRule, stackOf } from "./pam_stack.ts";

/** What PAM says to one account; `how` is what it asks for beside the password. */
export type PamAccess =
  | { readonly ok: true; readonly how: string }
  | { readonly ok: false; readonly why: string };

/** Services of PAM that the proofs stand on. */
export type PamService = "sshd" | "login" | "su" | "sudo" | "doas";

/**
 * Whether PAM lets an account in with its password. Modules that are not known here (second factors,
 * directories) count where the stack asks for them now, in the same words: then it is as before.
 * @param texts those of the configuration in question; undefined where they are not known
 * @param only `account` where a key has proven who it is
 */
export function pamAccess(
  texts: PamTexts | undefined,
  service: PamService,
  account: Pick<AccountState, "password" | "groups">,
  now: MachineNow,
  only?: "account",
): PamAccess {
  if (texts === undefined) return { ok: true, how: "" };
  const password = account.password === "hash" || account.password === "empty"
    ? account.password
    : "none";
  const asRoot = service === "sshd" || service === "login";
  const types = only === undefined ? ["auth", "account"] : [only];
  const included = withIncluded(texts, now, service);
  const answer = askPam(included, service, { password, groups: account.groups }, { types, asRoot });
  if (answer.kind === "out") {
    return { ok: false, why: `the PAM stack of ${service} lets no one in so` };
  }
  const known = stackOf(now.pam ?? {}, service);
  const other = answer.needs.find((rule) => !known.some((one) => sameRule(one, rule)));
  if (other !== undefined) {
    return {
      ok: false,
      why: `what ${other.module} of the PAM stack of ${service} asks for is new`,
    };
  }
  const modules = [...new Set(answer.needs.map(({ module }) => module))];
  return {
    ok: true,
    how: modules.length === 0 ? "" : `, and what ${modules.join(", ")} asks for as now`,
  };
}

/**
 * The texts of a configuration, with those of now for what only they name: the configuration's own are of the
 * services that the proofs stand on, and these may include others.
 */
export function withIncluded(texts: PamTexts, now: MachineNow, service: PamService): PamTexts {
  return Object.hasOwn(texts, service) ? { ...now.pam, ...texts } : texts;
}
