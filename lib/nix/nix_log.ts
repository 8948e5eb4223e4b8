import { stripVTControlCharacters } from "node:util";
import * as v from "valibot";
import { parsedAs } from "../machine/parsed_as.ts";

/** Kinds of activities, by their numbers in Nix's `logging.hh`. */
export const ACTIVITY = {
  /** Its progress is in bytes. */
  copyPath: 100,
  copyPaths: 103,
  builds: 104,
  build: 105,
  substitution: 108,
} as const;

/**
 * What one line of Nix's output means to a person who watches it. With `--log-format internal-json` Nix
 * writes lines `@nix {…}`: messages, and activities with their results (numbers as in Nix's `logging.hh`:
 * result 101 is a line of a build's log, 105 progress).
 */
export type NixLogEvent =
  | { readonly kind: "message"; readonly text: string }
  | {
    readonly kind: "started";
    readonly id: number;
    readonly activity: number;
    readonly text: string;
  }
  | { readonly kind: "stopped"; readonly id: number }
  | { readonly kind: "build-line"; readonly text: string }
  | {
    readonly kind: "progress";
    readonly of: number;
    readonly done: number;
    readonly total: number;
  }
  | { readonly kind: "nothing" };

const Event = v.variant("action", [
  v.object({ action: v.literal("msg"), msg: v.string() }),
  v.object({ action: v.literal("start"), id: v.number(), type: v.number(), text: v.string() }),
  v.object({ action: v.literal("stop"), id: v.number() }),
  v.object({
    action: v.literal("result"),
    id: v.number(),
    type: v.number(),
    fields: v.array(v.unknown()),
  }),
]);

const BUILD_LOG_LINE = 101;
const POST_BUILD_LOG_LINE = 107;
const PROGRESS = 105;

/** Reads one line of `nix`; a line that is not JSON of Nix is a message as it is. */
export function parseNixLogLine(line: string): NixLogEvent {
  if (!line.startsWith("@nix ")) {
    return { kind: "message", text: plain(line) };
  }
  const event = parsedAs(Event, line.slice(5));
  if (event === undefined) return { kind: "nothing" };
  if (event.action === "msg") {
    return { kind: "message", text: plain(event.msg) };
  }
  if (event.action === "start") {
    const { id, type: activity, text } = event;
    return { kind: "started", id, activity, text: plain(text) };
  }
  if (event.action === "stop") return { kind: "stopped", id: event.id };
  const [first, second] = event.fields;
  if (event.type === BUILD_LOG_LINE || event.type === POST_BUILD_LOG_LINE) {
    return { kind: "build-line", text: plain(String(first)) };
  }
  if (event.type === PROGRESS && typeof first === "number" && typeof second === "number") {
    return { kind: "progress", of: event.id, done: first, total: second };
  }
  return { kind: "nothing" };
}

/** Without terminal sequences (ECMA-48 CSI): Nix colours its messages also in JSON. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\r", "");
}
