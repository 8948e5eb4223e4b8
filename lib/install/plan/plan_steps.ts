import { passwordHashes } from "../../machine/accounts/accounts.ts";
import { lstatIfExists } from "../../machine/files/files.ts";
import type { HostRecord } from "../../machine/host_record.ts";
import { places } from "../../machine/places.ts";
import { layoutOfRecord, modulesFolder } from "../../machine/tree_layout.ts";
import type { Context } from "../../machine/context.ts";
import { DEFAULT_REF } from "../../sync/begin.ts";
import { encodeState } from "../../sync/state.ts";
import type { CarriedUser } from "../carry/carry_users.ts";
import { generatedFiles, type GeneratedSettings } from "./generated_files.ts";
import type { Source } from "../source/source.ts";
import type { FileStep, Step } from "../step.ts";

/** What the steps are made of. */
export interface StepInput {
  readonly source: Source | undefined;
  readonly host: HostRecord;
  readonly settings: GeneratedSettings;
  /** Accounts whose password is kept in a file; with a base every account keeps its own. */
  readonly declared: readonly CarriedUser[];
  /** A hardware file that takes the place of one that is missing or unusable. */
  readonly hardware: FileStep | undefined;
  /** For a published tree: the files of its host. */
  readonly published: readonly FileStep[];
}

/** Every change of an installation, in the order in which they are applied. */
export function planSteps(
  ctx: Context,
  { source, host, settings, declared, hardware, published }: StepInput,
): Step[] {
  const directory = (path: string, mode: number, why: string): Step => ({
    kind: "directory",
    id: path,
    title: "make a folder",
    path,
    mode,
    why,
  });
  const folder = modulesFolder(layoutOfRecord(host));
  const localExists = lstatIfExists(ctx.root.follow(`${folder}/local.nix`)) !== undefined;
  return [
    // People keep it in a repository of their own, and have a link here.
    directory(
      ctx.root.realPath(places.nixos),
      0o755,
      "nixos-rebuild looks for a configuration here",
    ),
    directory(places.hypervisor, 0o755, "Hyper-NixOS's own folder"),
    directory(
      places.configuration,
      0o755,
      "what is written for this machine, for everyone to read",
    ),
    ...(folder === places.configuration
      ? []
      : [directory(folder, 0o755, "the flake of this machine, beside a tree that knows none")]),
    directory(`${places.state}/sync`, 0o700, "which commit the source is, for root alone"),
    ...(source && !source.inPlace
      ? [{
        kind: "tree" as const,
        id: "source",
        title: "copy the source",
        path: places.source,
        why:
          "what the host is built from, now and at every update, whatever becomes of that folder",
        madeOf: source.listing.from,
        source: source.listing,
      }, syncStateStep(ctx, source)]
      : []),
    ...passwordSteps(ctx, declared),
    ...(hardware === undefined ? [] : [hardware]),
    ...published,
    ...generatedFiles(host, settings, localExists),
  ];
}

/** smart-sync's state belongs to the tree: it says which commit was copied, or nothing. */
function syncStateStep(ctx: Context, source: Source): Step {
  const common = {
    id: "sync-state",
    path: places.syncState,
    title: "note the commit of the source",
    why: "smart-sync then moves only what differs, and never changes the repository by itself",
  };
  if (source.origin === undefined) {
    return {
      ...common,
      kind: "remove",
      title: "remove the note of another source's commit",
      why: "this source names no commit",
    };
  }
  const content = encodeState({
    version: 1,
    ...source.origin,
    ref: DEFAULT_REF,
    time: ctx.now().toISOString(),
  });
  const madeOf = "the git checkout, or what came with the source";
  return { ...common, kind: "file", mode: 0o600, content, madeOf };
}

/** Each hash in a file of its own that only root can read: `hashedPassword` would end up in the store. */
function passwordSteps(ctx: Context, users: readonly CarriedUser[]): Step[] {
  const hashes = passwordHashes(ctx);
  return users.map(({ account, passwordFile }) => ({
    kind: "secret",
    id: `password-${account.name}`,
    title: `keep the password of ${account.name}`,
    path: passwordFile,
    why:
      "the new system declares the account; a hash in its configuration could be read by everyone",
    madeOf: "/etc/shadow",
    mode: 0o600,
    content: `${hashes.get(account.name) ?? "!"}\n`,
  }));
}
