/** A section of a unit file, its name without brackets. */
export interface Section {
  readonly name: string;
  readonly text: string;
}

/** The sections of a unit file, in their order; one name may come several times. */
export function unitSections(text: string): Section[] {
  return text.split(/^(?=\s*\[)/m).flatMap((part) => {
    const name = /^\s*\[([^\]]*)\]/.exec(part)?.[1];
    return name === undefined ? [] : [{ name, text: part }];
  });
}

/**
 * Values of a key in unit files, comments and quotes not considered (systemd.network(5)).
 * @param sections only those of these names; all without them
 */
export function unitValues(text: string, key: string, ...sections: readonly string[]): string[] {
  const parts = sections.length === 0 ? [text] : unitSections(text)
    .filter(({ name }) => sections.includes(name)).map((section) => section.text);
  return parts.flatMap((part) => part.split("\n")).flatMap((line) => {
    const [name, value] = [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)];
    return name.trim() === key ? value.trim().split(/\s+/) : [];
  });
}

/** Addresses that a unit gives to what it is for: not those of neighbours, nor those that it leases. */
export function unitAddresses(text: string): string[] {
  return unitValues(text, "Address", "Network", "Address");
}
