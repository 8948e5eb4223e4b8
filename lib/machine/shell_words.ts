/** A command as a person would type it, quoted for a POSIX shell where needed. */
export function commandLine(command: string, args: readonly string[]): string {
  return [command, ...args].map(shellWord).join(" ");
}

/** One word as a person would type it, quoted where a POSIX shell would take it for something else. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-][\w@%+=:,./#-]*$/.test(word) ? word : quote(word);
}

/** One word for a POSIX shell, whatever it contains (XCU 2.2.2, single quotes). */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
