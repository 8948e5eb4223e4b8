/**
 * Parses files of shell-like assignments by the rules of os-release(5): one `NAME=value` a line, value
 * bare or in single or double quotes, where a backslash escapes `$`, `"`, `\` and a backtick. Used by
 * os-release, locale.conf, vconsole.conf and Debian's /etc/default files. Nothing is expanded or run;
 * what is no assignment is passed over; the last of several counts.
 */
export function parseShellAssignments(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, raw] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*$/.exec(line) ?? [];
    const value = raw === undefined ? undefined : unquote(raw);
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  return values;
}

/** The value; undefined when quotes are left open or something follows them. */
function unquote(raw: string): string | undefined {
  const single = /^'([^']*)'\s*(?:#.*)?$/.exec(raw);
  if (single) return single[1];
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(raw);
  if (double) return double[1]!.replace(/\\(["$`\\])/g, "$1");
  if (/^["']/.test(raw)) return undefined;
  return raw.replace(/\s+#.*$/, "").replace(/\\(.)/g, "$1");
}
