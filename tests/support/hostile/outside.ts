import { compareFingerprints, fingerprint } from "./fingerprint.ts";

/** A folder of the host beside a machine's root, with what nothing may touch. */
export class Outside implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "outside-" });
  #before: ReadonlyMap<string, string> = new Map();

  constructor() {
    Deno.chmodSync(this.path, 0o755);
    Deno.mkdirSync(`${this.path}/folder/empty`, { recursive: true });
    Deno.writeTextFileSync(`${this.path}/shared`, "shared\n", { mode: 0o644 });
    for (const name of ["file", "folder/file", "folder/passwd", "folder/state.json"]) {
      Deno.writeTextFileSync(`${this.path}/${name}`, `precious ${name}\n`, { mode: 0o644 });
    }
    this.remember();
  }

  /** What is there now must stay. */
  remember(): void {
    this.#before = fingerprint(this.path);
  }

  /** A line for everything that is not as it was. */
  changes(): string[] {
    return compareFingerprints(this.#before, fingerprint(this.path));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
