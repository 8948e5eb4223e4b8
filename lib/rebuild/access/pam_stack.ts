/** Texts of /etc/pam.d by service (pam.conf(5)); a service that is not there is refused. */
export type PamTexts = Readonly<Record<string, string>>;

/** A line of a stack. Its module is a file name without folder. */
export interface PamRule {
  readonly type: string;
  readonly control: string;
  readonly module: string;
  readonly args: readonly string[];
}

/** Who asks a stack to be let in. */
export interface PamPerson {
  /** Which password they can type. */
  readonly password: "hash" | "empty" | "none";
  readonly groups: readonly string[];
}

/** What a stack says; `needs` are rules about which nothing is known here: second factors, directories. */
export type PamAnswer =
  | { readonly kind: "in"; readonly needs: readonly PamRule[] }
  | { readonly kind: "out" };

/** Modules that neither let in nor keep out: they set up, delay, count or log. */
const NEUTRAL = new Set(
  ("env limits loginuid faillock faildelay nologin warn motd lastlog lastlog2 mail systemd keyinit umask " +
    "securetty gnome_keyring kwallet kwallet5 mount ecryptfs fscrypt fscrypt-experimental zfs_key gnupg " +
    "issue echo xauth")
    .split(" ").map((name) => `pam_${name}.so`),
);
const KNOWN = new Set(
  [...NEUTRAL, "pam_unix.so", "pam_deny.so", "pam_permit.so", "pam_rootok.so", "pam_wheel.so"],
);

/** The rules of a text, without comments; folders of the store differ between builds and say nothing. */
export function pamRules(text: string): PamRule[] {
  return text.replaceAll("\\\n", " ").split("\n").flatMap((line) => {
    // As Debian's, where a plan is only looked at.
    const included = /^@include\s+(\S+)/.exec(line)?.[1];
    if (included !== undefined) {
      return ["auth", "account"].map((type) => ({
        type,
        control: "include",
        module: included,
        args: [],
      }));
    }
    const rule = /^-?(\w+)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)$/.exec(
      line.replace(/#.*$/, "").trim(),
    );
    if (rule === null) return [];
    const [, type, control, module, args] = rule as unknown as string[];
    return [{
      type: type!.toLowerCase(),
      control: control!,
      module: module!.slice(module!.lastIndexOf("/") + 1),
      args: args!.split(/\s+/).filter((word) => word !== "")
        .map((word) => word.replace(/\/nix\/store\/[^/\s]+/g, "")),
    }];
  });
}

/** Rules of which this code cannot say what they do. */
export function unknownRules(rules: readonly PamRule[]): PamRule[] {
  return rules.filter(({ module }) => !KNOWN.has(module));
}

/** Whether two rules are the same, wherever their programs lie; releases of NixOS order arguments differently. */
export function sameRule(a: PamRule, b: PamRule): boolean {
  const sorted = (rule: PamRule) => JSON.stringify({ ...rule, args: rule.args.toSorted() });
  return sorted(a) === sorted(b);
}

/**
 * Whether a stack lets somebody in who types their password: what `auth` and `account` say, as
 * Linux-PAM decides it.
 * @param types `account` alone where something else has proven who it is (a key)
 * @param asRoot whether the program that asks runs as root from its start, as sshd does
 */
export function askPam(
  texts: PamTexts,
  service: string,
  person: PamPerson,
  { types = ["auth", "account"], asRoot = false }: {
    readonly types?: readonly string[];
    readonly asRoot?: boolean;
  } = {},
): PamAnswer {
  const answers = types.map((type) => {
    const rules = resolved(texts, service, type, { services: 0 });
    // Whether the unknown ones let in is not known: with all of them, and without any.
    if (passes(rules, person, asRoot, "failure")) return [];
    return passes(rules, person, asRoot, "success")
      ? unknownRules(rules.map(({ rule }) => rule)).filter(({ control }) => control !== "optional")
      : undefined;
  });
  return answers.includes(undefined)
    ? { kind: "out" }
    : { kind: "in", needs: answers.flatMap((needs) => needs ?? []) };
}

/** Services that are looked into at most, so that those that include each other come to an end. */
const MAX_INCLUDED = 64;

/** A rule, and how many substacks it stands in. */
interface PlacedRule {
  readonly rule: PamRule;
  readonly level: number;
}

/** The rules of one type, with those of included services in their place. */
function resolved(
  texts: PamTexts,
  service: string,
  type: string,
  seen: { services: number },
  level = 0,
): PlacedRule[] {
  const text = Object.hasOwn(texts, service) ? texts[service] : undefined;
  return pamRules(text ?? "").filter((rule) => rule.type === type).flatMap((rule) => {
    const includes = rule.control === "include" || rule.control === "substack";
    const known = includes && Object.hasOwn(texts, rule.module);
    if (!known || seen.services >= MAX_INCLUDED) return [{ rule, level }];
    seen.services++;
    const inner = rule.control === "substack" ? level + 1 : level;
    return resolved(texts, rule.module, type, seen, inner);
  });
}

/** What a service asks when somebody comes, the rules of what it includes in their place. */
export function stackOf(texts: PamTexts, service: string): PamRule[] {
  return ["auth", "account"].flatMap((type) =>
    resolved(texts, service, type, { services: 0 }).map(({ rule }) => rule)
  );
}

type Result = "success" | "failure" | "ignore";

/**
 * `_pam_dispatch_aux()` of Linux-PAM: the first failure that counts decides, and some rules end the stack
 * that they stand in: a substack, after which the outer one goes on, or all of it.
 */
function passes(
  rules: readonly PlacedRule[],
  person: PamPerson,
  asRoot: boolean,
  unknown: Result,
): boolean {
  type Impression = "none" | "good" | "bad";
  let impression: Impression = "none";
  /** What was thought where each substack began. */
  const before: Impression[] = ["none"];
  for (let index = 0, outer = 0; index < rules.length; index++) {
    const { rule, level } = rules[index]!;
    if (level > outer) before[level] = impression;
    outer = level;
    const isInside = (next: number) => (rules[next]?.level ?? -1) >= level;
    const result = resultOf(rule, person, asRoot) ?? unknown;
    const action = actionOf(rule.control, result);
    let skips = /^\d+$/.test(action) ? Number(action) : 0;
    if (action === "reset") impression = before[level] ?? "none";
    else if (action === "die" || action === "bad") impression = "bad";
    else if (action === "ok" || action === "done") {
      if (impression === "none" && result !== "ignore") {
        impression = result === "success" ? "good" : "bad";
      }
    }
    if (action === "die" || action === "done" && impression === "good") skips = Infinity;
    for (; skips > 0 && isInside(index + 1); skips--) {
      // A substack is one step.
      do index++; while ((rules[index + 1]?.level ?? -1) > level);
    }
  }
  return impression === "good";
}

function resultOf({ type, module, args }: PamRule, person: PamPerson, asRoot: boolean) {
  const is = (holds: boolean): Result => holds ? "success" : "failure";
  if (NEUTRAL.has(module)) return "ignore";
  switch (module) {
    case "pam_unix.so":
      return is(
        type !== "auth" || person.password === "hash" ||
          person.password === "empty" && args.includes("nullok"),
      );
    case "pam_permit.so":
      return "success";
    case "pam_deny.so":
      return "failure";
    case "pam_rootok.so":
      return is(asRoot);
    case "pam_wheel.so":
      return is(person.groups.includes("wheel"));
    default:
      return undefined;
  }
}

/** The four words of pam.conf(5), written out. */
const CONTROLS: Readonly<Record<string, string>> = {
  required: "success=ok ignore=ignore default=bad",
  requisite: "success=ok ignore=ignore default=die",
  sufficient: "success=done default=ignore",
  optional: "success=ok default=ignore",
};

function actionOf(control: string, result: Result): string {
  const words = (CONTROLS[control.toLowerCase()] ?? control.replace(/^\[|\]$/g, "")).split(/\s+/);
  const actions = new Map(words.map((word) => word.split("=") as [string, string]));
  const named = result === "failure" ? actions.get("auth_err") : actions.get(result);
  return named ?? actions.get("default") ?? "ignore";
}
