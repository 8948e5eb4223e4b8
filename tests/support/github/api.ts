import { type Answer, apiError, json, plain, redirect, type RoleRequest } from "./answer.ts";
import type { GitObject } from "./object_reader.ts";
import type { Ref, Repository, TreeEntry } from "./repository.ts";
import { decodePath } from "./paths.ts";

/** When a recursive tree is cut: docs.github.com/rest/git/trees#get-a-tree. */
export interface TreeLimits {
  readonly entries: number;
  /** Of the listing as git prints it: mode, type, SHA, size and path of every entry. */
  readonly bytes: number;
}

/** GitHub's figures. */
export const githubTreeLimits: TreeLimits = { entries: 100_000, bytes: 7_000_000 };

/**
 * Answers a request below `/repos/OWNER/NAME`: docs.github.com/rest/git, …/rest/commits.
 * @param rest what follows the name, starting with a slash or empty
 */
export async function answerApi(
  request: RoleRequest,
  repository: Repository,
  rest: string,
  limits: TreeLimits,
): Promise<Answer> {
  const url = `${request.origins.api}/repos/${repository.fullName}`;
  if (rest === "") return describe(repository, url);
  const [, area, tail] = rest.match(
    /^\/(commits|git\/ref|git\/matching-refs|git\/tags|git\/commits|git\/trees|git\/blobs|tarball)(?:\/(.*))?$/,
  ) ?? [];
  const name = decodePath(tail ?? "");
  if (area === undefined || name === undefined) return apiError(404, "Not Found");
  if ((await repository.refs("refs/heads/")).length === 0) {
    return apiError(409, "Git Repository is empty.");
  }
  switch (area) {
    case "commits":
      return await commit(request, repository, name || "HEAD", url);
    case "git/ref":
      return await ref(repository, name, url);
    case "git/matching-refs":
      return json((await repository.refs(`refs/${name}`)).map((found) => refJson(found, url)));
    case "git/tags":
      return await tag(repository, name, url);
    case "git/commits":
      return await gitCommit(repository, name, url);
    case "git/trees":
      return await tree(request, repository, name, url, limits);
    case "git/blobs":
      return await blob(request, repository, name, url);
    default:
      return await tarball(request, repository, name || repository.defaultBranch);
  }
}

function describe(repository: Repository, url: string): Answer {
  return json({
    name: repository.options.name,
    full_name: repository.fullName,
    owner: { login: repository.options.owner, type: "User" },
    private: repository.options.private ?? false,
    default_branch: repository.defaultBranch,
    url,
  });
}

async function commit(
  request: RoleRequest,
  repository: Repository,
  name: string,
  url: string,
): Promise<Answer> {
  const sha = await repository.commit(name);
  if (!sha) return apiError(422, `No commit found for SHA: ${name}`);
  if (request.headers.get("accept")?.includes("vnd.github.sha")) {
    return { ...plain(200, sha), version: sha };
  }
  const fields = parseCommit(await contentOf(repository, sha));
  const { tree, parents, ...rest } = commitJson(fields, url);
  return json({
    sha,
    commit: { ...rest, tree },
    url: `${url}/commits/${sha}`,
    html_url: `${request.origins.server}/${repository.fullName}/commit/${sha}`,
    parents,
  });
}

async function gitCommit(repository: Repository, sha: string, url: string): Promise<Answer> {
  const found = await repository.object(sha);
  if (found?.object.type !== "commit") return apiError(404, "Not Found");
  const fields = parseCommit(new TextDecoder().decode(found.data));
  return json({ sha, url: `${url}/git/commits/${sha}`, ...commitJson(fields, url) });
}

async function ref(repository: Repository, name: string, url: string): Promise<Answer> {
  const found = (await repository.refs(`refs/${name}`)).find(({ ref }) => ref === `refs/${name}`);
  return found ? json(refJson(found, url)) : apiError(404, "Not Found");
}

function refJson({ ref, object }: Ref, url: string): unknown {
  return { ref, url: `${url}/git/${ref}`, object: linked(object, url) };
}

function linked({ sha, type }: Pick<GitObject, "sha" | "type">, url: string): unknown {
  return { sha, type, url: `${url}/git/${type}s/${sha}` };
}

async function tag(repository: Repository, sha: string, url: string): Promise<Answer> {
  const found = await repository.object(sha);
  if (found?.object.type !== "tag") return apiError(404, "Not Found");
  const text = new TextDecoder().decode(found.data);
  return json({
    sha,
    tag: text.match(/^tag (.*)$/m)?.[1],
    message: text.split("\n\n").slice(1).join("\n\n"),
    url: `${url}/git/tags/${sha}`,
    object: linked({
      sha: text.match(/^object ([0-9a-f]{40})$/m)?.[1] ?? "",
      type: text.match(/^type (.*)$/m)?.[1] as GitObject["type"],
    }, url),
  });
}

async function tree(
  request: RoleRequest,
  repository: Repository,
  name: string,
  url: string,
  limits: TreeLimits,
): Promise<Answer> {
  const sha = await repository.treeSha(name);
  if (!sha) return apiError(404, "Not Found");
  // Any value of the parameter means true, even 0 and false.
  const recursive = request.query.has("recursive");
  const all = await repository.tree(sha, recursive);
  const entries = recursive ? withinLimits(all, limits) : all;
  return json(
    {
      sha,
      url: `${url}/git/trees/${sha}`,
      tree: entries.map((entry) => entryJson(entry, url)),
      truncated: entries.length < all.length,
    },
    200,
    `tree ${sha} ${recursive} ${url}`,
  );
}

/** The entries that one answer can hold; the documented order is git's own. */
function withinLimits(all: readonly TreeEntry[], limits: TreeLimits): readonly TreeEntry[] {
  const lineOverhead = 60;
  let bytes = 0;
  const end = all.findIndex((entry, index) => {
    bytes += entry.path.length + lineOverhead;
    return index >= limits.entries || bytes > limits.bytes;
  });
  return end < 0 ? all : all.slice(0, end);
}

function entryJson(entry: TreeEntry, url: string): unknown {
  const { path, mode, type, sha, size } = entry;
  if (type === "commit") return { path, mode, type, sha };
  const link = `${url}/git/${type}s/${sha}`;
  return size === undefined
    ? { path, mode, type, sha, url: link }
    : { path, mode, type, sha, size, url: link };
}

async function blob(
  request: RoleRequest,
  repository: Repository,
  sha: string,
  url: string,
): Promise<Answer> {
  const found = await repository.object(sha);
  if (found?.object.type !== "blob") return apiError(404, "Not Found");
  if (request.headers.get("accept")?.includes("vnd.github.raw")) {
    const headers = { "content-type": "application/vnd.github.raw; charset=utf-8" };
    return { status: 200, headers, body: found.data, version: sha };
  }
  const content = found.data.toBase64();
  const { size } = found.object;
  return json({ sha, size, url: `${url}/git/blobs/${sha}`, encoding: "base64", content });
}

async function tarball(
  request: RoleRequest,
  repository: Repository,
  name: string,
): Promise<Answer> {
  if (!await repository.commit(name)) return apiError(404, "Not Found");
  const path = name.split("/").map(encodeURIComponent).join("/");
  return redirect(`${request.origins.codeload}/${repository.fullName}/legacy.tar.gz/${path}`);
}

async function contentOf(repository: Repository, sha: string): Promise<string> {
  return new TextDecoder().decode((await repository.object(sha))?.data);
}

interface CommitFields {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: unknown;
  readonly committer: unknown;
  readonly message: string;
}

function parseCommit(text: string): CommitFields {
  const [head = "", ...message] = text.split("\n\n");
  const person = (role: string) => {
    const [, name, email, seconds] = head.match(new RegExp(`^${role} (.*) <(.*)> (\\d+)`, "m")) ??
      [];
    return { name, email, date: new Date(Number(seconds) * 1000).toISOString() };
  };
  return {
    tree: head.match(/^tree ([0-9a-f]{40})$/m)?.[1] ?? "",
    parents: [...head.matchAll(/^parent ([0-9a-f]{40})$/gm)].map((match) => match[1]!),
    author: person("author"),
    committer: person("committer"),
    message: message.join("\n\n").trimEnd(),
  };
}

function commitJson(fields: CommitFields, url: string) {
  return {
    author: fields.author,
    committer: fields.committer,
    message: fields.message,
    tree: { sha: fields.tree, url: `${url}/git/trees/${fields.tree}` },
    parents: fields.parents.map((sha) => ({ sha, url: `${url}/commits/${sha}` })),
  };
}
