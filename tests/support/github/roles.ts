import type { Origins, Role } from "./answer.ts";

/** The server's addresses: one for all roles, one for each of GitHub's hosts, one that is not GitHub. */
export const LISTENERS = ["all", "api", "raw", "server", "codeload", "foreign"] as const;

/** The name of one of {@link LISTENERS}. */
export type ListenerName = typeof LISTENERS[number];

/** Path prefixes of the roles where one listener serves them all; git and web have none. */
const PREFIXES: readonly (readonly [prefix: string, role: Role])[] = [
  ["/api/v3", "api"],
  ["/raw", "raw"],
  ["/codeload", "codeload"],
];

/** The base addresses of all roles on one origin. */
export function onOneOrigin(origin: string): Origins {
  return {
    api: `${origin}/api/v3`,
    raw: `${origin}/raw`,
    server: origin,
    codeload: `${origin}/codeload`,
  };
}

/** A role's path as it is on a listener of all roles. */
export function prefixed(role: Role, path: string): string {
  return (PREFIXES.find((entry) => entry[1] === role)?.[0] ?? "") + path;
}

/** Role and path without its prefix, by listener or, where all roles are served, by prefix. */
export function routed(listener: ListenerName, pathname: string): { role: Role; path: string } {
  if (listener === "api" || listener === "raw" || listener === "codeload") {
    return { role: listener, path: pathname };
  }
  for (const [prefix, role] of listener === "server" ? [] : PREFIXES) {
    if (pathname.startsWith(`${prefix}/`)) return { role, path: pathname.slice(prefix.length) };
  }
  const isGit = /\/(info\/refs|git-upload-pack|git-receive-pack|HEAD|objects\/.*)$/.test(pathname);
  return { role: isGit ? "git" : "web", path: pathname };
}

/** The token of `Bearer …`, `token …` or, as git sends it, the password of `Basic …`. */
export function tokenOf(authorization: string | null): string | undefined {
  const [, scheme = "", value = ""] = authorization?.match(/^(\w+) +(.+)$/) ?? [];
  if (/^(bearer|token)$/i.test(scheme)) return value;
  if (/^basic$/i.test(scheme)) return atob(value).replace(/^[^:]*:/, "");
  return undefined;
}
