import { exists, lstatIfExists } from "../../machine/files/files.ts";
import { places } from "../../machine/places.ts";
import { ensureStateFolder, stateFolderProblem } from "../../machine/state_folder.ts";
import { shellWord } from "../../machine/shell_words.ts";
import type { Context } from "../../machine/context.ts";
import { type Change, checksOf, fail, type Finding, pass } from "../check.ts";
import type { Facts } from "../facts.ts";
import { octal, permissions } from "../ownership.ts";

/** The folder with password hashes, receipts and sync state: root's alone. */
export const stateFolderChecks = checksOf("Security", [{
  id: "state-folder",
  title: "state folder",
  blocksUpdate: true,
  check: stateFolder,
  fix,
}]);

function stateFolder(ctx: Context, facts: Facts): Finding {
  const problem = stateFolderProblem(ctx);
  if (problem) return fail(problem.message, problem.hint ?? "look at it");
  const path = ctx.root.host(places.state);
  const info = lstatIfExists(path);
  if (info === undefined) {
    facts.requireInstalled();
    return fail(`${places.state} is missing`, "validator --fix makes it; then system-installer");
  }
  const mode = permissions(info);
  if (mode === 0o700) return pass(`${places.state}, 0700 of root`);
  return fail(
    `${places.state} has mode ${octal(mode)}` +
      ((mode & 0o077) === 0 ? ", not 0700" : ": others can look into it"),
    `chmod 0700 ${shellWord(path)}, or validator --fix`,
  );
}

/** Not where others could have written: what they may have put there is for a person to look at. */
function fix(ctx: Context): Change[] {
  const installed = exists(ctx.root.follow(places.hypervisor));
  if (!installed || stateFolderProblem(ctx)) return [];
  const path = ctx.root.host(places.state);
  const info = lstatIfExists(path);
  const before = info === undefined ? "missing" : octal(permissions(info));
  ensureStateFolder(ctx);
  return [{ what: path, before, after: "0700 of root" }];
}
