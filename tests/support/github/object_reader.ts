import { gitEnvironment } from "./git_environment.ts";

/** One object as `git cat-file` describes it. */
export interface GitObject {
  readonly sha: string;
  readonly type: "blob" | "tree" | "commit" | "tag";
  readonly size: number;
}

/**
 * Reads objects and resolves names through one long-lived `git cat-file --batch-command`: a request
 * costs no process, refs that moved and objects that were added are seen at once. Format of questions
 * and answers: git-cat-file(1), "BATCH OUTPUT".
 */
export class ObjectReader {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffered: Uint8Array = new Uint8Array(0);
  #turn: Promise<unknown> = Promise.resolve();

  /** @param directory a git directory */
  constructor(directory: string) {
    this.#child = new Deno.Command("git", {
      args: ["--git-dir", directory, "cat-file", "--batch-command", "-z"],
      env: gitEnvironment,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.getReader();
  }

  /** What a name such as `refs/heads/main^{commit}` stands for; undefined when there is nothing. */
  info(name: string): Promise<GitObject | undefined> {
    return this.#inTurn(async () => {
      await this.#ask("info", name);
      return parseHeader(await this.#line());
    });
  }

  /** The object with its content. */
  contents(name: string): Promise<{ object: GitObject; data: Uint8Array } | undefined> {
    return this.#inTurn(async () => {
      await this.#ask("contents", name);
      const object = parseHeader(await this.#line());
      if (!object) return undefined;
      const data = await this.#take(object.size);
      await this.#take(1);
      return { object, data };
    });
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel();
    await this.#child.status;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #ask(command: string, name: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${command} ${name}\0`));
  }

  async #line(): Promise<string> {
    let end: number;
    while ((end = this.#buffered.indexOf(10)) < 0) await this.#more();
    const line = new TextDecoder().decode(this.#buffered.subarray(0, end));
    this.#buffered = this.#buffered.subarray(end + 1);
    return line;
  }

  async #take(size: number): Promise<Uint8Array> {
    const taken = new Uint8Array(size);
    let filled = 0;
    while (true) {
      const part = this.#buffered.subarray(0, size - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#buffered = this.#buffered.subarray(part.length);
      if (filled === size) return taken;
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#reader.read();
    if (done) throw new Error("git cat-file ended");
    const joined = new Uint8Array(this.#buffered.length + value.length);
    joined.set(this.#buffered);
    joined.set(value, this.#buffered.length);
    this.#buffered = joined;
  }
}

/** `SHA type size`; anything else is `NAME missing` or `NAME ambiguous`, whatever NAME holds. */
function parseHeader(line: string): GitObject | undefined {
  const match = line.match(/^([0-9a-f]{40}) (blob|tree|commit|tag) (\d+)$/);
  if (!match) return undefined;
  return { sha: match[1]!, type: match[2] as GitObject["type"], size: Number(match[3]) };
}
