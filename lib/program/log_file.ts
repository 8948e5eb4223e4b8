import { openLogFolder } from "../machine/files/log_folder.ts";
import type { Pinned } from "../machine/files/pinned.ts";
import { openOrMake } from "../machine/files/regular_file.ts";
import { places } from "../machine/places.ts";
import type { Root } from "../machine/root.ts";

/** Levels of {@link LogFile}, the field's usual ones. */
export type Level = "debug" | "info" | "warning" | "error";

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
export function openLogFile(root: Root, tool: string, format: string): LogFile {
  const folder = openLogFolder(root, places.logs);
  try {
    // Nobody but root puts anything there after this look.
    const { file, info } = openOrMake(
      `${root.follow(places.logs)}/${tool}.log`,
      { append: true },
      0o600,
    );
    return new LogFile(folder, tool, format, file, info.size);
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/**
 * The rotating log of one executable; see {@link openLogFile}. Without a library: to load one took a fifth
 * of the CPU of a run that finds nothing to do.
 */
export class LogFile {
  /** Lines are not on the disk yet. */
  #isNew = false;
  #syncing: Promise<void> | undefined;

  /** @param file opened to append; closed with the folder by {@link close} */
  constructor(
    private readonly folder: Pinned,
    private readonly tool: string,
    private readonly format: string,
    private file: Deno.FsFile,
    private size: number,
  ) {}

  /** Writes a line at once; nobody waits for the disk. What cannot be written (a full disk) is left out. */
  write(level: Level, message: string): void {
    try {
      const bytes = new TextEncoder().encode(this.#line(level, message));
      if (this.size > 0 && this.size + bytes.length > MAX_SIZE) this.#rotate();
      for (let done = 0; done < bytes.length;) done += this.file.writeSync(bytes.subarray(done));
      this.size += bytes.length;
      this.#isNew = true;
      this.#syncing ??= this.#sync();
    } catch {
      // A log that cannot be written must not end the program.
    }
  }

  /** Resolves when all lines are on the disk. */
  async close(): Promise<void> {
    await this.#syncing;
    this.file.close();
    this.folder[Symbol.dispose]();
  }

  #line(level: Level, message: string): string {
    const time = new Date().toISOString();
    return this.format === "json"
      ? JSON.stringify({ time, level, tool: this.tool, message }) + "\n"
      : `${time} [${level.toUpperCase()}] ${message}\n`;
  }

  async #sync(): Promise<void> {
    while (this.#isNew) {
      this.#isNew = false;
      await this.file.sync().catch(() => {});
    }
    this.#syncing = undefined;
  }

  /** Where that does not work, the file grows on. */
  #rotate(): void {
    this.size = 0;
    const path = `${this.folder.path}/${this.tool}.log`;
    for (let n = MAX_FILES - 1; n >= 0; n--) {
      try {
        Deno.renameSync(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) return;
      }
    }
    const old = this.file;
    this.file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    old.close();
  }
}
