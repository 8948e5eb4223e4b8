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

/** Stands for what could not be read, is of another type, or is missing and must not be. */
const LOST = Symbol("lost");

/**
 * Makes facts of what `factsExpression` evaluated to: what is missing, marked unreadable or of
 * another type than expected gets its default of the schema (an entry of a list is dropped) and is
 * named in `unreadable`.
 * @param evaluated the groups of the expression's value that could be evaluated, merged
 */
export function assembleFacts(evaluated: Readonly<Record<string, unknown>>): ConfigurationFacts {
  const lost = unreadKeyFiles(evaluated);
  const found = read(evaluated, ConfigurationFactsSchema, [], lost);
  const facts = v.parse(ConfigurationFactsSchema, found === LOST ? {} : found);
  return normalized({ ...facts, unreadable: [...new Set(lost.map(optionOf))].sort() });
}

/** Whether facts that were kept have every member that has a default: none is silently the default. */
export function areComplete(facts: unknown): boolean {
  const lost: string[] = [];
  return read(facts, ConfigurationFactsSchema, [], lost) !== LOST && lost.length === 0;
}

/** A value as its schema has it; `lost` gets the places of what has its default, or is dropped. */
function read(value: unknown, shape: Shape, place: readonly string[], lost: string[]): unknown {
  let inner = shape;
  while (inner.wrapped) inner = inner.wrapped;
  if (isMembers(value) && value.unreadable === true) {
    lost.push(place.join("."));
    return LOST;
  }
  // An array would do as a set of members of which each may be missing.
  if (inner.entries && Array.isArray(value)) return LOST;
  if (inner.entries && isMembers(value)) return readMembers(value, inner.entries, place, lost);
  if (inner.item && Array.isArray(value)) {
    const items = value.map((item, index) => {
      const at = [...place, nameOf(item, index)];
      const found = read(item, inner.item!, at, lost);
      if (found === LOST) lost.push(at.join("."));
      return found;
    });
    return items.filter((item) => item !== LOST);
  }
  return v.is(shape as unknown as v.GenericSchema, value) ? value : LOST;
}

function readMembers(
  value: Members,
  entries: Readonly<Record<string, Shape>>,
  place: readonly string[],
  lost: string[],
): Members | typeof LOST {
  const members: Members = {};
  for (const [name, shape] of Object.entries(entries)) {
    const at = [...place, name];
    const isThere = Object.hasOwn(value, name);
    const found = isThere ? read(value[name], shape, at, lost) : LOST;
    if (found !== LOST) members[name] = found;
    else if (shape.type !== "optional") return LOST;
    // Without a default it is newer than some records.
    else if (isThere || shape.default !== undefined) lost.push(at.join("."));
  }
  return members;
}

/** Lists that modules add to more than once lose what is repeated. */
function normalized(facts: ConfigurationFacts): ConfigurationFacts {
  const { boot, ssh } = facts;
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

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(item: unknown, index: number): string {
  return isMembers(item) && typeof item.name === "string" ? item.name : String(index);
}
