import { beyondBound, Bounds } from "../git/bounds.ts";
import type { HttpAnswer, HttpSession } from "./http.ts";
import type { ObjectStore } from "../git/pack_objects.ts";
import { commandRequest, readPackets } from "../git/pkt_line.ts";
import { damaged, TransferError } from "../git/transfer_error.ts";

/** A ref as the server lists it. */
export interface RemoteRef {
  /** `refs/heads/main`. */
  readonly name: string;
  /** The commit; for an annotated tag the one that the tag object points to. */
  readonly commit: string;
}

/** What to fetch: the objects of `wants` that are not among those of `have`. */
export interface FetchRequest {
  readonly wants: readonly string[];
  /** A commit whose trees and files are all here: the server then sends deltas on them. */
  readonly have?: string | undefined;
  /** All commits that lead to the wants from this one, which the server need not have; with `only` "commits". */
  readonly since?: string | undefined;
  /** Leave files out, or files and folders. */
  readonly only?: "commits" | "trees" | undefined;
  /** Wants are files, or with `only: "commits"` folders, and nothing else is wanted. */
  readonly single?: boolean;
}

const CAPABILITIES = ["agent=git/hyper-nixos", "object-format=sha1"];
/** git-rev-list(1), `--filter`. */
const FILTERS = { commits: "tree:0", trees: "blob:none" } as const;
const decoder = new TextDecoder();

/**
 * Git's smart HTTP protocol, version 2 (gitprotocol-v2(5), gitprotocol-http(5)), spoken directly: a
 * ref is resolved in one request and a commit fetched in one more, where git itself needs several.
 * Costs none of the REST API's calls. Every object is named by its hash, so what arrives is verified.
 */
export class GitRemote {
  readonly #url: string;

  constructor(private readonly http: HttpSession, repository: string) {
    this.#url = `${http.endpoints.server}/${repository}.git/git-upload-pack`;
  }

  /**
   * The refs with one of these prefixes.
   * @throws TransferError "absent" when there is no such repository
   */
  async refs(prefixes: readonly string[]): Promise<RemoteRef[]> {
    const args = ["peel", ...prefixes.map((prefix) => `ref-prefix ${prefix}`)];
    return await this.#post("ls-refs", args, async (answer) => {
      const refs: RemoteRef[] = [];
      let begun = false;
      let ended = false;
      for await (const packet of readPackets(answer.body)) {
        begun = true;
        if (packet === "flush") {
          ended = true;
          break;
        }
        if (!(packet instanceof Uint8Array)) continue;
        const line = decoder.decode(packet).trimEnd();
        refuseError(line);
        const [oid, name, ...attributes] = line.split(" ");
        const peeled = attributes.find((text) => text.startsWith("peeled:"))?.slice(7);
        const commit = peeled ?? oid ?? "";
        if (![oid, commit].every((sha) => /^[0-9a-f]{40}$/.test(sha ?? "")) || name === undefined) {
          throw damaged("the list of refs is malformed");
        }
        if (refs.length >= Bounds.refs) throw beyondBound("the list of refs does not end");
        refs.push({ name, commit });
      }
      // What older servers answer, which take the command for the older protocol.
      if (!begun) throw new TransferError("foreign", "does not know version 2 of Git's protocol");
      if (!ended) throw damaged("the list of refs is cut off");
      return refs;
    });
  }

  /**
   * Fetches objects into a store, which may come after the request is sent. A repeated attempt puts objects
   * again that are there already.
   * @throws TransferError "absent" when the server does not have a want
   */
  async fetch(
    request: FetchRequest,
    store: ObjectStore | Promise<ObjectStore>,
    progress?: (done: number, total: number) => void,
  ): Promise<void> {
    const args = [
      "ofs-delta",
      "no-progress",
      ...request.wants.map((want) => `want ${want}`),
      ...(request.only ? [`filter ${FILTERS[request.only]}`] : []),
      ...(request.have ? ["thin-pack", `shallow ${request.have}`, `have ${request.have}`] : []),
      ...(request.since ? [`have ${request.since}`] : request.single ? [] : ["deepen 1"]),
      "done",
    ];
    const answered = this.#post("fetch", args, async (answer) => {
      const { unpackObjects } = await unpacking;
      await unpackObjects(packOf(answer), await store, progress);
    });
    // Loaded while the request travels.
    const unpacking = import("../git/pack_objects.ts");
    await answered;
  }

  #post<T>(
    command: string,
    args: readonly string[],
    use: (answer: HttpAnswer) => Promise<T>,
  ): Promise<T> {
    return this.http.transfer({
      url: this.#url,
      method: "POST",
      headers: {
        "git-protocol": "version=2",
        "content-type": "application/x-git-upload-pack-request",
        "accept": "application/x-git-upload-pack-result",
      },
      body: commandRequest(command, CAPABILITIES, args),
    }, (answer) => {
      const type = answer.headers.get("content-type") ?? "";
      if (!type.startsWith("application/x-git-upload-pack-result")) {
        throw new TransferError("server", `answers a git request with "${type}"`);
      }
      return use(answer);
    });
  }
}

/** The pack in a `fetch` answer: what band 1 of its packfile section carries. */
async function* packOf(answer: HttpAnswer): AsyncGenerator<Uint8Array, void, void> {
  let inPack = false;
  for await (const packet of readPackets(answer.body)) {
    if (packet === "flush" && inPack) return;
    if (!(packet instanceof Uint8Array)) continue;
    if (!inPack) {
      const line = decoder.decode(packet).trimEnd();
      refuseError(line);
      inPack = line === "packfile";
      continue;
    }
    const band = packet[0];
    if (band === 1) yield packet.subarray(1);
    else if (band === 3) throw refusal(decoder.decode(packet.subarray(1)).trim());
  }
  throw damaged("the pack is cut off");
}

function refuseError(line: string): void {
  if (line.startsWith("ERR ")) throw refusal(line.slice(4));
}

function refusal(reason: string): TransferError {
  const absent = /not our ref|no such|not found|not a valid/i.test(reason);
  return new TransferError(absent ? "absent" : "server", `git says: ${reason.slice(0, 200)}`);
}
