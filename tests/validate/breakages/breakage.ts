import type { Status } from "../../../lib/validate/check.ts";
import type { InstalledMachine } from "../installed_machine.ts";

/** A way to break an installed machine. */
export interface Breakage {
  /** The check that finds it. */
  readonly id: string;
  readonly what: string;
  readonly expect: Exclude<Status, "pass">;
  /** Whether `--fix` puts it right. */
  readonly fixed?: boolean;
  /** Needs the full run: evaluation, network, the whole store. */
  readonly full?: boolean;
  /** Hides nothing from other checks: one machine has all such breakages with the same result. */
  readonly besideOthers?: boolean;
  readonly break: (machine: InstalledMachine) => void;
  /** Host folders without space. */
  readonly spaceless?: string;
}

/** The user that nothing should belong to. */
const NOBODY = 65534;

/** Gives a path to {@link NOBODY}. */
export function own(m: InstalledMachine, path: string): void {
  Deno.chownSync(m.host(path), NOBODY, NOBODY);
}
