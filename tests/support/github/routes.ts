import { type Answer, apiError, plain, type RoleRequest } from "./answer.ts";
import { answerApi, type TreeLimits } from "./api.ts";
import { answerArchive, answerArchiveLink, answerRaw } from "./files.ts";
import { splitRepository } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { answerGit } from "./smart_http.ts";

/** The repositories a server knows, by `owner/name` in any case. */
export class Repositories {
  readonly #byName = new Map<string, Repository>();

  add(repository: Repository): void {
    this.#byName.set(repository.fullName.toLowerCase(), repository);
  }

  get(fullName: string): Repository | undefined {
    return this.#byName.get(fullName.toLowerCase());
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byName.values()].map((repository) => repository.close()));
  }

  /** The repository a request is about, and the path behind its name. */
  find(request: RoleRequest): { repository: Repository; rest: string } | undefined {
    const isApi = request.role === "api";
    if (isApi && !request.path.startsWith("/repos/")) return undefined;
    const place = splitRepository(isApi ? request.path.slice("/repos".length) : request.path);
    const repository = place && this.get(place.fullName);
    return repository && { repository, rest: place.rest };
  }
}

/** The genuine answer: 401 for a bad token, 404 for what is unknown or private. */
export async function route(
  request: RoleRequest,
  repositories: Repositories,
  limits: TreeLimits,
): Promise<Answer> {
  const { role } = request;
  const error = role === "api" ? apiError : plain;
  if (request.headers.has("authorization") && !request.authenticated) {
    return error(401, "Bad credentials");
  }
  const found = repositories.find(request);
  if (!found || found.repository.options.private && !request.authenticated) {
    return error(404, "Not Found");
  }
  const { repository, rest } = found;
  switch (role) {
    case "api":
      return await answerApi(request, repository, rest, limits);
    case "raw":
      return await answerRaw(repository, rest);
    case "codeload":
      return await answerArchive(repository, rest);
    case "git":
      return await answerGit(request, repository, rest);
    case "web":
      return await answerArchiveLink(request, repository, rest);
  }
}
