import * as v from "valibot";
import { type ConfigurationFacts, ConfigurationFactsSchema } from "./configuration_facts.ts";
import { NO_ACCOUNT_FACTS, NO_FACTS } from "./no_facts.ts";

type Members = Record<string, unknown>;

/**
 * Makes facts of what `factsExpression` evaluated to: what is missing, marked unreadable or of
 * another type than expected is replaced by its value in `NO_FACTS` (an entry of a list is dropped) and
 * named in `unreadable`.
 * @param evaluated the groups of the expression's value that could be evaluated, merged
 */
export function assembleFacts(evaluated: Readonly<Record<string, unknown>>): ConfigurationFacts {
  const lost = unreadKeyFiles(evaluated);
  const facts = repaired(take(evaluated, NO_FACTS, [], lost) as Members, lost);
  return normalized({ ...facts, unreadable: [...new Set(lost.map(optionOf))].sort() });
}

function take(value: unknown, fallback: unknown, place: string[], lost: string[]): unknown {
  if (value === undefined || isUnreadable(value)) {
    lost.push(place.join("."));
    return fallback;
  }
  if (Array.isArray(value)) {
    const itemFallback = place.join(".") === "users.accounts" ? NO_ACCOUNT_FACTS : undefined;
    return value.map((item, index) =>
      take(item, itemFallback, [...place, nameOf(item, index)], lost)
    )
      .filter((item) => item !== undefined);
  }
  if (!isMembers(value)) return value;
  const names = new Set([
    ...Object.keys(isMembers(fallback) ? fallback : {}),
    ...Object.keys(value),
  ]);
  return Object.fromEntries(
    [...names].map((name) => {
      return [name, take(own(value, name), own(fallback, name), [...place, name], lost)];
    }),
  );
}

/** Replaces what has another type than expected, one after the other, until all is as expected. */
function repaired(facts: Members, lost: string[]): ConfigurationFacts {
  for (;;) {
    const parsed = v.safeParse(ConfigurationFactsSchema, facts);
    if (parsed.success) return parsed.output;
    const place = (parsed.issues[0].path ?? []).map((item) => item.key as string | number);
    lost.push(replace(facts, NO_FACTS, place).join("."));
  }
}

/** Replaces a value, or drops the list entry that it is in; returns the place in words. */
function replace(value: unknown, fallback: unknown, place: (string | number)[]): string[] {
  const [first, ...rest] = place;
  if (Array.isArray(value) && typeof first === "number") {
    const name = nameOf(value[first], first);
    value.splice(first, 1);
    return [name];
  }
  if (!isMembers(value) || first === undefined) return [];
  const known = own(fallback, first);
  const inner = value[first];
  // Valibot looks for members in an array, too.
  const goesOn = Array.isArray(inner) ? typeof rest[0] === "number" : isMembers(inner);
  if (goesOn && rest.length > 0) return [String(first), ...replace(inner, known, rest)];
  if (known === undefined) delete value[first];
  else value[first] = structuredClone(known);
  return [String(first)];
}

/** Lists that modules add to more than once lose what is repeated; a shell that refuses is none. */
function normalized(facts: ConfigurationFacts): ConfigurationFacts {
  const { boot, users, ssh } = facts;
  const unique = (list: string[]) => [...new Set(list)];
  return {
    ...facts,
    boot: {
      ...boot,
      grub: { ...boot.grub, devices: unique(boot.grub.devices) },
      kernelParams: unique(boot.kernelParams),
      kernelModules: unique(boot.kernelModules),
      initrdAvailableKernelModules: unique(boot.initrdAvailableKernelModules),
      initrdKernelModules: unique(boot.initrdKernelModules),
      supportedFilesystems: unique(boot.supportedFilesystems),
    },
    users: {
      ...users,
      accounts: users.accounts.map((account) => ({
        ...account,
        shell: /\/(?:nologin|false)$/.test(account.shell ?? "") ? null : account.shell,
      })),
    },
    ssh: {
      ...ssh,
      // sshd_config(5): `none` is no file; a path that is not absolute is relative to the home.
      authorizedKeysFiles: ssh.authorizedKeysFiles.filter((file) => file !== "none")
        .map((file) => /^[/%]/.test(file) ? file : `%h/${file}`),
    },
  };
}

function unreadKeyFiles(merged: Members): string[] {
  const accounts = isMembers(merged.users) ? merged.users.accounts : [];
  if (!Array.isArray(accounts)) return [];
  return accounts.flatMap((account) =>
    isMembers(account) && Array.isArray(account.unreadKeyFiles)
      ? account.unreadKeyFiles.map((file) =>
        `users.accounts.${account.name}.authorizedKeys: ${file}`
      )
      : []
  );
}

/** Options of `plain` by group: where one cannot be read, the others near it rarely can. */
function optionOf(place: string): string {
  return /^plain\.(\w+\.\w+)/.exec(place)?.[1] ?? place;
}

function isUnreadable(value: unknown): boolean {
  return isMembers(value) && value.unreadable === true;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member by a name that may be that of a method of every object. */
function own(value: unknown, name: string | number): unknown {
  return isMembers(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function nameOf(item: unknown, index: number): string {
  return isMembers(item) && typeof item.name === "string" ? item.name : String(index);
}
