import * as v from "valibot";
import { ExitCode } from "../machine/exit_code.ts";
import { foreignPart } from "../machine/files/file_trust.ts";
import { realPathIfSeen } from "../machine/files/files.ts";
import { trustedOwners } from "../machine/accounts/invoking_user.ts";
import { nearestName } from "../layout/nearest_name.ts";
import { readRegular } from "../machine/files/regular_file.ts";
import { parsedAs } from "../machine/parsed_as.ts";
import { ToolError } from "../machine/tool_error.ts";
import type { Context } from "../machine/context.ts";
import { hostNameProblem, type InstallOptions, stateVersionProblem } from "./options.ts";

/** A plan's document with every difference of a large machine in it has some megabytes. */
const LARGEST = 64 * 1024 * 1024;

const sound = (problem: (text: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const found = dataset.typed ? problem(dataset.value) : undefined;
      if (found !== undefined) addIssue({ message: found });
    }),
  );

/** The decisions of a plan, by the names of its document; null, or none, is "as found". */
const ANSWERS = {
  hostName: v.nullish(sound(hostNameProblem)),
  users: v.nullish(v.array(v.string())),
  keepConfig: v.nullish(v.boolean()),
  config: v.nullish(v.string()),
  stateVersion: v.nullish(sound(stateVersionProblem)),
  action: v.nullish(v.picklist(["build", "test", "switch"])),
};

/** The option that says the same on the command line. */
const OPTIONS = {
  hostName: "hostname",
  users: "users",
  keepConfig: "keepConfig",
  config: "config",
  stateVersion: "stateVersion",
  action: "action",
} as const satisfies Readonly<Record<keyof typeof ANSWERS, keyof InstallOptions>>;

/** The version of a plan's document that is read; what it had before this member is of the same. */
const VERSION = 1;

const DocumentSchema = v.object({
  version: v.number(),
  decisions: v.optional(v.record(v.string(), v.unknown())),
});

const MAKE_ONE = "make one: system-installer --dry-run --json > answers.json";

/** What was decided of an installation, as its plan's document says it: nothing secret. */
export type Decisions = Readonly<Record<keyof typeof ANSWERS, unknown>>;

/** What options decide; null is "as found on the machine". */
export function decisionsOf(options: InstallOptions): Decisions {
  const decided = Object.entries(OPTIONS).map(([name, option]) => [name, options[option] ?? null]);
  return Object.fromEntries(decided) as Decisions;
}

/**
 * Answers what the command line leaves open from a file: the document of a plan, or one with its members
 * `version` and `decisions` alone.
 * @param given the options of the command line, which win
 * @throws ToolError exit 4 for an answer that is unknown or no good, exit 6 for a file that is no such
 *   document, exit 3 for one that others can change: it decides what root does
 */
export function withAnswers<T extends InstallOptions>(
  ctx: Context,
  options: T,
  file: string,
  given: ReadonlySet<string>,
): T {
  const answers = readAnswers(ctx, file);
  const open = Object.entries(OPTIONS)
    .filter(([name, option]) => !given.has(option) && (answers[name] ?? null) !== null)
    .map(([name, option]) => [option, answers[name]]);
  return { ...options, ...Object.fromEntries(open) };
}

function readAnswers(ctx: Context, file: string): Readonly<Record<string, unknown>> {
  const path = realPathIfSeen(file);
  if (path === undefined) {
    throw new ToolError(`there is no answers file ${file}`, {
      code: ExitCode.InvalidArguments,
      hint: MAKE_ONE,
    });
  }
  const foreign = foreignPart(path, trustedOwners(ctx));
  if (foreign !== undefined) {
    throw new ToolError(`the answers cannot be trusted: ${foreign.path} ${foreign.problem}`, {
      code: ExitCode.PermissionDenied,
      hint: "copy them to a folder of your own, readable by others at most",
    });
  }
  const text = new TextDecoder().decode(readRegular(path, LARGEST));
  const decisions = decisionsIn(file, text);
  const known = Object.keys(ANSWERS);
  for (const name of Object.keys(decisions).filter((name) => !known.includes(name))) {
    const nearest = nearestName(name, known);
    throw new ToolError(`${file} answers "${name}", which nobody asks`, {
      code: ExitCode.InvalidArguments,
      hint: nearest
        ? `did you mean ${nearest}?`
        : `this version asks ${known.join(", ")}; leave out what another one asks`,
    });
  }
  const answers = v.safeParse(v.object(ANSWERS), decisions);
  if (answers.success) return answers.output;
  const [{ message, path: at }] = answers.issues;
  throw new ToolError(`${file} gives no good answer for ${at?.[0].key}: ${message}`, {
    code: ExitCode.InvalidArguments,
    hint: "put it right there, or answer on the command line, which wins",
  });
}

function decisionsIn(file: string, text: string): Readonly<Record<string, unknown>> {
  const document = parsedAs(DocumentSchema, text);
  const none = (message: string, hint: string) =>
    new ToolError(message, { code: ExitCode.Configuration, hint });
  if (document === undefined) {
    throw none(`${file} holds no answers: it is no plan of system-installer --json`, MAKE_ONE);
  }
  if (document.version !== VERSION) {
    throw none(
      `${file} is of version ${document.version}; this system-installer reads version ${VERSION}`,
      `it was made by another version: ${MAKE_ONE}`,
    );
  }
  if (document.decisions === undefined) {
    throw none(
      `${file} holds no answers: it has no decisions`,
      `a plan of an older version, or another tool's document: ${MAKE_ONE}`,
    );
  }
  return document.decisions;
}
