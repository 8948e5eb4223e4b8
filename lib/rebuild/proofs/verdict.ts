/** One thing that was looked at in a proof. */
export interface Verdict {
  readonly id:
    | "evaluation"
    | "identity"
    | "sshd"
    | "port"
    | "firewall"
    | "address"
    | "route"
    | "interface-names"
    | "resolver"
    | "host-keys"
    | "login"
    | "root"
    | "number"
    | "disk";
  readonly ok: boolean;
  /** The claim, for example `the firewall lets port 2222 in`. */
  readonly what: string;
  /** What it was judged by. */
  readonly why: string;
  /** The option that would make it true; only when it is not. */
  readonly remedy?: string;
}

/** A claim that holds. */
export function holds(id: Verdict["id"], what: string, why: string): Verdict {
  return { id, ok: true, what, why };
}

/** A claim that could not be proven, and the option that would make it true. */
export function fails(id: Verdict["id"], what: string, why: string, remedy: string): Verdict {
  return { id, ok: false, what, why, remedy };
}

/** The claims that do not hold. */
export function refusals(verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.filter((verdict) => !verdict.ok);
}
