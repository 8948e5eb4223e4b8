import { type Answer, plain, redirect, type RoleRequest } from "./answer.ts";
import { decodePath } from "./paths.ts";
import type { Repository } from "./repository.ts";

/** The raw host: `/OWNER/NAME/REF/PATH`; a ref may hold slashes. */
export async function answerRaw(repository: Repository, rest: string): Promise<Answer> {
  const parts = decodePath(rest.slice(1))?.split("/") ?? [];
  for (let length = 1; length < parts.length; length++) {
    const commit = await repository.commit(parts.slice(0, length).join("/"));
    const file = commit && await repository.file(commit, parts.slice(length).join("/"));
    if (!file) continue;
    const binary = file.data.subarray(0, 8000).includes(0);
    return {
      status: 200,
      headers: {
        "content-type": binary ? "application/octet-stream" : "text/plain; charset=utf-8",
      },
      body: file.data,
      version: file.sha,
    };
  }
  return plain(404, "404: Not Found");
}

/** github.com's archive links: `/OWNER/NAME/archive/REF.tar.gz` lead to the archive host. */
export async function answerArchiveLink(
  request: RoleRequest,
  repository: Repository,
  rest: string,
): Promise<Answer> {
  const name = decodePath(rest.match(/^\/archive\/(.+)\.tar\.gz$/)?.[1] ?? "") ?? "";
  if (!await repository.commit(name)) return plain(404, "Not Found");
  const path = name.split("/").map(encodeURIComponent).join("/");
  return redirect(`${request.origins.codeload}/${repository.fullName}/tar.gz/${path}`);
}

/**
 * The archive host: `/OWNER/NAME/tar.gz/REF` packs into `NAME-REF/`, `legacy.tar.gz` (where the API's
 * tarball links lead) into `OWNER-NAME-SHORTSHA/`.
 */
export async function answerArchive(repository: Repository, rest: string): Promise<Answer> {
  const [, form, encoded = ""] = rest.match(/^\/(tar\.gz|legacy\.tar\.gz)\/(.+)$/) ?? [];
  const name = decodePath(encoded) ?? "";
  const commit = form && await repository.commit(name);
  if (!commit) return plain(404, "404: Not Found");
  const { owner, name: repositoryName } = repository.options;
  const folder = form === "tar.gz"
    ? `${repositoryName}-${name.replace(/^refs\/(heads|tags)\//, "").replaceAll("/", "-")}`
    : `${owner}-${repositoryName}-${commit.slice(0, 7)}`;
  return {
    status: 200,
    headers: {
      "content-type": "application/x-gzip",
      "content-disposition": `attachment; filename=${folder}.tar.gz`,
    },
    body: await repository.archive(commit, folder),
    version: `${commit} ${folder}`,
  };
}
