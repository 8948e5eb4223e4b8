import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";
import { activates, type RebuildOptions } from "./options.ts";

/** What `rebuild-helper` was started for, besides rebuilding. */
export interface HelperOptions extends Omit<RebuildOptions, "action" | "handed"> {
  readonly action?: RebuildOptions["action"] | undefined;
  readonly showTrace: boolean;
  readonly json: boolean;
  /** A system that is built already: a store path or a link to it. */
  readonly storePath?: string | undefined;
  /** What was evaluated of it; see `activateReady`. */
  readonly evaluated?: string | undefined;
  /** What stood after `--`: options for Nix. */
  readonly handedOn: readonly string[];
  readonly listGenerations: boolean;
  readonly rollback: boolean;
  readonly confirmed: boolean;
  /** The number of the generation that a rollback leads to; the previous one when not given. */
  readonly to?: number | undefined;
  readonly clean: boolean;
  readonly keep?: number | undefined;
  /** Days. */
  readonly keepSince?: number | undefined;
}

/**
 * Refuses a command line of `rebuild-helper` that asks for nothing, or for two things.
 * @throws ToolError exit 4
 */
export function requireOneTask(options: HelperOptions): void {
  const tasks = [
    options.listGenerations ? "--list-generations" : undefined,
    options.confirmed ? "--confirmed" : undefined,
    options.rollback ? "--rollback" : undefined,
    options.clean ? "--clean" : undefined,
  ].filter((task) => task !== undefined);
  const refuse = (message: string, hint: string) => {
    throw new ToolError(message, { code: ExitCode.InvalidArguments, hint });
  };
  if (tasks.length > 1) refuse(`${tasks.join(" and ")} exclude each other`, "choose one of them");
  if (tasks.length === 0 && options.action === undefined) {
    refuse("no action was named", "for example: rebuild-helper build; see rebuild-helper --help");
  }
  const { action } = options;
  if (tasks.length > 0 && options.handedOn.length > 0) {
    refuse(`${tasks[0]} hands nothing on to Nix`, `leave out -- ${options.handedOn.join(" ")}`);
  }
  if (action !== undefined && (options.listGenerations || options.confirmed || options.clean)) {
    refuse(`${tasks[0]} takes no action`, `leave out ${action}`);
  }
  if (options.rollback && action !== undefined && !activates(action)) {
    refuse(`--rollback cannot ${action}`, "use --rollback with test, switch or boot");
  }
  if (
    options.confirm !== undefined && action !== "test" && action !== "switch" && !options.rollback
  ) {
    refuse("--confirm goes with test and switch", "leave it out");
  }
  if (options.to !== undefined && !options.rollback) {
    refuse(
      "--to goes with --rollback",
      `for example: rebuild-helper --rollback --to ${options.to}`,
    );
  }
  if (options.storePath === undefined) {
    if (options.evaluated !== undefined) {
      refuse("--evaluated goes with --store-path", "leave it out");
    }
  } else if (
    tasks.length > 0 || options.flake !== undefined || options.host !== undefined ||
    options.handedOn.length > 0
  ) {
    refuse(
      "--store-path names the whole system and takes an action only",
      "for example: rebuild-helper --store-path ./result --confirm 120 switch",
    );
  }
  if (
    options.storePath !== undefined && action !== undefined && !activates(action) &&
    action !== "dry-activate"
  ) {
    refuse(
      `--store-path names a system that is built already, ${action} would build one`,
      "use it with test, switch, boot or dry-activate",
    );
  }
  if (options.buildHost !== undefined && (tasks.length > 0 || options.storePath !== undefined)) {
    refuse("--build-host goes with an action that builds", "leave it out: nothing is built");
  }
  if (options.buildHost !== undefined && action === "dry-build") {
    refuse("dry-build cannot say what --build-host would build", "use build, it activates nothing");
  }
  const runsNow = action === "test" || action === "switch" || action === "dry-activate";
  if (
    typeof options.specialisation === "string" && !runsNow &&
    !(options.rollback && action === undefined)
  ) {
    refuse(
      "--specialisation goes with test, switch and dry-activate",
      "leave it out: a build makes all of them, and the next boot starts the system itself",
    );
  }
  const rule = options.keep !== undefined || options.keepSince !== undefined;
  if (rule && !options.clean && !options.listGenerations) {
    refuse(
      "--keep and --keep-since go with --clean and --list-generations",
      "for example: rebuild-helper --clean --keep 5",
    );
  }
}
