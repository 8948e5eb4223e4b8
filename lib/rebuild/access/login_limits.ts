import type { ConfigurationFacts } from "../../nix/evaluation/configuration_facts.ts";
import type { AccountState } from "../proofs/machine_now.ts";
import type { Obstacle } from "./logins.ts";

type Limit = NonNullable<ConfigurationFacts["limits"]>[string][number];

/** What a session needs at least: itself, and the processes and files of a shell that starts sudo. */
const NEEDED: Readonly<Record<string, number>> = {
  maxlogins: 1,
  maxsyslogins: 1,
  nproc: 8,
  nofile: 16,
};

/** The limit of pam_limits(8) that lets an account open no session; undefined where none does. Pure. */
export function limitObstacle(
  limits: readonly Limit[] | undefined,
  account: AccountState,
): Obstacle | undefined {
  const inForce = Object.keys(NEEDED).flatMap((item) => {
    const own = (limits ?? []).filter((one) => one.item === item)
      .map((limit) => ({ limit, rank: nearness(limit.domain, account) }))
      .filter(({ rank }) => rank !== undefined);
    const nearest = Math.min(...own.map(({ rank }) => rank!));
    // Of what is said of the same people the last counts; the one of its user before one of a group.
    const last = own.findLast(({ rank }) => rank === nearest)?.limit;
    return last === undefined || account.uid === 0 && item.startsWith("max") ? [] : [last];
  });
  const shuts = inForce.find(({ item, value }) =>
    Number(value) >= 0 && Number(value) < NEEDED[item]!
  );
  return shuts && {
    why: `${account.name} may have ${shuts.value} of ${shuts.item} (security.pam.loginLimits)`,
    remedy: `security.pam.loginLimits without ${shuts.item} for ${shuts.domain}`,
  };
}

/** How closely a domain of limits.conf(5) is about an account; undefined where it is not. */
function nearness(domain: string, { name, uid, groups }: AccountState): number | undefined {
  if (domain === name) return 0;
  const [, from, to] = /^(\d*):(\d*)$/.exec(domain) ?? [];
  if (from !== undefined && to !== undefined && from + to !== "") {
    return Number(from || to) <= uid && (to === "" || uid <= Number(to)) ? 0 : undefined;
  }
  // Groups and the wildcard are of all but root.
  if (uid === 0) return undefined;
  if (/^[@%]/.test(domain) && domain.length > 1) {
    return groups.includes(domain.slice(1)) ? 1 : undefined;
  }
  return domain === "*" || domain === "%" ? 2 : undefined;
}
