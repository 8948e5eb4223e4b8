/** limits.conf(5): whom a limit is about, and which one counts. */
import { equal, match } from "node:assert/strict";
import { limitObstacle } from "../../../lib/rebuild/access/login_limits.ts";
import { accountState } from "../../support/facts.ts";

const ana = accountState({ name: "ana", uid: 1000, groups: ["users", "wheel"] });
const root = accountState({ name: "root", uid: 0, groups: ["root"] });

/** Lines of limits.conf. */
function limits(...lines: string[]) {
  return lines.map((line) => {
    const [domain = "", type = "", item = "", value = ""] = line.split(" ");
    return { domain, type, item, value };
  });
}

function isShut(lines: string[], account = ana): boolean {
  return limitObstacle(limits(...lines), account) !== undefined;
}

Deno.test("limitObstacle() finds the limits with which nobody logs in", () => {
  for (
    const line of [
      "* - maxlogins 0",
      "ana hard maxlogins 0",
      "@wheel - maxsyslogins 0",
      "% - maxlogins 0",
      "%users - maxlogins 0",
      "1000: - maxlogins 0",
      ":1000 - maxlogins 0",
      "500:2000 - maxlogins 0",
      "* hard nproc 1",
      "ana soft nofile 3",
    ]
  ) equal(isShut([line]), true, line);
  match(limitObstacle(limits("* - maxlogins 0"), ana)!.why, /ana may have 0 of maxlogins/);
});

Deno.test("limitObstacle() lets be what is enough, and what is about others", () => {
  for (
    const line of [
      "* - maxlogins 4",
      "bob - maxlogins 0",
      "@backup - maxlogins 0",
      ":1001 - maxlogins 0",
      "2000: - maxlogins 0",
      "* hard nproc unlimited",
      "* hard nproc -1",
      "@audio - rtprio 0",
      "* hard core 0",
      "@wheel - memlock unlimited",
    ]
  ) equal(isShut([line]), false, line);
  equal(limitObstacle(undefined, ana), undefined);
});

Deno.test("limitObstacle() takes the user's own limit before a group's, and that before everybody's", () => {
  equal(isShut(["ana - maxlogins 2", "* - maxlogins 0"]), false);
  equal(isShut(["@wheel - maxlogins 2", "* - maxlogins 0"]), false);
  equal(isShut(["* - maxlogins 2", "@wheel - maxlogins 0"]), true);
  equal(isShut(["* - maxlogins 0", "* - maxlogins 2"]), false, "the last of two");
});

Deno.test("limitObstacle() leaves root alone where groups and everybody are limited", () => {
  equal(isShut(["* - maxlogins 0", "* hard nproc 1", "@root - nproc 0"], root), false);
  equal(isShut(["root - maxlogins 0"], root), false, "pam_limits counts no logins of root's");
  equal(isShut(["root hard nproc 0"], root), true);
});
