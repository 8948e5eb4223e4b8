import { openLogFolder } from "../../machine/files/log_folder.ts";
import { places } from "../../machine/places.ts";
import { printable } from "../../layout/printable.ts";
import { openOrMake } from "../../machine/files/regular_file.ts";
import type { Context } from "../../machine/context.ts";

/** The log of one rebuild; see {@link openRebuildLog}. */
export interface RebuildLog extends Disposable {
  /** The machine path of the file; undefined when it could not be written. */
  readonly path: string | undefined;
  write(line: string): void;
}

/**
 * Opens `/var/log/nixos/rebuild-<time>.log`, readable by root only: build output may say more than
 * everyone should know. A folder that cannot be written is a warning, not a failure.
 */
export function openRebuildLog(ctx: Context): RebuildLog {
  const time = ctx.now().toISOString().replace(/[-:]|\.\d+/g, "");
  const path = `${places.rebuildLogs}/rebuild-${time}.log`;
  try {
    using _folder = openLogFolder(ctx.root, places.rebuildLogs);
    const { file } = openOrMake(ctx.root.host(path), { append: true }, 0o600);
    const encoder = new TextEncoder();
    return {
      path,
      write: (line) => {
        try {
          file.writeSync(encoder.encode(printable(line) + "\n"));
        } catch {
          // A full disk must not end a build that may still succeed.
        }
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    ctx.log.warn(
      `no rebuild log is written to ${ctx.root.host(path)}: ${
        error instanceof Error ? error.message : error
      }`,
    );
    return { path: undefined, write: () => {}, [Symbol.dispose]: () => {} };
  }
}
