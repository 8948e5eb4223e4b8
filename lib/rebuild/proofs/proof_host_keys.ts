import type { ProofQuestion } from "./proof_question.ts";
import { fails, holds, type Verdict } from "./verdict.ts";

/** A machine that shows another host key looks like an attack: clients refuse it. */
export function proveHostKeys({ before, after }: ProofQuestion): Verdict[] {
  if (!before?.ssh.enable || before.ssh.hostKeys.length === 0) return [];
  const what = "clients know the SSH server by its host keys";
  const lost = before.ssh.hostKeys.filter(({ path }) =>
    !after.ssh.hostKeys.some((key) => key.path === path)
  );
  const first = lost[0];
  if (first === undefined) return [holds("host-keys", what, "the same files as before")];
  return [fails(
    "host-keys",
    what,
    `${lost.map(({ path }) => path).join(", ")} would not be used any more`,
    `services.openssh.hostKeys = [ { type = "${first.type}"; path = "${first.path}"; } ];`,
  )];
}
