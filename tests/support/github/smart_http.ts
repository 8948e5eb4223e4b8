import type { Answer, RoleRequest } from "./answer.ts";
import { gitEnvironment } from "./git_environment.ts";
import type { Repository } from "./repository.ts";

/** What GitHub allows beyond git's defaults: wanting any commit by SHA, and partial clones. */
const UPLOAD_PACK = [
  ["uploadpack.allowAnySHA1InWant", "true"],
  ["uploadpack.allowReachableSHA1InWant", "true"],
  ["uploadpack.allowFilter", "true"],
  ["http.receivepack", "false"],
  ["safe.directory", "*"],
] as const;

/** Git's smart HTTP protocol through git-http-backend(1) as a CGI program (RFC 3875). */
export async function answerGit(
  request: RoleRequest,
  repository: Repository,
  rest: string,
): Promise<Answer> {
  const child = new Deno.Command("git", {
    args: ["http-backend"],
    env: { ...gitEnvironment, ...uploadPackConfiguration(), ...cgi(request, repository, rest) },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  // A backend that has seen enough closes its input early; the answer tells.
  const input = request.body ?? new Blob([]).stream();
  const fed = input.pipeTo(child.stdin).catch(() => {});
  const { headers, body } = await readHead(child.stdout, () => Promise.all([fed, child.status]));
  const { status = "200", ...others } = headers;
  return { status: Number.parseInt(status), headers: others, body };
}

function cgi(request: RoleRequest, repository: Repository, rest: string): Record<string, string> {
  const header = (name: string) => request.headers.get(name) ?? "";
  return {
    GIT_PROJECT_ROOT: repository.options.directory,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: rest,
    REQUEST_METHOD: request.method,
    QUERY_STRING: request.query.toString(),
    CONTENT_TYPE: header("content-type"),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
    GIT_PROTOCOL: header("git-protocol"),
    REMOTE_ADDR: "127.0.0.1",
  };
}

function uploadPackConfiguration(): Record<string, string> {
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(UPLOAD_PACK.length) };
  UPLOAD_PACK.forEach(([key, value], index) => {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return variables;
}

/** Splits the program's output at the empty line; the rest streams on. */
async function readHead(
  output: ReadableStream<Uint8Array>,
  ended: () => Promise<unknown>,
): Promise<{ headers: Record<string, string>; body: ReadableStream<Uint8Array> }> {
  const reader = output.getReader();
  let head = "";
  let rest: Uint8Array | undefined;
  while (!rest) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`git http-backend ended without an answer: ${head}`);
    const text = Array.from(value, (byte) => String.fromCharCode(byte)).join("");
    const end = (head + text).indexOf("\r\n\r\n");
    if (end >= 0) rest = value.subarray(end + 4 - head.length);
    head += text;
  }
  const lines = head.slice(0, head.indexOf("\r\n\r\n")).split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (rest.length > 0) controller.enqueue(rest);
    },
    pull: async (controller) => {
      const { value, done } = await reader.read();
      if (!done) return controller.enqueue(value);
      await ended();
      controller.close();
    },
    cancel: async (reason) => {
      await reader.cancel(reason);
      await ended();
    },
  });
  return { headers, body };
}
