import * as v from "valibot";
import { type ConfigurationFacts, ConfigurationFactsSchema } from "./configuration_facts.ts";

type Members = Record<string, unknown>;

/** What is asked of a valibot schema here. */
interface Shape {
  readonly type: string;
  readonly default?: unknown;
  readonly wrapped?: Shape;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly item?: Shape;
}

/**
 * Makes facts of what `factsExpression` evaluated to: what is missing, marked unreadable or of
 * another type than expected gets its default of the schema (an entry of a list is dropped) and is
 * named in `unreadable`.
 * @param evaluated the groups of the expression's value that could be evaluated, merged
 */
export function assembleFacts(evaluated: Readonly<Record<string, unknown>>): ConfigurationFacts {
  const lost = unreadKeyFiles(evaluated);
  const read = readable(evaluated, ConfigurationFactsSchema, [], lost);
  const facts = repaired(isMembers(read) ? read : {}, lost);
  return normalized({ ...facts, unreadable: [...new Set(lost.map(optionOf))].sort() });
}

/** Whether facts that were kept have every member that has a default: none is silently the default. */
export function areComplete(facts: unknown): boolean {
  const lost: string[] = [];
  readable(facts, ConfigurationFactsSchema, [], lost);
  return lost.length === 0;
}

/** A value without what could not be read, and in `lost` the places of that and of what is missing. */
function readable(
  value: unknown,
  shape: Shape | undefined,
  place: string[],
  lost: string[],
): unknown {
  const inner = unwrapped(shape);
  if (isUnreadable(value) || Array.isArray(value) && inner?.type === "object") {
    lost.push(place.join("."));
    return undefined;
  }
  if (Array.isArray(value)) {
    return value
      .map((item, at) => readable(item, inner?.item, [...place, nameOf(item, at)], lost))
      .filter((item) => item !== undefined);
  }
  if (!isMembers(value)) return value;
  for (const [name, member] of Object.entries(inner?.entries ?? {})) {
    if (member.default !== undefined && !Object.hasOwn(value, name)) {
      lost.push([...place, name].join("."));
    }
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      readable(member, own(inner?.entries, name) as Shape | undefined, [...place, name], lost),
    ]),
  );
}

/** Removes what has another type than expected, one after the other, until all is as expected. */
function repaired(facts: Members, lost: string[]): ConfigurationFacts {
  for (;;) {
    const parsed = v.safeParse(ConfigurationFactsSchema, facts);
    if (parsed.success) return parsed.output;
    const place = remove(facts, parsed.issues[0].path ?? []);
    if (place.length === 0) throw new v.ValiError(parsed.issues);
    lost.push(place.join("."));
  }
}

/** Removes the entry of a list, or the innermost member that may be missing; returns its place in words. */
function remove(facts: Members, path: readonly v.IssuePathItem[]): string[] {
  let [value, shape]: [unknown, Shape | undefined] = [facts, ConfigurationFactsSchema];
  let last: [Members, string[]] = [{}, []];
  const place: string[] = [];
  for (const { key } of path) {
    shape = unwrapped(shape);
    if (Array.isArray(value)) {
      const [gone] = value.splice(Number(key), 1);
      return [...place, nameOf(gone, Number(key))];
    }
    const name = String(key);
    place.push(name);
    shape = own(shape?.entries, name) as Shape | undefined;
    if (shape?.type === "optional") last = [value as Members, [...place]];
    value = own(value, name);
  }
  delete last[0][last[1].at(-1)!];
  return last[1];
}

/** The schema of a value that is there. */
function unwrapped(shape: Shape | undefined): Shape | undefined {
  while (shape?.wrapped) shape = shape.wrapped;
  return shape;
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
