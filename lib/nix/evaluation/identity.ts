import * as v from "valibot";
import { withoutStoreHashes } from "../store/store_path.ts";

/** Kinds of things that a system is made of, with the words for them, one and many. */
export const IDENTITY_KINDS = {
  etc: ["file of /etc", "files of /etc"],
  unit: ["unit", "units"],
  userUnit: ["user unit", "user units"],
  networkUnit: ["networkd file", "networkd files"],
  unitPackage: ["package with units", "packages with units"],
  boot: ["part of the boot", "parts of the boot"],
  activation: ["activation script", "activation scripts"],
  account: ["account", "accounts"],
  group: ["group", "groups"],
  wrapper: ["setuid wrapper", "setuid wrappers"],
} as const;

/** `etc`, `unit`, `boot` … */
export type IdentityKind = keyof typeof IDENTITY_KINDS;

const ItemSchema = v.union([
  v.object({
    /** All that makes it this one; equal when nothing differs. */
    is: v.unknown(),
    /** Its text, for a difference that people can read. */
    text: v.optional(v.nullable(v.string())),
  }),
  v.object({ unreadable: v.literal(true) }),
]);
/** A store path. */
const PathSchema = v.optional(
  v.nullable(v.union([v.string(), v.object({ unreadable: v.literal(true) })])),
);
const ItemsSchema = v.record(v.string(), ItemSchema);

/** What an evaluated system is made of, by kind and name. A kind that could not be evaluated is missing. */
export const IdentitySchema = v.object({
  ...v.entriesFromList(Object.keys(IDENTITY_KINDS) as IdentityKind[], v.optional(ItemsSchema)),
  /** The store path that the system has, or would have. */
  toplevel: PathSchema,
  /** Of the derivation that makes it; in the store only where it was evaluated with `writeStore`. */
  derivation: PathSchema,
});

/** What an evaluated system is made of. */
export type Identity = v.InferOutput<typeof IdentitySchema>;

/** One thing that is not the same in two systems. */
export interface Difference {
  readonly kind: IdentityKind;
  readonly name: string;
  /** `unread`: in one of them it could not be evaluated, so that nothing is known. */
  readonly state: "changed" | "gone" | "new" | "unread";
  /** What it says before and after, without the hashes of store paths; undefined where it has no text. */
  readonly before?: string;
  readonly after?: string;
}

/** Two systems, held against each other. */
export interface Comparison {
  /** How many there were before and how many of those stay exactly as they are, by kind. */
  readonly counts: Readonly<
    Record<IdentityKind, { readonly before: number; readonly same: number }>
  >;
  /** By kind, gone first, then changed, unread, new; by name within. */
  readonly differences: readonly Difference[];
  /** Kinds that could not be evaluated in one of the systems. */
  readonly unread: readonly IdentityKind[];
}

const ORDER = ["gone", "changed", "unread", "new"] as const;

/** Compares what two systems are made of. Pure. */
export function compareIdentities(before: Identity, after: Identity): Comparison {
  const counts = {} as Record<IdentityKind, { before: number; same: number }>;
  const differences: Difference[] = [];
  const unread: IdentityKind[] = [];
  for (const kind of Object.keys(IDENTITY_KINDS) as IdentityKind[]) {
    const [old, now] = [before[kind], after[kind]];
    if (old === undefined || now === undefined) {
      unread.push(kind);
      counts[kind] = { before: Object.keys(old ?? {}).length, same: 0 };
      continue;
    }
    const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
    const found = names.flatMap((name) => difference(kind, name, own(old, name), own(now, name)));
    counts[kind] = {
      before: Object.keys(old).length,
      same: names.length - found.length,
    };
    differences.push(
      ...ORDER.flatMap((state) => found.filter((difference) => difference.state === state)),
    );
  }
  return { counts, differences, unread };
}

type Item = v.InferOutput<typeof ItemSchema>;

function difference(
  kind: IdentityKind,
  name: string,
  before: Item | undefined,
  after: Item | undefined,
): Difference[] {
  const texts = { ...textOf("before", before), ...textOf("after", after) };
  if (before === undefined) return [{ kind, name, state: "new", ...texts }];
  // A unit that is switched off is masked: its text is there, and it never runs.
  if (after === undefined || isSwitchedOff(after) && !isSwitchedOff(before)) {
    return [{ kind, name, state: "gone", ...texts }];
  }
  if ("unreadable" in before || "unreadable" in after) return [{ kind, name, state: "unread" }];
  const same = JSON.stringify(before) === JSON.stringify(after);
  return same ? [] : [{ kind, name, state: "changed", ...texts }];
}

function isSwitchedOff(item: Item): boolean {
  if ("unreadable" in item || typeof item.is !== "object" || item.is === null) return false;
  return "enable" in item.is && item.is.enable === false;
}

function textOf(when: "before" | "after", item: Item | undefined): Partial<Difference> {
  if (item === undefined || "unreadable" in item) return {};
  if (typeof item.text === "string") return { [when]: withoutStoreHashes(item.text) };
  const facts = item.is;
  if (typeof facts !== "object" || facts === null) return {};
  const lines = Object.entries(facts).filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(" ") : value}`);
  return { [when]: withoutStoreHashes(lines.join("\n")) };
}

function own(items: Record<string, Item>, name: string): Item | undefined {
  return Object.hasOwn(items, name) ? items[name] : undefined;
}
