import { getRotatingFileSink } from "@logtape/file";
import { configure, dispose, getLogger } from "@logtape/logtape";
import type { Root } from "../machine/root.ts";
import { openLogFolder } from "../machine/files/log_folder.ts";
import { places } from "../machine/places.ts";
import { openOrMake } from "../machine/files/regular_file.ts";

/** Levels of {@link LogFile}, the field's usual ones. */
export type Level = "debug" | "info" | "warning" | "error";

/** The rotating log of one executable; see {@link openLogFile}. */
export interface LogFile {
  write(level: Level, message: string): void;
  /** Resolves when all lines are on the disk. */
  close(): Promise<void>;
}

/** A log file is rotated at this size, in bytes; so many old ones are kept. */
const MAX_SIZE = 2 * 1024 * 1024;
const MAX_FILES = 5;

/**
 * Opens `/var/log/hypervisor/<tool>.log` of a machine, rotated, readable by root only. Lines are
 * `2026-11-24T06:50:59.123Z [INFO] message`, or JSON Lines
 * (`time`, `level`, `tool`, `message`) with `HYPERVISOR_LOG_FORMAT=json`.
 * @throws ToolError when others could change the folder, or something else is in the file's place;
 *   Deno.errors when the folder or file cannot be written
 */
export async function openLogFile(root: Root, tool: string, format: string): Promise<LogFile> {
  const folder = openLogFolder(root, places.logs);
  const path = root.follow(places.logs);
  // The sink follows links and waits for pipes; nobody but root puts anything here after this look.
  try {
    openOrMake(`${path}/${tool}.log`, { append: true }, 0o600)[Symbol.dispose]();
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
  const sink = getRotatingFileSink(`${folder.path}/${tool}.log`, {
    maxSize: MAX_SIZE,
    maxFiles: MAX_FILES,
    bufferSize: 0,
    // Lines are written at once, but nobody waits for the disk before the end.
    nonBlocking: true,
    formatter: ({ timestamp, level, message }) => {
      const time = new Date(timestamp).toISOString();
      const text = message.join("");
      return format === "json"
        ? JSON.stringify({ time, level, tool, message: text }) + "\n"
        : `${time} [${level.toUpperCase()}] ${text}\n`;
    },
  });
  await configure({
    reset: true,
    sinks: { file: sink },
    loggers: [
      { category: [tool], sinks: ["file"], lowestLevel: "debug" },
      // A log that cannot be written (a full disk) must not end the program.
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  const logger = getLogger([tool]);
  return {
    // Messages go in as a value: LogTape would read braces in a template as placeholders.
    write: (level, message) => logger[level]`${message}`,
    close: async () => {
      await dispose();
      folder[Symbol.dispose]();
    },
  };
}
