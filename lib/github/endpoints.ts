import { ExitCode } from "../machine/exit_code.ts";
import { ToolError } from "../machine/tool_error.ts";

/** Where GitHub is: base URLs without a trailing slash. */
export interface Endpoints {
  /** REST; GitHub Enterprise: `https://HOST/api/v3`. */
  readonly api: string;
  /** Raw files; GitHub Enterprise: `https://HOST/raw`. */
  readonly raw: string;
  /** Git's own protocol. */
  readonly server: string;
}

/** The variables that name other servers, with GitHub's own as default. */
const VARIABLES = {
  api: ["GITHUB_API_URL", "https://api.github.com"],
  raw: ["GITHUB_RAW_URL", "https://raw.githubusercontent.com"],
  server: ["GITHUB_SERVER_URL", "https://github.com"],
} as const;

/**
 * The servers that the environment names, so that GitHub Enterprise and a test server work alike.
 * @throws ToolError exit 4 for a value that is no http(s) URL
 */
export function endpointsOf(env: Readonly<Record<string, string>>): Endpoints {
  const url = (key: keyof typeof VARIABLES) => {
    const [variable, fallback] = VARIABLES[key];
    const text = env[variable] || fallback;
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    const isPlain = parsed && /^https?:$/.test(parsed.protocol) &&
      !parsed.username && !parsed.password && !parsed.search && !parsed.hash;
    if (!isPlain) {
      // Not shown: it may hold a password.
      throw new ToolError(`${variable} is not a plain http(s) URL`, {
        code: ExitCode.InvalidArguments,
        hint: `unset it, or give it like this, without a user: ${variable}=${fallback}`,
      });
    }
    return text.replace(/\/+$/, "");
  };
  return { api: url("api"), raw: url("raw"), server: url("server") };
}

/**
 * `OWNER/NAME`, also of the URL of a repository's page.
 * @throws ToolError exit 4
 */
export function parseRepository(text: string): string {
  const path = text.trim().replace(/^https?:\/\/[^/]+\//, "").replace(/(\.git)?\/*$/, "");
  const [owner, name, ...rest] = path.split("/");
  const plain = (word: string | undefined) =>
    word !== undefined && /^[\w.-]{1,100}$/.test(word) && !/^\.+$/.test(word);
  if (!plain(owner) || !plain(name) || rest.length > 0) {
    // Up to an @ it may be a password.
    throw new ToolError(`"${text.slice(text.lastIndexOf("@") + 1)}" is not a repository`, {
      code: ExitCode.InvalidArguments,
      hint: "give it as OWNER/NAME, for example MasterofNull/Hyper-NixOS",
    });
  }
  return path;
}

/**
 * The URL of everything as a gzipped tar archive; it redirects to another host. The link that the
 * repository's page has costs none of the API's calls, but is not made for tokens; the API is
 * (docs.github.com/rest/repos/contents, "Download a repository archive (tar)").
 * @param repository `OWNER/NAME`
 * @param ref a branch, tag or SHA
 */
export function archiveUrl(
  { api, server }: Endpoints,
  repository: string,
  ref: string,
  from: "page" | "api",
): string {
  const path = ref.split("/").map(encodeURIComponent).join("/");
  return from === "api"
    ? `${api}/repos/${repository}/tarball/${path}`
    : `${server}/${repository}/archive/${path}.tar.gz`;
}

/** Whether two names mean one repository: GitHub's names do not know case. */
export function sameRepository(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
